/* SPDX-License-Identifier: MIT
 *
 * record/clients.h - the clients whose questions are being answered: bounded,
 * also per user; one that does not read is dropped.
 */
#ifndef GUARDD_RECORD_CLIENTS_H
#define GUARDD_RECORD_CLIENTS_H

#include <poll.h>

#include "record/answer.h"
#include "record/request.h"

#define CLIENTS_MAX 48u
#define CLIENTS_PER_UID 8u
#define CLIENTS_ROOT_RESERVE 4u		     /* places that only root may take */
#define CLIENTS_STALL_NS (10ll * 1000000000) /* a client that does not read */

struct client {
	struct answer *answer; /* NULL: free */
	uint32_t uid;
	enum answer_state state;
	int64_t stalled_ns; /* since when it is ANSWER_BLOCKED */
};
struct clients {
	struct client all[CLIENTS_MAX];
	unsigned turn; /* who is next */
};

/* clients_take: a new client from control; refused ones are told why.  The
 * socket is closed in either case in the end. */
void clients_take(struct clients *clients, int socket, const struct record_request *request);
/* clients_serve: one slice for one client that has work.  Returns true when there
 * was one. */
bool clients_serve(struct clients *clients, struct store *store, int64_t now_ns);
/* clients_wake: the ledger has new rows. */
void clients_wake(struct clients *clients);

/* For poll(2): fills in at most CLIENTS_MAX entries, in the order of the places. */
void clients_poll(const struct clients *clients, struct pollfd ret_polls[CLIENTS_MAX]);
void clients_polled(struct clients *clients, const struct pollfd polls[CLIENTS_MAX], int64_t now_ns);
int64_t clients_next(const struct clients *clients); /* when clients_polled should be called at the latest */
void clients_close(struct clients *clients);
#endif
