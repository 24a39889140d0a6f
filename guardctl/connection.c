/* SPDX-License-Identifier: MIT
 *
 * guardctl/connection.c - see connection.h.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "connection.h"
#include "told_text.h"

static int unreachable(const struct guardctl_options *options, int error)
{
	const char *path = options->socket;

	if (options->quiet)
		return GUARDCTL_UNREACHABLE;
	if (error == EACCES)
		guardctl_error("%s: permission denied: ask your administrator", path);
	else
		guardctl_error("cannot reach guardd at %s (%s): is it running? See `systemctl status guardd`",
			       path, strerror(error));
	return GUARDCTL_UNREACHABLE;
}

void guardctl_patience(struct guardctl_connection *connection, int seconds)
{
	const struct timeval timeout = {.tv_sec = seconds};

	(void)!setsockopt(connection->socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	(void)!setsockopt(connection->socket, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
}

int guardctl_connect(struct guardctl_connection *ret_connection, const struct guardctl_options *options)
{
	GUARD_AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	ret_connection->socket = -1;
	ret_connection->path = options->socket;
	if (strlen(options->socket) >= sizeof(address.sun_path)) {
		guardctl_error("--socket: a path of at most %zu bytes is wanted",
			       sizeof(address.sun_path) - 1);
		return GUARDCTL_USAGE;
	}
	memcpy(address.sun_path, options->socket, strlen(options->socket));
	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return unreachable(options, errno);
	ret_connection->socket = guard_steal_fd(&fd);
	guardctl_patience(ret_connection, GUARDCTL_ANSWER_SECONDS);
	return 0;
}

void guardctl_disconnect(struct guardctl_connection *connection)
{
	if (connection->socket >= 0)
		close(connection->socket);
	connection->socket = -1;
}

int guardctl_send(struct guardctl_connection *connection, struct guard_writer *writer)
{
	int r = guard_wire_send(connection->socket, writer);

	guard_writer_free(writer);
	/* A daemon that refuses a connection says why and closes: read that. */
	if (r == 0 || r == -GUARD_E_UNREACHABLE)
		return 0;
	guardctl_error("the question could not be sent: %s", guardctl_error_text(r));
	return r == -GUARD_E_LIMIT || r == -GUARD_E_USAGE ? GUARDCTL_USAGE : GUARDCTL_UNREACHABLE;
}

int guardctl_send_empty(struct guardctl_connection *connection, uint16_t type)
{
	struct guard_writer writer;

	guard_writer_init(&writer);
	guard_wire_begin(&writer, type, 1);
	return guardctl_send(connection, &writer);
}

int guardctl_receive(uint16_t *ret_type, struct guard_reader *ret_reader,
		     struct guardctl_connection *connection)
{
	uint32_t sequence;
	size_t size;
	int r = guard_wire_receive(&size, connection->socket, connection->packet, sizeof(connection->packet));

	if (r == -GUARD_E_BUSY)
		guardctl_error("guardd at %s does not answer in time: see `journalctl -u guardd`",
			       connection->path);
	else if (r < 0)
		guardctl_error("guardd at %s ended the connection: it may have been restarted, try again",
			       connection->path);
	if (r < 0)
		return GUARDCTL_UNREACHABLE;
	guard_reader_init(ret_reader, connection->packet, size);
	return guard_wire_open(ret_type, &sequence, ret_reader) < 0 ? guardctl_unexpected() : 0;
}

int guardctl_unexpected(void)
{
	guardctl_error(
	    "the daemon's answer is not understood: install guardctl and guardd of the same version");
	return GUARDCTL_UNREACHABLE;
}

int guardctl_result(struct guard_reader *reader)
{
	uint32_t error = guard_read_u32(reader);
	const char *sentence = guard_read_string(reader, GUARD_WIRE_MAX);
	char text[1024];

	if (!sentence || !guard_reader_done(reader))
		return guardctl_unexpected();
	if (error == 0)
		return GUARDCTL_DONE;
	guard_text_escape(text, sizeof(text), sentence, strlen(sentence));
	guardctl_error("%s", text[0] ? guardctl_told(text) : guardctl_error_text((int)error));
	return GUARDCTL_REFUSED;
}
