/* SPDX-License-Identifier: MIT
 *
 * base/cleanup.h - scope-bound release of fds, memory and streams.
 */
#ifndef GUARD_BASE_CLEANUP_H
#define GUARD_BASE_CLEANUP_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void guard_cleanup_close(int *fd)
{
	if (*fd >= 0) {
		int saved = errno;
		close(*fd);
		errno = saved;
	}
}
static inline void guard_cleanup_free(void *pointer)
{
	free(*(void **)pointer);
}
static inline void guard_cleanup_fclose(FILE **stream)
{
	if (*stream)
		fclose(*stream);
}
#define GUARD_AUTO_CLOSE __attribute__((cleanup(guard_cleanup_close)))
#define GUARD_AUTO_FREE __attribute__((cleanup(guard_cleanup_free)))
#define GUARD_AUTO_FCLOSE __attribute__((cleanup(guard_cleanup_fclose)))

/* Pass ownership on. */
static inline int guard_steal_fd(int *fd)
{
	int value = *fd;
	*fd = -1;
	return value;
}
static inline void *guard_steal_pointer_(void *address)
{
	void *value = *(void **)address;
	*(void **)address = NULL;
	return value;
}
#define guard_steal_pointer(address) ((__typeof__(*(address)))guard_steal_pointer_(address))
#endif
