/* SPDX-License-Identifier: MIT
 *
 * control/control.h - the process behind guard.sock: knows who asks
 * (SO_PEERCRED), answers status and explain itself, hands questions about
 * events to record and reloads to the keeper.  Holds no file, no ledger, no
 * privilege.  One thread; a client can hold up only itself.
 */
#ifndef GUARDD_CONTROL_CONTROL_H
#define GUARDD_CONTROL_CONTROL_H

#include <guard/policy.h>
#include <poll.h>
#include <stdbool.h>

#include "guardd.h"
#include "record/request.h"
#include "wire/unlock.h"

#define CONTROL_CLIENTS_MAX 128u
#define CONTROL_CLIENTS_PER_UID 16u
#define CONTROL_ROOT_RESERVE 8u		    /* places that only root may take */
#define CONTROL_IDLE_NS (30ll * 1000000000) /* a client that says nothing */
#define CONTROL_STALL_NS (5ll * 1000000000) /* a client that does not read */
#define CONTROL_ACCEPTS_PER_TURN 16u
#define CONTROL_GROUPS_MAX GUARD_GROUPS_MAX
#define CONTROL_RELOAD_NS (60ll * 1000000000) /* the keeper's answer to a reload */

struct control_peer {
	uint32_t uid, gid_count;
	uint32_t gids[CONTROL_GROUPS_MAX];
};

struct control_client {
	int socket;	 /* -1: free */
	uint64_t number; /* never used twice */
	struct control_peer peer;
	int64_t since_ns;	 /* of the last thing it did */
	bool reloading;		 /* waits for the keeper */
	uint32_t sequence;	 /* of the packet that is being answered */
	struct guard_writer out; /* an answer that it did not take yet */
	bool has_out;
};

/* A reload that the keeper has not answered; answers come in order. */
struct control_reload {
	uint64_t client; /* its number; it may be gone */
};

struct control {
	const struct guardd_config *config;
	const struct guardd_shared *shared;
	int listener, record, keeper; /* record: -1 when it is gone */
	int unlock;		      /* -1: there is none */
	bool stop;
	struct guard_policy *policy;
	char *passwd, *group;	 /* contents of the files, for names in rules */
	char problem[512];	 /* from the keeper */
	struct guard_distribution distribution; /* the same; word "" when not managed */
	struct record_news news; /* from record */
	struct control_client clients[CONTROL_CLIENTS_MAX];
	uint64_t next_number;
	struct control_reload reloads[CONTROL_CLIENTS_MAX];
	unsigned reload_count;
	int64_t accept_after_ns; /* out of fds: rest until then */
	uint8_t packet[GUARD_WIRE_MAX];
};

/* control.c: what needs more than the jail allows (names of users), and the
 * loop.  Run returns when the keeper is gone or SIGTERM came. */
int guardd_control_prepare(struct control **ret_control,
			   const struct guardd_control_arguments *arguments) GUARD_WARN_UNUSED;
void guardd_control_run(struct control *control); /* frees it */

/* clients.c */
void control_accept(struct control *control, int64_t now_ns);
void control_poll(const struct control *control, struct pollfd ret_polls[CONTROL_CLIENTS_MAX]);
void control_serve(struct control *control, const struct pollfd polls[CONTROL_CLIENTS_MAX], int64_t now_ns);
int64_t control_next_deadline(const struct control *control);
void control_drop(struct control_client *client);
struct control_client *control_find(struct control *control, uint64_t number);

/* send.c: answer the packet at hand.  A client that does not take it is given
 * CONTROL_STALL_NS; nothing more is read from it meanwhile. */
void control_start(struct control_client *client, uint16_t type);
void control_send(struct control_client *client, int64_t now_ns);
void control_result(struct control_client *client, uint32_t error, const char *sentence, int64_t now_ns);

/* dispatch.c: one packet from a client. */
void control_dispatch(struct control *control, struct control_client *client, size_t size, int64_t now_ns);

/* answers.c */
void control_answer_status(struct control *control, struct control_client *client, int64_t now_ns);
void control_answer_explain(struct control *control, struct control_client *client,
			    const struct guard_question *question, int64_t now_ns);

/* unlocks.c */
void control_hand_to_unlock(struct control *control, struct control_client *client,
			    const struct guard_ask *ask, int64_t now_ns);

/* links.c: the keeper and record. */
int control_take_policy(struct control *control, int fd) GUARD_WARN_UNUSED;
void control_hear_keeper(struct control *control, int64_t now_ns);
void control_hear_record(struct control *control);
int control_ask_reload(struct control *control, struct control_client *client) GUARD_WARN_UNUSED;
/* Hand the client to the keeper, for guard-package. */
int control_hand_packages(struct control *control, struct control_client *client) GUARD_WARN_UNUSED;
#endif
