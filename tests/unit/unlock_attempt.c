/* SPDX-License-Identifier: MIT
 *
 * unit/unlock_attempt.c - tries: counted first, locked, delayed, burned; with
 * clocks that go wrong.
 */
#include "unit.h"

#include <string.h>

#include "unlock_fixture.h"

#define MINUTE 60000u

static struct guard_unlock_set *set;
static struct guard_unlock_state *state;
static struct guard_unlock_clock now;

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
	now = unlock_fixture_clock(1, 5 * MINUTE);
	CU_ASSERT_EQUAL_FATAL(guard_unlock_state_new(&state), 0);
	CU_ASSERT_EQUAL_FATAL(guard_unlock_state_adopt(state, set), 0);
}

static void end(void)
{
	guard_unlock_state_free(state);
	state = NULL;
}

static struct guard_unlock_number ask(const char *file, uint16_t nonce)
{
	const struct guard_digest digest = unlock_fixture_digest(file);
	struct guard_unlock_request request = { .uid = 0 };

	CU_ASSERT_EQUAL_FATAL(guard_unlock_request_open(&request, state, set, &now, 1000, "tanaka", GUARD_UNLOCK_SHORT,
							&digest, nonce), 0);
	return request.number;
}

static int attempt(const struct guard_unlock_number *number)
{
	return guard_unlock_attempt_begin(state, &now, number);
}

static struct guard_unlock_state_info info(void)
{
	struct guard_unlock_state_info result;

	guard_unlock_state_info(&result, state, set, &now);
	return result;
}

static void test_sixth_try(void)
{
	struct guard_unlock_number number;

	begin();
	number = ask("a", 1);
	for (unsigned i = 0; i < GUARD_UNLOCK_WRONG_MAX; i++)
		CU_ASSERT_EQUAL(attempt(&number), 0);
	CU_ASSERT_EQUAL(attempt(&number), -GUARD_E_LIMIT);
	now.boot_ms += MINUTE; /* the wait is over, the request stays locked */
	CU_ASSERT_EQUAL(attempt(&number), -GUARD_E_LIMIT);
	CU_ASSERT_EQUAL(memcmp(&number, &(struct guard_unlock_number[]){ ask("a", 2) }, sizeof(number)), 0);
	CU_ASSERT_EQUAL(info().failures, GUARD_UNLOCK_WRONG_MAX);
	end();
}

/* 1, 2, 4 ... 60 minutes, then locked. */
static void test_waits_and_lock(void)
{
	uint16_t nonce = 0;
	uint64_t wait = 0;

	begin();
	for (unsigned failures = 1; failures <= GUARD_UNLOCK_FAILURES_MAX; failures++) {
		struct guard_unlock_number number;

		now.boot_ms += GUARD_UNLOCK_REQUEST_MS; /* each on a request of its own */
		number = ask("a", nonce++);
		if (wait > GUARD_UNLOCK_REQUEST_MS) {
			CU_ASSERT_EQUAL(attempt(&number), -GUARD_E_BUSY);
			now.boot_ms += wait - GUARD_UNLOCK_REQUEST_MS;
			number = ask("a", nonce++);
		}
		CU_ASSERT_EQUAL(attempt(&number), 0);
		wait = failures < 5 ? 0 : failures < 11 ? (uint64_t)MINUTE << (failures - 5) : 60 * MINUTE;
		CU_ASSERT_EQUAL(info().wait_ms, wait);
		CU_ASSERT_EQUAL(info().locked, failures == GUARD_UNLOCK_FAILURES_MAX);
	}
	now.boot_ms += 100 * 60 * MINUTE;
	CU_ASSERT_EQUAL(info().locked, 1);
	end();
}

static void test_locked_refuses(void)
{
	const struct guard_digest digest = unlock_fixture_digest("a");
	struct guard_unlock_request request;
	struct guard_unlock_number number;

	begin();
	number = ask("a", 1);
	state->failures = GUARD_UNLOCK_FAILURES_MAX;
	state->locked = 1;
	CU_ASSERT_EQUAL(attempt(&number), -GUARD_E_DENIED);
	CU_ASSERT_EQUAL(guard_unlock_request_open(&request, state, set, &now, 1000, "tanaka", GUARD_UNLOCK_SHORT, &digest,
						  2), -GUARD_E_DENIED);
	end();
}

static void test_wait_at_reboot(void)
{
	struct guard_unlock_number number;

	begin();
	number = ask("a", 1);
	for (unsigned i = 0; i < 5; i++)
		CU_ASSERT_EQUAL(attempt(&number), 0);
	now.boot_ms += MINUTE - 1;
	CU_ASSERT_EQUAL(info().wait_ms, 1);
	now = unlock_fixture_clock(2, 100 * MINUTE); /* anew, in full, from when it is first seen */
	CU_ASSERT_EQUAL(info().wait_ms, MINUTE);
	now.boot_ms -= 50 * MINUTE; /* a clock that goes back shortens nothing */
	CU_ASSERT_EQUAL(info().wait_ms, MINUTE);
	now.boot_ms += 51 * MINUTE;
	CU_ASSERT_EQUAL(info().wait_ms, 0);
	CU_ASSERT_EQUAL(info().failures, 5);
	end();
}

static void test_success_and_replay(void)
{
	struct guard_unlock_number number, sharer;
	struct guard_unlock_answer answer;
	struct guard_unlock_request request = { .uid = 0 };

	begin();
	number = ask("a", 1);
	(void)ask("b", 2);
	sharer = ask("c", 3); /* the same slot as the first */
	answer = unlock_fixture_answer(FIXTURE_MACHINE, "tanaka", &number);
	CU_ASSERT_EQUAL(guard_unlock_attempt_succeed(&request, state, &now, &number), -GUARD_E_NOT_FOUND); /* not begun */
	CU_ASSERT_EQUAL(attempt(&number), 0);
	CU_ASSERT_EQUAL(attempt(&number), 0);
	CU_ASSERT_EQUAL(guard_unlock_verify(set, &number, &answer), 0);
	CU_ASSERT_EQUAL(guard_unlock_attempt_succeed(&request, state, &now, &number), 0);
	CU_ASSERT_EQUAL(request.uid, 1000);
	CU_ASSERT_EQUAL(request.scope, GUARD_UNLOCK_SHORT);
	CU_ASSERT_EQUAL(info().failures, 0);
	CU_ASSERT_EQUAL(info().requests, 1);
	CU_ASSERT_EQUAL(info().slots_left[0], 1);
	CU_ASSERT_EQUAL(attempt(&number), -GUARD_E_NOT_FOUND);
	CU_ASSERT_EQUAL(attempt(&sharer), -GUARD_E_NOT_FOUND);
	CU_ASSERT_EQUAL(guard_unlock_attempt_succeed(&request, state, &now, &number), -GUARD_E_NOT_FOUND);
	number = ask("a", 4); /* the burned slot is not offered again */
	CU_ASSERT_EQUAL(number.digits[1], 1);
	end();
}

static void test_expiry_and_reboot(void)
{
	struct guard_unlock_number number;
	struct guard_unlock_request request;

	begin();
	number = ask("a", 1);
	CU_ASSERT_EQUAL(attempt(&number), 0);
	now.boot_ms += GUARD_UNLOCK_REQUEST_MS; /* while scrypt ran */
	CU_ASSERT_EQUAL(guard_unlock_attempt_succeed(&request, state, &now, &number), -GUARD_E_NOT_FOUND);
	number = ask("a", 2);
	now = unlock_fixture_clock(2, now.boot_ms);
	CU_ASSERT_EQUAL(attempt(&number), -GUARD_E_NOT_FOUND);
	end();
}

/* A power cut between the two saves costs a try and gives nothing. */
static void test_power_cut(void)
{
	struct guard_unlock_number number;
	uint64_t serial;
	void *bytes = NULL;
	size_t size = 0;

	begin();
	number = ask("a", 1);
	serial = info().serial;
	CU_ASSERT_EQUAL(attempt(&number), 0);
	CU_ASSERT(info().serial > serial);
	CU_ASSERT_EQUAL_FATAL(guard_unlock_state_save(&bytes, &size, state), 0);
	end();
	CU_ASSERT_EQUAL_FATAL(guard_unlock_state_load(&state, bytes, size), 0);
	CU_ASSERT_EQUAL(info().failures, 1);
	CU_ASSERT_EQUAL(info().slots_left[0], 2);
	free(bytes);
	end();
}

static CU_TestInfo tests[] = {
	{ "the sixth try", test_sixth_try },
	{ "waits, then the lock", test_waits_and_lock },
	{ "locked", test_locked_refuses },
	{ "a wait at reboot", test_wait_at_reboot },
	{ "success, and again", test_success_and_replay },
	{ "expired, rebooted", test_expiry_and_reboot },
	{ "a power cut", test_power_cut },
	CU_TEST_INFO_NULL,
};
UNIT_MAIN_WITH("unlock: attempts", set_up, tear_down, tests)
