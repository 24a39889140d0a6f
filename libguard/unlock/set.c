/* SPDX-License-Identifier: MIT
 *
 * unlock/set.c - read a machine's verifier set; everything is checked here, once.
 * Must not derive or compare codes.
 */
#include "unlock/unlock.h"

#include <string.h>

#include <openssl/crypto.h>

#define MAGIC_SIZE 8u

static int read_head(struct guard_unlock_set *set, struct guard_reader *reader)
{
	const uint8_t *id, *mask;
	const char *machine;

	set->epoch = guard_read_u32(reader);
	id = guard_read_bytes(reader, sizeof(set->key_id));
	if (id)
		memcpy(set->key_id, id, sizeof(set->key_id));
	set->cost.log2_n = guard_read_u8(reader);
	set->cost.r = guard_read_u8(reader);
	set->cost.p = guard_read_u8(reader);
	set->count = guard_read_u8(reader);
	machine = guard_read_string(reader, GUARD_UNLOCK_MACHINE_MAX);
	mask = guard_read_bytes(reader, UNLOCK_SECRET_SIZE);
	if (!machine || !mask || set->epoch == 0 || !guard_unlock_cost_is_valid(&set->cost) ||
	    !guard_unlock_machine_is_valid(machine) || set->count == 0 || set->count > UNLOCK_SET_SLOTS_MAX)
		return -GUARD_E_FORMAT;
	memcpy(set->machine, machine, strlen(machine) + 1);
	memcpy(set->mask, mask, UNLOCK_SECRET_SIZE);
	return 0;
}

static int read_slot(struct unlock_slot *slot, struct guard_reader *reader)
{
	const uint8_t *salt, *verifier;
	uint16_t zero;

	slot->scope = guard_read_u8(reader);
	slot->slot = guard_read_u8(reader);
	zero = guard_read_u16(reader);
	salt = guard_read_bytes(reader, UNLOCK_SALT_SIZE);
	verifier = guard_read_bytes(reader, UNLOCK_SECRET_SIZE);
	if (!salt || !verifier || zero != 0 || slot->scope < GUARD_UNLOCK_SHORT ||
	    slot->scope >= GUARD_UNLOCK_SCOPE_MAX_ || slot->slot >= guard_unlock_slots(slot->scope))
		return -GUARD_E_FORMAT;
	memcpy(slot->salt, salt, UNLOCK_SALT_SIZE);
	memcpy(slot->verifier, verifier, UNLOCK_SECRET_SIZE);
	return 0;
}

static int read_slots(struct guard_unlock_set *set, struct guard_reader *reader)
{
	int before = -1;

	for (unsigned i = 0; i < set->count; i++) {
		struct unlock_slot *slot = &set->slots[i];
		int r = read_slot(slot, reader), order;

		if (r < 0)
			return r;
		order = slot->scope * 256 + slot->slot;
		if (order <= before)
			return -GUARD_E_FORMAT;
		before = order;
		set->present[slot->scope - 1] |= UINT32_C(1) << slot->slot;
	}
	return guard_reader_done(reader) ? 0 : -GUARD_E_FORMAT;
}

/* Magic, version and checksum; the reader is left behind the version. */
static int read_frame(struct guard_unlock_set *set, struct guard_reader *reader, const void *bytes, size_t size)
{
	const uint8_t *magic, *sum;
	struct guard_reader tail;

	if (size > GUARD_UNLOCK_SET_SIZE_MAX)
		return -GUARD_E_LIMIT;
	if (size < MAGIC_SIZE + GUARD_DIGEST_SIZE)
		return -GUARD_E_FORMAT;
	guard_reader_init(reader, bytes, size - GUARD_DIGEST_SIZE);
	magic = guard_read_bytes(reader, MAGIC_SIZE);
	if (!magic || memcmp(magic, UNLOCK_SET_MAGIC, MAGIC_SIZE) != 0)
		return -GUARD_E_FORMAT;
	if (guard_read_u32(reader) != UNLOCK_SET_VERSION)
		return -GUARD_E_VERSION;
	if (guard_digest_bytes(&set->checksum, bytes, size - GUARD_DIGEST_SIZE) < 0)
		return -GUARD_E_NOMEM;
	guard_reader_init(&tail, bytes, size);
	if (!guard_read_bytes(&tail, size - GUARD_DIGEST_SIZE))
		return -GUARD_E_FORMAT;
	sum = guard_read_bytes(&tail, GUARD_DIGEST_SIZE);
	if (!sum || memcmp(sum, set->checksum.bytes, GUARD_DIGEST_SIZE) != 0)
		return -GUARD_E_CHECKSUM;
	return 0;
}

int guard_unlock_set_open(struct guard_unlock_set **ret_set, const void *bytes, size_t size)
{
	struct guard_unlock_set *set = calloc(1, sizeof(*set));
	struct guard_reader reader;
	int r;

	if (!set)
		return -GUARD_E_NOMEM;
	r = read_frame(set, &reader, bytes, size);
	if (r == 0)
		r = read_head(set, &reader);
	if (r == 0)
		r = read_slots(set, &reader);
	if (r < 0) {
		guard_unlock_set_free(set);
		return r;
	}
	*ret_set = set;
	return 0;
}

void guard_unlock_set_free(struct guard_unlock_set *set)
{
	if (!set)
		return;
	OPENSSL_cleanse(set, sizeof(*set));
	free(set);
}

void guard_unlock_set_info(struct guard_unlock_set_info *ret_info, const struct guard_unlock_set *set)
{
	*ret_info = (struct guard_unlock_set_info){
		.machine = set->machine,
		.epoch = set->epoch,
		.memory = (UINT64_C(128) * set->cost.r) << set->cost.log2_n,
	};
	memcpy(ret_info->key_id, set->key_id, sizeof(set->key_id));
	for (unsigned i = 0; i < GUARD_UNLOCK_SCOPES; i++)
		ret_info->slots[i] = (uint8_t)__builtin_popcount(set->present[i]);
}
