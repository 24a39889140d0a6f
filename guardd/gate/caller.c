/* SPDX-License-Identifier: MIT
 *
 * gate/caller.c - /proc of the thread whose event the reader has in hand.  It
 * often asks again, so its folder and its `syscall` stay open till another comes that
 * has its place: both stand for the thread itself, and are dead when its number is given to
 * another.  `auxv` is opened each time: an open one stays with the memory that
 * an exec has left.  Nothing here waits; for the reader alone.
 */
#include "gate/gate.h"

#include <stdio.h>
#include <unistd.h>

#include "base/cleanup.h"

#define CALLERS 16 /* that ask in turn */

static _Thread_local struct caller {
	int32_t tid; /* 0 none */
	int folder, syscall;
} callers[CALLERS];

static void leave(struct caller *caller)
{
	if (caller->tid) {
		close(caller->folder);
		if (caller->syscall >= 0)
			close(caller->syscall);
	}
	caller->tid = 0;
}

/* NULL: the thread is gone.  Its place is its number's: neighbours have others. */
static struct caller *turn_to(int32_t tid)
{
	struct caller *caller = &callers[(uint32_t)tid % CALLERS];
	char path[64];

	if (tid <= 0 || caller->tid == tid)
		return tid > 0 ? caller : NULL;
	leave(caller);
	snprintf(path, sizeof(path), "/proc/%d", tid);
	caller->folder = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (caller->folder < 0)
		return NULL;
	caller->syscall = -1;
	caller->tid = tid;
	return caller;
}

static bool look_at_program(struct gate_file *ret_file, struct caller *caller)
{
	if (!caller)
		return false;
	if (gate_file_stat_at(ret_file, caller->folder, "exe", 0) == 0)
		return true;
	leave(caller);
	return false;
}

int gate_caller_program(struct gate_file *ret_file, int32_t tid)
{
	const bool known = tid > 0 && callers[(uint32_t)tid % CALLERS].tid == tid;

	/* Dead; another thread may have its number by now. */
	return look_at_program(ret_file, turn_to(tid)) || (known && look_at_program(ret_file, turn_to(tid))) ?
		       0 :
		       -GUARD_E_NOT_FOUND;
}

int gate_caller_call(struct gate_call *ret_call, int32_t tid)
{
	struct caller *caller = turn_to(tid);
	char text[256];
	ssize_t size;

	if (!caller)
		return -GUARD_E_NOT_FOUND;
	if (caller->syscall < 0)
		caller->syscall = openat(caller->folder, "syscall", GATE_OPEN);
	size = caller->syscall < 0 ? -1 : pread(caller->syscall, text, sizeof(text), 0);
	if (size > 0)
		return gate_call_parse(ret_call, text, (size_t)size);
	leave(caller);
	return -GUARD_E_NOT_FOUND;
}

bool gate_caller_is_outside(int32_t tid, const struct gate_call *call)
{
	const struct caller *caller = turn_to(tid);
	unsigned char auxv[GATE_AUXV_MAX];
	GUARD_AUTO_CLOSE int fd = caller ? openat(caller->folder, "auxv", GATE_OPEN) : -1;
	ssize_t size = fd < 0 ? -1 : read(fd, auxv, sizeof(auxv));

	return size > 0 && gate_ip_by_base(call, auxv, (size_t)size) == GATE_IP_OUTSIDE;
}
