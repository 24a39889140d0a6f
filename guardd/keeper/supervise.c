/* SPDX-License-Identifier: MIT
 *
 * keeper/supervise.c - notices that a process has ended and starts it again.
 * A gate at once: while there is none, everything waits.  The helpers with a
 * growing pause.  Decides nothing else.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "internal.h"

#define MINUTE_MS 60000
#define GATE_DEATHS_AT_ONCE 20u /* in a minute, before there is a pause at all */
#define GATE_PAUSE_MS 200	/* events stay blocked meanwhile, so never long */
#define HELPER_PAUSE_MS 100
#define HELPER_PAUSE_MAX_MS 5000

bool keeper_process_wait(struct keeper_process *process, int64_t timeout_ms)
{
	int64_t end = keeper_now_ms() + timeout_ms, left = timeout_ms;
	struct pollfd ended = {process->pidfd, POLLIN, 0};

	if (process->pidfd < 0)
		return true;
	while (poll(&ended, 1, (int)left) < 0 && errno == EINTR) {
		left = end - keeper_now_ms();
		if (left < 0)
			left = 0;
	}
	return (ended.revents & POLLIN) != 0;
}

void keeper_process_signal(const struct keeper_process *process, int signal)
{
	if (process->pidfd >= 0)
		(void)!syscall(SYS_pidfd_send_signal, process->pidfd, signal, NULL, 0);
}

int keeper_process_bury(struct keeper_process *process, char *ret_how, size_t size)
{
	siginfo_t info = {0};
	uint32_t number = (uint32_t)process->pid;
	bool known;

	/* Before the kernel may give the number to another: whoever has it is let. */
	if (process->told && number)
		(void)atomic_compare_exchange_strong(process->told, &number, 0);
	known = process->pidfd >= 0 && waitid(P_PIDFD, (id_t)process->pidfd, &info, WEXITED | WNOHANG) == 0 &&
		info.si_pid != 0;
	if (!known)
		snprintf(ret_how, size, "has ended");
	else if (info.si_code == CLD_EXITED)
		snprintf(ret_how, size, "ended with exit code %d", info.si_status);
	else
		snprintf(ret_how, size, "was ended by signal %d (%s)", info.si_status,
			 sigabbrev_np(info.si_status) ? sigabbrev_np(info.si_status) : "?");
	keeper_close(&process->pidfd);
	process->pid = 0;
	return known && info.si_code != CLD_EXITED ? info.si_status : 0;
}

void keeper_process_end(struct keeper_process *process, int signal, int64_t timeout_ms)
{
	char how[64];

	if (process->pidfd < 0)
		return;
	keeper_process_signal(process, signal);
	if (!keeper_process_wait(process, timeout_ms)) {
		keeper_process_signal(process, SIGKILL);
		(void)!keeper_process_wait(process, 1000);
	}
	(void)keeper_process_bury(process, how, sizeof(how));
}

static bool has_ended(const struct keeper_process *process)
{
	struct pollfd ended = {process->pidfd, POLLIN, 0};

	return process->pidfd >= 0 && poll(&ended, 1, 0) == 1;
}

/* Count a death; the number of those in the last minute. */
static uint32_t count_death(struct keeper_process *process)
{
	int64_t now = keeper_now_ms();

	if (now - process->minute_ms > MINUTE_MS) {
		process->minute_ms = now;
		process->deaths = 0;
	}
	return ++process->deaths;
}

static void gate_died(struct keeper *keeper)
{
	uint32_t deaths = count_death(&keeper->gate);
	char how[64];
	int signal = keeper_process_bury(&keeper->gate, how, sizeof(how));

	keeper->gate_killed = signal == SIGKILL;
	keeper->gate.due_ms = keeper_now_ms() + (deaths > GATE_DEATHS_AT_ONCE ? GATE_PAUSE_MS : 0);
	keeper->flush_due = keeper->flush_sent = false; /* a new gate begins with nothing remembered */
	keeper_strays_close(keeper);
	atomic_fetch_add(&keeper->shared->gate_restarts, 1);
	keeper_note(keeper, GUARD_DAEMON_GATE_RESTARTED,
		    "The gate %s; another takes its place. Nothing was allowed meanwhile.", how);
	keeper_package_gate_died(keeper);
	if (keeper->load == KEEPER_LOAD_APPLYING)
		keeper_policy_failed(
		    keeper, -GUARD_E_INTERNAL,
		    "the gate ended while it took the new policy over; the policy before stays in force");
}

static void helper_died(struct keeper *keeper, struct keeper_process *process, const char *name)
{
	uint32_t deaths = count_death(process);
	int64_t pause = deaths <= 1 ? 0 : (int64_t)HELPER_PAUSE_MS << (deaths < 10 ? deaths - 2 : 8);
	char how[64];

	(void)keeper_process_bury(process, how, sizeof(how));
	process->due_ms = keeper_now_ms() + (pause > HELPER_PAUSE_MAX_MS ? HELPER_PAUSE_MAX_MS : pause);
	keeper_note(keeper, GUARD_DAEMON_HELPER_RESTARTED, "The %s process %s; it is started again.", name,
		    how);
}

/* It reads its verifiers once, before its jail: a reload starts it anew. */
static void unlock_ended(struct keeper *keeper)
{
	char how[64];

	if (!keeper->unlock_renewed) {
		helper_died(keeper, &keeper->unlock, "unlock");
		return;
	}
	keeper->unlock_renewed = false;
	(void)keeper_process_bury(&keeper->unlock, how, sizeof(how));
	keeper->unlock.due_ms = keeper_now_ms();
}

void keeper_unlock_renew(struct keeper *keeper)
{
	keeper->unlock_renewed = keeper->unlock.pidfd >= 0;
	keeper_process_signal(&keeper->unlock, SIGTERM);
}

/* Reap what is nobody's: children of a keeper before us, or of an exec. */
static void reap_others(const struct keeper *keeper)
{
	siginfo_t info = {0};

	while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid > 0) {
		if (info.si_pid == keeper->gate.pid || info.si_pid == keeper->record.pid ||
		    info.si_pid == keeper->control.pid || info.si_pid == keeper->unlock.pid ||
		    info.si_pid == keeper->understudy.pid || info.si_pid == keeper->loader.pid ||
		    info.si_pid == keeper->sync.pid || info.si_pid == keeper->trust.pid ||
		    info.si_pid == keeper->inspect.pid || info.si_pid == keeper->package.pid)
			return; /* its turn comes through its pidfd */
		(void)!waitid(P_PID, (id_t)info.si_pid, &info, WEXITED | WNOHANG);
		info.si_pid = 0;
	}
}

static bool is_due(const struct keeper_process *process)
{
	return process->pidfd < 0 && process->due_ms != 0 && process->due_ms <= keeper_now_ms();
}

static void retry(struct keeper_process *process, int started)
{
	if (started < 0)
		process->due_ms = keeper_now_ms() + GATE_PAUSE_MS;
}

void keeper_supervise(struct keeper *keeper)
{
	if (has_ended(&keeper->gate))
		gate_died(keeper);
	if (is_due(&keeper->gate))
		retry(&keeper->gate, keeper_spawn_gate(keeper, keeper->gate_killed ? GUARDD_RESTARTED_KILLED
									: GUARDD_RESTARTED_CRASH));
	if (has_ended(&keeper->understudy)) {
		keeper->handles.understudy = -1;
		helper_died(keeper, &keeper->understudy, "understudy");
	}
	if (is_due(&keeper->understudy))
		retry(&keeper->understudy, keeper_spawn_understudy(keeper));
	if (has_ended(&keeper->record))
		helper_died(keeper, &keeper->record, "record");
	if (is_due(&keeper->record))
		retry(&keeper->record, keeper_spawn_record(keeper));
	if (has_ended(&keeper->inspect))
		helper_died(keeper, &keeper->inspect, "inspect");
	if (is_due(&keeper->inspect))
		retry(&keeper->inspect, keeper_spawn_inspect(keeper));
	if (has_ended(&keeper->control))
		helper_died(keeper, &keeper->control, "control");
	if (is_due(&keeper->control)) {
		retry(&keeper->control, keeper_spawn_control(keeper));
		keeper_problem_changed(keeper);
		keeper_managed_tell(keeper);
	}
	if (has_ended(&keeper->unlock))
		unlock_ended(keeper);
	if (is_due(&keeper->unlock))
		retry(&keeper->unlock, keeper_spawn_unlock(keeper));
	keeper_managed_supervise(keeper);
	keeper_package_supervise(keeper);
	reap_others(keeper);
}

int64_t keeper_supervise_due(const struct keeper *keeper)
{
	const struct keeper_process *const all[] = {&keeper->gate, &keeper->understudy, &keeper->record,
						    &keeper->control, &keeper->unlock, &keeper->trust,
						    &keeper->inspect};
	int64_t first = -1, now = keeper_now_ms();

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		int64_t left = all[i]->due_ms - now;

		if (all[i]->pidfd >= 0 || all[i]->due_ms == 0)
			continue;
		if (left < 0)
			left = 0;
		if (first < 0 || left < first)
			first = left;
	}
	return first;
}
