/* SPDX-License-Identifier: MIT
 *
 * keeper/takeover.c - the old gate's side of takeover.h: who may ask, and what
 * he is given.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "internal.h"
#include "keeper/fdpass.h"
#include "keeper/takeover_wire.h"
#include "permits.h"

#define HOLD_LOOK_MS 200 /* how soon a gate that holds notices that its keeper is dead */

int guardd_takeover_fd(const struct guardd_takeover *takeover, const struct guardd_gate_arguments *arguments)
{
	if (takeover->connection >= 0)
		return takeover->connection;
	return arguments->handles->takeover;
}

/* Root; and where root is held off, one of ours, or whoever root starts in a
 * maintenance: whoever has the handles answers for the gate. */
static bool may_ask(int32_t *ret_stranger, int connection, const struct guardd_gate_arguments *arguments)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 || peer.uid != 0)
		return false;
	if (!arguments->config->self_protection || !arguments->layer->on ||
	    guardd_bpf_is_own(arguments->layer, peer.pid) || guardd_maintenance_left(arguments->shared))
		return true;
	*ret_stranger = peer.pid;
	return false;
}

static void take_connection(struct guardd_takeover *takeover, const struct guardd_gate_arguments *arguments)
{
	const struct timeval patience = {GUARDD_TAKEOVER_SEND_MS / 1000, 0};
	GUARD_AUTO_CLOSE int connection = accept4(arguments->handles->takeover, NULL, NULL, SOCK_CLOEXEC);

	if (connection < 0 || !may_ask(&takeover->stranger, connection, arguments))
		return;
	if (setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) < 0 ||
	    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0)
		return;
	takeover->connection = guard_steal_fd(&connection);
}

static int send_handles(int connection, const struct guardd_gate_arguments *arguments)
{
	const struct guardd_handles *handles = arguments->handles;
	const struct guardd_counters *counters = &arguments->shared->counters;
	const int understudy = handles->understudy;
	const int fds[TAKEOVER_FD_COUNT] = {
	    [TAKEOVER_FD_FANOTIFY] = handles->fanotify[GUARDD_GROUP_MAIN],
	    [TAKEOVER_FD_FANOTIFY_SLOW] = handles->fanotify[GUARDD_GROUP_SLOW],
	    [TAKEOVER_FD_POLICY] = handles->policy,
	    [TAKEOVER_FD_LOCK] = handles->lock,
	    [TAKEOVER_FD_EVENTS_SEND] = handles->events_send,
	    [TAKEOVER_FD_EVENTS_RECEIVE] = handles->events_receive,
	    [TAKEOVER_FD_LISTENER] = handles->listener,
	    [TAKEOVER_FD_TAKEOVER] = handles->takeover,
	    [TAKEOVER_FD_KEEPER] = handles->keeper,
	    [TAKEOVER_FD_UNDERSTUDY] = understudy < 0 ? handles->keeper : understudy,
	};
	struct takeover_message *message = calloc(1, sizeof(*message));
	int r;

	if (!message)
		return -GUARD_E_NOMEM;
	message->protocol = TAKEOVER_PROTOCOL;
	message->type = TAKEOVER_HANDLES;
	message->no_understudy = understudy < 0;
	message->keeper_pid = (int32_t)atomic_load(&arguments->shared->keeper_pid);
	message->gate_pid = (int32_t)getpid();
	message->gate_restarts = atomic_load(&arguments->shared->gate_restarts);
	message->started = atomic_load(&arguments->shared->started);
	message->counters[0] = atomic_load(&counters->events);
	message->counters[1] = atomic_load(&counters->allowed);
	message->counters[2] = atomic_load(&counters->denied);
	message->counters[3] = atomic_load(&counters->would_deny);
	message->counters[4] = atomic_load(&counters->records_lost);
	r = guardd_fdpass_send(connection, message, sizeof(*message), fds, TAKEOVER_FD_COUNT);
	free(message);
	return r;
}

/* The other end is gone: its gate with it, for both hold the same socket. */
static enum guardd_takeover_action break_off(struct guardd_takeover *takeover)
{
	bool resume = takeover->stopped;

	close(takeover->connection);
	takeover->connection = -1;
	takeover->stopped = false;
	return resume ? GUARDD_TAKEOVER_RESUME : GUARDD_TAKEOVER_NOTHING;
}

enum guardd_takeover_action guardd_takeover_handle(struct guardd_takeover *takeover,
						   const struct guardd_gate_arguments *arguments)
{
	struct {
		uint32_t protocol, type;
	} request;
	size_t size, count = 0;

	if (takeover->connection < 0) {
		takeover->stranger = 0;
		take_connection(takeover, arguments);
		return takeover->stranger ? GUARDD_TAKEOVER_REFUSED : GUARDD_TAKEOVER_NOTHING;
	}
	if (guardd_fdpass_receive(&size, &request, sizeof(request), NULL, &count, takeover->connection) < 0 ||
	    size != sizeof(request) || request.protocol != TAKEOVER_PROTOCOL)
		return break_off(takeover);
	if (request.type == TAKEOVER_HELLO && !takeover->stopped)
		return send_handles(takeover->connection, arguments) < 0 ? break_off(takeover)
									 : GUARDD_TAKEOVER_NOTHING;
	if (request.type != TAKEOVER_STOP || takeover->stopped)
		return break_off(takeover);
	takeover->stopped = true;
	return GUARDD_TAKEOVER_STOP;
}

int guardd_takeover_stopped(struct guardd_takeover *takeover, const struct guardd_gate_arguments *arguments)
{
	struct takeover_message *message = calloc(1, sizeof(*message));
	uint32_t slot = 0;
	int r = 0;

	if (!message)
		return -GUARD_E_NOMEM;
	message->protocol = TAKEOVER_PROTOCOL;
	message->type = TAKEOVER_STOPPED;
	do {
		message->number_count = 0;
		for (; slot < GUARDD_INFLIGHT_MAX && message->number_count < TAKEOVER_NUMBERS_MAX; slot++) {
			const struct guardd_slot *event = &arguments->shared->slots[slot];

			if (atomic_load(&event->state) == GUARDD_SLOT_PENDING)
				message->numbers[message->number_count++] = event->fd;
		}
		message->more = slot < GUARDD_INFLIGHT_MAX;
		r = guardd_fdpass_send(takeover->connection, message, sizeof(*message), NULL, 0);
	} while (r == 0 && message->more);
	free(message);
	return r;
}

void guardd_takeover_hold(const struct guardd_gate_arguments *arguments)
{
	const pid_t keeper = getppid();

	for (;;) {
		struct pollfd ready = {arguments->command, POLLIN, 0};
		struct guardd_command command;
		int32_t fd = -1;

		if (getppid() != keeper)
			_exit(EXIT_SUCCESS);
		if (poll(&ready, 1, HOLD_LOOK_MS) <= 0)
			continue;
		if (keeper_command_receive(&command, &fd, arguments->command) == 1 &&
		    command.type == GUARDD_COMMAND_START)
			return;
		keeper_close(&fd);
	}
}
