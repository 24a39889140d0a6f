/* SPDX-License-Identifier: MIT
 *
 * record/verify.c - walks the whole chain.  The head is read before the
 * database, so that a ledger that is being written meanwhile is only ahead of
 * it, never behind.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "record/database.h"
#include "record/row.h"
#include "record/verify.h"

struct walk {
	struct ledger_report *report;
	sqlite3 *database;
	struct ledger_head head;
	struct ledger_row row;
	struct guard_digest previous; /* hash of the row before */
	uint64_t expected;	      /* id of the next row */
	bool head_seen;
};

/* A fault in the ledger: no error of the walk.  The first one counts. */
static __attribute__((format(printf, 3, 4))) int fault(struct ledger_report *report, uint64_t bad,
						       const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(report->sentence, sizeof(report->sentence), format, arguments);
	va_end(arguments);
	report->bad = bad;
	return -GUARD_E_FORMAT;
}

/* ---- rows ------------------------------------------------------------------------ */

static int check_first(struct walk *walk)
{
	const struct ledger_row *row = &walk->row;

	if (row->event.id != 1)
		return fault(walk->report, 1, "row 1, the beginning of the ledger, is missing");
	if (row->event.source != GUARD_EVENT_DAEMON || row->event.what != GUARD_DAEMON_LEDGER_BEGUN ||
	    !row->has_link)
		return fault(walk->report, 1, "row 1 is not the beginning of a ledger");
	if (guard_digest_compare(&row->link, &walk->head.ledger_id) != 0)
		return fault(walk->report, 1, "row 1 belongs to another ledger than the head file");
	walk->report->ledger_id = row->link;
	return 0;
}

/* A gap behind row 1 is right when a prune row says so; that row itself is in
 * the chain and is checked when the walk comes to it. */
static int cross_gap(struct walk *walk)
{
	uint64_t first = walk->row.event.id;
	sqlite3_stmt *statement;
	const void *hash;
	char sql[160];
	int r;

	if (walk->expected != 2)
		return fault(walk->report, walk->expected, "row %llu is missing: after %llu comes %llu",
			     (unsigned long long)walk->expected, (unsigned long long)walk->expected - 1,
			     (unsigned long long)first);
	snprintf(sql, sizeof(sql),
		 "SELECT link_hash FROM record WHERE source = %d AND what = %d AND link_id = ?1",
		 GUARD_EVENT_DAEMON, GUARD_DAEMON_LEDGER_PRUNED);
	r = ledger_database_prepare(&statement, walk->database, sql);
	if (r < 0)
		return r;
	sqlite3_bind_int64(statement, 1, (int64_t)first - 1);
	r = sqlite3_step(statement);
	hash = r == SQLITE_ROW ? sqlite3_column_blob(statement, 0) : NULL;
	if (hash && sqlite3_column_bytes(statement, 0) == (int)GUARD_DIGEST_SIZE) {
		memcpy(walk->previous.bytes, hash, GUARD_DIGEST_SIZE);
		walk->expected = first;
		walk->report->pruned = first - 1;
		r = 0;
	} else {
		r = fault(walk->report, 2,
			  "rows 2 to %llu are missing and no record says that they were removed",
			  (unsigned long long)first - 1);
	}
	sqlite3_finalize(statement);
	return r;
}

/* The head names this row: it must be the same. */
static int compare_head(struct walk *walk)
{
	if (walk->row.event.id > walk->head.row)
		walk->report->ahead++;
	if (walk->row.event.id != walk->head.row)
		return 0;
	walk->head_seen = true;
	if (guard_digest_compare(&walk->row.hash, &walk->head.hash) != 0)
		return fault(walk->report, walk->head.row, "row %llu is not the one that the head file names",
			     (unsigned long long)walk->head.row);
	return 0;
}

static int check_row(struct walk *walk, sqlite3_stmt *statement)
{
	struct ledger_row *row = &walk->row;
	struct guard_digest hash;
	int r;

	if (ledger_row_read(row, statement) < 0)
		return fault(walk->report, walk->expected, "row %llu is malformed",
			     (unsigned long long)walk->expected);
	r = walk->expected == 1 ? check_first(walk) : 0;
	if (r == 0 && row->event.id != walk->expected)
		r = cross_gap(walk);
	if (r == 0)
		r = ledger_row_hash(&hash, &walk->head.ledger_id, &walk->previous, row);
	if (r < 0)
		return r;
	if (guard_digest_compare(&hash, &row->hash) != 0)
		return fault(walk->report, row->event.id,
			     "row %llu was changed, or a row before it was: its hash does not match",
			     (unsigned long long)row->event.id);
	walk->previous = hash;
	walk->expected = row->event.id + 1;
	walk->report->rows++;
	if (row->event.id > 1 && !walk->report->first)
		walk->report->first = row->event.id;
	walk->report->last = row->event.id;
	walk->report->hash = hash;
	return compare_head(walk);
}

static int walk_rows(struct walk *walk)
{
	sqlite3_stmt *statement;
	int r = ledger_database_prepare(&statement, walk->database,
					"SELECT " LEDGER_ROW_COLUMNS " FROM record ORDER BY id");
	int step;

	if (r < 0)
		return r;
	while ((step = sqlite3_step(statement)) == SQLITE_ROW && r == 0)
		r = check_row(walk, statement);
	if (r == 0 && step != SQLITE_DONE)
		r = ledger_database_error(step);
	sqlite3_finalize(statement);
	if (r < 0)
		return r;
	if (walk->head.row > 0 && !walk->head_seen)
		return fault(
		    walk->report, walk->report->last + 1,
		    "the newest rows were cut off: the head file names row %llu, the last one there is %llu",
		    (unsigned long long)walk->head.row, (unsigned long long)walk->report->last);
	return 0;
}

/* ---- the database ------------------------------------------------------------------- */

/* The indexes hold what the table holds: nothing can be hidden from questions. */
static int check_indexes(struct walk *walk)
{
	sqlite3_stmt *statement;
	int r = ledger_database_prepare(&statement, walk->database, "PRAGMA integrity_check(1)");
	const char *text;

	if (r < 0)
		return r;
	r = sqlite3_step(statement);
	text = r == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 0) : NULL;
	if (r != SQLITE_ROW)
		r = ledger_database_error(r);
	else if (!text || strcmp(text, "ok") != 0)
		r = fault(walk->report, 0, "the database is damaged: %.200s", text ? text : "no answer");
	else
		r = 0;
	sqlite3_finalize(statement);
	return r;
}

static int check_database(struct walk *walk)
{
	int r = ledger_database_run(walk->database, "BEGIN"); /* one snapshot for all */

	if (r == 0)
		r = ledger_schema_check(walk->database);
	if (r == -GUARD_E_VERSION)
		return fault(walk->report, 0,
			     "it was written by a newer version of guard: verify it with that version");
	if (r == -GUARD_E_NOT_FOUND && walk->head.row == 0)
		return fault(walk->report, 0, "the ledger has not begun yet: it has no rows");
	if (r == -GUARD_E_NOT_FOUND || (r == -GUARD_E_FORMAT && !walk->report->sentence[0]))
		return fault(walk->report, 0,
			     "the database is no ledger, or its tables and indexes are not those of one");
	if (r == 0)
		r = walk_rows(walk);
	return r < 0 ? r : check_indexes(walk);
}

static int read_head(struct walk *walk, int directory, const char *name)
{
	GUARD_AUTO_CLOSE int fd = -1;
	char head[256];
	int r;

	if (!guard_text_ends_with(name, ".db") || strlen(name) + 8 > sizeof(head))
		return fault(walk->report, 0, "the name of a ledger's database ends in .db");
	snprintf(head, sizeof(head), "%.*s.head", (int)(strlen(name) - strlen(".db")), name);
	fd = openat(directory, head, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return fault(walk->report, 0,
			     "the head file %s is missing: whether newest rows were cut off cannot be told",
			     head);
	if (fd < 0)
		return -GUARD_E_IO;
	r = ledger_head_read(&walk->head, fd);
	if (r == -GUARD_E_IO)
		return r;
	return r < 0 ? fault(walk->report, 0, "the head file %s is damaged", head) : 0;
}

static int open_and_check(struct walk *walk, int directory, const char *name)
{
	int r = 0;

	if (faccessat(directory, name, R_OK, AT_EACCESS) < 0)
		return errno == ENOENT ? -GUARD_E_NOT_FOUND : -GUARD_E_IO;
	r = read_head(walk, directory, name);
	if (r < 0)
		return r;
	r = ledger_database_open(&walk->database, directory, name, LEDGER_READ);
	if (r == 0)
		r = check_database(walk);
	if (r == -GUARD_E_FORMAT && !walk->report->sentence[0])
		r = fault(walk->report, walk->expected > 1 ? walk->expected : 0,
			  "the database is malformed behind row %llu",
			  (unsigned long long)walk->report->last);
	ledger_database_close(walk->database);
	return r;
}

int ledger_verify(struct ledger_report *ret_report, int directory, const char *name)
{
	struct ledger_report report = {0};
	struct walk walk = {.report = &report, .expected = 1};
	int r = open_and_check(&walk, directory, name);

	if (r < 0 && r != -GUARD_E_FORMAT)
		return r;
	report.intact = r == 0;
	if (report.intact)
		snprintf(report.sentence, sizeof(report.sentence), "intact: %llu rows",
			 (unsigned long long)report.rows);
	*ret_report = report;
	return 0;
}
