/* SPDX-License-Identifier: MIT
 *
 * record/columns.c - a row to and from the columns of a statement.  What comes
 * back is checked for type, range and size: a database is bytes from outside.
 */
#include <string.h>

#include "record/row.h"

_Static_assert(sizeof(LEDGER_ROW_DOMAIN) == 16, "domain");

enum {
	COLUMN_DIGEST = 12,
	COLUMN_SIZE = 13,
	COLUMN_PATH = 23,
	COLUMN_LINK_ID = 27,
	COLUMN_LINK = 28,
	COLUMN_HASH = 29
};

static int bind_digest(sqlite3_stmt *statement, int column, bool present, const struct guard_digest *digest)
{
	if (!present)
		return sqlite3_bind_null(statement, column + 1);
	return sqlite3_bind_blob(statement, column + 1, digest->bytes, sizeof(digest->bytes), SQLITE_STATIC);
}

static int bind_strings(sqlite3_stmt *statement, const struct guard_event *event)
{
	int failed = 0;

	failed |= sqlite3_bind_blob(statement, COLUMN_PATH + 1, event->path, (int)strlen(event->path),
				    SQLITE_STATIC);
	failed |= sqlite3_bind_blob(statement, COLUMN_PATH + 2, event->program, (int)strlen(event->program),
				    SQLITE_STATIC);
	failed |= sqlite3_bind_text(statement, COLUMN_PATH + 3, event->rule_text, -1, SQLITE_STATIC);
	failed |= sqlite3_bind_text(statement, COLUMN_PATH + 4, event->text, -1, SQLITE_STATIC);
	return failed;
}

int ledger_row_bind(sqlite3_stmt *statement, const struct ledger_row *row)
{
	const struct guard_event *event = &row->event;
	const int64_t head[] = {(int64_t)event->id, event->time_ns, event->source, event->what,
				event->action,	    event->mode,    event->reason, event->kind,
				event->access_exec, event->medium,  event->denied, ledger_row_refused(event)};
	const int64_t tail[] = {(int64_t)event->size,
				(int64_t)event->device,
				(int64_t)event->inode,
				(int64_t)event->count,
				event->pid,
				event->ppid,
				event->uid,
				event->loginuid,
				event->rule,
				(int64_t)event->policy_version};
	int failed = 0;

	for (size_t i = 0; i < sizeof(head) / sizeof(head[0]); i++)
		failed |= sqlite3_bind_int64(statement, (int)i + 1, head[i]);
	failed |= bind_digest(statement, COLUMN_DIGEST, event->has_digest, &event->digest);
	for (size_t i = 0; i < sizeof(tail) / sizeof(tail[0]); i++)
		failed |= sqlite3_bind_int64(statement, COLUMN_SIZE + (int)i + 1, tail[i]);
	failed |= bind_strings(statement, event);
	failed |= sqlite3_bind_int64(statement, COLUMN_LINK_ID + 1, (int64_t)row->link_id);
	failed |= bind_digest(statement, COLUMN_LINK, row->has_link, &row->link);
	failed |= bind_digest(statement, COLUMN_HASH, true, &row->hash);
	return failed ? -GUARD_E_IO : 0;
}

/* ---- reading ---------------------------------------------------------------- */

struct column_reader {
	sqlite3_stmt *statement;
	int column;
	bool failed;
};

static uint64_t read_number(struct column_reader *reader, uint64_t max)
{
	int column = reader->column++;
	uint64_t value = (uint64_t)sqlite3_column_int64(reader->statement, column);

	if (sqlite3_column_type(reader->statement, column) != SQLITE_INTEGER || value > max) {
		reader->failed = true;
		return 0;
	}
	return value;
}

static bool read_digest(struct column_reader *reader, struct guard_digest *ret_digest)
{
	int column = reader->column++;
	const void *bytes = sqlite3_column_blob(reader->statement, column);

	if (sqlite3_column_type(reader->statement, column) == SQLITE_NULL)
		return false;
	if (!bytes || sqlite3_column_bytes(reader->statement, column) != (int)sizeof(ret_digest->bytes)) {
		reader->failed = true;
		return false;
	}
	memcpy(ret_digest->bytes, bytes, sizeof(ret_digest->bytes));
	return true;
}

static void read_string(struct column_reader *reader, char *ret_string, size_t capacity)
{
	int column = reader->column++;
	const void *bytes = sqlite3_column_blob(reader->statement, column);
	size_t size = (size_t)sqlite3_column_bytes(reader->statement, column);

	ret_string[0] = '\0';
	if (size == 0)
		return;
	if (!bytes || size >= capacity || memchr(bytes, '\0', size)) {
		reader->failed = true;
		return;
	}
	memcpy(ret_string, bytes, size);
	ret_string[size] = '\0';
}

static void read_verdict(struct column_reader *reader, struct guard_event *event)
{
	event->id = read_number(reader, INT64_MAX);
	event->time_ns = (int64_t)read_number(reader, UINT64_MAX);
	event->source = (uint8_t)read_number(reader, UINT8_MAX);
	event->what = (uint8_t)read_number(reader, UINT8_MAX);
	event->action = (uint8_t)read_number(reader, UINT8_MAX);
	event->mode = (uint8_t)read_number(reader, UINT8_MAX);
	event->reason = (uint8_t)read_number(reader, UINT8_MAX);
	event->kind = (uint8_t)read_number(reader, UINT8_MAX);
	event->access_exec = (uint8_t)read_number(reader, UINT8_MAX);
	event->medium = (uint8_t)read_number(reader, UINT8_MAX);
	event->denied = (uint8_t)read_number(reader, UINT8_MAX);
	if (read_number(reader, 1) != (uint64_t)ledger_row_refused(event))
		reader->failed = true;
	event->has_digest = read_digest(reader, &event->digest);
}

static void read_facts(struct column_reader *reader, struct guard_event *event)
{
	event->size = read_number(reader, UINT64_MAX);
	event->device = read_number(reader, UINT64_MAX);
	event->inode = read_number(reader, UINT64_MAX);
	event->count = read_number(reader, UINT64_MAX);
	event->pid = (uint32_t)read_number(reader, UINT32_MAX);
	event->ppid = (uint32_t)read_number(reader, UINT32_MAX);
	event->uid = (uint32_t)read_number(reader, UINT32_MAX);
	event->loginuid = (uint32_t)read_number(reader, UINT32_MAX);
	event->rule = (uint32_t)read_number(reader, UINT32_MAX);
	event->policy_version = read_number(reader, UINT64_MAX);
	read_string(reader, event->path, sizeof(event->path));
	read_string(reader, event->program, sizeof(event->program));
	read_string(reader, event->rule_text, sizeof(event->rule_text));
	read_string(reader, event->text, sizeof(event->text));
}

int ledger_row_read(struct ledger_row *ret_row, sqlite3_stmt *statement)
{
	struct column_reader reader = {.statement = statement};

	memset(&ret_row->event.digest, 0, sizeof(ret_row->event.digest));
	read_verdict(&reader, &ret_row->event);
	read_facts(&reader, &ret_row->event);
	ret_row->link_id = read_number(&reader, UINT64_MAX);
	ret_row->has_link = read_digest(&reader, &ret_row->link);
	if (!read_digest(&reader, &ret_row->hash))
		reader.failed = true;
	return reader.failed ? -GUARD_E_FORMAT : 0;
}
