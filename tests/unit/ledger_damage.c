/* SPDX-License-Identifier: MIT
 *
 * unit/ledger_damage.c - a ledger found damaged at start is kept aside, said,
 * and a new one begins whose first row mentions it; a sound one goes on.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "ledger_support.h"
#include "unit.h"

#define ROWS 20u

/* Opens a damaged ledger: it must begin anew and say so. */
static void check_set_aside(struct folder *folder, unsigned asides)
{
	const struct ledger_limits limits = {256u << 20, 400};
	char problem[LEDGER_PROBLEM_SIZE] = "";
	struct ledger *ledger = NULL;
	struct ledger_row row;

	CU_ASSERT_EQUAL_FATAL(ledger_open(&ledger, folder->fd, &limits, NOW_NS, NULL, problem), 0);
	CU_ASSERT_NOT_EQUAL(problem[0], '\0');
	CU_ASSERT_EQUAL(ledger_last(ledger), 1);
	CU_ASSERT_EQUAL(ledger_fetch(ledger, &row, 1), 0);
	CU_ASSERT_EQUAL(row.event.what, GUARD_DAEMON_LEDGER_BEGUN);
	CU_ASSERT_PTR_NOT_NULL(strstr(row.event.text, "damaged"));
	append_events(ledger, 0, 3);
	ledger_free(ledger);
	CU_ASSERT_TRUE(verify(folder).intact);
	CU_ASSERT(folder_count(folder, "damaged") >= asides);
}

static void check_damage(const char *name, const void *bytes, size_t size)
{
	struct folder folder = make_ledger(ROWS);

	folder_write(&folder, name, bytes, size);
	check_set_aside(&folder, 2);
	folder_free(&folder);
}

static void check_sql_damage(const char *sql)
{
	struct folder folder = make_ledger(ROWS);

	CU_ASSERT_TRUE(run_sql(&folder, sql));
	check_set_aside(&folder, 2);
	folder_free(&folder);
}

static void test_bytes(void)
{
	char noise[20000];

	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (char)(i * 2654435761u >> 13);
	check_damage(LEDGER_DATABASE, noise, sizeof(noise));
	check_damage(LEDGER_DATABASE, "", 0);
	check_damage(LEDGER_DATABASE, "SQLite format 3", 16);
	check_damage(LEDGER_HEAD, noise, sizeof(noise));
	check_damage(LEDGER_HEAD, "", 0);
}

static void test_content(void)
{
	check_sql_damage("DELETE FROM record WHERE id > 10");
	check_sql_damage("UPDATE record SET path = CAST('x' AS BLOB), hash = zeroblob(32) WHERE id = 21");
	check_sql_damage("DELETE FROM record WHERE id = 1");
	check_sql_damage("PRAGMA user_version = 2");
	check_sql_damage("CREATE TABLE other(x)");
	check_sql_damage("DROP TABLE record");
	/* a row that nobody could have written behind the end */
	check_sql_damage(
	    "INSERT INTO record SELECT 22, time_ns, source, what, action, mode, reason, kind, access_exec, "
	    "medium, "
	    "denied, refused, digest, size, device, inode, count, pid, ppid, uid, loginuid, rule, "
	    "policy_version, path, program, rule_text, text, link_id, link_hash, hash FROM record WHERE id = "
	    "21");
}

static void test_truncated(void)
{
	struct folder folder = make_ledger(400);
	GUARD_AUTO_CLOSE int fd = openat(folder.fd, LEDGER_DATABASE, O_RDWR | O_CLOEXEC);
	struct stat status;

	CU_ASSERT(fstat(fd, &status) == 0);
	CU_ASSERT(ftruncate(fd, status.st_size / 2) == 0);
	check_set_aside(&folder, 2);
	folder_free(&folder);
}

/* A journal that belongs to the damaged one is not played into the new one. */
static void test_journal(void)
{
	struct folder folder = make_ledger(ROWS);

	folder_write(&folder, LEDGER_DATABASE, "no", 2);
	folder_write(&folder, LEDGER_DATABASE "-journal", "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7 and more", 17);
	check_set_aside(&folder, 2);
	CU_ASSERT_EQUAL(folder_count(&folder, "ledger.db-journal"), 0);
	folder_free(&folder);
}

static void test_missing(void)
{
	struct folder folder = make_ledger(ROWS);

	CU_ASSERT(unlinkat(folder.fd, LEDGER_HEAD, 0) == 0);
	check_set_aside(&folder, 1);
	CU_ASSERT(unlinkat(folder.fd, LEDGER_DATABASE, 0) == 0);
	check_set_aside(&folder, 2);
	folder_free(&folder);
}

static void test_other_head(void)
{
	struct folder folder = make_ledger(ROWS), other = make_ledger(ROWS);
	char bytes[8192] = {0};
	GUARD_AUTO_CLOSE int fd = openat(other.fd, LEDGER_HEAD, O_RDONLY | O_CLOEXEC);
	ssize_t size = read(fd, bytes, sizeof(bytes));

	folder_write(&folder, LEDGER_HEAD, bytes, (size_t)size);
	check_set_aside(&folder, 2);
	folder_free(&folder);
	folder_free(&other);
}

/* Evidence does not fill the disk. */
static void test_bounded(void)
{
	struct folder folder = make_ledger(ROWS);

	for (unsigned i = 0; i < 9; i++) {
		folder_write(&folder, LEDGER_DATABASE, "no", 2);
		check_set_aside(&folder, 2);
	}
	CU_ASSERT_EQUAL(folder_count(&folder, "damaged.head"), LEDGER_ASIDE_MAX);
	folder_free(&folder);
}

/* A first start that ended anywhere before its first commit is no damage. */
static void test_unfinished_begin(void)
{
	struct folder folder = folder_new();
	struct ledger_head head = {0};
	int fd = openat(folder.fd, LEDGER_HEAD, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct ledger *ledger;

	CU_ASSERT_EQUAL(ledger_head_create(fd, &head), 0);
	close(fd);
	ledger = open_ledger(&folder);
	CU_ASSERT_EQUAL(ledger_last(ledger), 1);
	ledger_free(ledger);
	CU_ASSERT_TRUE(verify(&folder).intact);
	CU_ASSERT_EQUAL(folder_count(&folder, "damaged"), 0);
	folder_free(&folder);
}

static void test_locked(void)
{
	const struct ledger_limits limits = {256u << 20, 400};
	struct folder folder = make_ledger(ROWS);
	char problem[LEDGER_PROBLEM_SIZE];
	struct ledger *first = open_ledger(&folder), *second = NULL;

	CU_ASSERT_EQUAL(ledger_open(&second, folder.fd, &limits, NOW_NS, NULL, problem), -GUARD_E_BUSY);
	CU_ASSERT_PTR_NULL(second);
	ledger_free(first);
	second = open_ledger(&folder);
	ledger_free(second);
	folder_free(&folder);
}

static void test_symlink(void)
{
	struct folder folder = folder_new();
	const struct ledger_limits limits = {256u << 20, 400};
	char problem[LEDGER_PROBLEM_SIZE];
	struct ledger *ledger = NULL;

	CU_ASSERT(symlinkat("/tmp/guard-ledger-nowhere", folder.fd, LEDGER_LOCK) == 0);
	CU_ASSERT_EQUAL(ledger_open(&ledger, folder.fd, &limits, NOW_NS, NULL, problem), -GUARD_E_IO);
	CU_ASSERT(access("/tmp/guard-ledger-nowhere", F_OK) < 0);
	folder_free(&folder);
}

static void test_sound(void)
{
	struct folder folder = make_ledger(ROWS);

	for (unsigned i = 0; i < 3; i++) {
		struct ledger *ledger = open_ledger(&folder);
		CU_ASSERT_EQUAL(ledger_last(ledger), ROWS + 1 + i * 5);
		append_events(ledger, 100 + i * 5, 5);
		ledger_free(ledger);
	}
	CU_ASSERT_TRUE(verify(&folder).intact);
	CU_ASSERT_EQUAL(folder_count(&folder, "damaged"), 0);
	folder_free(&folder);
}

static CU_TestInfo tests[] = {
    {"other bytes", test_bytes},
    {"other content", test_content},
    {"truncated", test_truncated},
    {"a journal left behind", test_journal},
    {"head or database missing", test_missing},
    {"another ledger's head", test_other_head},
    {"few are kept", test_bounded},
    {"a begin that did not finish", test_unfinished_begin},
    {"one writer", test_locked},
    {"a symbolic link", test_symlink},
    {"sound", test_sound},
    CU_TEST_INFO_NULL,
};
UNIT_MAIN("ledger damage", tests)
