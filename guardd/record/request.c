/* SPDX-License-Identifier: MIT
 *
 * record/request.c - see request.h.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "record/request.h"

#define REQUEST_SIZE_MAX (GUARD_WIRE_PATH_MAX + 256u)

union descriptor_message {
	char bytes[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

static int send_with_descriptor(int socket, struct guard_writer *writer, int fd)
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
	if (sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
		return 0;
	if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ETOOMANYREFS)
		return -GUARD_E_BUSY;
	return errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN ? -GUARD_E_UNREACHABLE
									  : -GUARD_E_IO;
}

int record_request_send(int socket, int client, const struct record_request *request)
{
	uint8_t bytes[REQUEST_SIZE_MAX];
	struct guard_writer writer;
	int r;

	guard_writer_init_fixed(&writer, bytes, sizeof(bytes));
	guard_wire_begin(&writer, GUARD_WIRE_EVENTS, request->sequence);
	guard_write_u32(&writer, request->uid);
	r = guard_event_filter_encode(&writer, &request->filter);
	if (r < 0 || writer.failed)
		return r < 0 ? r : -GUARD_E_LIMIT;
	return send_with_descriptor(socket, &writer, client);
}

int record_request_hello(int socket)
{
	uint8_t bytes[16];
	struct guard_writer writer;

	guard_writer_init_fixed(&writer, bytes, sizeof(bytes));
	guard_wire_begin(&writer, GUARD_WIRE_STATUS, 0);
	return guard_wire_send(socket, &writer);
}

/* The one descriptor of a message; more than one does not fit and is closed by
 * the kernel. */
static int take_descriptor(struct msghdr *message)
{
	struct cmsghdr *header = CMSG_FIRSTHDR(message);
	int fd = -1;

	if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
	    header->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd;
}

static int decode(struct record_request *ret_request, const uint8_t *bytes, size_t size)
{
	struct record_request request;
	struct guard_reader reader;
	uint16_t type;

	guard_reader_init(&reader, bytes, size);
	if (guard_wire_open(&type, &request.sequence, &reader) < 0)
		return -GUARD_E_FORMAT;
	if (type == GUARD_WIRE_STATUS)
		return -GUARD_E_NOT_FOUND;
	if (type != GUARD_WIRE_EVENTS)
		return -GUARD_E_FORMAT;
	request.uid = guard_read_u32(&reader);
	if (guard_event_filter_decode(&request.filter, &reader) < 0 || !guard_reader_done(&reader))
		return -GUARD_E_FORMAT;
	*ret_request = request;
	return 0;
}

int record_request_receive(int *ret_client, struct record_request *ret_request, int socket)
{
	GUARD_AUTO_CLOSE int client = -1;
	uint8_t bytes[REQUEST_SIZE_MAX];
	union descriptor_message control;
	struct iovec data = {.iov_base = bytes, .iov_len = sizeof(bytes)};
	struct msghdr message = {
	    .msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
	ssize_t count = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	int r;

	if (count < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? -GUARD_E_BUSY
										 : -GUARD_E_UNREACHABLE;
	client = take_descriptor(&message);
	if (count == 0 && client < 0)
		return -GUARD_E_UNREACHABLE;
	if (message.msg_flags & MSG_TRUNC)
		return -GUARD_E_FORMAT;
	r = decode(ret_request, bytes, (size_t)count);
	if (r < 0 || client < 0)
		return r < 0 ? r : -GUARD_E_FORMAT;
	*ret_client = guard_steal_fd(&client);
	return 0;
}

int record_news_encode(struct guard_writer *writer, const struct record_news *news)
{
	guard_wire_begin(writer, GUARD_WIRE_RESULT, 0);
	guard_write_u64(writer, news->lost);
	guard_write_string(writer, news->problem);
	return writer->failed ? -GUARD_E_LIMIT : 0;
}

int record_news_decode(struct record_news *ret_news, const void *bytes, size_t size)
{
	struct record_news news = {0};
	struct guard_reader reader;
	const char *problem;
	uint32_t sequence;
	uint16_t type;

	guard_reader_init(&reader, bytes, size);
	if (guard_wire_open(&type, &sequence, &reader) < 0 || type != GUARD_WIRE_RESULT)
		return -GUARD_E_FORMAT;
	news.lost = guard_read_u64(&reader);
	problem = guard_read_string(&reader, sizeof(news.problem) - 1);
	if (!problem || !guard_reader_done(&reader))
		return -GUARD_E_FORMAT;
	memcpy(news.problem, problem, strlen(problem) + 1);
	*ret_news = news;
	return 0;
}
