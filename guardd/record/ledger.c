/* SPDX-License-Identifier: MIT
 *
 * record/ledger.c - appending rows in transactions.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>

#include "base/cleanup.h"
#include "record/ledger_internal.h"

uint64_t ledger_last(const struct ledger *ledger)
{
	return ledger->head.row;
}

sqlite3 *ledger_database(struct ledger *ledger)
{
	return ledger->database;
}

int ledger_fetch(struct ledger *ledger, struct ledger_row *ret_row, uint64_t id)
{
	int r;

	sqlite3_bind_int64(ledger->fetch, 1, (int64_t)id);
	r = sqlite3_step(ledger->fetch);
	if (r == SQLITE_ROW)
		r = ledger_row_read(ret_row, ledger->fetch);
	else
		r = r == SQLITE_DONE ? -GUARD_E_NOT_FOUND : ledger_database_error(r);
	sqlite3_reset(ledger->fetch);
	return r;
}

/* ---- transactions ------------------------------------------------------------ */

void ledger_rollback(struct ledger *ledger)
{
	/* SQLite may have rolled back by itself. */
	if (!sqlite3_get_autocommit(ledger->database))
		sqlite3_exec(ledger->database, "ROLLBACK", NULL, NULL, NULL);
	ledger->in_transaction = false;
	ledger->last = ledger->head.row;
	ledger->last_hash = ledger->head.hash;
}

static int insert_row(struct ledger *ledger, const struct ledger_row *row)
{
	int r = ledger_row_bind(ledger->insert, row);

	if (r == 0) {
		r = sqlite3_step(ledger->insert);
		r = r == SQLITE_DONE ? 0 : ledger_database_error(r);
	}
	sqlite3_reset(ledger->insert);
	sqlite3_clear_bindings(ledger->insert);
	return r;
}

static int begin_transaction(struct ledger *ledger)
{
	int r = 0;

	if (!ledger->in_transaction)
		r = ledger_database_run(ledger->database, "BEGIN IMMEDIATE");
	if (r == 0)
		ledger->in_transaction = true;
	return r;
}

int ledger_append(struct ledger *ledger, struct ledger_row *row)
{
	int r = begin_transaction(ledger);

	if (r == 0) {
		row->event.id = ledger->last + 1;
		r = ledger_row_hash(&row->hash, &ledger->head.ledger_id, &ledger->last_hash, row);
	}
	if (r == 0)
		r = insert_row(ledger, row);
	if (r < 0) {
		ledger_rollback(ledger);
		return r;
	}
	ledger->last = row->event.id;
	ledger->last_hash = row->hash;
	return 0;
}

int ledger_commit(struct ledger *ledger)
{
	int r;

	if (ledger->in_transaction) {
		r = ledger_database_run(ledger->database, "COMMIT");
		if (r < 0) {
			ledger_rollback(ledger);
			return r;
		}
		ledger->in_transaction = false;
		ledger->head.row = ledger->last;
		ledger->head.hash = ledger->last_hash;
		ledger->head_unwritten = true;
	}
	/* The rows are durable; a head that cannot be written now is behind, which
	 * is no damage, and is written with the next commit. */
	if (ledger->head_unwritten && ledger_head_write(ledger->head_file, &ledger->head) == 0)
		ledger->head_unwritten = false;
	return 0;
}

/* ---- open and close ------------------------------------------------------------ */

int ledger_prepare(struct ledger *ledger)
{
	sqlite3 *database = ledger->database;
	int r;

	r = ledger_database_prepare(&ledger->insert, database,
				    "INSERT INTO record(" LEDGER_ROW_COLUMNS ") VALUES(" LEDGER_ROW_PLACES
				    ")");
	if (r == 0)
		r = ledger_database_prepare(
		    &ledger->oldest, database,
		    "SELECT id, time_ns, hash FROM record WHERE id > 1 ORDER BY id LIMIT ?1");
	if (r == 0)
		r = ledger_database_prepare(&ledger->remove, database,
					    "DELETE FROM record WHERE id > 1 AND id <= ?1");
	if (r == 0)
		r = ledger_database_prepare(&ledger->fetch, database,
					    "SELECT " LEDGER_ROW_COLUMNS
					    " FROM record WHERE id >= ?1 ORDER BY id LIMIT 1");
	return r;
}

void ledger_close_files(struct ledger *ledger)
{
	sqlite3_finalize(ledger->insert);
	sqlite3_finalize(ledger->oldest);
	sqlite3_finalize(ledger->remove);
	sqlite3_finalize(ledger->fetch);
	ledger->insert = ledger->oldest = ledger->remove = ledger->fetch = NULL;
	ledger_database_close(ledger->database);
	ledger->database = NULL;
	if (ledger->head_file >= 0)
		close(ledger->head_file);
	ledger->head_file = -1;
}

void ledger_free(struct ledger *ledger)
{
	if (!ledger)
		return;
	if (ledger->database)
		ledger_rollback(ledger);
	ledger_close_files(ledger);
	if (ledger->lock >= 0)
		close(ledger->lock);
	free(ledger);
}

static int take_lock(struct ledger *ledger)
{
	ledger->lock =
	    openat(ledger->directory, LEDGER_LOCK, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (ledger->lock < 0)
		return -GUARD_E_IO;
	if (flock(ledger->lock, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -GUARD_E_BUSY : -GUARD_E_IO;
	return 0;
}

static int begin_after_damage(struct ledger *ledger, int64_t now_ns, const char *damage,
			      char ret_problem[LEDGER_PROBLEM_SIZE])
{
	char name[LEDGER_NAME_MAX], text[LEDGER_PROBLEM_SIZE];
	int r;

	ledger_close_files(ledger);
	r = ledger_set_aside(ledger->directory, now_ns, name);
	if (r < 0)
		return r;
	snprintf(text, sizeof(text),
		 "the ledger was damaged (%s); it was set aside as %s and a new one begun: compare it with "
		 "the journal",
		 damage, name);
	r = ledger_begin(ledger, now_ns, text);
	if (r == 0)
		snprintf(ret_problem, LEDGER_PROBLEM_SIZE, "%s", text);
	return r;
}

static int begin_first(struct ledger *ledger, int64_t now_ns)
{
	char name[LEDGER_NAME_MAX], text[LEDGER_PROBLEM_SIZE];

	ledger_newest_aside(ledger->directory, name);
	if (name[0])
		snprintf(text, sizeof(text), "a new ledger begins; an older one was set aside as %s", name);
	else
		snprintf(text, sizeof(text), "a new ledger begins");
	return ledger_begin(ledger, now_ns, text);
}

static int open_or_begin(struct ledger *ledger, int64_t now_ns, const char *damaged,
			 char ret_problem[LEDGER_PROBLEM_SIZE])
{
	char damage[LEDGER_PROBLEM_SIZE - 200] = "";
	int r;

	if (damaged)
		return begin_after_damage(ledger, now_ns, damaged, ret_problem);
	r = ledger_resume(ledger, damage, sizeof(damage));
	if (r == -GUARD_E_NOT_FOUND)
		return begin_first(ledger, now_ns);
	if (r == -GUARD_E_FORMAT)
		return begin_after_damage(ledger, now_ns, damage, ret_problem);
	return r;
}

int ledger_open(struct ledger **ret_ledger, int directory, const struct ledger_limits *limits, int64_t now_ns,
		const char *damaged, char ret_problem[LEDGER_PROBLEM_SIZE])
{
	struct ledger *ledger = calloc(1, sizeof(*ledger));
	int r;

	ret_problem[0] = '\0';
	if (!ledger)
		return -GUARD_E_NOMEM;
	ledger->directory = directory;
	ledger->lock = ledger->head_file = -1;
	ledger->limits = *limits;
	if (ledger->limits.max_bytes < LEDGER_MIN_BYTES)
		ledger->limits.max_bytes = LEDGER_MIN_BYTES;
	r = take_lock(ledger);
	if (r == 0)
		r = open_or_begin(ledger, now_ns, damaged, ret_problem);
	if (r < 0) {
		ledger_free(ledger);
		return r;
	}
	*ret_ledger = ledger;
	return 0;
}
