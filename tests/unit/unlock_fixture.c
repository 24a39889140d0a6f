/* SPDX-License-Identifier: MIT
 *
 * unit/unlock_fixture.c - see unlock_fixture.h.
 */
#include "unlock_fixture.h"

#include <string.h>

/* Also used before a suite begins, where CUnit's assertions are not allowed. */
static void must(int r)
{
	if (r != 0)
		abort();
}

void unlock_fixture_key(struct guard_unlock_key *ret_key)
{
	ret_key->scopes = GUARD_UNLOCK_ALL_SCOPES;
	for (unsigned i = 0; i < UNLOCK_SECRET_SIZE; i++) {
		ret_key->mask_master[i] = (uint8_t)i;
		for (unsigned scope = 0; scope < GUARD_UNLOCK_SCOPES; scope++)
			ret_key->scope[scope][i] = (uint8_t)(0x10 * (scope + 1) + i % 16);
	}
}

struct guard_digest unlock_fixture_digest(const char *text)
{
	struct guard_digest digest;

	must(guard_digest_bytes(&digest, text, strlen(text)));
	return digest;
}

struct guard_unlock_set *unlock_fixture_set(const char *machine, uint32_t epoch, uint8_t slots)
{
	const struct guard_unlock_plan plan = { { slots, slots, slots, slots }, 12, 1, 1 };
	struct guard_unlock_set *set = NULL;
	struct guard_unlock_key key;
	void *bytes = NULL;
	size_t size = 0;

	unlock_fixture_key(&key);
	must(guard_unlock_set_make(&bytes, &size, &key, machine, epoch, &plan));
	must(guard_unlock_set_open(&set, bytes, size));
	free(bytes);
	return set;
}

struct guard_unlock_clock unlock_fixture_clock(uint8_t boot, uint64_t boot_ms)
{
	struct guard_unlock_clock clock = { .boot_ms = boot_ms };

	memset(clock.boot_id, boot, sizeof(clock.boot_id));
	return clock;
}

struct guard_unlock_answer unlock_fixture_answer(const char *machine, const char *user,
						 const struct guard_unlock_number *number)
{
	struct guard_unlock_answer answer = { 0 };
	struct guard_unlock_call *call = NULL;
	struct guard_unlock_key key;

	unlock_fixture_key(&key);
	must(guard_unlock_call_open(&call, &key, machine, user, FIXTURE_EPOCH, number));
	must(guard_unlock_call_answer(&answer, call));
	guard_unlock_call_free(call);
	return answer;
}

struct guard_unlock_number unlock_fixture_number(const struct guard_unlock_set *set, const char *user,
						 uint8_t scope, uint8_t slot, uint16_t nonce,
						 const struct guard_digest *digest)
{
	const struct unlock_asked asked = { user, digest, set->epoch, nonce, scope, slot };
	struct guard_unlock_number number;

	must(guard_unlock_number_make(&number, set->mask, &asked));
	return number;
}
