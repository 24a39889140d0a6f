/* SPDX-License-Identifier: MIT
 *
 * gate/unlocks.h - what is unlocked by phone now.  The unlock process says so
 * (struct guardd_grants); the gate cuts each unlock to what the policy in force
 * offers, measures its time by the boot clock, and lays it under the deny rules.
 * No verdict that leans on an unlock is remembered anywhere.
 */
#ifndef GUARDD_GATE_UNLOCKS_H
#define GUARDD_GATE_UNLOCKS_H

#include "gate/gate.h"

#define GATE_MEMBERS_MAX 4096u	/* processes that an installer started */
#define GATE_WRITTEN_MAX 65536u /* files that they wrote */
#define GATE_ANCESTORS_MAX 32u
#define GATE_WINDOWS_MAX 16u
#define GATE_UNLOCKS_WAIT_S 20 /* a sweep waits that long for the first list */
#define GATE_TICK_MS 10u       /* how exactly the kernel says when a process began */

struct gate_unlocks;
int gate_unlocks_new(struct gate_unlocks **ret_unlocks) GUARD_WARN_UNUSED;

/* What is to be done, and by whom. */
struct gate_wanted {
	const struct gate_subject *subject; /* NULL: unknown */
	const struct guard_digest *digest;
	const struct gate_key *key;
	uint8_t kind; /* enum guard_kind */
};
/* The id of the unlock that covers it, 0 for none.  `seconds` is what the policy
 * in force offers, by scope.  May look at /proc: with no policy held. */
uint32_t gate_unlock_covers(struct gate *gate, const struct gate_wanted *wanted,
			    const uint32_t seconds[GUARD_POLICY_UNLOCK_SCOPES]);
/* An installer is unlocked: every writer and every start of a program is looked at.
 * Never blocks. */
bool gate_unlocks_follow_writers(const struct gate *gate);
/* Something is unlocked: nothing is taken for data.  Never blocks. */
bool gate_unlocks_any(const struct gate *gate);
/* A program that the policy lists is started: recorded when an installer's process
 * starts it.  For these no kernel cache answers meanwhile. */
void gate_unlock_listed(struct gate *gate, const struct gate_event *event, const struct guard_identity *identity);
/* Somebody opens a file to write to it. */
void gate_unlock_writer(struct gate *gate, struct gate_event *event);
/* The process began while an unlock was open that is over now. */
bool gate_unlock_began_under(struct gate *gate, int32_t pid);
/* The process may be one of an open installer's from before this gate began, which
 * nobody can tell any more: it is left running until that unlock is over. */
bool gate_unlock_spares(struct gate *gate, int32_t pid);
/* Until the first list has come: before it, nobody knows what may run.  Bounded;
 * any thread but the command loop's. */
void gate_unlocks_await(struct gate *gate);

/* The command loop: a new list, and the ends.  wait: milliseconds for poll(2), -1. */
void gate_unlocks_ask(struct gate *gate);
void gate_unlocks_hear(struct gate *gate);
int gate_unlocks_wait(struct gate *gate);

/* unlock_proc.c: one process, so that a number that is used again is told apart. */
struct gate_process {
	int32_t pid, ppid;
	uint64_t began_ms; /* boot clock */
};
int gate_process_read(struct gate_process *ret_process, int32_t pid) GUARD_WARN_UNUSED;
int gate_process_parse(struct gate_process *ret_process, const char *text, size_t size, long ticks) GUARD_WARN_UNUSED;

#endif
