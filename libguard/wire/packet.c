/* SPDX-License-Identifier: MIT
 *
 * wire/packet.c - the header, and one packet in or out.  Follows the blocking
 * mode of the socket; waits for nothing else.
 */
#include "wire/wire.h"

#include <errno.h>
#include <sys/socket.h>

void guard_wire_begin(struct guard_writer *writer, uint16_t type, uint32_t sequence)
{
	guard_write_u16(writer, GUARD_WIRE_VERSION);
	guard_write_u16(writer, type);
	guard_write_u32(writer, sequence);
}

int guard_wire_open(uint16_t *ret_type, uint32_t *ret_sequence, struct guard_reader *reader)
{
	uint16_t version, type;
	uint32_t sequence;

	if (guard_reader_left(reader) > GUARD_WIRE_MAX)
		return -GUARD_E_LIMIT;
	version = guard_read_u16(reader);
	type = guard_read_u16(reader);
	sequence = guard_read_u32(reader);
	if (reader->failed)
		return -GUARD_E_FORMAT;
	if (version != GUARD_WIRE_VERSION)
		return -GUARD_E_VERSION;
	*ret_type = type;
	*ret_sequence = sequence;
	return 0;
}

static int socket_error(void)
{
	switch (errno) {
	case EAGAIN:
	case ENOBUFS:
		return -GUARD_E_BUSY;
	case EPIPE:
	case ECONNRESET:
	case ENOTCONN:
	case ECONNREFUSED:
		return -GUARD_E_UNREACHABLE;
	case EMSGSIZE:
		return -GUARD_E_LIMIT;
	default:
		return -GUARD_E_IO;
	}
}

int guard_wire_send(int socket, const struct guard_writer *writer)
{
	ssize_t count;

	if (writer->failed || writer->size > GUARD_WIRE_MAX)
		return -GUARD_E_LIMIT;
	if (writer->size == 0) /* would read as the peer's end */
		return -GUARD_E_USAGE;
	do
		count = send(socket, writer->bytes, writer->size, MSG_NOSIGNAL);
	while (count < 0 && errno == EINTR);
	if (count < 0)
		return socket_error();
	return (size_t)count == writer->size ? 0 : -GUARD_E_IO;
}

int guard_wire_receive(size_t *ret_size, int socket, void *buffer, size_t capacity)
{
	struct iovec part = { .iov_base = buffer, .iov_len = capacity };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t count;

	do
		count = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
	while (count < 0 && errno == EINTR);
	if (count < 0)
		return socket_error();
	if (count == 0)
		return -GUARD_E_UNREACHABLE;
	if (message.msg_flags & MSG_TRUNC)
		return -GUARD_E_LIMIT;
	*ret_size = (size_t)count;
	return 0;
}
