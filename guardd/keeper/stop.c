/* SPDX-License-Identifier: MIT
 *
 * keeper/stop.c - how the keeper goes: with everything (stop), alone, because
 * another daemon takes over (leave), or into the program's next version
 * (upgrade).
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "internal.h"

/* The recorder ends by itself when nobody can write to it any more and it has
 * read all; when others still write (leave), it is told to. */
static void end_helpers(struct keeper *keeper)
{
	/* What is in force must be remembered. */
	if (keeper->load == KEEPER_LOAD_REMEMBERING)
		(void)!keeper_process_wait(&keeper->loader, KEEPER_HELPER_STOP_MS);
	keeper_close(&keeper->loader_socket);
	keeper_process_end(&keeper->loader, SIGKILL, 1000);
	keeper_managed_end(keeper);
	keeper_process_end(&keeper->package, SIGKILL, 1000);
	(void)!keeper_process_wait(&keeper->writer, KEEPER_HELPER_STOP_MS);
	keeper_process_end(&keeper->control, SIGTERM, KEEPER_HELPER_STOP_MS);
	keeper_process_end(&keeper->unlock, SIGTERM, KEEPER_HELPER_STOP_MS);
	keeper_process_end(&keeper->record, SIGTERM, KEEPER_HELPER_STOP_MS);
	keeper_process_end(&keeper->inspect, SIGKILL, KEEPER_HELPER_STOP_MS);
}

/* The gate may pass its pidfd on at any moment. */
static void end_understudy(struct keeper *keeper)
{
	keeper->handles.understudy = -1;
	keeper_process_end(&keeper->understudy, SIGKILL, 1000);
}

static void drain_gate(struct keeper *keeper)
{
	const struct guardd_command drain = {.type = GUARDD_COMMAND_DRAIN, .fd = -1};
	char how[64];

	if (keeper->gate.pidfd < 0)
		return;
	if (keeper_command_send(keeper->command[0], &drain, -1) < 0 ||
	    !keeper_process_wait(&keeper->gate, KEEPER_DRAIN_MS)) {
		keeper_say("the gate does not come to an end by itself: it is killed");
		keeper_process_signal(&keeper->gate, SIGKILL);
		(void)!keeper_process_wait(&keeper->gate, 1000);
	}
	(void)keeper_process_bury(&keeper->gate, how, sizeof(how));
}

/* The service manager's last act is another program in its place. */
static bool machine_goes_down(void)
{
	GUARD_AUTO_CLOSE int fd = open("/proc/1/comm", O_RDONLY | O_CLOEXEC);
	static const char last[] = "systemd-shutdow";
	char name[sizeof(last)] = "";

	return fd >= 0 && read(fd, name, sizeof(name)) == sizeof(name) && memcmp(name, last, sizeof(last) - 1) == 0;
}

int keeper_stop(struct keeper *keeper)
{
	keeper->phase = KEEPER_STOPPING;
	keeper_tell(keeper, "STOPPING=1");
	end_understudy(keeper);
	drain_gate(keeper);
	if (machine_goes_down())
		guardd_bpf_rest(&keeper->layer);
	else
		guardd_bpf_stop(&keeper->layer, keeper->config);
	keeper_note(keeper, GUARD_DAEMON_STOPPED, "guardd was told to stop: nothing is checked any more.");
	end_helpers(keeper);
	(void)!unlinkat(keeper->run_dir, "guard.sock", 0);
	(void)!unlinkat(keeper->run_dir, "takeover.sock", 0);
	return EXIT_SUCCESS;
}

void keeper_leave(struct keeper *keeper)
{
	keeper->phase = KEEPER_STOPPING;
	keeper_say("leaves; the gate goes on until the next guardd takes over");
	end_understudy(keeper);
	end_helpers(keeper);
}

/* The understudy stays: when the new program does not come up, it goes on with
 * this one. */
void keeper_upgrade(struct keeper *keeper)
{
	char *const arguments[] = {
	    keeper->program, (char *)(uintptr_t) "--config", (char *)(uintptr_t)keeper->options.config_path,
	    (char *)(uintptr_t)(keeper->options.foreground ? "--foreground" : NULL), NULL};
	int64_t now;

	keeper_note(keeper, GUARD_DAEMON_UPGRADED, "guardd is replaced by the program that is now %s.",
		    keeper->program);
	end_helpers(keeper);
	keeper_tell(keeper, "RELOADING=1");
	/* Signals stay blocked: what comes meanwhile waits for the new program. */
	execv(keeper->program, arguments);

	keeper_say("%s cannot be started: %s; the running program goes on", keeper->program, strerror(errno));
	now = keeper_now_ms();
	keeper->record.due_ms = now;
	keeper->control.due_ms = now;
	keeper->unlock.due_ms = now;
	keeper->inspect.due_ms = now;
	keeper->load = KEEPER_LOAD_IDLE;
	keeper->load_deadline_ms = 0;
	keeper_tell(keeper, "READY=1");
}
