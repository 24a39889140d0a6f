/* SPDX-License-Identifier: MIT
 *
 * gate/caller.c - /proc of the thread whose event the reader has in hand.  It
 * often asks again, so its folder and its `syscall` stay open till another comes:
 * both stand for the thread itself, and are dead when its number is given to
 * another.  `auxv` is opened each time: an open one stays with the memory that
 * an exec has left.  Nothing here waits; for the reader alone.
 */
#include "gate/gate.h"

#include <stdio.h>
#include <unistd.h>

#include "base/cleanup.h"

static _Thread_local struct caller {
	int32_t tid; /* 0 none */
	int folder, syscall;
} last;

static void leave(void)
{
	if (last.tid) {
		close(last.folder);
		if (last.syscall >= 0)
			close(last.syscall);
	}
	last.tid = 0;
}

static bool turn_to(int32_t tid)
{
	char path[64];

	if (last.tid == tid)
		return tid > 0;
	leave();
	snprintf(path, sizeof(path), "/proc/%d", tid);
	last.folder = tid > 0 ? open(path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	if (last.folder < 0)
		return false;
	last.syscall = -1;
	last.tid = tid;
	return true;
}

int gate_caller_program(struct gate_file *ret_file, int32_t tid)
{
	const bool known = last.tid == tid;

	if (!turn_to(tid))
		return -GUARD_E_NOT_FOUND;
	if (gate_file_stat_at(ret_file, last.folder, "exe", 0) == 0)
		return 0;
	leave(); /* dead; another thread may have its number by now */
	return known && turn_to(tid) && gate_file_stat_at(ret_file, last.folder, "exe", 0) == 0 ? 0 :
												  -GUARD_E_NOT_FOUND;
}

int gate_caller_call(struct gate_call *ret_call, int32_t tid)
{
	char text[256];
	ssize_t size;

	if (!turn_to(tid))
		return -GUARD_E_NOT_FOUND;
	if (last.syscall < 0)
		last.syscall = openat(last.folder, "syscall", GATE_OPEN);
	size = last.syscall < 0 ? -1 : pread(last.syscall, text, sizeof(text), 0);
	if (size > 0)
		return gate_call_parse(ret_call, text, (size_t)size);
	leave();
	return -GUARD_E_NOT_FOUND;
}

bool gate_caller_is_outside(int32_t tid, const struct gate_call *call)
{
	unsigned char auxv[GATE_AUXV_MAX];
	GUARD_AUTO_CLOSE int fd = turn_to(tid) ? openat(last.folder, "auxv", GATE_OPEN) : -1;
	ssize_t size = fd < 0 ? -1 : read(fd, auxv, sizeof(auxv));

	return size > 0 && gate_ip_by_base(call, auxv, (size_t)size) == GATE_IP_OUTSIDE;
}
