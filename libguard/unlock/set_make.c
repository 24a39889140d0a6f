/* SPDX-License-Identifier: MIT
 *
 * unlock/set_make.c - make a machine's verifier set, at the help desk.  The codes
 * exist here for a moment each and are wiped; what leaves are their verifiers.
 */
#include "unlock/unlock.h"

#include <string.h>

#include <openssl/crypto.h>

static int check_arguments(unsigned *ret_count, const struct guard_unlock_key *key, const char *machine,
			   uint32_t epoch, const struct guard_unlock_plan *plan)
{
	const struct unlock_cost cost = { plan->log2_n, plan->r, plan->p };
	unsigned count = 0;

	if (!guard_unlock_machine_is_valid(machine) || epoch == 0 || !guard_unlock_cost_is_valid(&cost))
		return -GUARD_E_USAGE;
	for (unsigned i = 0; i < GUARD_UNLOCK_SCOPES; i++) {
		if (plan->slots[i] > guard_unlock_slots((uint8_t)(i + 1)))
			return -GUARD_E_USAGE;
		if (plan->slots[i] > 0 && !(key->scopes & GUARD_UNLOCK_BIT(i + 1)))
			return -GUARD_E_NOT_FOUND;
		count += plan->slots[i];
	}
	if (count == 0)
		return -GUARD_E_USAGE;
	*ret_count = count;
	return 0;
}

static int write_slot(struct guard_writer *writer, const struct guard_unlock_key *key,
		      const struct unlock_place *place, const struct unlock_cost *cost)
{
	uint8_t salt[UNLOCK_SALT_SIZE], verifier[UNLOCK_SECRET_SIZE];
	uint64_t code = 0;
	int r = guard_unlock_code(&code, key, place);

	if (r == 0)
		r = guard_unlock_salt(salt, key, place);
	if (r == 0)
		r = guard_unlock_stretch(verifier, code, salt, cost);
	OPENSSL_cleanse(&code, sizeof(code));
	if (r < 0)
		return r;
	guard_write_u8(writer, place->scope);
	guard_write_u8(writer, place->slot);
	guard_write_u16(writer, 0);
	guard_write_bytes(writer, salt, sizeof(salt));
	guard_write_bytes(writer, verifier, sizeof(verifier));
	return 0;
}

static int write_slots(struct guard_writer *writer, const struct guard_unlock_key *key, const char *machine,
		       uint32_t epoch, const struct guard_unlock_plan *plan)
{
	const struct unlock_cost cost = { plan->log2_n, plan->r, plan->p };

	for (uint8_t scope = GUARD_UNLOCK_SHORT; scope < GUARD_UNLOCK_SCOPE_MAX_; scope++)
		for (uint8_t slot = 0; slot < plan->slots[scope - 1]; slot++) {
			const struct unlock_place place = { machine, epoch, scope, slot };
			int r = write_slot(writer, key, &place, &cost);

			if (r < 0)
				return r;
		}
	return 0;
}

static int write_set(struct guard_writer *writer, const struct guard_unlock_key *key, const char *machine,
		     uint32_t epoch, const struct guard_unlock_plan *plan, unsigned count)
{
	uint8_t mask[UNLOCK_SECRET_SIZE], id[4];
	struct guard_digest sum;
	int r = guard_unlock_mask(mask, key, machine, epoch);

	if (r == 0)
		r = guard_unlock_key_id(id, key);
	if (r < 0)
		return r;
	guard_write_bytes(writer, UNLOCK_SET_MAGIC, 8);
	guard_write_u32(writer, UNLOCK_SET_VERSION);
	guard_write_u32(writer, epoch);
	guard_write_bytes(writer, id, sizeof(id));
	guard_write_u8(writer, plan->log2_n);
	guard_write_u8(writer, plan->r);
	guard_write_u8(writer, plan->p);
	guard_write_u8(writer, (uint8_t)count);
	guard_write_string(writer, machine);
	guard_write_bytes(writer, mask, sizeof(mask));
	OPENSSL_cleanse(mask, sizeof(mask));
	r = write_slots(writer, key, machine, epoch, plan);
	if (r < 0 || writer->failed)
		return r < 0 ? r : -GUARD_E_NOMEM;
	r = guard_digest_bytes(&sum, writer->bytes, writer->size);
	if (r < 0)
		return r;
	guard_write_bytes(writer, sum.bytes, sizeof(sum.bytes));
	return writer->failed ? -GUARD_E_NOMEM : 0;
}

int guard_unlock_set_make(void **ret_bytes, size_t *ret_size, const struct guard_unlock_key *key,
			  const char *machine, uint32_t epoch, const struct guard_unlock_plan *plan)
{
	struct guard_writer writer;
	unsigned count;
	int r = check_arguments(&count, key, machine, epoch, plan);

	if (r < 0)
		return r;
	guard_writer_init(&writer);
	r = write_set(&writer, key, machine, epoch, plan, count);
	if (r < 0) {
		guard_writer_free(&writer);
		return r;
	}
	*ret_bytes = writer.bytes;
	*ret_size = writer.size;
	return 0;
}
