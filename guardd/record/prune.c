/* SPDX-License-Identifier: MIT
 *
 * record/prune.c - removing the oldest rows, leaving a row in the chain that
 * says which and ends with the hash of the last one.
 */
#include <stdio.h>
#include <string.h>

#include "record/ledger_internal.h"

#define DAY_NS (86400ll * 1000000000)
#define AGE_CHECK_NS (600ll * 1000000000)
#define ROWS_KEPT 16u /* the newest rows stay, whatever the limits say */

static uint64_t budget(const struct ledger *ledger)
{
	uint64_t max = ledger->limits.max_bytes;

	/* The -wal file counts too. */
	return max > 4ull * LEDGER_WAL_BYTES ? max - LEDGER_WAL_BYTES : max / 4 * 3;
}

static int used_bytes(uint64_t *ret_bytes, sqlite3 *database)
{
	int64_t pages, unused, page_size;
	int r;

	r = ledger_database_number(&pages, database, "PRAGMA page_count");
	if (r == 0)
		r = ledger_database_number(&unused, database, "PRAGMA freelist_count");
	if (r == 0)
		r = ledger_database_number(&page_size, database, "PRAGMA page_size");
	if (r == 0)
		*ret_bytes = (uint64_t)(pages - unused) * (uint64_t)page_size;
	return r;
}

/* Over the limit: until 5% below it, so that it is not one row at a time. */
static int is_too_large(struct ledger *ledger)
{
	uint64_t used = 0, limit = budget(ledger);
	int r = used_bytes(&used, ledger->database);

	if (r < 0)
		return r;
	if (used > limit)
		ledger->pruning = true;
	else if (used < limit / 100 * 95)
		ledger->pruning = false;
	return ledger->pruning;
}

struct prune {
	uint64_t rows;
	struct ledger_row row; /* link_id, link: the last row that goes */
};

/* The oldest rows that go: all when `older_than` is INT64_MAX, else those before. */
static int choose(struct ledger *ledger, struct prune *prune, int64_t older_than)
{
	sqlite3_stmt *statement = ledger->oldest;
	int r;

	sqlite3_bind_int64(statement, 1, LEDGER_PRUNE_ROWS);
	while ((r = sqlite3_step(statement)) == SQLITE_ROW) {
		uint64_t id = (uint64_t)sqlite3_column_int64(statement, 0);
		const void *hash = sqlite3_column_blob(statement, 2);
		if (id + ROWS_KEPT > ledger->head.row || sqlite3_column_int64(statement, 1) >= older_than)
			break;
		if (!hash || sqlite3_column_bytes(statement, 2) != (int)GUARD_DIGEST_SIZE)
			break;
		prune->row.link_id = id;
		memcpy(prune->row.link.bytes, hash, GUARD_DIGEST_SIZE);
		prune->rows++;
	}
	sqlite3_reset(statement);
	return r == SQLITE_ROW || r == SQLITE_DONE ? 0 : ledger_database_error(r);
}

static int remove_rows(struct ledger *ledger, struct prune *prune, int64_t now_ns, const char *why)
{
	struct guard_event *event = &prune->row.event;
	int r;

	event->time_ns = now_ns;
	event->source = GUARD_EVENT_DAEMON;
	event->what = GUARD_DAEMON_LEDGER_PRUNED;
	event->action = GUARD_ALLOW;
	event->count = prune->rows;
	event->rule = GUARD_NO_RULE;
	event->loginuid = UINT32_MAX;
	prune->row.has_link = true;
	snprintf(event->text, sizeof(event->text), "%llu old records up to number %llu were removed: %s",
		 (unsigned long long)prune->rows, (unsigned long long)prune->row.link_id, why);
	r = ledger_append(ledger, &prune->row);
	if (r < 0)
		return r;
	sqlite3_bind_int64(ledger->remove, 1, (int64_t)prune->row.link_id);
	r = sqlite3_step(ledger->remove);
	r = r == SQLITE_DONE ? 0 : ledger_database_error(r);
	sqlite3_reset(ledger->remove);
	if (r < 0) {
		ledger_rollback(ledger);
		return r;
	}
	return ledger_commit(ledger);
}

static int prune_older(struct ledger *ledger, int64_t now_ns, int64_t older_than, const char *why)
{
	struct prune prune = {0};
	int r = choose(ledger, &prune, older_than);

	if (r < 0 || prune.rows == 0)
		return r;
	r = remove_rows(ledger, &prune, now_ns, why);
	return r < 0 ? r : (int)prune.rows;
}

int ledger_prune(struct ledger *ledger, int64_t now_ns)
{
	int r = is_too_large(ledger);

	if (r < 0)
		return r;
	if (r > 0)
		return prune_older(ledger, now_ns, INT64_MAX,
				   "the ledger had reached its size (ledger.max_mib)");
	if (now_ns < ledger->next_age_check_ns || ledger->limits.max_days == 0)
		return 0;
	r = prune_older(ledger, now_ns, now_ns - ledger->limits.max_days * DAY_NS,
			"they were older than ledger.max_days");
	if (r < (int)LEDGER_PRUNE_ROWS)
		ledger->next_age_check_ns = now_ns + AGE_CHECK_NS;
	return r;
}
