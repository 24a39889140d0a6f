/* SPDX-License-Identifier: MIT
 *
 * keeper/loop.c - the keeper's life: waits for signals, for messages of its
 * children, for their deaths, and for what is due.  Opens nothing.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "internal.h"

enum verdict_of_turn { TURN_GO_ON, TURN_STOP, TURN_LEAVE };

int keeper_signals_open(struct keeper *keeper)
{
	sigset_t wanted;

	sigemptyset(&wanted);
	sigaddset(&wanted, SIGTERM);
	sigaddset(&wanted, SIGINT);
	sigaddset(&wanted, SIGHUP);
	sigaddset(&wanted, SIGUSR1);
	sigaddset(&wanted, SIGUSR2);
	sigaddset(&wanted, SIGCHLD);
	signal(SIGPIPE, SIG_IGN);
	if (sigprocmask(SIG_SETMASK, &wanted, NULL) < 0)
		return -GUARD_E_IO;
	keeper_close(&keeper->signals);
	keeper->signals = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
	return keeper->signals < 0 ? -GUARD_E_IO : 0;
}

void keeper_problem_changed(struct keeper *keeper)
{
	struct guardd_command command = {.type = GUARDD_COMMAND_PROBLEM, .fd = -1};
	const char *problem = keeper->gate_problem[0] ? keeper->gate_problem :
			      keeper->problem[0]      ? keeper->problem :
							keeper->back_text;

	snprintf(command.text, sizeof(command.text), "%s", problem);
	if (keeper->control_socket[0] >= 0 &&
	    keeper_command_send(keeper->control_socket[0], &command, -1) < 0)
		keeper_say("the control process does not take messages");
	keeper_tell_status(keeper);
}

void keeper_gate_message(struct keeper *keeper)
{
	struct guardd_command command;
	int32_t fd = -1;
	int r;

	while ((r = keeper_command_receive(&command, &fd, keeper->command[0])) > 0) {
		keeper_close(&fd);
		if (command.type == GUARDD_COMMAND_READY)
			keeper->gate_ready = true;
		if (command.type == GUARDD_COMMAND_RESULT)
			keeper_policy_gate_result(keeper, &command);
		if (command.type == GUARDD_COMMAND_ATTRIBUTED)
			keeper_package_gate_result(keeper, &command);
		if (command.type == GUARDD_COMMAND_PROBLEM) {
			snprintf(keeper->gate_problem, sizeof(keeper->gate_problem), "%s", command.text);
			keeper->gate_refused |= command.error == GUARD_E_DENIED;
			if (command.text[0])
				keeper_say("%s", command.text);
			keeper_problem_changed(keeper);
		}
	}
	if (r < 0)
		keeper_close(&keeper->command[0]); /* the gate is about to be found dead */
}

static void control_message(struct keeper *keeper)
{
	struct guardd_command command;
	int32_t fd = -1;
	int r;

	while ((r = keeper_command_receive(&command, &fd, keeper->control_socket[0])) > 0) {
		if (command.type == GUARDD_COMMAND_RELOAD)
			keeper_policy_reload(keeper, 1);
		if (command.type == GUARDD_COMMAND_PACKAGES && fd >= 0)
			keeper_package_begin(keeper, fd);
		keeper_close(&fd);
	}
	if (r < 0)
		keeper_close(&keeper->control_socket[0]);
}

static enum verdict_of_turn take_signals(struct keeper *keeper)
{
	struct signalfd_siginfo info;

	while (read(keeper->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo != SIGHUP && info.ssi_signo != SIGCHLD && keeper_refuses(keeper, &info))
			continue;
		switch (info.ssi_signo) {
		case SIGTERM:
		case SIGINT:
			return TURN_STOP;
		case SIGUSR1:
			return TURN_LEAVE;
		case SIGHUP:
			keeper_tell(keeper, "RELOADING=1");
			keeper_policy_reload(keeper, 0);
			break;
		case SIGUSR2:
			keeper_upgrade(keeper);
			break;
		default:
			break; /* SIGCHLD: the turn itself looks after the children */
		}
	}
	return TURN_GO_ON;
}

static int64_t sooner(int64_t a, int64_t b)
{
	return a < 0 ? b : b < 0 ? a : a < b ? a : b;
}

static int64_t due_in(int64_t due_ms)
{
	int64_t left = due_ms - keeper_now_ms();

	return due_ms == 0 ? -1 : left < 0 ? 0 : left;
}

static int next_timeout(const struct keeper *keeper)
{
	int64_t due = keeper_supervise_due(keeper);

	due = sooner(due, due_in(keeper->load_deadline_ms));
	due = sooner(due, keeper_trial_due(keeper));
	due = sooner(due, due_in(keeper->pulse_due_ms));
	due = sooner(due, due_in(keeper->watchdog_due_ms));
	if (keeper->package.pidfd >= 0)
		due = sooner(due, due_in(keeper->package_deadline_ms));
	return due > INT_MAX ? INT_MAX : (int)due;
}

static void take_due(struct keeper *keeper)
{
	if (due_in(keeper->watchdog_due_ms) == 0) {
		keeper_tell(keeper, "WATCHDOG=1");
		keeper->watchdog_due_ms = keeper_now_ms() + keeper->watchdog_ms;
	}
	if (due_in(keeper->pulse_due_ms) == 0)
		keeper_pulse(keeper);
	keeper_trial_look(keeper);
	if (keeper->load != KEEPER_LOAD_IDLE && due_in(keeper->load_deadline_ms) == 0)
		keeper_policy_failed(keeper, -GUARD_E_TIMEOUT,
				     "it took too long: see whether its disk answers");
}

/* Every fd is looked at in each turn: there are few, and some are replaced. */
static enum verdict_of_turn turn(struct keeper *keeper)
{
	enum { SIGNALS, GATE, CONTROL, LOADER, TAKEOVER, TRUST, PACKAGE, DEATHS, ALL = DEATHS + 9 };
	struct pollfd watched[ALL] = {
	    [SIGNALS] = {keeper->signals, POLLIN, 0},
	    [GATE] = {keeper->command[0], POLLIN, 0},
	    [CONTROL] = {keeper->control_socket[0], POLLIN, 0},
	    [LOADER] = {keeper->load == KEEPER_LOAD_APPLYING ? -1 : keeper->loader_socket, POLLIN, 0},
	    [TAKEOVER] = {keeper->takeover, POLLIN, 0},
	    [TRUST] = {keeper->trust_socket, POLLIN, 0},
	    [PACKAGE] = {keeper->package_socket, POLLIN, 0},
	    [DEATHS] = {keeper->gate.pidfd, POLLIN, 0},
	    [DEATHS + 1] = {keeper->record.pidfd, POLLIN, 0},
	    [DEATHS + 2] = {keeper->control.pidfd, POLLIN, 0},
	    [DEATHS + 3] = {keeper->understudy.pidfd, POLLIN, 0},
	    [DEATHS + 4] = {keeper->unlock.pidfd, POLLIN, 0},
	    [DEATHS + 5] = {keeper->sync.pidfd, POLLIN, 0},
	    [DEATHS + 6] = {keeper->trust.pidfd, POLLIN, 0},
	    [DEATHS + 7] = {keeper->inspect.pidfd, POLLIN, 0},
	    [DEATHS + 8] = {keeper->package.pidfd, POLLIN, 0},
	};

	if (poll(watched, ALL, next_timeout(keeper)) < 0 && errno != EINTR)
		return TURN_GO_ON;
	if (watched[GATE].revents)
		keeper_gate_message(keeper);
	keeper_supervise(keeper);
	if (watched[CONTROL].revents && keeper->control_socket[0] >= 0)
		control_message(keeper);
	if (watched[LOADER].revents && keeper->loader_socket >= 0)
		keeper_policy_loader_readable(keeper);
	if (watched[TRUST].revents && keeper->trust_socket >= 0)
		keeper_managed_readable(keeper);
	if (watched[PACKAGE].revents && keeper->package_socket >= 0)
		keeper_package_readable(keeper);
	if (watched[TAKEOVER].revents && keeper->takeover >= 0)
		keeper_succession_finish(keeper);
	take_due(keeper);
	return watched[SIGNALS].revents ? take_signals(keeper) : TURN_GO_ON;
}

int keeper_loop(struct keeper *keeper)
{
	enum verdict_of_turn verdict = TURN_GO_ON;
	uint64_t watchdog_us = 0;

	keeper->phase = KEEPER_RUNNING;
	keeper_pulse(keeper);
	if (!keeper->options.foreground && sd_watchdog_enabled(0, &watchdog_us) > 0) {
		keeper->watchdog_ms = (int64_t)(watchdog_us / 2000);
		keeper->watchdog_due_ms = keeper_now_ms();
	}
	while (verdict == TURN_GO_ON)
		verdict = turn(keeper);
	if (verdict == TURN_STOP)
		return keeper_stop(keeper);
	keeper_leave(keeper);
	return EXIT_SUCCESS;
}
