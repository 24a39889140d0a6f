/* SPDX-License-Identifier: MIT
 *
 * keeper/spawn.c - starts one process of the daemon, without exec: an exec
 * opens files, and an open may wait on a gate that is not there.
 *
 * The kernel writes the pid into the keeper's shared memory before the child
 * runs, so that the understudy knows of every child whatever moment the
 * keeper dies at.
 */
#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "internal.h"
#include "keeper/loader.h"
#include "sync/sync.h"
#include "trust/trust.h"

/* Like fork(2), also with a shared fd table.  The C library of the child knows
 * its own thread by the id that the kernel writes where it is looked for.  Not
 * clone3(2): service managers forbid it, for its flags cannot be filtered. */
pid_t keeper_clone(struct keeper_process *process, unsigned long flags)
{
	int *thread = NULL;
	pid_t pid;

	flags |= CLONE_PARENT_SETTID | SIGCHLD;
	if (prctl(PR_GET_TID_ADDRESS, &thread) == 0 && thread)
		flags |= CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID;
	keeper_close(&process->pidfd);
	process->pid = 0;
	process->due_ms = 0;
	/* The last two are child_tid and tls, in the order of the architecture. */
	pid = (pid_t)syscall(SYS_clone, flags, NULL, &process->pid, thread, thread);
	if (pid > 0)
		process->pidfd = (int32_t)syscall(SYS_pidfd_open, pid, 0);
	return pid;
}

/* The gate lets the daemon's own processes pass, by number.  `told` is where it reads
 * that of a process which may stay away for long: the child writes it, its burial takes
 * it back.  The others are there again before the kernel has given their number away. */
#define TOLD(keeper, number) ((keeper)->shared ? &(keeper)->shared->number : NULL)

static pid_t start(struct keeper_process *process, _Atomic uint32_t *told, unsigned long flags)
{
	process->told = told;
	return keeper_clone(process, flags);
}

static int spawned(pid_t pid, const char *what)
{
	if (pid > 0)
		return 0;
	keeper_say("the %s process cannot be started: %s", what, strerror(errno));
	return -GUARD_E_IO;
}

int keeper_spawn_gate(struct keeper *keeper, enum guardd_restarted restarted)
{
	struct guardd_gate_arguments arguments = {
	    .config = keeper->config,
	    .shared = keeper->shared,
	    .fanotify = {keeper->handles.fanotify[GUARDD_GROUP_MAIN],
			 keeper->handles.fanotify[GUARDD_GROUP_SLOW]},
	    .changes = keeper->changes,
	    .policy = keeper->handles.policy,
	    .attributions = keeper->attributions,
	    .record = keeper->handles.events_send,
	    .unlock = keeper->unlock_grants[1],
	    .inspect = keeper->inspections[0],
	    .restarted = (int)restarted,
	    .layer = &keeper->layer,
	    .handles = &keeper->handles,
	};
	pid_t pid;

	/* A new pair: nothing that was said to or by a dead gate is heard again. */
	keeper_close(&keeper->command[0]);
	keeper_close(&keeper->command[1]);
	if (keeper_pair(keeper->command, 0) < 0)
		return spawned(-1, "gate");
	arguments.command = keeper->command[1];
	keeper->gate_ready = false;
	keeper->gate_generation++;
	keeper->gate_problem[0] = '\0';
	keeper->gate_refused = false;
	pid = keeper_clone(&keeper->gate, CLONE_FILES);
	if (pid == 0) {
		keeper_child_begin("guardd-gate");
		atomic_store(&keeper->shared->gate_pid, (uint32_t)getpid());
		guardd_gate_main(&arguments);
	}
	return spawned(pid, "gate");
}

/* What a helper must not be able to write; config lies elsewhere. */
static void unmap_keeper(struct keeper *keeper)
{
	if (keeper->shared)
		munmap(keeper->shared, sizeof(*keeper->shared));
	munmap(keeper, sizeof(*keeper));
}

int keeper_spawn_record(struct keeper *keeper)
{
	const struct guardd_record_arguments arguments = {
	    .config = keeper->config,
	    .events = keeper->handles.events_receive,
	    .requests = keeper->requests[1],
	    .unlock = keeper->unlock_records[1],
	    .state = keeper->ledger_dir,
	};
	const int keep[] = {arguments.events, arguments.requests, arguments.unlock, arguments.state};
	pid_t parent = getpid(), pid = keeper_clone(&keeper->record, 0);

	if (pid == 0) {
		keeper_child_begin("guardd-record");
		keeper_child_die_with_parent(parent);
		keeper_child_keep_only(keeper->null, keep, 4);
		atomic_store(&keeper->shared->record_pid, (uint32_t)getpid());
		unmap_keeper(keeper);
		guardd_record_main(&arguments);
	}
	return spawned(pid, "record");
}

/* Control sees the counters and cannot write them. */
static const struct guardd_shared *map_read_only(int memory)
{
	void *shared = mmap(NULL, sizeof(struct guardd_shared), PROT_READ, MAP_SHARED, memory, 0);

	if (shared == MAP_FAILED)
		_exit(EXIT_FAILURE);
	return shared;
}

int keeper_spawn_control(struct keeper *keeper)
{
	struct guardd_control_arguments arguments = {
	    .config = keeper->config,
	    .listener = keeper->handles.listener,
	    .record = keeper->requests[0],
	    .unlock = keeper->unlock_requests[0],
	    .policy = keeper->handles.policy,
	};
	pid_t parent = getpid(), pid;

	keeper_close(&keeper->control_socket[0]);
	keeper_close(&keeper->control_socket[1]);
	if (keeper_pair(keeper->control_socket, 0) < 0)
		return spawned(-1, "control");
	arguments.keeper = keeper->control_socket[1];
	keeper->load_answers = keeper->load_answers_next = 0; /* who asked is gone */
	pid = keeper_clone(&keeper->control, 0);
	if (pid == 0) {
		const int keep[] = {arguments.listener, arguments.record, arguments.unlock, arguments.policy,
				    arguments.keeper};

		keeper_child_begin("guardd-control");
		keeper_child_die_with_parent(parent);
		arguments.shared = map_read_only(keeper->shared_memory);
		keeper_child_keep_only(keeper->null, keep, 5);
		atomic_store(&keeper->shared->control_pid, (uint32_t)getpid());
		unmap_keeper(keeper);
		guardd_control_main(&arguments);
	}
	return spawned(pid, "control");
}

int keeper_spawn_unlock(struct keeper *keeper)
{
	const struct guardd_unlock_arguments arguments = {
	    .config = keeper->config,
	    .control = keeper->unlock_requests[1],
	    .record = keeper->unlock_records[0],
	    .gate = keeper->unlock_grants[0],
	    .state = keeper->unlock_dir,
	};
	const int keep[] = {arguments.control, arguments.record, arguments.gate, arguments.state};
	pid_t parent = getpid(), pid = keeper_clone(&keeper->unlock, 0);

	if (pid == 0) {
		keeper_child_begin("guardd-unlock");
		keeper_child_die_with_parent(parent);
		keeper_child_keep_only(keeper->null, keep, 4);
		atomic_store(&keeper->shared->unlock_pid, (uint32_t)getpid());
		munmap(keeper->shared, sizeof(*keeper->shared));
		munmap(keeper, sizeof(*keeper));
		guardd_unlock_main(&arguments);
	}
	return spawned(pid, "unlock");
}

int keeper_spawn_inspect(struct keeper *keeper)
{
	const struct guardd_inspect_arguments arguments = {.config = keeper->config,
							   .requests = keeper->inspections[1]};
	pid_t parent = getpid(), pid = keeper_clone(&keeper->inspect, 0);

	if (pid == 0) {
		keeper_child_begin("guardd-inspect");
		keeper_child_die_with_parent(parent);
		keeper_child_keep_only(keeper->null, &arguments.requests, 1);
		atomic_store(&keeper->shared->inspect_pid, (uint32_t)getpid());
		munmap(keeper->shared, sizeof(*keeper->shared));
		munmap(keeper, sizeof(*keeper));
		guardd_inspect_main(&arguments);
	}
	return spawned(pid, "inspect");
}

int keeper_spawn_understudy(struct keeper *keeper)
{
	pid_t active = getpid(), pid = keeper_clone(&keeper->understudy, CLONE_FILES);

	if (pid == 0) {
		prctl(PR_SET_NAME, "guardd-keeper2");
		atomic_store(&keeper->shared->understudy_pid, (uint32_t)getpid());
		keeper_understudy_main(keeper, active);
	}
	keeper->handles.understudy = keeper->understudy.pidfd;
	return spawned(pid, "understudy");
}

static int spawn_loader(struct keeper *keeper, enum keeper_loader_task task, bool fall_back)
{
	const bool judges = task != KEEPER_LOADER_READ;
	int32_t pair[2];
	pid_t parent = getpid(), pid;

	if (keeper_pair(pair, 0) < 0)
		return spawned(-1, "loader");
	pid = start(&keeper->loader, TOLD(keeper, loader_pid), 0);
	if (pid == 0) {
		const int third = judges ? keeper->handles.policy : keeper->set;
		const int keep[] = {pair[1], keeper->state_dir, third};

		keeper_child_begin("guardd-loader");
		keeper_child_die_with_parent(parent);
		if (keeper->shared)
			atomic_store(&keeper->shared->loader_pid, (uint32_t)getpid());
		keeper_child_keep_only(keeper->null, keep, third < 0 ? 2 : 3);
		keeper_loader_main(&(const struct keeper_loader_arguments){
		    .config = keeper->config,
		    .socket = pair[1],
		    .state_dir = keeper->state_dir,
		    .set = judges ? -1 : keeper->set,
		    .fall_back = fall_back,
		    .first = keeper->phase == KEEPER_STARTING,
		    .task = task,
		    .in_force = judges ? keeper->handles.policy : -1,
		    .needed = keeper->shared ? &keeper->shared->needed : NULL,
		    .why = keeper->gate_problem,
		});
	}
	close(pair[1]);
	keeper_close(&keeper->loader_socket);
	keeper->loader_socket = pair[0];
	return spawned(pid, "loader");
}

int keeper_spawn_loader(struct keeper *keeper, bool fall_back)
{
	return spawn_loader(keeper, KEEPER_LOADER_READ, fall_back);
}

int keeper_spawn_loader_for(struct keeper *keeper, enum keeper_loader_task task)
{
	return spawn_loader(keeper, task, false);
}

int keeper_spawn_sync(struct keeper *keeper, int socket)
{
	const struct guardd_sync_arguments arguments = {.config = keeper->config, .trust = socket};
	pid_t parent = getpid(), pid = start(&keeper->sync, TOLD(keeper, sync_pid), 0);

	if (pid == 0) {
		keeper_child_begin("guardd-sync");
		keeper_child_die_with_parent(parent);
		keeper_child_keep_only(keeper->null, &socket, 1);
		if (keeper->shared)
			atomic_store(&keeper->shared->sync_pid, (uint32_t)getpid());
		unmap_keeper(keeper);
		guardd_sync_main(&arguments);
	}
	return spawned(pid, "sync");
}

int keeper_spawn_trust(struct keeper *keeper, int socket, int sync)
{
	const struct guardd_trust_arguments arguments = {
	    .config = keeper->config, .keeper = socket, .sync = sync, .folder = keeper->trust_dir,
	    .policy = keeper->handles.policy};
	pid_t parent = getpid(), pid = start(&keeper->trust, TOLD(keeper, trust_pid), 0);

	if (pid == 0) {
		const int keep[] = {arguments.keeper, arguments.sync, arguments.folder, arguments.policy};

		keeper_child_begin("guardd-trust");
		keeper_child_die_with_parent(parent);
		keeper_child_keep_only(keeper->null, keep, arguments.policy < 0 ? 3 : 4);
		if (keeper->shared)
			atomic_store(&keeper->shared->trust_pid, (uint32_t)getpid());
		unmap_keeper(keeper);
		guardd_trust_main(&arguments);
	}
	return spawned(pid, "trust");
}
