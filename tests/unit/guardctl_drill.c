/* SPDX-License-Identifier: MIT
 *
 * Tests of drill_count.c: which events count, whose they are, and the report rate.
 */
#include <string.h>

#include "drill.h"
#include "unit.h"

#define DIGEST "5b1d5b1d5b1d5b1d5b1d5b1d5b1d5b1d5b1d5b1d5b1d5b1d5b1d5b1d5b1d5b1d"
#define OTHER "6b1d5b1d5b1d5b1d5b1d5b1d5b1d5b1d5b1d5b1d5b1d5b1d5b1d5b1d5b1d5b1d"
#define MADE 1790000000 /* 2026-09-21T14:13:20Z */

static const struct drill drill = {.sha256 = DIGEST, .made = MADE};

static void take(struct drill_count *count, const char *machine, const char *text)
{
	json_t *event = json_loads(text, 0, NULL);

	CU_ASSERT_PTR_NOT_NULL_FATAL(event);
	CU_ASSERT_EQUAL(drill_count_event(count, &drill, machine, event), 0);
	json_decref(event);
}

static void test_strangers(void)
{
	struct drill_count count = {0};

	take(&count, "a", "{}");
	take(&count, "a", "[]");
	take(&count, "a", "{\"sha256\":\"" OTHER "\",\"time\":\"2026-09-21T14:14:20Z\",\"source\":\"access\",\"uid\":1}");
	take(&count, "a", "{\"sha256\":\"" DIGEST "\",\"time\":\"soon\",\"source\":\"access\",\"uid\":1}");
	take(&count, "a", "{\"sha256\":\"" DIGEST "\",\"time\":\"2026-09-21T14:14:20Z\",\"source\":\"daemon\",\"uid\":1}");
	take(&count, "a",
	     "{\"sha256\":\"" DIGEST "\",\"time\":\"2026-09-21T14:14:20Z\",\"source\":\"access\",\"uid\":1,"
	     "\"program\":\"/usr/bin/guardctl\",\"denied\":true}");
	drill_count_end(&count, &drill);
	CU_ASSERT_EQUAL(count.count, 0);
	CU_ASSERT_EQUAL(drill_report_rate(&count, &drill), -1);
	drill_count_free(&count);
}

static void test_people(void)
{
	struct drill sent = drill;
	struct drill_count count = {0};

	take(&count, "a",
	     "{\"sha256\":\"" DIGEST "\",\"time\":\"2026-09-21T14:14:20.5Z\",\"source\":\"access\",\"uid\":1,\"user\":\"ito\","
	     "\"program\":\"/bin/sh\",\"denied\":true,\"count\":3}");
	take(&count, "a",
	     "{\"sha256\":\"" DIGEST "\",\"time\":\"2026-09-21T14:15:20Z\",\"source\":\"daemon\",\"what\":\"reported\",\"uid\":1}");
	take(&count, "a",
	     "{\"sha256\":\"" DIGEST "\",\"time\":\"2026-09-21T14:25:20Z\",\"source\":\"daemon\",\"what\":\"reported\",\"uid\":1}");
	/* The same number on another machine is another person; who only reports has met it as well. */
	take(&count, "b",
	     "{\"sha256\":\"" DIGEST "\",\"time\":\"2026-09-21T14:14:20Z\",\"source\":\"access\",\"uid\":1,\"denied\":false}");
	take(&count, "b",
	     "{\"sha256\":\"" DIGEST "\",\"time\":\"2026-09-21T14:23:20Z\",\"source\":\"daemon\",\"what\":\"reported\",\"uid\":7}");
	drill_count_end(&count, &drill);
	CU_ASSERT_EQUAL(count.count, 3);
	CU_ASSERT_EQUAL(count.stopped, 1);
	CU_ASSERT_EQUAL(count.ran, 1);
	CU_ASSERT_EQUAL(count.reported, 2);
	CU_ASSERT_EQUAL(count.first, 120);
	CU_ASSERT_EQUAL(count.median, 120);
	CU_ASSERT_EQUAL(count.people[0].stopped, 3);
	CU_ASSERT_EQUAL(count.people[0].reported, MADE + 120);
	CU_ASSERT_STRING_EQUAL(count.people[0].user, "ito");
	CU_ASSERT_EQUAL(drill_report_rate(&count, &drill), 66);
	sent.sent = 40;
	CU_ASSERT_EQUAL(drill_report_rate(&count, &sent), 5);
	sent.sent = 1; /* it went further than it was sent */
	CU_ASSERT_EQUAL(drill_report_rate(&count, &sent), 66);
	drill_count_free(&count);
}

static CU_TestInfo tests[] = {
    {"what is no attempt", test_strangers},
    {"people", test_people},
    CU_TEST_INFO_NULL,
};

UNIT_MAIN("guardctl drill", tests)
