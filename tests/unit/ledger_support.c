/* SPDX-License-Identifier: MIT
 *
 * unit/ledger_support.c - see ledger_support.h.
 */
#include <CUnit/CUnit.h>
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "ledger_support.h"

struct folder folder_new(void)
{
	struct folder folder = {.path = "/tmp/guard-ledger-XXXXXX"};

	CU_ASSERT_FATAL(mkdtemp(folder.path) != NULL);
	folder.fd = open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CU_ASSERT_FATAL(folder.fd >= 0);
	return folder;
}

struct folder folder_new_tmpfs(unsigned bytes)
{
	struct folder folder = folder_new();
	char options[64];

	snprintf(options, sizeof(options), "size=%u", bytes);
	close(folder.fd);
	folder.fd = -1;
	if (mount("guard-ledger", folder.path, "tmpfs", 0, options) == 0)
		folder.fd = open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	else
		rmdir(folder.path);
	return folder;
}

static void each_name(const struct folder *folder, void (*act)(const struct folder *, const char *, void *),
		      void *context)
{
	DIR *stream = opendir(folder->path);
	struct dirent *entry;

	CU_ASSERT_FATAL(stream != NULL);
	while ((entry = readdir(stream)))
		if (entry->d_name[0] != '.')
			act(folder, entry->d_name, context);
	closedir(stream);
}

static void remove_name(const struct folder *folder, const char *name, void *context)
{
	(void)context;
	unlinkat(folder->fd, name, 0);
}

void folder_free(struct folder *folder)
{
	each_name(folder, remove_name, NULL);
	close(folder->fd);
	umount2(folder->path, MNT_DETACH);
	CU_ASSERT(rmdir(folder->path) == 0);
}

static void copy_name(const struct folder *folder, const char *name, void *context)
{
	const struct folder *to = context;
	int from = openat(folder->fd, name, O_RDONLY | O_CLOEXEC);
	int into = openat(to->fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	char buffer[65536];
	ssize_t size;

	while ((size = read(from, buffer, sizeof(buffer))) > 0)
		CU_ASSERT(write(into, buffer, (size_t)size) == size);
	close(from);
	close(into);
}

struct folder folder_copy(const struct folder *folder)
{
	struct folder copy = folder_new();

	each_name(folder, copy_name, &copy);
	return copy;
}

struct counted {
	const char *part;
	unsigned count;
};

static void count_name(const struct folder *folder, const char *name, void *context)
{
	struct counted *counted = context;

	(void)folder;
	counted->count += strstr(name, counted->part) != NULL;
}

unsigned folder_count(const struct folder *folder, const char *part)
{
	struct counted counted = {.part = part};

	each_name(folder, count_name, &counted);
	return counted.count;
}

void folder_write(const struct folder *folder, const char *name, const void *bytes, size_t size)
{
	int fd = openat(folder->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT(write(fd, bytes, size) == (ssize_t)size);
	close(fd);
}

/* ---- ledgers ---------------------------------------------------------------------- */

struct guard_event make_event(unsigned number, bool denied)
{
	struct guard_event event = {.time_ns = NOW_NS + number, .source = GUARD_EVENT_ACCESS, .count = 1};

	event.action = denied ? GUARD_DENY : GUARD_ALLOW;
	event.denied = denied;
	event.mode = GUARD_MODE_ENFORCE;
	event.reason = denied ? GUARD_REASON_DEFAULT : GUARD_REASON_RULE_ALLOW;
	event.kind = GUARD_KIND_EXECUTABLE;
	event.access_exec = 1;
	event.has_digest = 1;
	memset(event.digest.bytes, (int)(number & 0xff), sizeof(event.digest.bytes));
	event.size = 1000 + number;
	event.device = 0xfedcba9876543210u;
	event.inode = number;
	event.pid = 100 + number;
	event.ppid = 99;
	event.uid = 1000 + number % 3;
	event.loginuid = 1000;
	event.rule = denied ? GUARD_NO_RULE : 7;
	event.policy_version = 12;
	snprintf(event.path, sizeof(event.path), "/home/user/program-%u", number);
	snprintf(event.program, sizeof(event.program), "/usr/bin/bash");
	if (!denied)
		snprintf(event.rule_text, sizeof(event.rule_text), "hq/coreutils at hq.conf:12");
	return event;
}

struct ledger *open_ledger(const struct folder *folder)
{
	const struct ledger_limits limits = {.max_bytes = 256u << 20, .max_days = 400};
	char problem[LEDGER_PROBLEM_SIZE];
	struct ledger *ledger = NULL;

	CU_ASSERT_EQUAL_FATAL(ledger_open(&ledger, folder->fd, &limits, NOW_NS, NULL, problem), 0);
	return ledger;
}

void append_events(struct ledger *ledger, unsigned first, unsigned count)
{
	struct ledger_row row = {0};

	for (unsigned i = 0; i < count; i++) {
		row.event = make_event(first + i, i % 2);
		CU_ASSERT_EQUAL_FATAL(ledger_append(ledger, &row), 0);
	}
	CU_ASSERT_EQUAL_FATAL(ledger_commit(ledger), 0);
}

struct folder make_ledger(unsigned count)
{
	struct folder folder = folder_new();
	struct ledger *ledger = open_ledger(&folder);

	append_events(ledger, 0, count);
	ledger_free(ledger);
	return folder;
}

static sqlite3 *open_raw(const struct folder *folder)
{
	sqlite3 *database = NULL;
	char path[256];

	snprintf(path, sizeof(path), "%s/" LEDGER_DATABASE, folder->path);
	CU_ASSERT_EQUAL_FATAL(sqlite3_open_v2(path, &database, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	return database;
}

bool run_sql(const struct folder *folder, const char *sql)
{
	sqlite3 *database = open_raw(folder);
	bool done = sqlite3_exec(database, sql, NULL, NULL, NULL) == SQLITE_OK;

	sqlite3_close(database);
	return done;
}

int64_t query_number(const struct folder *folder, const char *sql)
{
	sqlite3 *database = open_raw(folder);
	int64_t number = INT64_MIN;

	CU_ASSERT_EQUAL(ledger_database_number(&number, database, sql), 0);
	sqlite3_close(database);
	return number;
}

struct ledger_report verify(const struct folder *folder)
{
	struct ledger_report report = {0};

	CU_ASSERT_EQUAL(ledger_verify(&report, folder->fd, LEDGER_DATABASE), 0);
	return report;
}
