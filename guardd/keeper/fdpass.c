/* SPDX-License-Identifier: MIT
 *
 * keeper/fdpass.c - sends and receives fds.  Whatever arrives is either handed
 * to the caller or closed.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "keeper/fdpass.h"

int guardd_fdpass_send(int socket, const void *bytes, size_t size, const int *fds, size_t count)
{
	union {
		char bytes[CMSG_SPACE(GUARDD_FDPASS_MAX * sizeof(int))];
		struct cmsghdr header;
	} control = {0};
	struct iovec part = {(void *)(uintptr_t)bytes, size};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	ssize_t n;

	if (count > GUARDD_FDPASS_MAX)
		return -GUARD_E_LIMIT;
	if (count > 0) {
		message.msg_control = control.bytes;
		message.msg_controllen = CMSG_SPACE(count * sizeof(int));
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(&control.header), fds, count * sizeof(int));
	}
	do
		n = sendmsg(socket, &message, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n == (ssize_t)size)
		return 0;
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return -GUARD_E_BUSY;
	return n < 0 && (errno == EPIPE || errno == ECONNRESET) ? -GUARD_E_UNREACHABLE : -GUARD_E_IO;
}

static size_t collect(int *ret_fds, size_t room, struct msghdr *message)
{
	size_t count = 0;

	for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header; header = CMSG_NXTHDR(message, header)) {
		size_t here = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < here; i++, count++) {
			int fd;

			memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof(int));
			if (count < room)
				ret_fds[count] = fd;
			else
				close(fd);
		}
	}
	return count;
}

int guardd_fdpass_receive(size_t *ret_size, void *buffer, size_t capacity, int *ret_fds, size_t *count,
			  int socket)
{
	union {
		char bytes[CMSG_SPACE(GUARDD_FDPASS_MAX * sizeof(int))];
		struct cmsghdr header;
	} control;
	struct iovec part = {buffer, capacity};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = control.bytes,
				 .msg_controllen = sizeof(control.bytes)};
	int fds[GUARDD_FDPASS_MAX];
	size_t came;
	ssize_t n;

	do
		n = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK ? -GUARD_E_BUSY
		       : errno == ECONNRESET		       ? -GUARD_E_UNREACHABLE
							       : -GUARD_E_IO;
	came = collect(fds, GUARDD_FDPASS_MAX, &message);
	if (came > *count || (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC))) {
		for (size_t i = 0; i < came && i < GUARDD_FDPASS_MAX; i++)
			close(fds[i]);
		return -GUARD_E_LIMIT;
	}
	for (size_t i = 0; i < came; i++)
		ret_fds[i] = fds[i];
	*count = came;
	*ret_size = (size_t)n;
	return n == 0 ? -GUARD_E_UNREACHABLE : 0;
}
