/* SPDX-License-Identifier: MIT
 *
 * unit/record_crash.c - kill -9 at random moments, again and again: the ledger
 * verifies after each, no denial that a client has seen is ever gone, and the
 * next process goes on with the same chain.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "process_support.h"
#include "unit.h"

#define ROUNDS 40u

static uint64_t newest_seen(const struct recorder *recorder)
{
	const struct guard_event_filter filter = {.only_denied = 1, .limit = 1};
	struct guard_event event = {0};
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

/* ---- the power went ------------------------------------------------------------------ */

/* A ledger whose newest rows are only in the -wal file, as after a crash. */
static struct folder make_crashed(void)
{
	struct folder folder = folder_new();
	struct recorder recorder = recorder_start(&folder);

	for (unsigned i = 0; i < 50; i++) {
		struct guard_event event = make_event(i, true);
		CU_ASSERT_TRUE_FATAL(send_event(recorder.events, &event));
		if (i % 10 == 9)
			CU_ASSERT(newest_seen(&recorder) > 0);
	}
	recorder_kill(&recorder);
	recorder_close(&recorder);
	unlinkat(folder.fd, LEDGER_DATABASE "-shm", 0); /* memory, gone with the power */
	return folder;
}

/* What was being written at that moment is there in part, or is rubbish. */
static void test_torn_end(void)
{
	struct folder crashed = make_crashed();
	unsigned seed = 1;

	for (unsigned round = 0; round < 20; round++) {
		struct folder folder = folder_copy(&crashed);
		int fd = openat(folder.fd, LEDGER_DATABASE "-wal", O_RDWR | O_CLOEXEC);
		uint8_t bytes[9000];
		size_t size = (size_t)rand_r(&seed) % sizeof(bytes);
		off_t end = lseek(fd, 0, SEEK_END);
		struct ledger *ledger;

		for (size_t i = 0; i < size; i++)
			bytes[i] = (uint8_t)rand_r(&seed);
		/* every other time a frame that was valid before */
		if (round % 2)
			CU_ASSERT(pread(fd, bytes, size < 4120 ? size : 4120, 32) > 0);
		CU_ASSERT(pwrite(fd, bytes, size, end) == (ssize_t)size);
		close(fd);
		CU_ASSERT_TRUE(verify(&folder).intact);
		ledger = open_ledger(&folder);
		CU_ASSERT_EQUAL(ledger_last(ledger), 51);
		append_events(ledger, 1000, 3);
		ledger_free(ledger);
		CU_ASSERT_TRUE(verify(&folder).intact);
		CU_ASSERT_EQUAL(folder_count(&folder, "damaged"), 0);
		folder_free(&folder);
	}
	folder_free(&crashed);
}

/* What was durable is cut off: that is no power cut, and is said. */
static void test_cut_end(void)
{
	struct folder crashed = make_crashed();
	struct stat status;

	CU_ASSERT(fstatat(crashed.fd, LEDGER_DATABASE "-wal", &status, 0) == 0);
	for (off_t size = 0; size < status.st_size; size += 4120 * 5) {
		struct folder folder = folder_copy(&crashed);
		int fd = openat(folder.fd, LEDGER_DATABASE "-wal", O_RDWR | O_CLOEXEC);

		CU_ASSERT(ftruncate(fd, size) == 0);
		close(fd);
		CU_ASSERT_FALSE(verify(&folder).intact);
		folder_free(&folder);
	}
	CU_ASSERT_TRUE(verify(&crashed).intact);
	folder_free(&crashed);
}

static CU_TestInfo tests[] = {
    {"durable rows cut off", test_cut_end},
    {"a torn end", test_torn_end},
    {"kill -9", test_kill},
    CU_TEST_INFO_NULL,
};
UNIT_MAIN("record crash", tests)
