/* SPDX-License-Identifier: MIT
 *
 * record/store.h - events on their way into the ledger: they wait in memory
 * until they are committed, also while the disk is full or the ledger is being
 * replaced; what does not fit is counted and the count recorded.
 */
#ifndef GUARDD_RECORD_STORE_H
#define GUARDD_RECORD_STORE_H

#include "record/journal.h"
#include "record/ledger.h"

#define STORE_WAITING_BYTES (8u << 20)
#define STORE_BATCH_ROWS 512u		  /* in one transaction */
#define STORE_DELAY_NS (100 * 1000000ll)  /* until an allowed event is durable */
#define STORE_RETRY_NS (1000 * 1000000ll) /* after a failed write */
#define STORE_LOCKED_NS (50 * 1000000ll)  /* while another process writes */

struct store;

int store_new(struct store **ret_store, int directory, const struct ledger_limits *limits,
	      struct journal *journal) GUARD_WARN_UNUSED;
void store_free(struct store *store); /* NULL-safe; what waits is lost: flush first */

/* store_add: never fails; an event that finds no room is counted. */
void store_add(struct store *store, const struct guard_event *event, int64_t now_ns);
/* store_lost: events that somebody else lost. */
void store_lost(struct store *store, uint64_t count);

/* store_flush: write one batch if one is due (or `at_once`), remove old rows.
 * Times are of the monotonic clock.  Returns the rows written or removed. */
unsigned store_flush(struct store *store, int64_t now_ns, bool at_once);
/* store_next: when store_flush is to be called; INT64_MAX: not before store_add. */
int64_t store_next(const struct store *store);

/* The ledger for questions, NULL while there is none; not kept over a flush. */
struct ledger *store_ledger(struct store *store);
/* The index-th event that waits, oldest first; GUARD_E_NOT_FOUND behind the last. */
int store_waiting(const struct store *store, struct guard_event *ret_event, unsigned index) GUARD_WARN_UNUSED;
/* "" or a sentence for the administrator; and all that was lost since the start. */
const char *store_problem(const struct store *store);
uint64_t store_lost_total(const struct store *store);
#endif
