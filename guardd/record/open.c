/* SPDX-License-Identifier: MIT
 *
 * record/open.c - resuming a ledger after checking its end against the head,
 * and beginning a new one.  Only the end is checked here: the whole is the work
 * of verify.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/cleanup.h"
#include "record/ledger_internal.h"

static __attribute__((format(printf, 3, 4))) int damage(char *ret_damage, size_t size, const char *format,
							...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(ret_damage, size, format, arguments);
	va_end(arguments);
	return -GUARD_E_FORMAT;
}

/* ---- the end of the chain -------------------------------------------------------- */

struct tail {
	char *damage;
	size_t damage_size;
	struct ledger_row row;
	uint64_t last;
	struct guard_digest hash;
};

/* The row that the head names is there and unchanged. */
static int check_named_row(struct ledger *ledger, sqlite3_stmt *statement, struct tail *tail)
{
	const struct ledger_head *head = &ledger->head;
	int r;

	r = sqlite3_step(statement);
	if (r != SQLITE_ROW && r != SQLITE_DONE)
		return ledger_database_error(r);
	if (r == SQLITE_DONE || ledger_row_read(&tail->row, statement) < 0 || tail->row.event.id != head->row)
		return damage(tail->damage, tail->damage_size,
			      "its newest rows are missing: the head names row %llu, which is not there",
			      (unsigned long long)head->row);
	if (guard_digest_compare(&tail->row.hash, &head->hash) != 0)
		return damage(tail->damage, tail->damage_size, "row %llu is not the one that the head names",
			      (unsigned long long)head->row);
	tail->last = head->row;
	tail->hash = head->hash;
	return 0;
}

/* Rows behind it: written, but the power went before the head was. */
static int check_newer_rows(struct ledger *ledger, sqlite3_stmt *statement, struct tail *tail)
{
	struct guard_digest hash;
	int r;

	while ((r = sqlite3_step(statement)) == SQLITE_ROW) {
		if (ledger_row_read(&tail->row, statement) < 0 || tail->row.event.id != tail->last + 1 ||
		    ledger_row_hash(&hash, &ledger->head.ledger_id, &tail->hash, &tail->row) < 0 ||
		    guard_digest_compare(&hash, &tail->row.hash) != 0)
			return damage(tail->damage, tail->damage_size, "row %llu does not continue the chain",
				      (unsigned long long)tail->last + 1);
		tail->last++;
		tail->hash = hash;
	}
	return r == SQLITE_DONE ? 0 : ledger_database_error(r);
}

static int check_tail(struct ledger *ledger, struct tail *tail)
{
	sqlite3_stmt *statement;
	int r =
	    ledger_database_prepare(&statement, ledger->database,
				    "SELECT " LEDGER_ROW_COLUMNS " FROM record WHERE id >= ?1 ORDER BY id");

	if (r < 0)
		return r;
	r = ledger_database_error(sqlite3_bind_int64(statement, 1, (int64_t)ledger->head.row));
	if (r == 0 && ledger->head.row > 0)
		r = check_named_row(ledger, statement, tail);
	if (r == 0)
		r = check_newer_rows(ledger, statement, tail);
	sqlite3_finalize(statement);
	return r;
}

/* Row 1 names the same ledger as the head. */
static int check_first_row(struct ledger *ledger, struct tail *tail)
{
	sqlite3_stmt *statement;
	int r = ledger_database_prepare(&statement, ledger->database,
					"SELECT " LEDGER_ROW_COLUMNS " FROM record WHERE id = 1");

	if (r < 0)
		return r;
	r = sqlite3_step(statement);
	if (r != SQLITE_ROW && r != SQLITE_DONE)
		r = ledger_database_error(r);
	else if (r == SQLITE_DONE || ledger_row_read(&tail->row, statement) < 0 || !tail->row.has_link ||
		 guard_digest_compare(&tail->row.link, &ledger->head.ledger_id) != 0)
		r = damage(tail->damage, tail->damage_size, "its first row belongs to another ledger");
	else
		r = 0;
	sqlite3_finalize(statement);
	return r;
}

static int check_ends(struct ledger *ledger, char *ret_damage, size_t damage_size)
{
	struct tail tail = {.damage = ret_damage, .damage_size = damage_size};
	int r;

	r = check_first_row(ledger, &tail);
	if (r == 0)
		r = check_tail(ledger, &tail);
	if (r < 0)
		return r;
	ledger->head_unwritten = tail.last != ledger->head.row;
	ledger->head.row = ledger->last = tail.last;
	ledger->head.hash = ledger->last_hash = tail.hash;
	return 0;
}

/* ---- resume ------------------------------------------------------------------------ */

static bool is_there(int directory, const char *name)
{
	return faccessat(directory, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static int open_head(struct ledger *ledger, char *ret_damage, size_t damage_size)
{
	bool database = is_there(ledger->directory, LEDGER_DATABASE);
	int r;

	ledger->head_file = openat(ledger->directory, LEDGER_HEAD, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (ledger->head_file < 0 && errno != ENOENT && errno != ELOOP)
		return -GUARD_E_IO;
	if (ledger->head_file < 0 && !database)
		return -GUARD_E_NOT_FOUND;
	if (ledger->head_file < 0)
		return damage(ret_damage, damage_size, "its head file is gone");
	r = ledger_head_read(&ledger->head, ledger->head_file);
	if (r == -GUARD_E_IO)
		return r;
	if (r < 0)
		return damage(ret_damage, damage_size, "its head file: %s", guard_error_text(r));
	if (!database && ledger->head.row > 0)
		return damage(ret_damage, damage_size, "its database is gone");
	return 0;
}

/* The first start ended between the making of the head and the first commit. */
static bool never_begun(const struct ledger *ledger, int schema)
{
	return schema == -GUARD_E_NOT_FOUND && ledger->head.row == 0;
}

int ledger_resume(struct ledger *ledger, char *ret_damage, size_t damage_size)
{
	int r = open_head(ledger, ret_damage, damage_size);

	if (r < 0)
		return r;
	r = ledger_database_open(&ledger->database, ledger->directory, LEDGER_DATABASE, LEDGER_WRITE);
	if (r == 0)
		r = ledger_schema_check(ledger->database);
	if (never_begun(ledger, r)) {
		ledger_close_files(ledger);
		return -GUARD_E_NOT_FOUND;
	}
	if (r == 0)
		r = check_ends(ledger, ret_damage, damage_size);
	if (r == 0)
		r = ledger_prepare(ledger);
	if (r == -GUARD_E_NOT_FOUND)
		return damage(ret_damage, damage_size, "its database is empty");
	if (r == -GUARD_E_VERSION)
		return damage(ret_damage, damage_size, "it was written by a newer version");
	if (r == -GUARD_E_FORMAT && !ret_damage[0])
		return damage(ret_damage, damage_size, "its database is malformed");
	return r;
}

/* ---- begin -------------------------------------------------------------------------- */

static int make_head(struct ledger *ledger)
{
	struct ledger_head head = {0};

	if (getrandom(head.ledger_id.bytes, GUARD_DIGEST_SIZE, 0) != (ssize_t)GUARD_DIGEST_SIZE)
		return -GUARD_E_IO;
	ledger->head_file =
	    openat(ledger->directory, LEDGER_HEAD, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (ledger->head_file < 0)
		return -GUARD_E_IO;
	ledger->head = head;
	if (ledger_head_create(ledger->head_file, &ledger->head) < 0 || fsync(ledger->directory) < 0)
		return -GUARD_E_IO;
	return 0;
}

static int append_first_row(struct ledger *ledger, int64_t now_ns, const char *text)
{
	struct ledger_row row = {0};

	row.event.time_ns = now_ns;
	row.event.source = GUARD_EVENT_DAEMON;
	row.event.what = GUARD_DAEMON_LEDGER_BEGUN;
	row.event.action = GUARD_ALLOW;
	row.event.count = 1;
	row.event.rule = GUARD_NO_RULE;
	row.event.loginuid = UINT32_MAX;
	row.has_link = true;
	row.link = ledger->head.ledger_id;
	snprintf(row.event.text, sizeof(row.event.text), "%s", text);
	return ledger_append(ledger, &row);
}

int ledger_begin(struct ledger *ledger, int64_t now_ns, const char *text)
{
	int r = make_head(ledger);

	if (r == 0)
		r = ledger_database_open(&ledger->database, ledger->directory, LEDGER_DATABASE, LEDGER_WRITE);
	if (r == 0)
		r = ledger_database_run(ledger->database, "BEGIN IMMEDIATE");
	if (r < 0)
		return r;
	ledger->in_transaction = true;
	ledger->last = 0;
	ledger->last_hash = ledger->head.hash;
	r = ledger_schema_create(ledger->database);
	if (r == 0)
		r = ledger_prepare(ledger);
	if (r == 0)
		r = append_first_row(ledger, now_ns, text);
	return r < 0 ? r : ledger_commit(ledger);
}
