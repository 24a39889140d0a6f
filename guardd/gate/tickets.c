/* SPDX-License-Identifier: MIT
 *
 * gate/tickets.c - an exec raises two events, one for the exec and one for the
 * open beneath it.  What was decided for the first holds for the second, when
 * the same thread asks for the same unchanged inode and no writer came between.
 */
#include "gate/gate.h"

#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>

#define TICKETS 4096u
#define TICKET_NS 1000000000ll

struct ticket {
	struct gate_key key;
	int32_t tid;
	uint32_t sequence;
	int64_t until_ns; /* the second event comes at once or not at all */
};
struct gate_tickets {
	pthread_mutex_t lock;
	struct ticket tickets[TICKETS];
};

int gate_tickets_new(struct gate_tickets **ret_tickets)
{
	struct gate_tickets *tickets = calloc(1, sizeof(*tickets));

	if (!tickets)
		return -GUARD_E_NOMEM;
	pthread_mutex_init(&tickets->lock, NULL);
	*ret_tickets = tickets;
	return 0;
}

void gate_ticket_give(struct gate *gate, const struct gate_event *event)
{
	struct gate_tickets *tickets = gate->tickets;

	if (!(event->mask & FAN_OPEN_EXEC_PERM) || event->lease != GATE_LEASE_HELD)
		return;
	pthread_mutex_lock(&tickets->lock);
	tickets->tickets[(uint32_t)event->tid % TICKETS] =
		(struct ticket){ event->file.key, event->tid, event->sequence, gate_now_ns() + TICKET_NS };
	pthread_mutex_unlock(&tickets->lock);
}

bool gate_ticket_take(struct gate *gate, const struct gate_event *event)
{
	struct gate_tickets *tickets = gate->tickets;
	struct ticket *ticket = &tickets->tickets[(uint32_t)event->tid % TICKETS];
	bool good = false;

	if (event->mask & FAN_OPEN_EXEC_PERM)
		return false;
	pthread_mutex_lock(&tickets->lock);
	if (ticket->tid == event->tid) {
		good = gate_now_ns() < ticket->until_ns && gate_key_equal(&ticket->key, &event->file.key) &&
		       ticket->sequence == gate_cache_sequence(gate->cache, &event->file.key);
		memset(ticket, 0, sizeof(*ticket));
	}
	pthread_mutex_unlock(&tickets->lock);
	return good;
}
