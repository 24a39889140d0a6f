/* SPDX-License-Identifier: MIT
 *
 * unlock/call.c - the operator's side of one call: check what the caller says,
 * find the file, compute the answer.  Must not record: its caller does.
 */
#include "unlock/unlock.h"

#include <string.h>

#include <openssl/crypto.h>

struct guard_unlock_call {
	char machine[GUARD_UNLOCK_MACHINE_MAX + 1];
	char user[GUARD_UNLOCK_USER_MAX + 1];
	uint32_t epoch;
	uint8_t scope, slot;
	uint8_t mask[UNLOCK_SECRET_SIZE];
	uint8_t scope_key[UNLOCK_SECRET_SIZE];
	bool may_answer;
	struct guard_unlock_number number;
};

/* The newest epoch up to `newest` that ends in `digits`; 0 for none. */
static uint32_t find_epoch(uint32_t newest, uint32_t digits)
{
	uint32_t back = (newest % 100 + 100 - digits) % 100;

	return newest > back ? newest - back : 0;
}

static int fill(struct guard_unlock_call *call, const struct guard_unlock_key *key,
		const struct guard_unlock_number *number)
{
	uint64_t tag;
	int r = guard_unlock_mask(call->mask, key, call->machine, call->epoch);

	if (r == 0)
		r = guard_unlock_tag(&tag, call->mask, number, call->user);
	if (r < 0)
		return r;
	if (tag != guard_unlock_digits_get(&number->digits[UNLOCK_AT_TAG], 4))
		return -GUARD_E_SIGNATURE;
	call->number = *number;
	call->may_answer = key->scopes & GUARD_UNLOCK_BIT(call->scope);
	if (call->may_answer)
		memcpy(call->scope_key, key->scope[call->scope - 1], UNLOCK_SECRET_SIZE);
	return 0;
}

int guard_unlock_call_open(struct guard_unlock_call **ret_call, const struct guard_unlock_key *key,
			   const char *machine, const char *user, uint32_t epoch,
			   const struct guard_unlock_number *number)
{
	struct guard_unlock_call *call;
	struct guard_unlock_fields fields;
	char name[GUARD_UNLOCK_MACHINE_MAX + 1];
	int r = guard_unlock_machine_normalise(name, machine);

	if (r < 0 || !guard_unlock_user_is_valid(user))
		return -GUARD_E_SYNTAX;
	guard_unlock_number_fields(&fields, number);
	epoch = find_epoch(epoch, fields.epoch_digits);
	if (epoch == 0)
		return -GUARD_E_NOT_FOUND;
	call = calloc(1, sizeof(*call));
	if (!call)
		return -GUARD_E_NOMEM;
	memcpy(call->machine, name, sizeof(name));
	memcpy(call->user, user, strlen(user));
	call->epoch = epoch;
	call->scope = fields.scope;
	call->slot = fields.slot;
	r = fill(call, key, number);
	if (r < 0) {
		guard_unlock_call_free(call);
		return r;
	}
	*ret_call = call;
	return 0;
}

void guard_unlock_call_free(struct guard_unlock_call *call)
{
	if (!call)
		return;
	OPENSSL_cleanse(call, sizeof(*call));
	free(call);
}

uint32_t guard_unlock_call_epoch(const struct guard_unlock_call *call)
{
	return call->epoch;
}

int guard_unlock_call_matches(const struct guard_unlock_call *call, const struct guard_digest *digest)
{
	uint64_t value;
	int r = guard_unlock_file_digits(&value, call->mask, &call->number, call->user, digest);

	if (r < 0)
		return r;
	return value == guard_unlock_digits_get(&call->number.digits[UNLOCK_AT_FILE], 8);
}

int guard_unlock_call_answer(struct guard_unlock_answer *ret_answer, const struct guard_unlock_call *call)
{
	const struct unlock_place place = { call->machine, call->epoch, call->scope, call->slot };
	struct guard_unlock_key key = { .scopes = GUARD_UNLOCK_BIT(call->scope) };
	uint64_t code, blind;
	int r;

	if (!call->may_answer)
		return -GUARD_E_DENIED;
	memcpy(key.scope[call->scope - 1], call->scope_key, UNLOCK_SECRET_SIZE);
	r = guard_unlock_code(&code, &key, &place);
	OPENSSL_cleanse(&key, sizeof(key));
	if (r == 0)
		r = guard_unlock_blind(&blind, call->mask, &call->number);
	if (r < 0)
		return r;
	ret_answer->value = (code + blind) % UNLOCK_ANSWER_LIMIT;
	OPENSSL_cleanse(&code, sizeof(code));
	return 0;
}
