/* SPDX-License-Identifier: MIT
 *
 * gate/threads.h - the gate's threads: started here, told apart from callers here.
 */
#ifndef GUARDD_GATE_THREADS_H
#define GUARDD_GATE_THREADS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "guardd.h"

struct gate;

#define GATE_THREADS_MAX 160u

/* ---- threads.c: who is ours ------------------------------------------------ */

struct gate_threads {
	_Atomic int32_t tids[GATE_THREADS_MAX];
};
/* Start a detached thread known to gate_thread_is_own().  Errors: GUARD_E_LIMIT,
 * GUARD_E_NOMEM. */
int gate_thread_start(struct gate *gate, void (*run)(struct gate *gate, void *context), void *context) GUARD_WARN_UNUSED;
int gate_thread_enlist(struct gate *gate) GUARD_WARN_UNUSED; /* the calling thread */
unsigned gate_thread_index(void);             /* of the calling thread */
bool gate_thread_is_own(const struct gate *gate, int32_t tid);
/* Is this process one of the daemon's helpers? */
bool gate_process_is_own(const struct gate *gate, int32_t pid);

#endif
