/* SPDX-License-Identifier: MIT
 *
 * package/message.c - sends and receives what message.h describes.
 */
#include "package/message.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union descriptor {
	char bytes[CMSG_SPACE(sizeof(int))];
	struct cmsghdr header;
};

static int error_now(void)
{
	if (errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN)
		return -GUARD_E_UNREACHABLE;
	return errno == EAGAIN || errno == ENOBUFS ? -GUARD_E_BUSY : -GUARD_E_IO;
}

static int wait_for(int socket, short events)
{
	struct pollfd ready = { socket, events, 0 };
	int n;

	while ((n = poll(&ready, 1, PACKAGE_PATIENCE_MS)) < 0 && errno == EINTR)
		;
	return n < 0 ? -GUARD_E_IO : n == 0 ? -GUARD_E_TIMEOUT : 0;
}

static int send_once(int socket, const struct package_message *message, int fd)
{
	union descriptor descriptor = { { 0 } };
	struct iovec part = { (void *)(uintptr_t)message, sizeof(*message) };
	struct msghdr packet = { .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t n;

	if (fd >= 0) {
		packet.msg_control = descriptor.bytes;
		packet.msg_controllen = sizeof(descriptor.bytes);
		descriptor.header.cmsg_level = SOL_SOCKET;
		descriptor.header.cmsg_type = SCM_RIGHTS;
		descriptor.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&descriptor.header), &fd, sizeof(fd));
	}
	do
		n = sendmsg(socket, &packet, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return error_now();
	return n == (ssize_t)sizeof(*message) ? 0 : -GUARD_E_IO;
}

int package_send(int socket, const struct package_message *message, int fd)
{
	int r;

	while ((r = send_once(socket, message, fd)) == -GUARD_E_BUSY) {
		r = wait_for(socket, POLLOUT);
		if (r < 0)
			break;
	}
	return r;
}

int package_say(int socket, enum package_message_type type, int error, uint32_t number, const char *format, ...)
{
	struct package_message message = { .type = (uint32_t)type, .error = error, .number = number };
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message.text, sizeof(message.text), format, arguments);
	va_end(arguments);
	return package_send(socket, &message, -1);
}

int package_receive(struct package_message *ret_message, int *ret_fd, int socket)
{
	union descriptor descriptor = { { 0 } };
	struct package_message message;
	struct iovec part = { &message, sizeof(message) };
	struct msghdr packet = { .msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = descriptor.bytes,
				 .msg_controllen = sizeof(descriptor.bytes) };
	struct cmsghdr *header;
	ssize_t n;
	int fd = -1, r = wait_for(socket, POLLIN);

	if (r < 0)
		return r;
	do
		n = recvmsg(socket, &packet, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return error_now();
	header = CMSG_FIRSTHDR(&packet);
	if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
	    header->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	if (n != (ssize_t)sizeof(message) || packet.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
		if (fd >= 0)
			close(fd);
		return n == 0 ? -GUARD_E_UNREACHABLE : -GUARD_E_FORMAT;
	}
	message.text[sizeof(message.text) - 1] = '\0';
	*ret_message = message;
	*ret_fd = fd;
	return 0;
}
