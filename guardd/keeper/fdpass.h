/* SPDX-License-Identifier: MIT
 *
 * keeper/fdpass.h - one packet with fds (SCM_RIGHTS) over SOCK_SEQPACKET.
 */
#ifndef GUARDD_KEEPER_FDPASS_H
#define GUARDD_KEEPER_FDPASS_H

#include <stddef.h>

#include <guard/error.h>

#define GUARDD_FDPASS_MAX 16u

/* Errors: GUARD_E_BUSY (would block), GUARD_E_UNREACHABLE (nobody there),
 * GUARD_E_IO. */
int guardd_fdpass_send(int socket, const void *bytes, size_t size, const int *fds,
		       size_t count) GUARD_WARN_UNUSED;

/* `ret_fds` has room for `*count`, gets so many as came, close-on-exec; with
 * more than that, or a packet larger than `capacity`, it is GUARD_E_LIMIT and
 * none stays open. */
int guardd_fdpass_receive(size_t *ret_size, void *buffer, size_t capacity, int *ret_fds, size_t *count,
			  int socket) GUARD_WARN_UNUSED;

#endif
