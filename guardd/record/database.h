/* SPDX-License-Identifier: MIT
 *
 * record/database.h - opening the ledger's SQLite database with settings that
 * distrust its content.  The only file that knows the schema's text.
 */
#ifndef GUARDD_RECORD_DATABASE_H
#define GUARDD_RECORD_DATABASE_H

#include <guard/error.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#define LEDGER_DATABASE "ledger.db"
#define LEDGER_APPLICATION_ID 0x47726431 /* "Grd1" */
#define LEDGER_FORMAT 1
#define LEDGER_WAL_BYTES (8u << 20) /* what the -wal file is cut back to */

enum ledger_access { LEDGER_READ, LEDGER_WRITE };

/* ledger_database_open: `name` in the directory `directory`, which must stay
 * open as long as the connection.  LEDGER_WRITE creates the file (mode 0600)
 * and turns on WAL; neither looks at the content.  Errors: what
 * ledger_database_error makes of SQLite's. */
int ledger_database_open(sqlite3 **ret_database, int directory, const char *name,
			 enum ledger_access access) GUARD_WARN_UNUSED;
void ledger_database_close(sqlite3 *database); /* NULL-safe */

/* ledger_database_error: GUARD_E_FORMAT when the file is damaged or no database,
 * GUARD_E_BUSY, GUARD_E_NOMEM, else GUARD_E_IO (a full disk as well). */
int ledger_database_error(int sqlite_code);

int ledger_database_run(sqlite3 *database, const char *sql) GUARD_WARN_UNUSED;
/* One number from one row; GUARD_E_NOT_FOUND when there is no row or it is NULL. */
int ledger_database_number(int64_t *ret_number, sqlite3 *database, const char *sql) GUARD_WARN_UNUSED;
int ledger_database_prepare(sqlite3_stmt **ret_statement, sqlite3 *database,
			    const char *sql) GUARD_WARN_UNUSED;

/* ledger_schema_create: into an empty database, inside the caller's transaction. */
int ledger_schema_create(sqlite3 *database) GUARD_WARN_UNUSED;
/* ledger_schema_check: 0 when it is ours to the letter; GUARD_E_NOT_FOUND when
 * the database is empty, GUARD_E_VERSION, GUARD_E_FORMAT. */
int ledger_schema_check(sqlite3 *database) GUARD_WARN_UNUSED;
#endif
