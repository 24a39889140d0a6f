/* SPDX-License-Identifier: MIT
 *
 * keeper/succession.c - a new daemon that finds a living one: asks its gate for
 * the handles, and when all of ours is ready, changes over.  Until that moment
 * it disturbs nothing: when it fails before, the old daemon simply goes on.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "internal.h"
#include "keeper/fdpass.h"
#include "keeper/takeover_wire.h"

#define ANSWER_MS 3000
#define OLD_KEEPER_LEAVES_MS 10000

static int connect_old(int *ret_connection, const struct keeper *keeper)
{
	GUARD_AUTO_CLOSE int connection = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/takeover.sock",
		 keeper->run_dir);
	if (connection < 0 || connect(connection, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -GUARD_E_BUSY;
	*ret_connection = guard_steal_fd(&connection);
	return 0;
}

static int say(int connection, uint32_t type)
{
	const struct {
		uint32_t protocol, type;
	} request = {TAKEOVER_PROTOCOL, type};

	return guardd_fdpass_send(connection, &request, sizeof(request), NULL, 0);
}

/* One message of the wanted type, with exactly `count` fds. */
static int hear(struct takeover_message *ret_message, int *ret_fds, size_t count, int connection,
		uint32_t type)
{
	struct pollfd ready = {connection, POLLIN, 0};
	size_t size, came = count;
	int r;

	while ((r = poll(&ready, 1, ANSWER_MS)) < 0 && errno == EINTR)
		;
	if (r <= 0)
		return -GUARD_E_TIMEOUT;
	r = guardd_fdpass_receive(&size, ret_message, sizeof(*ret_message), ret_fds, &came, connection);
	if (r < 0)
		return r;
	if (size == sizeof(*ret_message) && came == count && ret_message->protocol == TAKEOVER_PROTOCOL &&
	    ret_message->type == type)
		return 0;
	for (size_t i = 0; i < came; i++)
		close(ret_fds[i]);
	return -GUARD_E_FORMAT;
}

static void take_handles(struct keeper *keeper, const int *fds, const struct takeover_message *message)
{
	struct guardd_handles *handles = &keeper->handles;
	struct guardd_counters *counters = &keeper->shared->counters;

	handles->fanotify[GUARDD_GROUP_MAIN] = fds[TAKEOVER_FD_FANOTIFY];
	handles->fanotify[GUARDD_GROUP_SLOW] = fds[TAKEOVER_FD_FANOTIFY_SLOW];
	handles->policy = fds[TAKEOVER_FD_POLICY];
	handles->lock = fds[TAKEOVER_FD_LOCK];
	handles->events_send = fds[TAKEOVER_FD_EVENTS_SEND];
	handles->events_receive = fds[TAKEOVER_FD_EVENTS_RECEIVE];
	handles->listener = fds[TAKEOVER_FD_LISTENER];
	handles->takeover = fds[TAKEOVER_FD_TAKEOVER];
	keeper->old_keeper = fds[TAKEOVER_FD_KEEPER];
	keeper->old_understudy = fds[TAKEOVER_FD_UNDERSTUDY];
	if (message->no_understudy)
		keeper_close(&keeper->old_understudy);
	keeper->old_keeper_pid = message->keeper_pid;
	keeper->old_gate = (int32_t)syscall(SYS_pidfd_open, message->gate_pid, 0);
	atomic_store(&keeper->shared->started, message->started);
	atomic_store(&keeper->shared->gate_restarts, message->gate_restarts);
	atomic_store(&counters->events, message->counters[0]);
	atomic_store(&counters->allowed, message->counters[1]);
	atomic_store(&counters->denied, message->counters[2]);
	atomic_store(&counters->would_deny, message->counters[3]);
	atomic_store(&counters->records_lost, message->counters[4]);
}

int keeper_succession_ask(struct keeper *keeper)
{
	GUARD_AUTO_FREE struct takeover_message *message = calloc(1, sizeof(*message));
	GUARD_AUTO_CLOSE int connection = -1;
	int fds[TAKEOVER_FD_COUNT];

	if (!message || connect_old(&connection, keeper) < 0 || say(connection, TAKEOVER_HELLO) < 0 ||
	    hear(message, fds, TAKEOVER_FD_COUNT, connection, TAKEOVER_HANDLES) < 0)
		return -GUARD_E_BUSY;
	take_handles(keeper, fds, message);
	keeper->takeover = guard_steal_fd(&connection);
	return 0;
}

static void end_old(int32_t *pidfd, int64_t patience_ms)
{
	struct keeper_process old = {.pidfd = *pidfd};

	keeper_process_end(&old, SIGKILL, patience_ms);
	*pidfd = -1;
}

/* The old keeper must not see its gate end and start another; its recorder must
 * have written all before ours opens the ledger.  Asked, it leaves with its
 * understudy; after an upgrade in place it is ourselves. */
static void end_old_keepers(struct keeper *keeper)
{
	struct keeper_process old = {.pidfd = keeper->old_keeper};

	if (keeper->old_keeper_pid != getpid()) {
		keeper_process_signal(&old, SIGUSR1);
		(void)!keeper_process_wait(&old, OLD_KEEPER_LEAVES_MS);
	}
	end_old(&keeper->old_understudy, ANSWER_MS);
	if (keeper->old_keeper_pid != getpid())
		end_old(&keeper->old_keeper, ANSWER_MS);
	keeper_close(&keeper->old_keeper);
}

static int stop_old_gate(struct keeper *keeper)
{
	GUARD_AUTO_FREE struct takeover_message *message = calloc(1, sizeof(*message));
	struct keeper_reserved *reserved = &keeper->reserved;
	int r = message ? say(keeper->takeover, TAKEOVER_STOP) : -GUARD_E_NOMEM;

	reserved->number_count = 0;
	if (r < 0)
		return r;
	do {
		r = hear(message, NULL, 0, keeper->takeover, TAKEOVER_STOPPED);
		if (r < 0)
			return r;
		for (uint32_t i = 0; i < message->number_count && i < TAKEOVER_NUMBERS_MAX; i++) {
			if (reserved->number_count < GUARDD_INFLIGHT_MAX)
				reserved->numbers[reserved->number_count++] = message->numbers[i];
		}
	} while (message->more);
	return 0;
}

/* Our gate holds, ready.  From STOP to START nobody reads: everything waits. */
int keeper_succession_switch(struct keeper *keeper)
{
	const struct guardd_command start = {.type = GUARDD_COMMAND_START, .fd = -1};

	end_old_keepers(keeper);
	if (stop_old_gate(keeper) < 0) {
		keeper_say(
		    "the gate before does not answer: it is killed, what it had not answered is denied");
		end_old(&keeper->old_gate, ANSWER_MS);
		keeper_reserved_deny_all(keeper);
		keeper_close(&keeper->takeover);
	} else {
		keeper_reserved_hold(keeper);
	}
	return keeper_command_send(keeper->command[0], &start, -1);
}

void keeper_succession_finish(struct keeper *keeper)
{
	char byte;

	if (recv(keeper->takeover, &byte, 1, MSG_DONTWAIT) < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	keeper_reserved_release(keeper);
	keeper_close(&keeper->takeover);
	keeper_close(&keeper->old_gate);
	/* Under its older policy it may have let the kernel remember an answer after
	 * our gate began. */
	keeper_policy_flush(keeper);
}
