/* SPDX-License-Identifier: MIT
 *
 * keeper/takeover_wire.h - the messages on RUN_DIR/takeover.sock.  Two versions
 * of the program speak them: append only, and change the protocol number with
 * the meaning.
 */
#ifndef GUARDD_KEEPER_TAKEOVER_WIRE_H
#define GUARDD_KEEPER_TAKEOVER_WIRE_H

#include <stdint.h>

#define TAKEOVER_PROTOCOL 2u
#define TAKEOVER_NUMBERS_MAX 4096u /* per STOPPED message */

enum takeover_type { TAKEOVER_HELLO = 1, TAKEOVER_HANDLES, TAKEOVER_STOP, TAKEOVER_STOPPED };

/* The fds of HANDLES, in this order. */
enum takeover_fd {
	TAKEOVER_FD_FANOTIFY, TAKEOVER_FD_POLICY, TAKEOVER_FD_LOCK, TAKEOVER_FD_EVENTS_SEND,
	TAKEOVER_FD_EVENTS_RECEIVE, TAKEOVER_FD_LISTENER, TAKEOVER_FD_TAKEOVER, TAKEOVER_FD_KEEPER,
	TAKEOVER_FD_UNDERSTUDY, TAKEOVER_FD_FANOTIFY_SLOW, TAKEOVER_FD_COUNT
};

struct takeover_message {
	uint32_t protocol, type;
	int32_t keeper_pid, gate_pid; /* HANDLES */
	uint32_t no_understudy; /* HANDLES: its fd stands for nothing */
	uint32_t number_count;  /* STOPPED: in this message */
	uint32_t more;          /* STOPPED: another message follows */
	uint32_t gate_restarts; /* HANDLES */
	int64_t started;        /* HANDLES */
	uint64_t counters[16];  /* HANDLES: in the order of struct guardd_counters, 0 unknown */
	int32_t numbers[TAKEOVER_NUMBERS_MAX];
};

#endif
