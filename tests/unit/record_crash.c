/* SPDX-License-Identifier: MIT
 *
 * unit/record_crash.c - kill -9 at random moments, again and again: the ledger
 * verifies after each, no denial that a client has seen is ever gone, and the
 * next process goes on with the same chain.
 */
#include <signal.h>
#include <stdlib.h>

#include "process_support.h"
#include "unit.h"

#define ROUNDS 40u

static uint64_t newest_seen(const struct recorder *recorder)
{
	const struct guard_event_filter filter = { .only_denied = 1, .limit = 1 };
	struct guard_event event = { 0 };
	int socket = ask_events(recorder, 0, &filter);

	while (receive_event(&event, socket) == GUARD_WIRE_EVENT_DATA)
		;
	close(socket);
	return event.id;
}

static void test_kill(void)
{
	struct folder folder = folder_new();
	struct recorder recorder = recorder_start(&folder);
	unsigned number = 0, seed = 20270115;
	struct ledger_report report;
	uint64_t seen;

	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned count = 1 + (unsigned)rand_r(&seed) % 400;
		for (unsigned i = 0; i < count; i++) {
			struct guard_event event = make_event(number++, i % 3 == 0);
			CU_ASSERT_TRUE_FATAL(send_event(recorder.events, &event));
		}
		seen = round % 4 == 0 ? newest_seen(&recorder) : 0;
		recorder_kill(&recorder);
		report = verify(&folder);
		if (!report.intact && !(round == 0 && report.rows == 0))
			printf("\nround %u: %s\n", round, report.sentence);
		CU_ASSERT_TRUE(report.intact || report.rows == 0);
		CU_ASSERT(report.last >= seen);
		recorder_restart(&recorder, &folder);
	}
	recorder_stop(&recorder);
	report = verify(&folder);
	CU_ASSERT_TRUE(report.intact);
	CU_ASSERT(report.rows > ROUNDS);
	CU_ASSERT_EQUAL(folder_count(&folder, "damaged"), 0);
	printf("%u events sent, %llu rows ", number, (unsigned long long)report.rows);
	folder_free(&folder);
}

static CU_TestInfo tests[] = {
	{ "kill -9", test_kill },
	CU_TEST_INFO_NULL,
};
UNIT_MAIN("record crash", tests)
