/* SPDX-License-Identifier: MIT
 *
 * unit/fault_calls.c - the wrappers: each asks the test, then does its work.
 */
#include "fault_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>

bool fault_partial;

#define WRAP(type, function, parameters, arguments, call, name) \
	type __real_##function parameters;                      \
	type __wrap_##function parameters;                      \
	type __wrap_##function parameters                       \
	{                                                       \
		if (fault_strikes(call, name))                  \
			return -1;                              \
		return __real_##function arguments;             \
	}
WRAP(int, fsync, (int fd), (fd), 's', "")
WRAP(int, syncfs, (int fd), (fd), 'S', "")
WRAP(int, renameat, (int from_fd, const char *from, int to_fd, const char *to), (from_fd, from, to_fd, to), 'r', to)
WRAP(int, unlinkat, (int fd, const char *name, int flags), (fd, name, flags), 'u', name)
WRAP(int, mkdirat, (int fd, const char *name, mode_t mode), (fd, name, mode), 'm', name)
WRAP(int, fchmod, (int fd, mode_t mode), (fd, mode), 'c', "")
WRAP(int, flock, (int fd, int operation), (fd, operation), 'l', "")
WRAP(int, fchdir, (int fd), (fd), 'd', "")
WRAP(int, fstat64, (int fd, struct stat *status), (fd, status), 'f', "")
WRAP(ssize_t, pread64, (int fd, void *bytes, size_t size, off_t offset), (fd, bytes, size, offset), 'p', "")
WRAP(ssize_t, pwrite64, (int fd, const void *bytes, size_t size, off_t offset), (fd, bytes, size, offset), 'P', "")
WRAP(int, ftruncate64, (int fd, off_t size), (fd, size), 't', "")

ssize_t __real_write(int fd, const void *bytes, size_t size);
ssize_t __wrap_write(int fd, const void *bytes, size_t size);
ssize_t __wrap_write(int fd, const void *bytes, size_t size)
{
	int error;

	if (!fault_strikes('w', ""))
		return __real_write(fd, bytes, size);
	error = errno;
	if (fault_partial && __real_write(fd, bytes, size / 2) < 0)
		return -1;
	errno = error;
	return -1;
}

int __real_openat64(int fd, const char *path, int flags, ...);
int __wrap_openat64(int fd, const char *path, int flags, ...);
int __wrap_openat64(int fd, const char *path, int flags, ...)
{
	va_list arguments;
	mode_t mode = 0;

	va_start(arguments, flags);
	if (flags & O_CREAT)
		mode = va_arg(arguments, mode_t);
	va_end(arguments);
	return fault_strikes(flags & O_CREAT ? 'O' : 'o', path) ? -1 : __real_openat64(fd, path, flags, mode);
}
