/* SPDX-License-Identifier: MIT
 *
 * record/store.c - see store.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record/clock.h"
#include "record/store.h"
#include "record/waiting.h"

struct store {
	int directory;
	struct ledger_limits limits;
	struct journal *journal;
	struct ledger *ledger;
	struct waiting_list waiting;
	int64_t flush_ns;	   /* when what waits is due; INT64_MAX: nothing waits */
	int64_t retry_ns;	   /* no attempt before */
	uint64_t lost, lost_total; /* lost: not yet recorded */
	bool more_to_prune;
	char damage[LEDGER_PROBLEM_SIZE];  /* set: the ledger must be set aside */
	char problem[LEDGER_PROBLEM_SIZE]; /* that is there now */
	char history[LEDGER_PROBLEM_SIZE]; /* that somebody should hear of once more */
	struct ledger_row row;		   /* too large for the stack of each call */
};

int store_new(struct store **ret_store, int directory, const struct ledger_limits *limits,
	      struct journal *journal)
{
	struct store *store = calloc(1, sizeof(*store));

	if (!store)
		return -GUARD_E_NOMEM;
	store->directory = directory;
	store->limits = *limits;
	store->journal = journal;
	store->flush_ns = INT64_MAX;
	waiting_init(&store->waiting);
	*ret_store = store;
	return 0;
}

void store_free(struct store *store)
{
	if (!store)
		return;
	waiting_clear(&store->waiting);
	ledger_free(store->ledger);
	free(store);
}

/* ---- taking events in ------------------------------------------------------------ */

void store_lost(struct store *store, uint64_t count)
{
	store->lost += count;
	store->lost_total += count;
}

static bool is_urgent(const struct guard_event *event)
{
	return event->source == GUARD_EVENT_DAEMON || ledger_row_refused(event);
}

void store_add(struct store *store, const struct guard_event *event, int64_t now_ns)
{
	/* The second half of the room is for denials. */
	size_t room = is_urgent(event) ? STORE_WAITING_BYTES : STORE_WAITING_BYTES / 2;
	int64_t due = is_urgent(event) ? now_ns : now_ns + STORE_DELAY_NS;

	if (store->waiting.bytes >= room || waiting_add(&store->waiting, event) < 0) {
		store_lost(store, 1);
		return;
	}
	if (due < store->flush_ns)
		store->flush_ns = due;
}

/* ---- trouble -------------------------------------------------------------------------- */

static const char *cause(int error)
{
	if (error == -GUARD_E_BUSY)
		return "another process writes it";
	if (error == -GUARD_E_NOMEM)
		return "memory is exhausted";
	return "the disk is full or failing, or the folder is not writable";
}

/* Try again later.  A full disk needs no new ledger; a damaged one does. */
static void note_failure(struct store *store, int error, int64_t now_ns)
{
	store->retry_ns = now_ns + (error == -GUARD_E_BUSY ? STORE_LOCKED_NS : STORE_RETRY_NS);
	if (error == -GUARD_E_FORMAT) {
		ledger_free(store->ledger);
		store->ledger = NULL;
		store->retry_ns = now_ns;
		snprintf(store->damage, sizeof(store->damage),
			 "its database was found malformed while it was written");
		return;
	}
	snprintf(store->problem, sizeof(store->problem),
		 "the ledger cannot be written (%s): records wait in memory, %llu were lost", cause(error),
		 (unsigned long long)store->lost_total);
}

static int open_ledger(struct store *store, int64_t now_ns)
{
	char problem[LEDGER_PROBLEM_SIZE];
	int r;

	if (store->ledger)
		return 0;
	r = ledger_open(&store->ledger, store->directory, &store->limits, clock_real_ns(),
			store->damage[0] ? store->damage : NULL, problem);
	if (r < 0) {
		note_failure(store, r, now_ns);
		return r;
	}
	store->damage[0] = '\0';
	if (problem[0])
		memcpy(store->history, problem, sizeof(store->history));
	return 0;
}

/* ---- writing --------------------------------------------------------------------------- */

static int append_loss(struct store *store)
{
	struct guard_event *event = &store->row.event;

	if (!store->lost)
		return 0;
	memset(&store->row, 0, sizeof(store->row));
	event->time_ns = clock_real_ns();
	event->source = GUARD_EVENT_DAEMON;
	event->what = GUARD_DAEMON_EVENTS_LOST;
	event->action = GUARD_ALLOW;
	event->rule = GUARD_NO_RULE;
	event->loginuid = UINT32_MAX;
	event->count = store->lost;
	snprintf(event->text, sizeof(event->text), "%llu records could not be written and are lost",
		 (unsigned long long)store->lost);
	return ledger_append(store->ledger, &store->row);
}

static int append_batch(struct store *store, unsigned *ret_count)
{
	struct waiting *entry;
	unsigned count = 0;
	int r = 0;

	for (entry = waiting_first(&store->waiting); entry; entry = waiting_next(entry)) {
		if (count == STORE_BATCH_ROWS)
			break;
		memset(&store->row, 0, sizeof(store->row));
		r = waiting_decode(&store->row.event, entry);
		if (r == 0)
			r = ledger_append(store->ledger, &store->row);
		if (r < 0)
			return r;
		entry->row = store->row.event.id;
		entry->hash = store->row.hash;
		count++;
	}
	*ret_count = count;
	return 0;
}

/* To the journal once: with its row when that is known, without while the
 * ledger cannot be written. */
static void tell_journal(struct store *store, unsigned count, bool in_ledger)
{
	struct waiting *entry;

	for (entry = waiting_first(&store->waiting); entry; entry = waiting_next(entry)) {
		if (count-- == 0)
			break;
		if (entry->in_journal)
			continue;
		entry->in_journal = true;
		memset(&store->row, 0, sizeof(store->row));
		if (waiting_decode(&store->row.event, entry) < 0)
			continue;
		store->row.event.id = entry->row;
		store->row.hash = entry->hash;
		journal_send(store->journal, &store->row, in_ledger);
	}
}

static int write_batch(struct store *store, unsigned *ret_count)
{
	unsigned count = 0;
	int r = append_batch(store, &count);

	if (r == 0)
		r = append_loss(store);
	if (r == 0)
		r = ledger_commit(store->ledger);
	if (r < 0)
		return r;
	store->lost = 0;
	store->problem[0] = '\0';
	tell_journal(store, count, true);
	waiting_drop(&store->waiting, count);
	*ret_count = count;
	return 0;
}

static unsigned prune(struct store *store, int64_t now_ns)
{
	int removed = ledger_prune(store->ledger, clock_real_ns());

	if (removed < 0)
		note_failure(store, removed, now_ns);
	else
		store->problem[0] = '\0';
	store->more_to_prune = removed > 0;
	return removed > 0 ? (unsigned)removed : 0;
}

unsigned store_flush(struct store *store, int64_t now_ns, bool at_once)
{
	unsigned count = 0;
	int r;

	if (!at_once && now_ns < store_next(store))
		return 0;
	r = open_ledger(store, now_ns);
	if (r == 0 && (!waiting_is_empty(&store->waiting) || store->lost))
		r = write_batch(store, &count);
	if (r < 0) {
		note_failure(store, r, now_ns);
		tell_journal(store, UINT32_MAX, false);
		return 0;
	}
	store->flush_ns = waiting_is_empty(&store->waiting) ? INT64_MAX : now_ns;
	return count + prune(store, now_ns);
}

int64_t store_next(const struct store *store)
{
	int64_t next = store->flush_ns;

	if (store->more_to_prune || store->lost || !store->ledger)
		next = 0;
	return next < store->retry_ns ? store->retry_ns : next;
}

/* ---- questions --------------------------------------------------------------------------- */

struct ledger *store_ledger(struct store *store)
{
	return store->ledger;
}

int store_waiting(const struct store *store, struct guard_event *ret_event, unsigned index)
{
	const struct waiting *entry;

	for (entry = waiting_first(&store->waiting); entry; entry = waiting_next(entry))
		if (index-- == 0)
			return waiting_decode(ret_event, entry);
	return -GUARD_E_NOT_FOUND;
}

const char *store_problem(const struct store *store)
{
	return store->problem[0] ? store->problem : store->history;
}

uint64_t store_lost_total(const struct store *store)
{
	return store->lost_total;
}
