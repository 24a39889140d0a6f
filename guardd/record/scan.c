/* SPDX-License-Identifier: MIT
 *
 * record/scan.c - see scan.h.
 */
#include <stdlib.h>
#include <string.h>

#include "record/clock.h"
#include "record/database.h"
#include "record/filter.h"
#include "record/scan.h"

/* Rows at the very time where the last slice ended, then those before it: two
 * statements, so that each goes straight to its place in the index, however
 * many rows share one time.  ?1 since, ?2 ?3 the place, ?4 uid or reason. */
#define SCAN_SQL(index, condition)                                                                           \
	{                                                                                                    \
		"SELECT " LEDGER_ROW_COLUMNS " FROM record INDEXED BY " index " WHERE " condition            \
		"time_ns = ?2 AND ?2 >= ?1 AND id < ?3 ORDER BY id DESC",                                    \
		    "SELECT " LEDGER_ROW_COLUMNS " FROM record INDEXED BY " index " WHERE " condition        \
		    "time_ns >= ?1 AND time_ns < ?2 AND ?3 = ?3 ORDER BY time_ns DESC, id DESC"              \
	}

struct scan_sql {
	const char *same_time, *before;
};

static const struct scan_sql *choose_statements(const struct guard_event_filter *filter)
{
	static const struct scan_sql by_reason = SCAN_SQL("record_reason", "reason = ?4 AND ");
	static const struct scan_sql by_refusal = SCAN_SQL("record_refused", "refused = 1 AND ");
	static const struct scan_sql by_uid = SCAN_SQL("record_uid", "uid = ?4 AND ");
	static const struct scan_sql by_time = SCAN_SQL("record_time", "");

	if (filter->has_reason)
		return &by_reason;
	if (filter->only_denied)
		return &by_refusal;
	return filter->has_uid ? &by_uid : &by_time;
}

void scan_init(struct scan *scan, const struct guard_event_filter *filter)
{
	*scan = (struct scan){.filter = filter, .before_time = INT64_MAX, .before_id = INT64_MAX};
	if (filter->until_ns)
		scan->before_time = filter->until_ns;
	scan->limit = filter->limit ? filter->limit : FILTER_LIMIT_DEFAULT;
	if (scan->limit > FILTER_LIMIT_MAX)
		scan->limit = FILTER_LIMIT_MAX;
}

void scan_free(struct scan *scan)
{
	free(scan->ids);
	scan->ids = NULL;
	scan->count = scan->capacity = 0;
}

static int collect(struct scan *scan, uint64_t id)
{
	if (scan->count == scan->capacity) {
		size_t capacity = scan->capacity ? scan->capacity * 2 : 64;
		uint64_t *ids = reallocarray(scan->ids, capacity, sizeof(*ids));
		if (!ids)
			return -GUARD_E_NOMEM;
		scan->ids = ids;
		scan->capacity = capacity;
	}
	scan->ids[scan->count++] = id;
	return 0;
}

static int compare_ids(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return (left > right) - (left < right);
}

static void bind(const struct scan *scan, sqlite3_stmt *statement)
{
	const struct guard_event_filter *filter = scan->filter;

	sqlite3_bind_int64(statement, 1, filter->since_ns ? filter->since_ns : INT64_MIN);
	sqlite3_bind_int64(statement, 2, scan->before_time);
	sqlite3_bind_int64(statement, 3, (int64_t)scan->before_id);
	if (sqlite3_bind_parameter_count(statement) >= 4)
		sqlite3_bind_int64(statement, 4, filter->has_reason ? filter->reason : filter->uid);
}

/* Returns 1 when the slice is used up, 0 when the statement has no more rows or
 * enough is collected. */
static int walk(struct scan *scan, sqlite3_stmt *statement, int64_t deadline_ns)
{
	struct ledger_row row;
	int r;

	bind(scan, statement);
	while (scan->count < scan->limit && (r = sqlite3_step(statement)) != SQLITE_DONE) {
		if (r != SQLITE_ROW)
			return ledger_database_error(r);
		if (ledger_row_read(&row, statement) < 0)
			return -GUARD_E_FORMAT;
		scan->before_time = row.event.time_ns;
		scan->before_id = row.event.id;
		if (filter_matches(scan->filter, &row.event) && collect(scan, row.event.id) < 0)
			return -GUARD_E_NOMEM;
		if (clock_monotonic_ns() >= deadline_ns)
			return 1;
	}
	return 0;
}

static int walk_sql(struct scan *scan, sqlite3 *database, const char *sql, int64_t deadline_ns)
{
	sqlite3_stmt *statement;
	int r = ledger_database_prepare(&statement, database, sql);

	if (r < 0)
		return r;
	r = walk(scan, statement, deadline_ns);
	sqlite3_finalize(statement);
	return r;
}

int scan_step(struct scan *scan, sqlite3 *database, int64_t deadline_ns)
{
	const struct scan_sql *sql = choose_statements(scan->filter);
	int r = walk_sql(scan, database, sql->same_time, deadline_ns);

	if (r == 0)
		r = walk_sql(scan, database, sql->before, deadline_ns);
	if (r == 0 && scan->count > 1)
		qsort(scan->ids, scan->count, sizeof(*scan->ids), compare_ids);
	return r;
}
