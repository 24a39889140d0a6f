/* SPDX-License-Identifier: MIT
 *
 * helpers/bend.c - preloaded into a daemon: bends the clock that it sees, and makes
 * one call fail by which its trust process stores something.  What to bend stands
 * in the file that GUARD_TEST_BEND names, shared by all processes and changed
 * while they run (`bend` in repository.sh):
 *
 *   i64 seconds added to CLOCK_REALTIME, i64 seconds added to CLOCK_BOOTTIME,
 *   i64 which of the calls to come fails (1: the next; 0: none), i64 its errno
 *   (0: the process ends there, as by a power cut)
 *
 * The sync process sees the right time, so that the server's certificate stays
 * valid.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

struct bend {
	_Atomic int64_t realtime, boottime, fail_at, error;
};
static struct bend still, *bend = &still;
static enum { ANY, SYNC, TRUST } role;

static __attribute__((constructor)) void begin(void)
{
	const char *path = getenv("GUARD_TEST_BEND");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *shared = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(*bend), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (shared != MAP_FAILED)
		bend = shared;
	if (fd >= 0)
		close(fd);
}

/* The real ones: found before any jail, or when another library calls them first. */
#define REAL(type, name, parameters)                                        \
	static type (*found_##name) parameters;                             \
	static __attribute__((constructor)) void find_##name(void)          \
	{                                                                   \
		*(void **)&found_##name = dlsym(RTLD_NEXT, #name);          \
	}                                                                   \
	static type (*real_##name(void)) parameters                         \
	{                                                                   \
		if (!found_##name)                                          \
			find_##name();                                      \
		return found_##name;                                        \
	}
REAL(int, clock_gettime, (clockid_t, struct timespec *))
REAL(int, openat64, (int, const char *, int, ...))
REAL(ssize_t, write, (int, const void *, size_t))
REAL(int, fsync, (int))
REAL(int, renameat, (int, const char *, int, const char *))
REAL(int, unlinkat, (int, const char *, int))
REAL(int, prctl, (int, ...))

/* A process is told by the name that it takes. */
int prctl(int option, ...)
{
	unsigned long argument[4];
	va_list list;

	va_start(list, option);
	for (int i = 0; i < 4; i++)
		argument[i] = va_arg(list, unsigned long);
	va_end(list);
	if (option == PR_SET_NAME) {
		const char *name = (const char *)argument[0];

		role = strcmp(name, "guardd-sync") == 0 ? SYNC : strcmp(name, "guardd-trust") == 0 ? TRUST : ANY;
	}
	return real_prctl()(option, argument[0], argument[1], argument[2], argument[3]);
}

int clock_gettime(clockid_t clock, struct timespec *time)
{
	int r = real_clock_gettime()(clock, time);

	if (r < 0 || role == SYNC)
		return r;
	if (clock == CLOCK_REALTIME)
		time->tv_sec += bend->realtime;
	if (clock == CLOCK_BOOTTIME)
		time->tv_sec += bend->boottime;
	return r;
}

time_t time(time_t *ret_time)
{
	struct timespec now = {0};

	clock_gettime(CLOCK_REALTIME, &now);
	if (ret_time)
		*ret_time = now.tv_sec;
	return now.tv_sec;
}

static bool fails(void)
{
	if (role != TRUST || bend->fail_at == 0 || --bend->fail_at != 0)
		return false;
	if (bend->error == 0)
		_exit(99);
	errno = (int)bend->error;
	return true;
}

int openat64(int fd, const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list list;

	va_start(list, flags);
	if (flags & O_CREAT)
		mode = va_arg(list, mode_t);
	va_end(list);
	return flags & O_CREAT && fails() ? -1 : real_openat64()(fd, path, flags, mode);
}

ssize_t write(int fd, const void *bytes, size_t size)
{
	return fails() ? -1 : real_write()(fd, bytes, size);
}

int fsync(int fd)
{
	return fails() ? -1 : real_fsync()(fd);
}

int renameat(int from_fd, const char *from, int to_fd, const char *to)
{
	return fails() ? -1 : real_renameat()(from_fd, from, to_fd, to);
}

int unlinkat(int fd, const char *name, int flags)
{
	return fails() ? -1 : real_unlinkat()(fd, name, flags);
}
