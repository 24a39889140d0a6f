/* SPDX-License-Identifier: MIT
 *
 * keeper/sockets.c - the sockets between the daemon's processes and to the
 * outside, and the commands on them.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "internal.h"
#include "keeper/fdpass.h"
#include "problem.h"

#define LISTEN_BACKLOG 128

void keeper_close(int32_t *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Both ends non-blocking.  `buffer` bytes wanted per direction, 0 the default. */
int keeper_pair(int32_t ret_pair[2], int buffer)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
		return -GUARD_E_IO;
	for (int i = 0; i < 2 && buffer; i++) {
		/* Without CAP_NET_ADMIN the machine's own limit is the best there is. */
		if (setsockopt(pair[i], SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof(buffer)) < 0)
			(void)!setsockopt(pair[i], SOL_SOCKET, SO_SNDBUF, &buffer, sizeof(buffer));
	}
	ret_pair[0] = pair[0];
	ret_pair[1] = pair[1];
	return 0;
}

/* bind(2) takes no directory fd: the path goes through /proc/self/fd, so that
 * the socket appears in the very directory that was checked. */
int keeper_listen(int32_t *ret_listener, const struct keeper *keeper, const char *name, mode_t mode,
		  char *ret_problem, size_t size)
{
	GUARD_AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s", keeper->run_dir, name);
	if (unlinkat(keeper->run_dir, name, 0) < 0 && errno != ENOENT)
		return guardd_problem(-GUARD_E_IO, ret_problem, size, "%s/%s is in the way: %s",
				      keeper->config->run_dir, name, strerror(errno));
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    fchmodat(keeper->run_dir, name, mode, 0) < 0 || listen(fd, LISTEN_BACKLOG) < 0)
		return guardd_problem(-GUARD_E_IO, ret_problem, size, "the socket %s/%s cannot be made: %s",
				      keeper->config->run_dir, name, strerror(errno));
	*ret_listener = guard_steal_fd(&fd);
	return 0;
}

int keeper_command_send(int socket, const struct guardd_command *command, int passed_fd)
{
	return guardd_fdpass_send(socket, command, sizeof(*command), &passed_fd, passed_fd < 0 ? 0 : 1);
}

int keeper_command_receive(struct guardd_command *ret_command, int32_t *ret_fd, int socket)
{
	struct guardd_command command;
	GUARD_AUTO_CLOSE int fd = -1;
	size_t count = 1, received;
	int r;

	r = guardd_fdpass_receive(&received, &command, sizeof(command), &fd, &count, socket);
	if (r == -GUARD_E_BUSY)
		return 0;
	if (r < 0)
		return r;
	if (received != sizeof(command))
		return -GUARD_E_FORMAT;
	command.text[sizeof(command.text) - 1] = '\0';
	*ret_command = command;
	*ret_fd = guard_steal_fd(&fd);
	return 1;
}
