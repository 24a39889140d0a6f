/* SPDX-License-Identifier: MIT
 *
 * unit/process_support.h - the record and control processes as children of a
 * test, with real sockets and without their jail.
 */
#ifndef GUARD_TESTS_PROCESS_SUPPORT_H
#define GUARD_TESTS_PROCESS_SUPPORT_H

#include <sys/types.h>

#include "guardd.h"
#include "ledger_support.h"
#include "record/request.h"

struct recorder {
	pid_t pid;
	int events;   /* the gate's end */
	int requests; /* control's end */
	int held[2];  /* record's ends, held as the keeper does */
};
struct recorder recorder_start(const struct folder *folder);
/* The sockets of one that was killed, a new process. */
void recorder_restart(struct recorder *recorder, const struct folder *folder);
void recorder_stop(struct recorder *recorder); /* SIGTERM, waits */
void recorder_kill(struct recorder *recorder); /* SIGKILL, waits; sockets stay */
void recorder_close(struct recorder *recorder);

/* true when it was sent; a full socket is waited for. */
bool send_event(int socket, const struct guard_event *event);

/* Ask as `uid`; returns the client's socket, blocking with a time limit. */
int ask_events(const struct recorder *recorder, uint32_t uid, const struct guard_event_filter *filter);
/* The next packet's type; the event when it is one; 0 at the end or after the
 * time limit. */
uint16_t receive_event(struct guard_event *ret_event, int socket);
/* How many events come before END; -1 when something else came. */
int count_events(int socket);
/* Ask until `count` events match or the time is up. */
bool wait_events(const struct recorder *recorder, const struct guard_event_filter *filter, int count,
		 int64_t timeout_ms);

void set_patience(int socket, int milliseconds);
#endif
