/* SPDX-License-Identifier: MIT
 *
 * record/ledger.h - the hash-chained record on disk (docs/ledger.md): open it
 * or begin it, append in transactions, remove the oldest.  One writer, one
 * thread.  It never waits for anything but the disk and decides nothing about
 * what is worth recording.
 */
#ifndef GUARDD_RECORD_LEDGER_H
#define GUARDD_RECORD_LEDGER_H

#include "record/head.h"
#include "record/row.h"

#define LEDGER_HEAD "ledger.head"
#define LEDGER_LOCK "ledger.lock"
#define LEDGER_PROBLEM_SIZE 512u
#define LEDGER_PRUNE_ROWS 1000u /* removed by one call of ledger_prune */
#define LEDGER_ASIDE_MAX 4u	/* damaged ledgers that are kept */
#define LEDGER_MIN_BYTES (1u << 20)

struct ledger_limits {
	uint64_t max_bytes;
	uint32_t max_days;
};

struct ledger;

/* ledger_open: the ledger in `directory` (borrowed, stays open), resumed or
 * begun.  One that is damaged is set aside and a new one begun whose first row
 * says so; `damaged` (NULL: look for yourself) is a reason to do so at once.
 * `ret_problem` gets "" or a sentence for the administrator.
 * Errors: GUARD_E_BUSY (another process writes it), GUARD_E_IO, GUARD_E_NOMEM. */
int ledger_open(struct ledger **ret_ledger, int directory, const struct ledger_limits *limits, int64_t now_ns,
		const char *damaged, char ret_problem[LEDGER_PROBLEM_SIZE]) GUARD_WARN_UNUSED;
void ledger_free(struct ledger *ledger); /* NULL-safe; drops what is not committed */

/* ledger_append: the next row; fills in row->event.id and row->hash.  Opens a
 * transaction when there is none.  After an error nothing since the last commit
 * is in the ledger.  Errors: GUARD_E_FORMAT (damaged: open anew), GUARD_E_IO,
 * GUARD_E_BUSY, GUARD_E_NOMEM. */
int ledger_append(struct ledger *ledger, struct ledger_row *row) GUARD_WARN_UNUSED;
/* ledger_commit: durable when it returns 0. */
int ledger_commit(struct ledger *ledger) GUARD_WARN_UNUSED;
void ledger_rollback(struct ledger *ledger);

/* ledger_prune: remove some of the oldest rows when the ledger is over its
 * limits, and commit.  Returns the number of rows removed: call again while it
 * is above 0.  No transaction may be open. */
int ledger_prune(struct ledger *ledger, int64_t now_ns) GUARD_WARN_UNUSED;

/* ledger_fetch: the first row whose id is at least `id`; GUARD_E_NOT_FOUND. */
int ledger_fetch(struct ledger *ledger, struct ledger_row *ret_row, uint64_t id) GUARD_WARN_UNUSED;

uint64_t ledger_last(const struct ledger *ledger); /* id of the newest committed row */
sqlite3 *ledger_database(struct ledger *ledger);   /* for questions only */
#endif
