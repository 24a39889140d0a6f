/* SPDX-License-Identifier: MIT
 *
 * gate/subject.c - who acts: reads /proc of a blocked caller.  For workers: a
 * hostile caller may keep some of these reads waiting.
 */
#include "gate/gate.h"

#include <errno.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"

#define STATUS_MAX 8192u
#define ASLEEP_ATTEMPTS 100
#define ASLEEP_WAIT_NS 50000

static int open_proc(int32_t tid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", tid, name);
	return open(path, GATE_OPEN);
}

static ssize_t read_proc(int32_t tid, const char *name, char *text, size_t size)
{
	GUARD_AUTO_CLOSE int fd = open_proc(tid, name);
	size_t done = 0;

	if (fd < 0 || tid <= 0)
		return -1;
	while (done < size) {
		ssize_t got = read(fd, &text[done], size - done);
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		done += (size_t)got;
	}
	return (ssize_t)done;
}

int gate_subject_read(struct gate_subject *ret_subject, int32_t tid)
{
	struct gate_subject subject = { .loginuid = UINT32_MAX };
	struct gate_status status;
	char text[STATUS_MAX];
	ssize_t size = read_proc(tid, "status", text, sizeof(text));

	if (size <= 0 || gate_status_parse(&status, text, (size_t)size) < 0)
		return -GUARD_E_NOT_FOUND;
	subject.tgid = status.tgid;
	subject.ppid = status.ppid;
	subject.uid = status.uid;
	subject.gid_count = status.gid_count;
	memcpy(subject.gids, status.gids, sizeof(subject.gids));
	size = read_proc(tid, "loginuid", text, sizeof(text) - 1);
	if (size > 0) {
		text[size] = '\0';
		subject.loginuid = (uint32_t)strtoul(text, NULL, 10);
	}
	*ret_subject = subject;
	return 0;
}

int gate_call_read(struct gate_call *ret_call, int32_t tid)
{
	char text[256];
	ssize_t size = read_proc(tid, "syscall", text, sizeof(text));

	return size > 0 ? gate_call_parse(ret_call, text, (size_t)size) : -GUARD_E_NOT_FOUND;
}

int gate_call_wait(struct gate_call *ret_call, int32_t tid)
{
	struct timespec pause = { .tv_nsec = ASLEEP_WAIT_NS };
	int r = gate_call_read(ret_call, tid);

	for (int i = 0; r == -GUARD_E_BUSY && i < ASLEEP_ATTEMPTS; i++) {
		nanosleep(&pause, NULL);
		r = gate_call_read(ret_call, tid);
	}
	return r;
}

static enum gate_ip judge_mapping(const char *path)
{
	if (path[0] != '/')
		return GATE_IP_UNKNOWN; /* anonymous memory may be a copy of anything */
	return gate_name_is_loader(path) ? GATE_IP_LOADER : GATE_IP_OUTSIDE;
}

/* Above its base a loader takes less than this. */
#define LOADER_SPAN (4u << 20)

enum gate_ip gate_ip_by_base(const struct gate_call *call, const void *auxv, size_t size)
{
	uint64_t base = 0;

	if (!call->ip || gate_auxv_parse_base(&base, auxv, size) < 0)
		return GATE_IP_UNKNOWN;
	return base == 0 || call->ip < base || call->ip - base >= LOADER_SPAN ? GATE_IP_OUTSIDE : GATE_IP_LOADER;
}

enum gate_ip gate_ip_guess(int32_t tid, const struct gate_call *call)
{
	unsigned char auxv[GATE_AUXV_MAX];
	ssize_t size = call->ip ? read_proc(tid, "auxv", (char *)auxv, sizeof(auxv)) : -1;
	enum gate_ip guess = size > 0 ? gate_ip_by_base(call, auxv, (size_t)size) : GATE_IP_UNKNOWN;

	return guess == GATE_IP_LOADER ? gate_ip_read(tid, call) : guess;
}

enum gate_ip gate_ip_read(int32_t tid, const struct gate_call *call)
{
	GUARD_AUTO_CLOSE int fd = -1;
	GUARD_AUTO_FCLOSE FILE *maps = NULL;
	GUARD_AUTO_FREE char *line = NULL;
	size_t capacity = 0;

	if (!call->ip || (fd = open_proc(tid, "maps")) < 0)
		return GATE_IP_UNKNOWN;
	maps = fdopen(fd, "r");
	if (!maps)
		return GATE_IP_UNKNOWN;
	guard_steal_fd(&fd);
	while (getline(&line, &capacity, maps) > 0) {
		struct gate_mapping mapping;
		line[strcspn(line, "\n")] = '\0';
		if (gate_mapping_parse(&mapping, line) < 0)
			return GATE_IP_UNKNOWN;
		if (call->ip >= mapping.start && call->ip < mapping.end)
			return judge_mapping(mapping.path);
	}
	return GATE_IP_UNKNOWN;
}

void gate_requested_name(char *ret_name, size_t capacity, int32_t tid, const struct gate_call *call)
{
	size_t done = 0;

	ret_name[0] = '\0';
	if (!call->name)
		return;
	/* In steps that end with a page: the next page may not be there. */
	while (done < capacity - 1) {
		uint64_t from = call->name + done;
		size_t step = 4096 - (size_t)(from % 4096);
		if (step > capacity - 1 - done)
			step = capacity - 1 - done;
		struct iovec local = { &ret_name[done], step };
		struct iovec remote = { (void *)(uintptr_t)from, step };
		ssize_t got = process_vm_readv(tid, &local, 1, &remote, 1, 0);
		if (got <= 0)
			break;
		if (memchr(&ret_name[done], '\0', (size_t)got))
			return;
		done += (size_t)got;
	}
	ret_name[done] = '\0';
}
