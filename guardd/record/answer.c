/* SPDX-License-Identifier: MIT
 *
 * record/answer.c - see answer.h.  First the ids of what matches are collected,
 * newest first; then their rows are sent in order; then what still waits for
 * the disk; then, if asked to, what comes.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "record/answer.h"
#include "record/clock.h"
#include "record/filter.h"
#include "record/scan.h"

enum phase { PHASE_COLLECT, PHASE_SEND, PHASE_WAITING, PHASE_FOLLOW, PHASE_END };

struct answer {
	int socket;
	uint32_t sequence;
	struct guard_event_filter filter;
	enum phase phase;
	bool started;
	struct scan scan;
	size_t next; /* into scan.ids */
	unsigned next_waiting;
	uint64_t followed;	 /* newest id that was looked at */
	struct guard_writer out; /* the packet that could not be sent yet */
	bool has_out;
	struct ledger_row row;
};

int answer_new(struct answer **ret_answer, int socket, uint32_t sequence,
	       const struct guard_event_filter *filter)
{
	struct answer *answer = calloc(1, sizeof(*answer));

	if (!answer)
		return -GUARD_E_NOMEM;
	answer->filter = *filter;
	answer->sequence = sequence;
	answer->socket = socket;
	guard_writer_init(&answer->out);
	scan_init(&answer->scan, &answer->filter);
	if (fcntl(socket, F_SETFL, O_RDWR | O_NONBLOCK) < 0) {
		free(answer);
		return -GUARD_E_IO;
	}
	*ret_answer = answer;
	return 0;
}

void answer_free(struct answer *answer)
{
	if (!answer)
		return;
	guard_writer_free(&answer->out);
	scan_free(&answer->scan);
	close(answer->socket);
	free(answer);
}

int answer_socket(const struct answer *answer)
{
	return answer->socket;
}

/* ---- packets ------------------------------------------------------------------------ */

static void start_packet(struct answer *answer, uint16_t type)
{
	guard_writer_free(&answer->out);
	guard_writer_init(&answer->out);
	guard_wire_begin(&answer->out, type, answer->sequence);
	answer->has_out = true;
}

static int prepare_event(struct answer *answer, const struct guard_event *event)
{
	start_packet(answer, GUARD_WIRE_EVENT_DATA);
	return guard_event_encode(&answer->out, event);
}

static int prepare_failure(struct answer *answer, int error)
{
	start_packet(answer, GUARD_WIRE_RESULT);
	guard_write_u32(&answer->out, (uint32_t)-error);
	guard_write_string(&answer->out, error == -GUARD_E_FORMAT
					     ? "The ledger is damaged: run `guardctl ledger verify` as root."
					     : "The ledger cannot be read now: `guardctl status` says why.");
	answer->phase = PHASE_END;
	return 0;
}

static int prepare_end(struct answer *answer)
{
	start_packet(answer, GUARD_WIRE_END);
	answer->phase = PHASE_END;
	return 0;
}

/* ---- phases --------------------------------------------------------------------------- */

/* Each prepares a packet (has_out), or changes the phase, or does neither when
 * there is nothing to do now; negative: the question cannot be answered. */

static int collect(struct answer *answer, sqlite3 *database, int64_t deadline_ns)
{
	int r = scan_step(&answer->scan, database, deadline_ns);

	if (r == 0)
		answer->phase = PHASE_SEND;
	return r < 0 ? r : 0;
}

static int send_row(struct answer *answer, struct ledger *ledger)
{
	uint64_t id;
	int r;

	if (answer->next == answer->scan.count) {
		scan_free(&answer->scan);
		answer->phase = answer->filter.follow ? PHASE_FOLLOW : PHASE_WAITING;
		return 0;
	}
	id = answer->scan.ids[answer->next++];
	r = ledger_fetch(ledger, &answer->row, id);
	if (r == -GUARD_E_NOT_FOUND || (r == 0 && answer->row.event.id != id))
		return 0; /* removed meanwhile for its age */
	return r < 0 ? r : prepare_event(answer, &answer->row.event);
}

static int send_waiting(struct answer *answer, const struct store *store)
{
	int r = store_waiting(store, &answer->row.event, answer->next_waiting++);

	if (r == -GUARD_E_NOT_FOUND)
		return prepare_end(answer);
	if (r < 0 || !filter_matches(&answer->filter, &answer->row.event))
		return 0;
	return prepare_event(answer, &answer->row.event);
}

static int send_new(struct answer *answer, struct ledger *ledger)
{
	int r;

	if (answer->followed > ledger_last(ledger))
		answer->followed = 0; /* a new ledger was begun */
	r = ledger_fetch(ledger, &answer->row, answer->followed + 1);
	if (r < 0)
		return r;
	answer->followed = answer->row.event.id;
	if (!filter_matches(&answer->filter, &answer->row.event))
		return 0;
	return prepare_event(answer, &answer->row.event);
}

static bool has_news(const struct answer *answer, const struct ledger *ledger)
{
	return ledger && answer->followed != ledger_last(ledger);
}

static int advance(struct answer *answer, struct store *store, int64_t deadline_ns)
{
	struct ledger *ledger = store_ledger(store);

	/* Without a ledger, what is in memory can still be told. */
	if (!ledger && answer->phase != PHASE_END)
		answer->phase = answer->filter.follow ? PHASE_FOLLOW : PHASE_WAITING;
	switch (answer->phase) {
	case PHASE_COLLECT:
		return collect(answer, ledger_database(ledger), deadline_ns);
	case PHASE_SEND:
		return send_row(answer, ledger);
	case PHASE_WAITING:
		return send_waiting(answer, store);
	case PHASE_FOLLOW:
		return has_news(answer, ledger) ? send_new(answer, ledger) : 0;
	case PHASE_END:
		break;
	}
	return 0;
}

/* 1 sent, 0 the client must read first, negative: it is gone. */
static int flush_packet(struct answer *answer)
{
	int r = guard_wire_send(answer->socket, &answer->out);

	if (r == -GUARD_E_BUSY)
		return 0;
	answer->has_out = false;
	return r < 0 ? r : 1;
}

enum answer_state answer_step(struct answer *answer, struct store *store)
{
	int64_t deadline_ns = clock_monotonic_ns() + ANSWER_SLICE_NS;
	int r;

	if (!answer->started && store_ledger(store))
		answer->followed = ledger_last(store_ledger(store));
	answer->started = true;
	do {
		if (answer->has_out) {
			r = flush_packet(answer);
			if (r <= 0)
				return r < 0 ? ANSWER_OVER : ANSWER_BLOCKED;
		}
		if (answer->phase == PHASE_END)
			return ANSWER_OVER;
		if (answer->phase == PHASE_FOLLOW && !has_news(answer, store_ledger(store)))
			return ANSWER_IDLE;
		r = advance(answer, store, deadline_ns);
		if (r < 0)
			r = prepare_failure(answer, r);
	} while (clock_monotonic_ns() < deadline_ns);
	return ANSWER_WORKING;
}
