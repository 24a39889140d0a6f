/* SPDX-License-Identifier: MIT
 *
 * record/database.c - SQLite, opened so that it needs no path but one
 * directory fd, no temporary file, and believes nothing that the file says of
 * itself (triggers, views, functions in the schema).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "record/database.h"

#define BUSY_TIMEOUT_MS 200

/* SQLite resolves symbolic links in the name that it is given by lstat(), which
 * would turn /proc/self/fd/N into a path whose parents the record process may
 * not search.  stat() says "directory" instead, and the name stays as it is. */
static int stat_for_lstat(const char *path, struct stat *ret_stat)
{
	return stat(path, ret_stat);
}

static int keep_descriptor_paths(void)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find("unix");

	if (!vfs || vfs->iVersion < 3)
		return -GUARD_E_UNSUPPORTED;
	if (vfs->xSetSystemCall(vfs, "lstat", (sqlite3_syscall_ptr)stat_for_lstat) != SQLITE_OK)
		return -GUARD_E_UNSUPPORTED;
	return 0;
}

int ledger_database_error(int sqlite_code)
{
	switch (sqlite_code & 0xff) {
	case SQLITE_OK:
		return 0;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_ERROR: /* our statements are right: the schema is not ours */
	case SQLITE_CONSTRAINT:
	case SQLITE_MISMATCH:
	case SQLITE_TOOBIG:
		return -GUARD_E_FORMAT;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -GUARD_E_BUSY;
	case SQLITE_NOMEM:
		return -GUARD_E_NOMEM;
	default:
		return -GUARD_E_IO;
	}
}

int ledger_database_run(sqlite3 *database, const char *sql)
{
	return ledger_database_error(sqlite3_exec(database, sql, NULL, NULL, NULL));
}

int ledger_database_prepare(sqlite3_stmt **ret_statement, sqlite3 *database, const char *sql)
{
	return ledger_database_error(
	    sqlite3_prepare_v3(database, sql, -1, SQLITE_PREPARE_PERSISTENT, ret_statement, NULL));
}

int ledger_database_number(int64_t *ret_number, sqlite3 *database, const char *sql)
{
	sqlite3_stmt *statement;
	int r = ledger_database_prepare(&statement, database, sql);

	if (r < 0)
		return r;
	r = sqlite3_step(statement);
	if (r == SQLITE_ROW && sqlite3_column_type(statement, 0) == SQLITE_INTEGER) {
		*ret_number = sqlite3_column_int64(statement, 0);
		r = 0;
	} else {
		r = r == SQLITE_ROW || r == SQLITE_DONE ? -GUARD_E_NOT_FOUND : ledger_database_error(r);
	}
	sqlite3_finalize(statement);
	return r;
}

static int distrust(sqlite3 *database)
{
	static const struct {
		int option, value;
	} options[] = {
	    {SQLITE_DBCONFIG_DEFENSIVE, 1},	 {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
	    {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0}, {SQLITE_DBCONFIG_ENABLE_VIEW, 0},
	    {SQLITE_DBCONFIG_DQS_DDL, 0},	 {SQLITE_DBCONFIG_DQS_DML, 0},
	};
	static const struct {
		int limit, value;
	} limits[] = {
	    {SQLITE_LIMIT_LENGTH, 1 << 20},	{SQLITE_LIMIT_SQL_LENGTH, 16384},
	    {SQLITE_LIMIT_COLUMN, 64},		{SQLITE_LIMIT_EXPR_DEPTH, 100},
	    {SQLITE_LIMIT_ATTACHED, 0},		{SQLITE_LIMIT_WORKER_THREADS, 0},
	    {SQLITE_LIMIT_VARIABLE_NUMBER, 64}, {SQLITE_LIMIT_COMPOUND_SELECT, 8},
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (sqlite3_db_config(database, options[i].option, options[i].value, NULL) != SQLITE_OK)
			return -GUARD_E_UNSUPPORTED;
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		sqlite3_limit(database, limits[i].limit, limits[i].value);
	return ledger_database_run(database,
				   "PRAGMA mmap_size=0; PRAGMA temp_store=MEMORY; PRAGMA cell_size_check=ON;"
				   "PRAGMA cache_size=-4096;");
}

static int prepare_writing(sqlite3 *database)
{
	char sql[256];

	snprintf(sql, sizeof(sql),
		 "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=1000;"
		 "PRAGMA journal_size_limit=%u;",
		 LEDGER_WAL_BYTES);
	return ledger_database_run(database, sql);
}

static int create_private(int directory, const char *name)
{
	GUARD_AUTO_CLOSE int fd = openat(directory, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	return fd < 0 ? -GUARD_E_IO : 0;
}

int ledger_database_open(sqlite3 **ret_database, int directory, const char *name, enum ledger_access access)
{
	int flags = access == LEDGER_WRITE ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
	sqlite3 *database = NULL;
	char path[512];
	int r;

	r = keep_descriptor_paths();
	if (r == 0 && access == LEDGER_WRITE)
		r = create_private(directory, name);
	if (r < 0)
		return r;
	if (snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", directory, name) >= (int)sizeof(path))
		return -GUARD_E_LIMIT;
	r = ledger_database_error(
	    sqlite3_open_v2(path, &database, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, "unix"));
	if (r == 0) {
		sqlite3_extended_result_codes(database, 1);
		sqlite3_busy_timeout(database, BUSY_TIMEOUT_MS);
		r = distrust(database);
	}
	if (r == 0 && access == LEDGER_WRITE)
		r = prepare_writing(database);
	if (r < 0) {
		ledger_database_close(database);
		return r;
	}
	*ret_database = database;
	return 0;
}

void ledger_database_close(sqlite3 *database)
{
	sqlite3_close_v2(database);
}
