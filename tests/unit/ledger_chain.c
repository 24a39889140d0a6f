/* SPDX-License-Identifier: MIT
 *
 * unit/ledger_chain.c - whatever is done to a ledger, verification names it.
 * Each case tampers with a copy of one sound ledger, which verifies before.
 */
#include <fcntl.h>
#include <string.h>

#include "ledger_support.h"
#include "unit.h"

#define ROWS 40u

/* Tampered by SQL: the first bad row, or 0 when it is no row in particular. */
static void check_tampered(const char *sql, uint64_t bad)
{
	struct folder folder = make_ledger(ROWS);
	struct ledger_report before = verify(&folder), after;

	CU_ASSERT_TRUE(before.intact);
	CU_ASSERT_TRUE(run_sql(&folder, sql));
	after = verify(&folder);
	if (after.intact || after.bad != bad || !after.sentence[0])
		printf("\n%s -> intact %d, bad %llu: %s\n", sql, after.intact, (unsigned long long)after.bad,
		       after.sentence);
	CU_ASSERT_FALSE(after.intact);
	CU_ASSERT_EQUAL(after.bad, bad);
	CU_ASSERT_NOT_EQUAL(after.sentence[0], '\0');
	folder_free(&folder);
}

static void test_intact(void)
{
	struct folder folder = make_ledger(ROWS);
	struct ledger *ledger = open_ledger(&folder);
	struct ledger_report report;

	CU_ASSERT_EQUAL(ledger_last(ledger), ROWS + 1);
	append_events(ledger, ROWS, 5);
	report = verify(&folder); /* while it is open for writing */
	CU_ASSERT_TRUE(report.intact);
	CU_ASSERT_EQUAL(report.rows, ROWS + 6);
	CU_ASSERT_EQUAL(report.last, ROWS + 6);
	CU_ASSERT_EQUAL(report.ahead, 0);
	ledger_free(ledger);
	CU_ASSERT_TRUE(verify(&folder).intact);
	folder_free(&folder);
}

static void test_fields(void)
{
	static const char *const numbers[] = {
	    "time_ns", "what", "mode",	   "reason", "kind",	       "access_exec",
	    "medium",  "size", "device",   "inode",  "count",	       "pid",
	    "ppid",    "uid",  "loginuid", "rule",   "policy_version", "link_id"};
	char sql[128];

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		snprintf(sql, sizeof(sql), "UPDATE record SET %s = %s + 1 WHERE id = 9", numbers[i],
			 numbers[i]);
		check_tampered(sql, 9);
	}
	check_tampered("UPDATE record SET path = CAST('/bin/true' AS BLOB) WHERE id = 9", 9);
	check_tampered("UPDATE record SET program = CAST('/bin/true' AS BLOB) WHERE id = 9", 9);
	check_tampered("UPDATE record SET rule_text = 'x' WHERE id = 9", 9);
	check_tampered("UPDATE record SET text = 'x' WHERE id = 9", 9);
	check_tampered("UPDATE record SET digest = zeroblob(32) WHERE id = 9", 9);
	check_tampered("UPDATE record SET digest = NULL WHERE id = 9", 9);
	check_tampered("UPDATE record SET digest = zeroblob(31) WHERE id = 9", 9);
	check_tampered("UPDATE record SET link_hash = zeroblob(32) WHERE id = 9", 9);
	check_tampered("UPDATE record SET hash = zeroblob(32) WHERE id = 9", 9);
	check_tampered("UPDATE record SET refused = 1 - refused WHERE id = 9", 9);
	check_tampered(
	    "UPDATE record SET action = 1 - action, denied = 1 - denied, refused = 1 - refused WHERE id = 9",
	    9);
	check_tampered("UPDATE record SET pid = 5000000000 WHERE id = 9", 9);
	check_tampered("UPDATE record SET path = zeroblob(5) WHERE id = 9", 9);
	check_tampered("UPDATE record SET path = zeroblob(5000) WHERE id = 9", 9);
	/* 256 more: the same byte, if it were cut off */
	check_tampered("UPDATE record SET reason = reason + 256 WHERE id = 9", 9);
}

static void test_rows(void)
{
	check_tampered("DELETE FROM record WHERE id = 20", 20);
	check_tampered("DELETE FROM record WHERE id = 1", 1);
	check_tampered("DELETE FROM record WHERE id BETWEEN 2 AND 10", 2);
	check_tampered("DELETE FROM record WHERE id = 41", 41);
	check_tampered("DELETE FROM record WHERE id > 30", 31);
	check_tampered("DELETE FROM record WHERE id > 1", 2);
	check_tampered("DELETE FROM record", 1);
	check_tampered("UPDATE record SET id = 100 WHERE id = 20; UPDATE record SET id = 20 WHERE id = 21;"
		       "UPDATE record SET id = 21 WHERE id = 100",
		       20);
	check_tampered("DELETE FROM record WHERE id = 20; UPDATE record SET id = id - 1 WHERE id > 20", 20);
	check_tampered("UPDATE record SET id = 200 WHERE id = 41", 41);
	check_tampered("UPDATE record SET id = -5 WHERE id = 20", 1);
}

static void test_schema(void)
{
	check_tampered(
	    "CREATE TRIGGER t AFTER INSERT ON record BEGIN DELETE FROM record WHERE id = new.id; END", 0);
	check_tampered("CREATE VIEW v AS SELECT * FROM record", 0);
	check_tampered("CREATE TABLE other(x)", 0);
	check_tampered("DROP INDEX record_refused", 0);
	check_tampered(
	    "DROP INDEX record_refused; CREATE INDEX record_refused ON record(time_ns) WHERE refused = 2", 0);
	check_tampered("ALTER TABLE record ADD COLUMN extra INTEGER", 0);
	check_tampered("PRAGMA user_version = 2", 0);
	check_tampered("PRAGMA application_id = 1", 0);
	check_tampered("DROP TABLE record", 0);
	/* an index without the entries of a row, so that questions do not find it */
	check_tampered(
	    "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE INDEX record_refused ON "
	    "record(time_ns) WHERE refused = 9' WHERE name = 'record_refused'; PRAGMA writable_schema = "
	    "RESET;"
	    "REINDEX record_refused; PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE "
	    "INDEX "
	    "record_refused ON record(time_ns) WHERE refused = 1' WHERE name = 'record_refused'",
	    0);
}

/* ---- the head ------------------------------------------------------------------------ */

static void patch(const struct folder *folder, const char *name, off_t offset, const void *bytes, size_t size)
{
	GUARD_AUTO_CLOSE int fd = openat(folder->fd, name, O_WRONLY | O_CLOEXEC);

	CU_ASSERT(pwrite(fd, bytes, size, offset) == (ssize_t)size);
}

static void test_head(void)
{
	struct folder folder = make_ledger(ROWS), older = folder_copy(&folder);
	struct ledger *ledger = open_ledger(&folder);
	struct ledger_report report;

	append_events(ledger, ROWS, 3);
	ledger_free(ledger);
	/* one slot torn: its head is one commit behind, no more */
	patch(&folder, LEDGER_HEAD, 10, "torn", 4);
	report = verify(&folder);
	CU_ASSERT_TRUE(report.intact);
	/* both */
	patch(&folder, LEDGER_HEAD, LEDGER_HEAD_STRIDE + 10, "torn", 4);
	CU_ASSERT_FALSE(verify(&folder).intact);
	CU_ASSERT(unlinkat(folder.fd, LEDGER_HEAD, 0) == 0);
	CU_ASSERT_FALSE(verify(&folder).intact);
	CU_ASSERT_TRUE(verify(&older).intact);
	folder_free(&folder);
	folder_free(&older);
}

static void copy_file(const struct folder *from, const struct folder *to, const char *name)
{
	char bytes[1 << 18];
	GUARD_AUTO_CLOSE int fd = openat(from->fd, name, O_RDONLY | O_CLOEXEC);
	ssize_t size = read(fd, bytes, sizeof(bytes));

	CU_ASSERT_FATAL(size > 0 && size < (ssize_t)sizeof(bytes));
	folder_write(to, name, bytes, (size_t)size);
}

/* An older copy of the database, or another machine's, under the present head. */
static void test_replaced(void)
{
	struct folder folder = make_ledger(ROWS), older = folder_copy(&folder), other = make_ledger(ROWS);
	struct ledger *ledger = open_ledger(&folder);
	struct ledger_report report;

	append_events(ledger, ROWS, 3);
	ledger_free(ledger);
	CU_ASSERT_TRUE(verify(&folder).intact);
	copy_file(&older, &folder, LEDGER_DATABASE);
	report = verify(&folder);
	CU_ASSERT_FALSE(report.intact);
	CU_ASSERT_EQUAL(report.bad, ROWS + 2);
	copy_file(&other, &folder, LEDGER_DATABASE);
	report = verify(&folder);
	CU_ASSERT_FALSE(report.intact);
	CU_ASSERT_EQUAL(report.bad, 1);
	folder_free(&folder);
	folder_free(&older);
	folder_free(&other);
}

/* The power went after the commit and before the head was written. */
static void test_ahead(void)
{
	struct folder folder = make_ledger(ROWS), older = folder_copy(&folder);
	struct ledger *ledger = open_ledger(&folder);
	struct ledger_report report;

	append_events(ledger, ROWS, 3);
	ledger_free(ledger);
	copy_file(&older, &folder, LEDGER_HEAD);
	report = verify(&folder);
	CU_ASSERT_TRUE(report.intact);
	CU_ASSERT_EQUAL(report.ahead, 3);
	ledger = open_ledger(&folder);
	CU_ASSERT_EQUAL(ledger_last(ledger), ROWS + 4);
	append_events(ledger, 100, 1);
	ledger_free(ledger);
	report = verify(&folder);
	CU_ASSERT_TRUE(report.intact);
	CU_ASSERT_EQUAL(report.ahead, 0);
	CU_ASSERT_EQUAL(folder_count(&folder, "damaged"), 0);
	folder_free(&folder);
	folder_free(&older);
}

/* ---- pruning --------------------------------------------------------------------------- */

static struct ledger *open_limited(const struct folder *folder, uint64_t bytes, uint32_t days)
{
	const struct ledger_limits limits = {.max_bytes = bytes, .max_days = days};
	char problem[LEDGER_PROBLEM_SIZE];
	struct ledger *ledger = NULL;

	CU_ASSERT_EQUAL_FATAL(ledger_open(&ledger, folder->fd, &limits, NOW_NS, NULL, problem), 0);
	return ledger;
}

static void test_prune_size(void)
{
	struct folder folder = folder_new();
	struct ledger *ledger = open_limited(&folder, 1 << 20, 0);
	struct ledger_report report;
	int r;

	for (unsigned i = 0; i < 60; i++) {
		append_events(ledger, i * 200, 200);
		while ((r = ledger_prune(ledger, NOW_NS)) > 0)
			;
		CU_ASSERT_EQUAL(r, 0);
	}
	ledger_free(ledger);
	report = verify(&folder);
	CU_ASSERT_TRUE(report.intact);
	CU_ASSERT(report.pruned > 1000);
	CU_ASSERT(query_number(&folder, "PRAGMA page_count") * 4096 <= 1 << 20);
	/* what the prune row does not cover */
	CU_ASSERT_TRUE(
	    run_sql(&folder, "DELETE FROM record WHERE id = (SELECT min(id) FROM record WHERE id > 1)"));
	report = verify(&folder);
	CU_ASSERT_FALSE(report.intact);
	CU_ASSERT_EQUAL(report.bad, 2);
	folder_free(&folder);
}

static void test_prune_age(void)
{
	struct folder folder = make_ledger(ROWS);
	struct ledger *ledger = open_limited(&folder, 256u << 20, 10);
	const int64_t day = 86400ll * 1000000000;
	struct ledger_report report;

	CU_ASSERT_EQUAL(ledger_prune(ledger, NOW_NS + 9 * day), 0);
	CU_ASSERT(ledger_prune(ledger, NOW_NS + 11 * day) > 0);
	ledger_free(ledger);
	report = verify(&folder);
	CU_ASSERT_TRUE(report.intact);
	CU_ASSERT(report.pruned > 2);
	folder_free(&folder);
}

static CU_TestInfo tests[] = {
    {"a changed field", test_fields},
    {"rows removed, moved, cut off", test_rows},
    {"another schema", test_schema},
    {"the head torn or removed", test_head},
    {"an older or another database", test_replaced},
    {"intact", test_intact},
    {"ahead of the head", test_ahead},
    {"pruned by size", test_prune_size},
    {"pruned by age", test_prune_age},
    CU_TEST_INFO_NULL,
};
UNIT_MAIN("ledger chain", tests)
