/* SPDX-License-Identifier: MIT
 *
 * keeper/understudy.c - a second keeper that sleeps.  It has the same memory
 * and the same fd table, and becomes the keeper when the first one dies, or
 * when that one leaves the machine without a gate for a second.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "internal.h"

#define WITHOUT_GATE_MS 1000

static bool wait_readable(int fd, int timeout_ms)
{
	struct pollfd ready = {fd, POLLIN, 0};

	while (poll(&ready, 1, timeout_ms) < 0 && errno == EINTR)
		;
	return ready.revents != 0;
}

/* Returns when the active keeper has died. */
static void wait_for_death(const struct keeper *keeper, int active)
{
	for (;;) {
		uint64_t generation = keeper->gate_generation;
		struct pollfd watched[] = {{active, POLLIN, 0}, {keeper->gate.pidfd, POLLIN, 0}};

		if (poll(watched, 2, -1) < 0)
			continue;
		if (watched[0].revents)
			return;
		/* The gate has died: its successor is the active keeper's work. */
		if (wait_readable(active, WITHOUT_GATE_MS))
			return;
		if (keeper->gate_generation == generation && keeper->phase == KEEPER_RUNNING) {
			keeper_say(
			    "the keeper leaves the machine without a gate: the understudy takes its place");
			(void)!syscall(SYS_pidfd_send_signal, active, SIGKILL, NULL, 0);
		}
	}
}

/* The keeper may have died between starting a process and opening its pidfd. */
static void find(struct keeper_process *process)
{
	if (process->pid > 0 && process->pidfd < 0)
		process->pidfd = (int32_t)syscall(SYS_pidfd_open, process->pid, 0);
	if (process->pidfd < 0 && process->due_ms == 0)
		process->due_ms = keeper_now_ms();
}

static void become_active(struct keeper *keeper, int active)
{
	find(&keeper->gate);
	find(&keeper->record);
	find(&keeper->control);
	find(&keeper->unlock);
	if (keeper->config->managed) {
		find(&keeper->sync);
		find(&keeper->trust);
	}
	find(&keeper->inspect);
	find(&keeper->package);
	keeper_close(&keeper->signals);
	keeper->handles.understudy = -1;
	keeper_close(&keeper->understudy.pidfd); /* ourselves */
	keeper->understudy.due_ms = keeper_now_ms();
	atomic_store(&keeper->shared->keeper_pid, (uint32_t)getpid());
	keeper->handles.keeper = (int32_t)syscall(SYS_pidfd_open, getpid(), 0);
	close(active);
}

void keeper_understudy_main(struct keeper *keeper, pid_t active_pid)
{
	int active = keeper->handles.keeper;

	if (getppid() == active_pid)
		wait_for_death(keeper, active);
	prctl(PR_SET_NAME, "guardd");
	become_active(keeper, active);
	if (keeper_signals_open(keeper) < 0)
		_exit(EXIT_FAILURE);
	keeper_note(keeper, GUARD_DAEMON_HELPER_RESTARTED,
		    "The keeper has ended; its understudy takes its place. Enforcement went on.");
	keeper_policy_resume(keeper);
	_exit(keeper_loop(keeper));
}
