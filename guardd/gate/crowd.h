/* SPDX-License-Identifier: MIT
 *
 * gate/crowd.h - whom each worker is busy with, so that no user keeps all of them to
 * himself: his memory and his servers may keep one waiting for as long as he likes.
 * Nobody is bounded while there are workers enough.  Root is not bounded.
 */
#ifndef GUARDD_GATE_CROWD_H
#define GUARDD_GATE_CROWD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gate/threads.h"

struct gate;

#define GATE_CROWD_MAX 16u /* workers that one user may have stuck at a time */
#define GATE_CROWD_USERS (GATE_THREADS_MAX / GATE_CROWD_MAX)

/* A user by his number here; who acts in a user namespace of his own can have thousands of
 * numbers, so all of these together are one. */
#define GATE_CROWD_ROOT 0ull
#define GATE_CROWD_FOREIGN UINT64_MAX

struct gate_crowd {
	struct {
		_Atomic int64_t since_ns; /* 0 idle */
		_Atomic int32_t tid;
	} at[GATE_THREADS_MAX]; /* by gate_thread_index() */
	_Atomic uint64_t full[GATE_CROWD_USERS]; /* users who have their part; root none */
};

/* The calling worker turns to this caller; and is through. */
void gate_crowd_enter(struct gate *gate, int32_t tid);
void gate_crowd_leave(struct gate *gate);
/* Look who has his part, `strained`; else nobody has.  The watch alone. */
void gate_crowd_look(struct gate *gate, bool strained, int64_t now_ns);
/* Has this caller's user his part?  Reads /proc only when somebody has. */
bool gate_crowd_is_full(struct gate *gate, int32_t tid, uint64_t *ret_user);
bool gate_crowd_has(const struct gate_crowd *crowd, uint64_t user);

/* Pure: those who stand in `stuck` GATE_CROWD_MAX times or more, but for root; how many. */
size_t gate_crowd_count(uint64_t *ret_full, const uint64_t *stuck, size_t count);

#endif
