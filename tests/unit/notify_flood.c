/* SPDX-License-Identifier: MIT
 *
 * unit/notify_flood.c - of a storm of denials: how many are told of, and when the
 * rest is counted up.
 */
#include "notify.h"

#include "unit.h"

#define BURST 3u
#define STEP NOTIFY_FLOOD_NS

static void a_storm(void)
{
	struct notify_flood flood = { 0 };
	unsigned told = 0;

	for (unsigned i = 0; i < 100; i++)
		told += notify_flood_take(&flood, BURST, STEP * 5 + i);
	CU_ASSERT_EQUAL(told, BURST);
	CU_ASSERT_EQUAL(flood.withheld, 100 - BURST);
	CU_ASSERT_EQUAL(notify_flood_settle(&flood, BURST, STEP * 6 - 1), 0);
	CU_ASSERT_TRUE(notify_flood_wait(&flood, STEP * 6 - 1) <= 1);
	CU_ASSERT_EQUAL(notify_flood_settle(&flood, BURST, STEP * 6), 100 - BURST);
	CU_ASSERT_EQUAL(notify_flood_wait(&flood, STEP * 6), -1);
	CU_ASSERT_EQUAL(notify_flood_settle(&flood, BURST, STEP * 60), 0); /* once */
}

/* What comes now and then is always told of. */
static void a_trickle(void)
{
	struct notify_flood flood = { 0 };

	for (unsigned i = 1; i < 100; i++)
		CU_ASSERT_TRUE(notify_flood_take(&flood, BURST, STEP * i));
	CU_ASSERT_EQUAL(flood.withheld, 0);
}

static void a_storm_that_goes_on(void)
{
	struct notify_flood flood = { 0 };
	unsigned told = 0;

	for (unsigned i = 0; i < 1000; i++)
		told += notify_flood_take(&flood, BURST, STEP + STEP / 100 * i); /* for ten steps */
	CU_ASSERT_TRUE(told >= BURST && told <= BURST + 10);
	CU_ASSERT_EQUAL(told + flood.withheld, 1000);
}

static CU_TestInfo tests[] = {
	{ "a storm", a_storm },
	{ "a trickle", a_trickle },
	{ "a storm that goes on", a_storm_that_goes_on },
	CU_TEST_INFO_NULL,
};
UNIT_MAIN("notifier: storms", tests)
