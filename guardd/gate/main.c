/* SPDX-License-Identifier: MIT
 *
 * gate/main.c - puts the gate together, in the order that a restart needs: the
 * reader first, because from then on the gate's own opens are answered.  Then
 * the command loop.
 */
#include "gate/gate.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <time.h>
#include <unistd.h>

#include "gate/maintenance.h"
#include "gate/signers.h"
#include "gate/unlocks.h"
#include "keeper/takeover.h"

#define CACHE_SETS 8192u

static void say(struct gate *gate, const struct guardd_command *command)
{
	while (send(gate->arguments->command, command, sizeof(*command), MSG_NOSIGNAL) < 0 && errno == EINTR)
		;
}

void gate_problem(struct gate *gate, const char *format, ...)
{
	struct guardd_command command = { .type = GUARDD_COMMAND_PROBLEM, .fd = -1 };
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(command.text, sizeof(command.text), format, arguments);
	va_end(arguments);
	say(gate, &command);
}

static void die(struct gate *gate, const char *sentence) __attribute__((noreturn));
static void die(struct gate *gate, const char *sentence)
{
	gate_problem(gate, "the gate cannot start: %s", sentence);
	_exit(EXIT_FAILURE);
}

/* The policy does not fit this machine: the keeper may know a better one. */
static void refuse(struct gate *gate, const char *sentence) __attribute__((noreturn));
static void refuse(struct gate *gate, const char *sentence)
{
	struct guardd_command command = { .type = GUARDD_COMMAND_PROBLEM, .fd = -1, .error = GUARD_E_DENIED };

	snprintf(command.text, sizeof(command.text), "%s", sentence);
	say(gate, &command);
	_exit(EXIT_FAILURE);
}

static int make_parts(struct gate *gate)
{
	struct guardd_in_use_own own = { &gate->shared->keeper_pid, &gate->shared->understudy_pid, 0 };
	struct stat policy; /* memory that has no name */

	if (fstat(gate->arguments->policy, &policy) == 0)
		own.memory_device = policy.st_dev;
	if (gate_cache_new(&gate->cache, CACHE_SETS) < 0 || gate_vouchers_new(&gate->vouchers) < 0 ||
	    gate_details_new(&gate->details) < 0 ||
	     gate_programs_new(&gate->programs) < 0 ||
	    guardd_in_use_create(&gate->in_use, own) < 0 ||
	    gate_tickets_new(&gate->tickets) < 0 || gate_mounts_new(&gate->mounts) < 0 ||
	    gate_sweeper_new(&gate->sweeper) < 0 || gate_notes_new(&gate->notes) < 0 ||
	    gate_unlocks_new(&gate->unlocks) < 0)
		return -GUARD_E_NOMEM;
	return gate_events_init(gate);
}

static void load_first_policy(struct gate *gate)
{
	char problem[400];

	if (gate_policy_load(gate, gate->arguments->policy, false, problem, sizeof(problem)) < 0)
		die(gate, problem);
	if (gate->arguments->attributions >= 0 &&
	    gate_attributions_load(gate, gate->arguments->attributions, problem, sizeof(problem)) < 0)
		gate_problem(gate, "%s", problem);
	/* A gate in the place of one that died goes on with what was in force. */
	if ((gate->arguments->restarted == GUARDD_RESTARTED_NOT ||
	     gate->arguments->restarted == GUARDD_RESTARTED_TAKEOVER) &&
	    gate_preflight_first(gate, problem, sizeof(problem)) < 0)
		refuse(gate, problem);
}

static void start_all(struct gate *gate)
{
	char problem[400];

	if (gate_changes_start(gate) < 0 || gate_jobs_start(gate) < 0 || gate_sweeper_start(gate) < 0 ||
	    gate_layer_listen(gate) < 0)
		die(gate, "no threads could be started");
	if (gate_mounts_start(gate, problem, sizeof(problem)) < 0)
		die(gate, problem);
}

static void say_ready(struct gate *gate)
{
	struct guardd_command command = { .type = GUARDD_COMMAND_READY, .fd = -1 };

	atomic_store(&gate->shared->ready, 1);
	say(gate, &command);
}

/* The keeper takes back a start that protects nothing: what the layer of a daemon before
 * holds is not to be less for it. */
static bool protects_something(const struct gate *gate)
{
	return gate->arguments->restarted != GUARDD_RESTARTED_NOT || atomic_load(&gate->shared->counters.filesystems) > 0;
}

/* After a crash or at the first start: the group is ours alone. */
static void start_alone(struct gate *gate)
{
	gate_adopt(gate);
	if (gate_readers_start(gate) < 0)
		die(gate, "no reader could be started");
	load_first_policy(gate);
	gate_loaders_learn(gate);
	start_all(gate);
	if (protects_something(gate))
		gate_layer_enforce(gate);
	say_ready(gate);
	if (gate->arguments->restarted == GUARDD_RESTARTED_NOT)
		gate_sweep_request(gate, 0);
}

/* Another gate still answers: our own opens too, until it has stopped. */
static void start_as_successor(struct gate *gate)
{
	load_first_policy(gate);
	gate_loaders_learn(gate);
	start_all(gate);
	gate_layer_ready(gate);
	say_ready(gate);
	guardd_takeover_hold(gate->arguments);
	/* The gate before has let the kernel remember more meanwhile; see gate_policy_replace(). */
	gate_kernel_cache_flush(gate);
	gate_layer_ready(gate);
	if (gate_readers_start(gate) < 0)
		die(gate, "no reader could be started");
	gate_layer_enforce(gate);
}

static void drain(struct gate *gate) __attribute__((noreturn));
static void drain(struct gate *gate)
{
	struct timespec pause = { .tv_nsec = 2000000 };

	while (gate_events_pending(gate))
		nanosleep(&pause, NULL);
	while (gate_notes_flush(gate, INT64_MAX))
		nanosleep(&pause, NULL);
	_exit(EXIT_SUCCESS);
}

static void load_policy(struct gate *gate, const struct guardd_command *command)
{
	struct guardd_command result = { .type = GUARDD_COMMAND_RESULT, .fd = command->fd };
	int r = gate_policy_load(gate, command->fd, command->error == GUARDD_POLICY_NEW, result.text, sizeof(result.text));

	result.error = r < 0 ? -r : 0;
	say(gate, &result);
	if (r < 0)
		return;
	gate_maintenance_apply(gate); /* it may offer less */
	gate_sweep_request(gate, 0);
}

static void load_attributions(struct gate *gate, int fd)
{
	struct guardd_command result = { .type = GUARDD_COMMAND_ATTRIBUTED, .fd = fd };
	int r = gate_attributions_load(gate, fd, result.text, sizeof(result.text));

	result.error = r < 0 ? -r : 0;
	say(gate, &result);
}

static void take_command(struct gate *gate)
{
	struct guardd_command command;
	ssize_t size = recv(gate->arguments->command, &command, sizeof(command), MSG_DONTWAIT);

	if (size != (ssize_t)sizeof(command))
		return;
	command.text[sizeof(command.text) - 1] = '\0';
	switch (command.type) {
	case GUARDD_COMMAND_POLICY:
		load_policy(gate, &command);
		break;
	case GUARDD_COMMAND_ATTRIBUTIONS:
		load_attributions(gate, command.fd);
		break;
	case GUARDD_COMMAND_RECORD:
		atomic_store(&gate->record, command.fd);
		break;
	case GUARDD_COMMAND_DRAIN:
		gate_readers_stop(gate);
		drain(gate);
	default:
		break;
	}
}

static void take_takeover(struct gate *gate, struct guardd_takeover *takeover, int64_t *ret_stopped_ns)
{
	switch (guardd_takeover_handle(takeover, gate->arguments)) {
	case GUARDD_TAKEOVER_STOP:
		gate_readers_stop(gate);
		if (guardd_takeover_stopped(takeover, gate->arguments) < 0)
			gate_problem(gate, "the next daemon did not hear that this gate has stopped");
		*ret_stopped_ns = gate_now_ns();
		break;
	case GUARDD_TAKEOVER_RESUME:
		gate_readers_resume(gate);
		*ret_stopped_ns = 0;
		break;
	case GUARDD_TAKEOVER_REFUSED:
		gate_note_daemon(gate, GUARD_DAEMON_TAMPERED, 1,
				 "a process (pid %d, uid 0) was refused to take over from guardd: with self_protection "
				 "another daemon follows this one at the next boot",
				 takeover->stranger);
		break;
	case GUARDD_TAKEOVER_NOTHING:
		break;
	}
}

static void command_loop(struct gate *gate) __attribute__((noreturn));
static void command_loop(struct gate *gate)
{
	struct guardd_takeover takeover = GUARDD_TAKEOVER_NONE;
	int64_t stopped_ns = 0;

	gate_unlocks_ask(gate);
	for (;;) {
		int wait = gate_unlocks_wait(gate);
		struct pollfd fds[] = {
			{ .fd = gate->arguments->command, .events = POLLIN },
			{ .fd = guardd_takeover_fd(&takeover, gate->arguments), .events = POLLIN },
			{ .fd = gate->arguments->unlock, .events = POLLIN },
		};
		poll(fds, 3, stopped_ns ? 2 : wait);
		/* The daemon that took over has everything but what we have read. */
		if (stopped_ns && !gate_events_pending(gate))
			drain(gate);
		if (fds[0].revents & POLLIN)
			take_command(gate);
		else if (fds[0].revents)
			usleep(10000); /* no keeper now; another comes to the same socket */
		if (fds[1].revents & (POLLIN | POLLHUP | POLLERR))
			take_takeover(gate, &takeover, &stopped_ns);
		if (fds[2].revents)
			gate_unlocks_hear(gate);
	}
}

static void set_up(struct gate *gate, const struct guardd_gate_arguments *arguments)
{
	gate->arguments = arguments;
	gate->config = arguments->config;
	gate->layer = arguments->layer;
	gate->pid = getpid();
	gate->shared = arguments->shared;
	for (int group = 0; group < GUARDD_GROUPS; group++)
		gate->fanotify[group] = arguments->fanotify[group];
	gate->deadline_ns = (int64_t)arguments->config->deadline_ms * 1000000;
	atomic_store(&gate->record, arguments->record);
	pthread_mutex_init(&gate->policies.swap, NULL);
	pthread_mutex_init(&gate->marks, NULL);
	gate_jobs_init(gate);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGIO, SIG_IGN); /* a lease that breaks is asked for, not announced */
	if (gate_thread_enlist(gate) < 0 || make_parts(gate) < 0 ||
	    gate_file_stat_at(&gate->root, AT_FDCWD, "/", 0) < 0 || gate_watch_start(gate) < 0)
		die(gate, "memory is exhausted");
}

void guardd_gate_main(const struct guardd_gate_arguments *arguments)
{
	static struct gate gate;
	char problem[400];

	atomic_store(&arguments->shared->gate_pid, (uint32_t)getpid());
	gate.arguments = arguments;
	if (guardd_bpf_ring_open(arguments->layer) < 0)
		die(&gate, "the kernel layer's records cannot be read");
	if (guardd_jail_enter(GUARDD_ROLE_GATE, arguments->config, problem, sizeof(problem)) < 0)
		die(&gate, problem);
	set_up(&gate, arguments);
	if (arguments->restarted == GUARDD_RESTARTED_TAKEOVER)
		start_as_successor(&gate);
	else
		start_alone(&gate);
	command_loop(&gate);
}
