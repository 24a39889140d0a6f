/* SPDX-License-Identifier: MIT
 *
 * keeper/takeover.h - how a gate that lost its keeper, or whose program is
 * upgraded, passes the kernel handles on.  The functions of the gate's side:
 * they do no work of the gate, open nothing and wait for nobody for longer
 * than GUARDD_TAKEOVER_SEND_MS.
 *
 * The conversation, SOCK_SEQPACKET on RUN_DIR/takeover.sock, uid 0 only; with
 * self_protection in the kernel layer only the daemon's own, upgraded in place:
 *   new daemon -> HELLO
 *   old gate   -> HANDLES, with the fds of struct guardd_handles
 *   new daemon: starts its own gate, which holds before its first read
 *   new daemon -> STOP
 *   old gate   -> STOPPED, with the fd numbers of the events it has read and
 *                 not answered.  The kernel finds the event of an answer by
 *                 that number, over the whole group: the new daemon keeps these
 *                 numbers occupied until the old gate has ended.
 *   new daemon: lets its gate read.  The old gate answers what it has and ends.
 * When the connection breaks before the old gate has ended, the new daemon and
 * its gate are both dead: the old gate reads again.
 *
 * What the gate does:
 *   - polls guardd_takeover_fd() for POLLIN in its command thread, and calls
 *     guardd_takeover_handle() when it is readable;
 *   - on GUARDD_TAKEOVER_STOP makes the reader stop before its next read(),
 *     then calls guardd_takeover_stopped(), answers every slot that is pending
 *     and calls _exit(0);
 *   - on GUARDD_TAKEOVER_RESUME lets the reader read again;
 *   - started with arguments->restarted == GUARDD_RESTARTED_TAKEOVER: sets up
 *     all it can, sends GUARDD_COMMAND_READY, then calls guardd_takeover_hold()
 *     before its first read of the group and before anybody else reads the
 *     command socket.  It adopts nothing.
 * The gate does not watch its keeper: the keeper's understudy does, and steps
 * in with the same fd table; the command socket stays the same.
 */
#ifndef GUARDD_KEEPER_TAKEOVER_H
#define GUARDD_KEEPER_TAKEOVER_H

#include <stdbool.h>
#include <stdint.h>

#include "guardd.h"

#define GUARDD_TAKEOVER_SEND_MS 1000

/* Kernel objects that outlive a daemon; numbers in the shared fd table, -1
 * none.  Lives in memory that keeper and gate share. */
struct guardd_handles {
	int32_t fanotify[GUARDD_GROUPS];
	int32_t policy;		/* sealed memfd, always the image in force */
	int32_t lock;		/* RUN_DIR/lock, locked */
	int32_t events_send;	/* GUARD_WIRE_EVENT: gate and keeper write here */
	int32_t events_receive; /* record reads here */
	int32_t listener;	/* RUN_DIR/guard.sock */
	int32_t takeover;	/* RUN_DIR/takeover.sock */
	int32_t keeper;		/* pidfd */
	int32_t understudy;	/* pidfd */
};

struct guardd_takeover {
	int connection; /* -1 none; start with GUARDD_TAKEOVER_NONE */
	bool stopped;
	int32_t stranger; /* pid of who asked and may not */
};
#define GUARDD_TAKEOVER_NONE                                                                                 \
	{                                                                                                    \
		-1, false, 0                                                                                  \
	}

enum guardd_takeover_action { GUARDD_TAKEOVER_NOTHING, GUARDD_TAKEOVER_STOP, GUARDD_TAKEOVER_RESUME,
			      GUARDD_TAKEOVER_REFUSED };

/* The fd to poll for POLLIN now. */
int guardd_takeover_fd(const struct guardd_takeover *takeover, const struct guardd_gate_arguments *arguments);
/* It is readable: do what is asked, say what the gate has to do; REFUSED: record
 * that `stranger` asked. */
enum guardd_takeover_action guardd_takeover_handle(struct guardd_takeover *takeover,
						   const struct guardd_gate_arguments *arguments);
/* The reader has stopped: tell the new daemon which events are in the air. */
int guardd_takeover_stopped(struct guardd_takeover *takeover,
			    const struct guardd_gate_arguments *arguments) GUARD_WARN_UNUSED;
/* Returns when GUARDD_COMMAND_START has come; ends the process when its keeper
 * has died before. */
void guardd_takeover_hold(const struct guardd_gate_arguments *arguments);

#endif
