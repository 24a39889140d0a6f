/* SPDX-License-Identifier: MIT
 *
 * unit/trust_pause.c - when machines ask: not in step, less often while nobody
 * answers, never not at all.
 */
#include "unit.h"

#include "trust/internal.h"

static void test_back_off(void)
{
	int64_t before = 0;

	CU_ASSERT_EQUAL(trust_pause_ms(60, 0, 0), trust_pause_ms(60, 1, 0));
	for (unsigned failures = 1; failures < 5; failures++) {
		const int64_t now = trust_pause_ms(60, failures, 0);

		CU_ASSERT(before == 0 || now == 2 * before);
		before = now;
	}
	/* A server that is back after a month is found within minutes. */
	CU_ASSERT_EQUAL(trust_pause_ms(60, 1000000, 0), before);
	CU_ASSERT(before <= 480000);
}

static void test_bounds(void)
{
	CU_ASSERT(trust_pause_ms(1800, 50, UINT16_MAX) <= 3960000);
	/* Who asks for a day gets a day, with and without failures. */
	CU_ASSERT_EQUAL(trust_pause_ms(86400, 0, 0), 77760000);
	CU_ASSERT_EQUAL(trust_pause_ms(86400, 9, 0), 77760000);
	CU_ASSERT(trust_pause_ms(1, 0, 0) >= 900);
}

static void test_jitter(void)
{
	CU_ASSERT_EQUAL(trust_pause_ms(60, 0, 0), 54000);
	CU_ASSERT_EQUAL(trust_pause_ms(60, 0, UINT16_MAX), 66000);
	for (unsigned chance = 0; chance < UINT16_MAX; chance += 255)
		CU_ASSERT(trust_pause_ms(60, 0, (uint16_t)(chance + 255)) > trust_pause_ms(60, 0, (uint16_t)chance));
}

static CU_TestInfo tests[] = {
	{ "longer after failures, within bounds", test_back_off },
	{ "the shortest and the longest", test_bounds },
	{ "machines do not come in step", test_jitter },
	CU_TEST_INFO_NULL,
};

UNIT_MAIN("trust/pause", tests)
