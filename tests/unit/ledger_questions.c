/* SPDX-License-Identifier: MIT
 *
 * unit/ledger_questions.c - questions give exactly what a plain walk gives, also
 * when the clock jumped, and stay short on a large ledger.
 */
#include <stdlib.h>
#include <string.h>

#include "ledger_support.h"
#include "record/filter.h"
#include "record/scan.h"
#include "unit.h"

#define ROWS 3000u
#define LARGE_ROWS 200000u /* GUARD_TEST_ROWS in the environment: another number */

static struct guard_event varied_event(unsigned number)
{
	struct guard_event event = make_event(number, number % 7 == 0);

	event.time_ns = NOW_NS + number * 1000ll;
	if (number % 500 > 450) /* the clock is set back now and then */
		event.time_ns -= 3000000;
	if (number % 11 == 0)
		event.time_ns = NOW_NS; /* many at one moment */
	if (number % 13 == 0)
		event.reason = GUARD_REASON_CHANGED;
	return event;
}

static struct folder make_varied(unsigned rows)
{
	struct folder folder = folder_new();
	struct ledger *ledger = open_ledger(&folder);
	struct ledger_row row;

	for (unsigned i = 0; i < rows; i++) {
		memset(&row, 0, sizeof(row));
		row.event = varied_event(i);
		CU_ASSERT_EQUAL_FATAL(ledger_append(ledger, &row), 0);
		if (i % 5000 == 0)
			CU_ASSERT_EQUAL(ledger_commit(ledger), 0);
	}
	CU_ASSERT_EQUAL(ledger_commit(ledger), 0);
	ledger_free(ledger);
	return folder;
}

/* Newest by time first, as the walk without an index finds them. */
static size_t plain_walk(uint64_t *ret_ids, struct ledger *ledger, const struct guard_event_filter *filter)
{
	struct ledger_row row;
	size_t count = 0;

	for (uint64_t id = 1; ledger_fetch(ledger, &row, id) == 0; id = row.event.id + 1)
		if (filter_matches(filter, &row.event))
			ret_ids[count++] = row.event.id;
	return count;
}

static void check_filter(struct ledger *ledger, const struct guard_event_filter *filter, int64_t slice_ns)
{
	static uint64_t ids[ROWS + 10];
	struct scan scan;
	size_t count = plain_walk(ids, ledger, filter);
	int r;

	scan_init(&scan, filter);
	while ((r = scan_step(&scan, ledger_database(ledger), clock_monotonic_ns() + slice_ns)) > 0)
		;
	CU_ASSERT_EQUAL(r, 0);
	CU_ASSERT_EQUAL(scan.count, count);
	CU_ASSERT(count == 0 || (scan.count == count && memcmp(scan.ids, ids, count * sizeof(ids[0])) == 0));
	scan_free(&scan);
}

static void test_same_as_walk(void)
{
	struct folder folder = make_varied(ROWS);
	struct ledger *ledger = open_ledger(&folder);
	struct guard_event_filter filters[] = {
	    {.limit = 0},
	    {.only_denied = 1},
	    {.only_allowed = 1},
	    {.has_uid = 1, .uid = 1001},
	    {.has_uid = 1, .uid = 77},
	    {.has_reason = 1, .reason = GUARD_REASON_CHANGED},
	    {.has_reason = 1, .reason = GUARD_REASON_CHANGED, .only_denied = 1, .has_uid = 1, .uid = 1000},
	    {.since_ns = NOW_NS + 1000000, .until_ns = NOW_NS + 2000000},
	    {.since_ns = NOW_NS + 1000000, .only_denied = 1},
	    {.until_ns = NOW_NS, .has_uid = 1, .uid = 1002},
	    {.since_ns = NOW_NS + 900000000000ll},
	    {.after_id = 2900},
	    {.program = "*-12?"},
	    {.program = "/usr/bin/bash", .only_denied = 1},
	    {.program = "/none*"},
	};

	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
		filters[i].limit = FILTER_LIMIT_MAX;
		check_filter(ledger, &filters[i], 1000000000);
		check_filter(ledger, &filters[i], 0); /* one row a slice */
	}
	ledger_free(ledger);
	folder_free(&folder);
}

static void test_limit(void)
{
	struct folder folder = make_ledger(100);
	struct ledger *ledger = open_ledger(&folder);
	struct guard_event_filter filter = {.limit = 5};
	struct scan scan;

	scan_init(&scan, &filter);
	CU_ASSERT_EQUAL(scan_step(&scan, ledger_database(ledger), INT64_MAX), 0);
	CU_ASSERT_EQUAL_FATAL(scan.count, 5);
	CU_ASSERT_EQUAL(scan.ids[0], 97);
	CU_ASSERT_EQUAL(scan.ids[4], 101);
	scan_free(&scan);
	filter.limit = UINT32_MAX;
	scan_init(&scan, &filter);
	CU_ASSERT_EQUAL(scan.limit, FILTER_LIMIT_MAX);
	ledger_free(ledger);
	folder_free(&folder);
}

static double time_filter(struct ledger *ledger, const struct guard_event_filter *filter, const char *name)
{
	int64_t begin = clock_monotonic_ns(), slice, longest = 0;
	struct scan scan;
	int r;

	scan_init(&scan, filter);
	do {
		slice = clock_monotonic_ns();
		r = scan_step(&scan, ledger_database(ledger), slice + 2 * CLOCK_MS);
		slice = clock_monotonic_ns() - slice;
		if (slice > longest)
			longest = slice;
	} while (r > 0);
	CU_ASSERT_EQUAL(r, 0);
	printf("%s: %zu in %.1f ms (longest slice %.1f ms)\n", name, scan.count,
	       (double)(clock_monotonic_ns() - begin) / CLOCK_MS, (double)longest / CLOCK_MS);
	scan_free(&scan);
	return (double)(clock_monotonic_ns() - begin) / CLOCK_MS;
}

static void test_large(void)
{
	const char *wanted = getenv("GUARD_TEST_ROWS");
	unsigned rows = wanted ? (unsigned)strtoul(wanted, NULL, 10) : LARGE_ROWS;
	int64_t begin = clock_monotonic_ns();
	struct folder folder = make_varied(rows);
	struct ledger *ledger;
	const struct guard_event_filter newest = {.limit = 100}, denied = {.only_denied = 1, .limit = 100},
					user = {.has_uid = 1, .uid = 1001, .limit = 100},
					nobody = {.has_uid = 1, .uid = 4, .limit = 100},
					reason = {.has_reason = 1,
						  .reason = GUARD_REASON_CHANGED,
						  .limit = 100},
					old = {.until_ns = NOW_NS + 1000,
					       .since_ns = NOW_NS + 1,
					       .limit = 100},
					none = {.program = "/none*", .limit = 100};
	printf("\n%u rows written in %.1f s\n", rows, (double)(clock_monotonic_ns() - begin) / 1e9);
	begin = clock_monotonic_ns();
	ledger = open_ledger(&folder);
	printf("opened in %.1f ms, %.1f MiB\n", (double)(clock_monotonic_ns() - begin) / CLOCK_MS,
	       (double)query_number(&folder, "PRAGMA page_count") * 4096 / (1 << 20));
	/* generous: the machine may be busy; without an index it is a hundred times that */
	CU_ASSERT(time_filter(ledger, &newest, "newest") < 50);
	CU_ASSERT(time_filter(ledger, &denied, "denied") < 50);
	CU_ASSERT(time_filter(ledger, &user, "user") < 50);
	CU_ASSERT(time_filter(ledger, &nobody, "nobody") < 50);
	CU_ASSERT(time_filter(ledger, &reason, "reason") < 50);
	CU_ASSERT(time_filter(ledger, &old, "old") < 50);
	time_filter(ledger, &none, "whole walk");
	ledger_free(ledger);
	begin = clock_monotonic_ns();
	CU_ASSERT_TRUE(verify(&folder).intact);
	printf("verified in %.1f s\n", (double)(clock_monotonic_ns() - begin) / 1e9);
	folder_free(&folder);
}

static CU_TestInfo tests[] = {
    {"the same as a plain walk", test_same_as_walk},
    {"the newest so many", test_limit},
    {"a large ledger", test_large},
    CU_TEST_INFO_NULL,
};
UNIT_MAIN("questions", tests)
