/* SPDX-License-Identifier: MIT
 *
 * unit/ledger_store.c - a full disk, a locked and a damaged ledger while events
 * come: they wait, what does not fit is counted and recorded, nothing stops.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

#include "ledger_support.h"
#include "record/store.h"
#include "unit.h"

static const struct ledger_limits limits = {256u << 20, 400};

static struct store *new_store(const struct folder *folder)
{
	static struct journal no_journal = {.socket = -1};
	struct store *store = NULL;

	CU_ASSERT_EQUAL_FATAL(store_new(&store, folder->fd, &limits, &no_journal), 0);
	return store;
}

static int64_t rows_of(const struct folder *folder)
{
	return query_number(folder, "SELECT count(*) FROM record WHERE source <> 3");
}

static void test_delay(void)
{
	struct folder folder = folder_new();
	struct store *store = new_store(&folder);
	struct guard_event allowed = make_event(0, false), denied = make_event(1, true);

	store_flush(store, 1000, false); /* opens */
	CU_ASSERT_EQUAL(store_next(store), INT64_MAX);
	store_add(store, &allowed, 1000);
	CU_ASSERT_EQUAL(store_next(store), 1000 + STORE_DELAY_NS);
	CU_ASSERT_EQUAL(store_flush(store, 2000, false), 0);
	CU_ASSERT_EQUAL(store_flush(store, 1000 + STORE_DELAY_NS, false), 1);
	store_add(store, &allowed, 3000);
	store_add(store, &denied, 4000);
	CU_ASSERT_EQUAL(store_next(store), 4000);
	CU_ASSERT_EQUAL(store_flush(store, 4000, false), 2);
	CU_ASSERT_EQUAL(rows_of(&folder), 3);
	store_free(store);
	folder_free(&folder);
}

static void fill(const struct folder *folder)
{
	GUARD_AUTO_CLOSE int fd = openat(folder->fd, "filler", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	char block[4096];

	memset(block, 1, sizeof(block));
	while (write(fd, block, sizeof(block)) > 0)
		;
}

static void test_full_disk(void)
{
	struct folder folder = folder_new_tmpfs(2u << 20);
	struct guard_event event, waiting;
	struct store *store;
	unsigned added = 0;
	int64_t now = 1;

	if (folder.fd < 0) {
		printf("skipped: no right to mount a tmpfs ");
		return;
	}
	store = new_store(&folder);
	for (; added < 10; added++) {
		event = make_event(added, true);
		store_add(store, &event, now);
	}
	CU_ASSERT_EQUAL(store_flush(store, now, false), 10);
	fill(&folder);
	/* the -wal file may take a few more; in the end nothing goes */
	while (store_problem(store)[0] == '\0' && added < 100000) {
		event = make_event(added++, true);
		store_add(store, &event, now);
		store_flush(store, now, true);
	}
	CU_ASSERT_NOT_EQUAL(store_problem(store)[0], '\0');
	CU_ASSERT_EQUAL(store_waiting(store, &waiting, 0), 0); /* can be told of meanwhile */
	while (store_lost_total(store) < 100) {
		event = make_event(added++, true);
		store_add(store, &event, now);
	}
	CU_ASSERT_EQUAL(store_flush(store, now + STORE_RETRY_NS - 1, false), 0); /* not before */
	CU_ASSERT(unlinkat(folder.fd, "filler", 0) == 0);
	now += STORE_RETRY_NS;
	while (store_flush(store, now, true) > 0)
		;
	store_free(store);
	CU_ASSERT_TRUE(verify(&folder).intact);
	folder_free(&folder);
}

/* As above with room enough in the end: everything but the lost arrives. */
static void test_full_disk_ends(void)
{
	struct folder folder = folder_new_tmpfs(24u << 20);
	struct guard_event event;
	struct store *store;
	unsigned added = 0;
	int64_t now = 1, lost;

	if (folder.fd < 0)
		return;
	store = new_store(&folder);
	store_flush(store, now, true);
	fill(&folder);
	while (store_lost_total(store) < 50) {
		event = make_event(added++, true);
		store_add(store, &event, now);
		if (added % 64 == 0)
			store_flush(store, now, added % 1024 == 0);
	}
	lost = (int64_t)store_lost_total(store);
	CU_ASSERT(unlinkat(folder.fd, "filler", 0) == 0);
	now += 10 * STORE_RETRY_NS;
	while (store_flush(store, now, true) > 0)
		;
	CU_ASSERT_EQUAL(store_problem(store)[0], '\0');
	store_free(store);
	CU_ASSERT_EQUAL(rows_of(&folder), (int64_t)added - lost);
	CU_ASSERT_EQUAL(query_number(&folder, "SELECT sum(count) FROM record WHERE source = 3 AND what = 9"),
			lost);
	CU_ASSERT_TRUE(verify(&folder).intact);
	folder_free(&folder);
}

static void test_locked(void)
{
	struct folder folder = folder_new();
	struct store *store = new_store(&folder);
	struct guard_event event = make_event(1, true);
	int lock = openat(folder.fd, LEDGER_LOCK, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	CU_ASSERT(flock(lock, LOCK_EX | LOCK_NB) == 0);
	store_add(store, &event, 1);
	CU_ASSERT_EQUAL(store_flush(store, 1, false), 0);
	CU_ASSERT_PTR_NULL(store_ledger(store));
	CU_ASSERT_NOT_EQUAL(store_problem(store)[0], '\0');
	CU_ASSERT_EQUAL(store_next(store), 1 + STORE_LOCKED_NS);
	close(lock);
	CU_ASSERT_EQUAL(store_flush(store, 1 + STORE_LOCKED_NS, false), 1);
	CU_ASSERT_EQUAL(store_problem(store)[0], '\0');
	store_free(store);
	folder_free(&folder);
}

/* The file is destroyed under the running process. */
static void test_damaged_while_open(void)
{
	struct folder folder = make_ledger(2000);
	struct store *store = new_store(&folder);
	struct guard_event event = make_event(1, true);
	char noise[65536];

	store_flush(store, 1, true);
	memset(noise, 0x5a, sizeof(noise));
	CU_ASSERT_TRUE(run_sql(&folder, "PRAGMA wal_checkpoint(TRUNCATE)"));
	folder_write(&folder, LEDGER_DATABASE, noise, sizeof(noise));
	for (unsigned i = 0; i < 3000; i++) {
		event = make_event(i, true);
		store_add(store, &event, 2);
	}
	for (unsigned i = 0; i < 100; i++)
		store_flush(store, 2 + i * STORE_RETRY_NS, true);
	store_free(store);
	CU_ASSERT_TRUE(verify(&folder).intact);
	CU_ASSERT(folder_count(&folder, "damaged.db") >= 1);
	CU_ASSERT_EQUAL(rows_of(&folder), 3000);
	folder_free(&folder);
}

static CU_TestInfo tests[] = {
    {"a full disk", test_full_disk},	{"a full disk that gets room", test_full_disk_ends},
    {"locked by another", test_locked}, {"damaged while open", test_damaged_while_open},
    {"when it is written", test_delay}, CU_TEST_INFO_NULL,
};
UNIT_MAIN("store", tests)
