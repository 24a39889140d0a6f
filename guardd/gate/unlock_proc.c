/* SPDX-License-Identifier: MIT
 *
 * gate/unlock_proc.c - /proc/PID/stat: whose child a process is and when it began
 * (proc_pid_stat(5): fields 1, 4 and 22).
 */
#include <stdio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "gate/scan.h"
#include "gate/unlocks.h"

#define STAT_MAX 1024u

/* The name in parentheses may hold anything, also parentheses: the last one ends it. */
static size_t behind_name(const char *text, size_t size)
{
	for (size_t i = size; i > 0; i--)
		if (text[i - 1] == ')')
			return i;
	return size;
}

int gate_process_parse(struct gate_process *ret_process, const char *text, size_t size, long ticks)
{
	struct gate_scan scan = gate_scan_begin(text, size);
	struct gate_process process;

	process.pid = (int32_t)gate_scan_number(&scan, 10);
	scan.offset = behind_name(text, size);
	gate_scan_blanks(&scan);
	gate_scan_word(&scan); /* state */
	gate_scan_blanks(&scan);
	process.ppid = (int32_t)gate_scan_number(&scan, 10);
	for (unsigned field = 5; field < 22; field++) {
		gate_scan_blanks(&scan);
		gate_scan_word(&scan);
	}
	gate_scan_blanks(&scan);
	process.began_ms = gate_scan_number(&scan, 10) * 1000u / (uint64_t)ticks;
	if (scan.failed)
		return -GUARD_E_SYNTAX;
	*ret_process = process;
	return 0;
}

int gate_process_read(struct gate_process *ret_process, int32_t pid)
{
	char path[64], text[STAT_MAX];
	GUARD_AUTO_CLOSE int fd = -1;
	ssize_t size;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, GATE_OPEN);
	size = fd < 0 ? -1 : read(fd, text, sizeof(text));
	if (size <= 0)
		return -GUARD_E_NOT_FOUND;
	return gate_process_parse(ret_process, text, (size_t)size, sysconf(_SC_CLK_TCK));
}
