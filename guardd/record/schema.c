/* SPDX-License-Identifier: MIT
 *
 * record/schema.c - the ledger's schema (docs/ledger.md): made, and compared to
 * the letter, so that a planted trigger, view or changed index is seen.
 */
#include <stdio.h>
#include <string.h>

#include "record/database.h"

/* In the order of creation, spelled as SQLite keeps them. */
static const char *const schema[] = {
    "CREATE TABLE record("
    "id INTEGER PRIMARY KEY, time_ns INTEGER NOT NULL, source INTEGER NOT NULL, what INTEGER NOT NULL, "
    "action INTEGER NOT NULL, mode INTEGER NOT NULL, reason INTEGER NOT NULL, kind INTEGER NOT NULL, "
    "access_exec INTEGER NOT NULL, medium INTEGER NOT NULL, denied INTEGER NOT NULL, refused INTEGER NOT "
    "NULL, "
    "digest BLOB, size INTEGER NOT NULL, device INTEGER NOT NULL, inode INTEGER NOT NULL, "
    "count INTEGER NOT NULL, pid INTEGER NOT NULL, ppid INTEGER NOT NULL, uid INTEGER NOT NULL, "
    "loginuid INTEGER NOT NULL, rule INTEGER NOT NULL, policy_version INTEGER NOT NULL, "
    "path BLOB NOT NULL, program BLOB NOT NULL, rule_text TEXT NOT NULL, text TEXT NOT NULL, "
    "link_id INTEGER NOT NULL, link_hash BLOB, hash BLOB NOT NULL) STRICT",
    "CREATE INDEX record_time ON record(time_ns)",
    "CREATE INDEX record_uid ON record(uid, time_ns)",
    "CREATE INDEX record_reason ON record(reason, time_ns)",
    "CREATE INDEX record_refused ON record(time_ns) WHERE refused = 1",
};
#define SCHEMA_COUNT (sizeof(schema) / sizeof(schema[0]))

int ledger_schema_create(sqlite3 *database)
{
	char sql[128];

	for (size_t i = 0; i < SCHEMA_COUNT; i++) {
		int r = ledger_database_run(database, schema[i]);
		if (r < 0)
			return r;
	}
	snprintf(sql, sizeof(sql), "PRAGMA application_id=%d; PRAGMA user_version=%d;", LEDGER_APPLICATION_ID,
		 LEDGER_FORMAT);
	return ledger_database_run(database, sql);
}

static int compare(sqlite3_stmt *statement)
{
	size_t count = 0;
	int r;

	while ((r = sqlite3_step(statement)) == SQLITE_ROW) {
		const char *text = (const char *)sqlite3_column_text(statement, 0);
		if (count >= SCHEMA_COUNT || !text || strcmp(text, schema[count]) != 0)
			return -GUARD_E_FORMAT;
		count++;
	}
	if (r != SQLITE_DONE)
		return ledger_database_error(r);
	if (count == 0)
		return -GUARD_E_NOT_FOUND;
	return count == SCHEMA_COUNT ? 0 : -GUARD_E_FORMAT;
}

static int compare_schema(sqlite3 *database)
{
	sqlite3_stmt *statement;
	int r = ledger_database_prepare(&statement, database, "SELECT sql FROM sqlite_schema ORDER BY rowid");

	if (r < 0)
		return r;
	r = compare(statement);
	sqlite3_finalize(statement);
	return r;
}

int ledger_schema_check(sqlite3 *database)
{
	int64_t application = 0, format = 0;
	int r;

	r = ledger_database_number(&application, database, "PRAGMA application_id");
	if (r == 0)
		r = ledger_database_number(&format, database, "PRAGMA user_version");
	if (r < 0)
		return r;
	if (application == LEDGER_APPLICATION_ID && format > LEDGER_FORMAT)
		return -GUARD_E_VERSION;
	r = compare_schema(database);
	if (r == 0 && (application != LEDGER_APPLICATION_ID || format != LEDGER_FORMAT))
		return -GUARD_E_FORMAT;
	return r;
}
