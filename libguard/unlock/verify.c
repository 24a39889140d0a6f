/* SPDX-License-Identifier: MIT
 *
 * unlock/verify.c - does an answer answer a request, on the machine.  Counts
 * nothing: attempt.c does, before this is called.
 */
#include "unlock/unlock.h"

#include <openssl/crypto.h>

static const struct unlock_slot *find_slot(const struct guard_unlock_set *set,
					   const struct guard_unlock_fields *fields)
{
	if (set->epoch % 100 != fields->epoch_digits)
		return NULL;
	for (unsigned i = 0; i < set->count; i++)
		if (set->slots[i].scope == fields->scope && set->slots[i].slot == fields->slot)
			return &set->slots[i];
	return NULL;
}

int guard_unlock_verify(const struct guard_unlock_set *set, const struct guard_unlock_number *number,
			const struct guard_unlock_answer *answer)
{
	uint8_t verifier[UNLOCK_SECRET_SIZE];
	struct guard_unlock_fields fields;
	const struct unlock_slot *slot;
	uint64_t blind, code;
	int r;

	guard_unlock_number_fields(&fields, number);
	slot = find_slot(set, &fields);
	if (!slot)
		return -GUARD_E_NOT_FOUND;
	r = guard_unlock_blind(&blind, set->mask, number);
	if (r < 0)
		return r;
	code = (answer->value % UNLOCK_ANSWER_LIMIT + UNLOCK_ANSWER_LIMIT - blind) % UNLOCK_ANSWER_LIMIT;
	r = guard_unlock_stretch(verifier, code, slot->salt, &set->cost);
	OPENSSL_cleanse(&code, sizeof(code));
	if (r < 0)
		return r;
	return CRYPTO_memcmp(verifier, slot->verifier, sizeof(verifier)) == 0 ? 0 : -GUARD_E_SIGNATURE;
}
