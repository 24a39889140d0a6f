/* SPDX-License-Identifier: MIT
 *
 * unlock/handover.c - see handover.h.
 */
#include "unlock/handover.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"

#define HANDED_SIZE_MAX (2 * GUARD_WIRE_PATH_MAX)

union descriptor_message {
	char bytes[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

static int error_of_socket(void)
{
	if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR || errno == ETOOMANYREFS)
		return -GUARD_E_BUSY;
	return errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN ? -GUARD_E_UNREACHABLE
									  : -GUARD_E_IO;
}

static int send_with(int socket, int fd, const struct guard_writer *writer)
{
	union descriptor_message control = {0};
	struct iovec data = {.iov_base = writer->bytes, .iov_len = writer->size};
	struct msghdr message = {
	    .msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	return sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? error_of_socket() : 0;
}

int unlock_handover_send(int socket, int client, const struct guard_handed *handed)
{
	uint8_t bytes[HANDED_SIZE_MAX];
	struct guard_writer writer;
	int r;

	guard_writer_init_fixed(&writer, bytes, sizeof(bytes));
	guard_wire_begin(&writer, GUARD_WIRE_HANDED, handed->sequence);
	r = guard_handed_encode(&writer, handed);
	return r < 0 ? r : send_with(socket, client, &writer);
}

int unlock_handover_deliver(int socket, int fd)
{
	uint8_t bytes[16];
	struct guard_writer writer;

	guard_writer_init_fixed(&writer, bytes, sizeof(bytes));
	guard_wire_begin(&writer, GUARD_WIRE_DELIVERED, 0);
	return send_with(socket, fd, &writer);
}

/* The one descriptor of a message; more do not fit and are closed by the kernel. */
static int take_descriptor(struct msghdr *message)
{
	struct cmsghdr *header = CMSG_FIRSTHDR(message);
	int fd = -1;

	if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
	    header->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd;
}

int unlock_handover_receive(int *ret_client, struct guard_handed *ret_handed, int socket)
{
	uint8_t bytes[HANDED_SIZE_MAX];
	GUARD_AUTO_CLOSE int client = -1;
	union descriptor_message control;
	struct iovec data = {.iov_base = bytes, .iov_len = sizeof(bytes)};
	struct msghdr message = {
	    .msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
	ssize_t count = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	struct guard_reader reader;
	uint32_t sequence;
	uint16_t type;

	if (count < 0)
		return error_of_socket();
	client = take_descriptor(&message);
	if (count == 0 && client < 0)
		return -GUARD_E_UNREACHABLE;
	guard_reader_init(&reader, bytes, (size_t)count);
	if (client < 0 || (message.msg_flags & MSG_TRUNC) || guard_wire_open(&type, &sequence, &reader) < 0)
		return -GUARD_E_FORMAT;
	if (type != GUARD_WIRE_DELIVERED && (type != GUARD_WIRE_HANDED || guard_handed_decode(ret_handed, &reader) < 0))
		return -GUARD_E_FORMAT;
	*ret_client = guard_steal_fd(&client);
	return type == GUARD_WIRE_DELIVERED ? UNLOCK_HANDOVER_DELIVERY : 0;
}
