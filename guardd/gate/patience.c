/* SPDX-License-Identifier: MIT
 *
 * gate/patience.c - lookups that do not wait, by RESOLVE_CACHED of openat2(2).
 */
#include "gate/patience.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

static _Thread_local bool hurried, ran_out;

void gate_patience_begin(bool patient)
{
	hurried = !patient;
	ran_out = false;
}

bool gate_patience_ran_out(void)
{
	return ran_out;
}

bool gate_patience_allows(void)
{
	if (hurried)
		ran_out = true;
	return !hurried;
}

int gate_patience_open(int directory, const char *path, uint64_t flags, uint64_t resolve)
{
	struct open_how how = { .flags = flags | O_PATH | O_CLOEXEC,
				.resolve = resolve | (hurried ? RESOLVE_CACHED : 0) };
	int fd = (int)syscall(SYS_openat2, directory, path, &how, sizeof(how));

	if (fd < 0 && hurried && errno == EAGAIN)
		ran_out = true;
	return fd;
}
