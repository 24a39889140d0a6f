/* SPDX-License-Identifier: MIT
 *
 * unit/notify_ends.c - when a user is told that his unlock is about to end: once, in
 * time, and not of what has ended.
 */
#include "notify.h"

#include "unit.h"

static struct guard_told told_of(uint32_t id, uint32_t seconds)
{
	return (struct guard_told){ .what = GUARD_TOLD_UNLOCK, .id = id, .seconds = seconds, .path = "/opt/tool" };
}

static void two_minutes_before(void)
{
	const struct guard_told told = told_of(7, 3600);
	struct notify_ends ends = { 0 };
	struct notify_end end;

	CU_ASSERT_EQUAL(notify_ends_wait(&ends, 0), -1);
	notify_ends_open(&ends, &told, 1000);
	notify_ends_open(&ends, &told, 2000); /* the same, seen again */
	CU_ASSERT_EQUAL(ends.count, 1);
	CU_ASSERT_EQUAL(notify_ends_wait(&ends, 1000), NOTIFY_WAIT_MAX_MS);
	CU_ASSERT_FALSE(notify_ends_due(&end, &ends, 1000 + 3480000 - 1));
	CU_ASSERT_EQUAL(notify_ends_wait(&ends, 1000 + 3480000 - 5), 5);
	CU_ASSERT_TRUE(notify_ends_due(&end, &ends, 1000 + 3480000));
	CU_ASSERT_EQUAL(end.id, 7);
	CU_ASSERT_EQUAL(end.until_ms, 3601000);
	CU_ASSERT_STRING_EQUAL(end.path, "/opt/tool");
	CU_ASSERT_FALSE(notify_ends_due(&end, &ends, 1000 + 3480001)); /* once */
	CU_ASSERT_EQUAL(notify_ends_wait(&ends, 1000 + 3480001), -1);
	CU_ASSERT_TRUE(notify_ends_close(&end, &ends, 7));
	CU_ASSERT_FALSE(notify_ends_close(&end, &ends, 7));
}

static void half_of_a_short_one(void)
{
	const struct guard_told first = told_of(1, 10), second = told_of(2, 20);
	struct notify_ends ends = { 0 };
	struct notify_end end;

	notify_ends_open(&ends, &first, 0);
	notify_ends_open(&ends, &second, 0);
	CU_ASSERT_EQUAL(notify_ends_wait(&ends, 0), 5000);
	CU_ASSERT_TRUE(notify_ends_due(&end, &ends, 5000));
	CU_ASSERT_EQUAL(end.id, 1);
	CU_ASSERT_EQUAL(notify_ends_wait(&ends, 5000), 5000);
	CU_ASSERT_TRUE(notify_ends_close(&end, &ends, 1));
	CU_ASSERT_TRUE(notify_ends_due(&end, &ends, 10000));
	CU_ASSERT_EQUAL(end.id, 2);
}

/* After a suspend: what is over is not "about to end". */
static void what_is_over(void)
{
	const struct guard_told told = told_of(3, 60), none = told_of(0, 60);
	struct notify_ends ends = { 0 };
	struct notify_end end;

	notify_ends_open(&ends, &none, 0); /* a request */
	CU_ASSERT_EQUAL(ends.count, 0);
	notify_ends_open(&ends, &told, 0);
	CU_ASSERT_FALSE(notify_ends_due(&end, &ends, 61000));
	CU_ASSERT_EQUAL(notify_ends_wait(&ends, 61000), -1);
	CU_ASSERT_TRUE(notify_ends_close(&end, &ends, 3));
}

static void as_many_as_there_is_room_for(void)
{
	struct notify_ends ends = { 0 };

	for (uint32_t id = 1; id < 3 * NOTIFY_ENDS_MAX; id++) {
		const struct guard_told told = told_of(id, 60);

		notify_ends_open(&ends, &told, 0);
	}
	CU_ASSERT_EQUAL(ends.count, NOTIFY_ENDS_MAX);
}

static CU_TestInfo tests[] = {
	{ "two minutes before", two_minutes_before },
	{ "half of a short one", half_of_a_short_one },
	{ "what is over", what_is_over },
	{ "as many as there is room for", as_many_as_there_is_room_for },
	CU_TEST_INFO_NULL,
};

UNIT_MAIN("notify/ends", tests)
