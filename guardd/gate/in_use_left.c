/* SPDX-License-Identifier: MIT
 *
 * gate/in_use_left.c - has a thread that was allowed to open or execute come out
 * of that call?
 */
#include "gate/gate.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define LOOKS 10
#define LOOK_NS 1000000

static bool is_gone(int32_t tid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/syscall", tid);
	return access(path, F_OK) < 0 && errno == ENOENT;
}

bool guardd_in_use_left(int32_t tid)
{
	struct timespec pause = { .tv_nsec = LOOK_NS };

	for (int i = 0; i < LOOKS; i++) {
		struct gate_call call;
		if (tid <= 0 || is_gone(tid))
			return tid > 0;
		/* Asleep in another call, or a zombie; in an open it may still be ours. */
		if (gate_call_read(&call, tid) == 0 && call.kind == GATE_CALL_UNKNOWN)
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}
