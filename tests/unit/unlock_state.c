/* SPDX-License-Identifier: MIT
 *
 * unit/unlock_state.c - requests, slots, epochs, boots, and the state as bytes.
 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "unlock_fixture.h"

static struct guard_unlock_set *set;
static struct guard_unlock_state *state;

static int set_up(void)
{
	set = unlock_fixture_set(FIXTURE_MACHINE, FIXTURE_EPOCH, 2);
	return set ? 0 : 1;
}

static int tear_down(void)
{
	guard_unlock_set_free(set);
	return 0;
}

static void begin(void)
{
	CU_ASSERT_EQUAL_FATAL(guard_unlock_state_new(&state), 0);
	CU_ASSERT_EQUAL_FATAL(guard_unlock_state_adopt(state, set), 0);
}

static void end(void)
{
	guard_unlock_state_free(state);
	state = NULL;
}

static int ask(struct guard_unlock_request *ret_request, uint8_t boot, uint64_t ms, const char *file, uint16_t nonce)
{
	const struct guard_unlock_clock clock = unlock_fixture_clock(boot, ms);
	const struct guard_digest digest = unlock_fixture_digest(file);

	return guard_unlock_request_open(ret_request, state, set, &clock, 1000, "tanaka", GUARD_UNLOCK_SHORT, &digest,
					 nonce);
}

static int cancel(uint8_t boot, uint64_t ms, const struct guard_unlock_request *request)
{
	const struct guard_unlock_clock clock = unlock_fixture_clock(boot, ms);

	return guard_unlock_request_cancel(state, &clock, &request->number);
}

static bool same_number(const struct guard_unlock_request *a, const struct guard_unlock_request *b)
{
	return memcmp(&a->number, &b->number, sizeof(a->number)) == 0;
}

static void test_bad_questions(void)
{
	const struct guard_unlock_clock clock = unlock_fixture_clock(1, 0);
	struct guard_unlock_set *other = unlock_fixture_set("pc-0043.osaka", FIXTURE_EPOCH, 1);
	struct guard_digest digest = unlock_fixture_digest("a");
	struct guard_unlock_request request;

	begin();
	CU_ASSERT_EQUAL(guard_unlock_request_open(&request, state, set, &clock, 0, "", GUARD_UNLOCK_DAY, &digest, 0),
			-GUARD_E_USAGE);
	CU_ASSERT_EQUAL(guard_unlock_request_open(&request, state, set, &clock, 0, "a", GUARD_UNLOCK_SCOPE_MAX_, &digest,
						  0), -GUARD_E_USAGE);
	CU_ASSERT_EQUAL(guard_unlock_request_open(&request, state, set, &clock, 0, "a", GUARD_UNLOCK_DAY, &digest,
						  10000), -GUARD_E_USAGE);
	CU_ASSERT_EQUAL(guard_unlock_request_open(&request, state, other, &clock, 0, "a", GUARD_UNLOCK_DAY, &digest, 0),
			-GUARD_E_CHANGED);
	end();
	guard_unlock_set_free(other);
}

static void test_request_stays_and_ends(void)
{
	struct guard_unlock_request first, again;

	begin();
	CU_ASSERT_EQUAL(ask(&first, 1, 1000, "a", 1), 0);
	CU_ASSERT_EQUAL(ask(&again, 1, 1000 + GUARD_UNLOCK_REQUEST_MS - 1, "a", 2), 0);
	CU_ASSERT(same_number(&first, &again));
	CU_ASSERT_EQUAL(ask(&again, 1, 1000 + GUARD_UNLOCK_REQUEST_MS, "a", 2), 0); /* expired */
	CU_ASSERT_FALSE(same_number(&first, &again));
	first = again;
	CU_ASSERT_EQUAL(ask(&again, 2, 1, "a", 3), 0); /* another boot */
	CU_ASSERT_FALSE(same_number(&first, &again));
	CU_ASSERT_EQUAL(cancel(2, 2, &first), -GUARD_E_NOT_FOUND);
	CU_ASSERT_EQUAL(cancel(2, 2, &again), 0);
	CU_ASSERT_EQUAL(cancel(2, 2, &again), -GUARD_E_NOT_FOUND);
	end();
}

static void test_slots_in_turn(void)
{
	struct guard_unlock_request request, other;

	begin();
	CU_ASSERT_EQUAL(ask(&request, 1, 0, "a", 1), 0);
	CU_ASSERT_EQUAL(request.slot, 0);
	CU_ASSERT_EQUAL(cancel(1, 0, &request), 0);
	CU_ASSERT_EQUAL(ask(&request, 1, 0, "a", 2), 0); /* the slot of the call that broke off rests */
	CU_ASSERT_EQUAL(request.slot, 1);
	CU_ASSERT_EQUAL(ask(&other, 1, 0, "b", 3), 0);
	CU_ASSERT_EQUAL(other.slot, 0);
	CU_ASSERT_EQUAL(ask(&other, 1, 0, "c", 4), 0); /* shared when there is no other */
	state->burned[0] = 3;
	CU_ASSERT_EQUAL(ask(&other, 1, 0, "d", 5), -GUARD_E_NOT_FOUND);
	end();
}

static void test_limits(void)
{
	struct guard_unlock_request request;
	unsigned made = 0;
	char file[8];

	begin();
	for (; made < GUARD_UNLOCK_REQUESTS_MAX; made++) {
		snprintf(file, sizeof(file), "%u", made);
		CU_ASSERT_EQUAL(ask(&request, 1, 0, file, (uint16_t)made), 0);
	}
	CU_ASSERT_EQUAL(ask(&request, 1, 0, "more", 1000), -GUARD_E_LIMIT);
	for (; made < GUARD_UNLOCK_REQUESTS_PER_HOUR; made++) {
		CU_ASSERT_EQUAL(cancel(1, 0, &state->requests[0]), 0);
		snprintf(file, sizeof(file), "%u", made);
		CU_ASSERT_EQUAL(ask(&request, 1, 0, file, (uint16_t)made), 0);
	}
	CU_ASSERT_EQUAL(cancel(1, 0, &state->requests[0]), 0);
	CU_ASSERT_EQUAL(ask(&request, 1, 3599999, "more", 1000), -GUARD_E_BUSY);
	CU_ASSERT_EQUAL(ask(&request, 2, 3599999, "more", 1000), -GUARD_E_BUSY); /* a reboot does not help */
	CU_ASSERT_EQUAL(ask(&request, 2, 3599999 + 3600000, "more", 1000), 0);
	end();
}

static void test_epochs(void)
{
	struct guard_unlock_set *older = unlock_fixture_set(FIXTURE_MACHINE, FIXTURE_EPOCH - 1, 1);
	struct guard_unlock_set *twin = unlock_fixture_set(FIXTURE_MACHINE, FIXTURE_EPOCH, 1);
	struct guard_unlock_set *newer = unlock_fixture_set(FIXTURE_MACHINE, FIXTURE_EPOCH + 1, 1);

	begin();
	state->burned[0] = 1;
	state->locked = 1;
	state->failures = GUARD_UNLOCK_FAILURES_MAX;
	CU_ASSERT_EQUAL(guard_unlock_state_adopt(state, older), -GUARD_E_ROLLBACK);
	CU_ASSERT_EQUAL(guard_unlock_state_adopt(state, twin), -GUARD_E_CHANGED);
	CU_ASSERT_EQUAL(guard_unlock_state_adopt(state, set), 0); /* nothing new */
	CU_ASSERT(state->locked == 1 && state->burned[0] == 1);
	CU_ASSERT_EQUAL(guard_unlock_state_adopt(state, newer), 0);
	CU_ASSERT(state->locked == 0 && state->burned[0] == 0 && state->failures == 0);
	CU_ASSERT_EQUAL(guard_unlock_state_adopt(state, set), -GUARD_E_ROLLBACK);
	end();
	guard_unlock_set_free(older);
	guard_unlock_set_free(twin);
	guard_unlock_set_free(newer);
}

static void test_stored(void)
{
	struct guard_unlock_state *back = NULL;
	struct guard_unlock_request request;
	void *bytes = NULL;
	size_t size = 0;

	begin();
	CU_ASSERT_EQUAL(ask(&request, 1, 77, "a", 1), 0);
	CU_ASSERT_EQUAL(ask(&request, 1, 78, "b", 2), 0);
	state->burned[2] = 2;
	CU_ASSERT_EQUAL_FATAL(guard_unlock_state_save(&bytes, &size, state), 0);
	CU_ASSERT(size <= GUARD_UNLOCK_STATE_SIZE_MAX);
	for (size_t length = 0; length < size; length++)
		CU_ASSERT(guard_unlock_state_load(&back, bytes, length) < 0);
	for (size_t bit = 0; bit < size * 8; bit++) {
		((uint8_t *)bytes)[bit / 8] ^= (uint8_t)(1u << bit % 8);
		CU_ASSERT(guard_unlock_state_load(&back, bytes, size) < 0);
		((uint8_t *)bytes)[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	CU_ASSERT_EQUAL_FATAL(guard_unlock_state_load(&back, bytes, size), 0);
	CU_ASSERT_EQUAL(back->serial, state->serial);
	CU_ASSERT_EQUAL(back->count, 2);
	CU_ASSERT_EQUAL(memcmp(&back->requests[1], &state->requests[1], sizeof(back->requests[1])), 0);
	CU_ASSERT_EQUAL(memcmp(back->burned, state->burned, sizeof(back->burned)), 0);
	guard_unlock_state_free(back);
	free(bytes);
	end();
}

/* As it was stored before there was maintenance: nothing is lost. */
static void test_four_scopes(void)
{
	const size_t at = 8 + 4 + 8 + 4 + GUARD_DIGEST_SIZE + 4 * 5; /* of the fifth scope's five bytes */
	struct guard_unlock_request request;
	struct guard_unlock_state *back = NULL;
	struct guard_digest sum;
	uint8_t *stored;
	void *bytes = NULL;
	size_t size;

	begin();
	CU_ASSERT_EQUAL(ask(&request, 1, 1000, "tool", 5), 0);
	CU_ASSERT_EQUAL_FATAL(guard_unlock_state_save(&bytes, &size, state), 0);
	stored = bytes;
	memmove(&stored[at], &stored[at + 5], size - at - 5);
	size -= 5;
	stored[8] = 1;
	CU_ASSERT_EQUAL(guard_digest_bytes(&sum, stored, size - sizeof(sum.bytes)), 0);
	memcpy(&stored[size - sizeof(sum.bytes)], sum.bytes, sizeof(sum.bytes));
	CU_ASSERT_EQUAL_FATAL(guard_unlock_state_load(&back, stored, size), 0);
	CU_ASSERT_EQUAL(memcmp(back->requests, state->requests, sizeof(back->requests)), 0);
	CU_ASSERT_EQUAL(back->serial, state->serial);
	CU_ASSERT_EQUAL(back->burned[GUARD_UNLOCK_MAINTENANCE - 1], 0);
	stored[8] = 2;
	CU_ASSERT(guard_unlock_state_load(&back, stored, size) < 0);
	guard_unlock_state_free(back);
	free(bytes);
	end();
}

static void test_nonces(void)
{
	uint16_t nonce = UINT16_MAX;

	for (unsigned i = 0; i < 1000; i++) {
		CU_ASSERT_EQUAL(guard_unlock_nonce(&nonce), 0);
		CU_ASSERT(nonce < GUARD_UNLOCK_NONCES);
	}
}

static CU_TestInfo tests[] = {
	{ "questions that cannot be", test_bad_questions },
	{ "a request stays and ends", test_request_stays_and_ends },
	{ "slots in turn", test_slots_in_turn },
	{ "limits", test_limits },
	{ "epochs", test_epochs },
	{ "stored, cut, flipped", test_stored },
	{ "of four scopes", test_four_scopes },
	{ "nonces", test_nonces },
	CU_TEST_INFO_NULL,
};
UNIT_MAIN_WITH("unlock: state", set_up, tear_down, tests)
