/* SPDX-License-Identifier: MIT
 *
 * keeper/keeper.c - the order of a start: what can fail and disturbs nobody
 * comes first, the gate comes last.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <guard/identity.h>

#include "base/cleanup.h"
#include "internal.h"
#include "keeper/loader.h"
#include "problem.h"

#define ANOTHER_MS 15000	     /* for another daemon to answer, to replace its gate, or to be gone */
#define RECORD_QUEUE_BYTES (8 << 20) /* records that wait while the recorder is started again */

struct sentence {
	char text[600];
};
#define SENTENCE(problem) (problem)->text, sizeof((problem)->text)

static struct keeper *make(struct guardd_config *config, const struct guardd_keeper_options *options)
{
	struct keeper *keeper =
	    mmap(NULL, sizeof(*keeper), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct keeper_process *const processes[] = {&keeper->gate, &keeper->record, &keeper->control,
						    &keeper->unlock, &keeper->inspect, &keeper->understudy,
						    &keeper->loader, &keeper->sync,    &keeper->trust,
						    &keeper->package, &keeper->writer};
	int32_t *const fds[] = {
	    &keeper->handles.fanotify[GUARDD_GROUP_MAIN],
	    &keeper->handles.fanotify[GUARDD_GROUP_SLOW],
	    &keeper->handles.policy,
	    &keeper->handles.lock,
	    &keeper->handles.events_send,
	    &keeper->handles.events_receive,
	    &keeper->handles.listener,
	    &keeper->handles.takeover,
	    &keeper->handles.keeper,
	    &keeper->handles.understudy,
	    &keeper->shared_memory,
	    &keeper->state_dir,
	    &keeper->ledger_dir,
	    &keeper->unlock_dir,
	    &keeper->run_dir,
	    &keeper->null,
	    &keeper->changes,
	    &keeper->attributions,
	    &keeper->attributions_next,
	    &keeper->package_socket,
	    &keeper->command[0],
	    &keeper->command[1],
	    &keeper->requests[0],
	    &keeper->requests[1],
	    &keeper->unlock_requests[0],
	    &keeper->unlock_requests[1],
	    &keeper->unlock_records[0],
	    &keeper->unlock_records[1],
	    &keeper->unlock_grants[0],
	    &keeper->unlock_grants[1],
	    &keeper->inspections[0],
	    &keeper->inspections[1],
	    &keeper->control_socket[0],
	    &keeper->control_socket[1],
	    &keeper->signals,
	    &keeper->loader_socket,
	    &keeper->loaded_image,
	    &keeper->set,
	    &keeper->trust_dir,
	    &keeper->trust_socket,
	    &keeper->takeover,
	    &keeper->old_keeper,
	    &keeper->old_understudy,
	    &keeper->old_gate,
	};

	if (keeper == MAP_FAILED)
		return NULL;
	for (size_t i = 0; i < sizeof(processes) / sizeof(processes[0]); i++)
		processes[i]->pidfd = -1;
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		*fds[i] = -1;
	keeper->config = config;
	keeper->options = *options;
	return keeper;
}

/* Names of users are looked up here and never again: name services open files. */
static void find_user(uint32_t *ret_uid, uint32_t *ret_gid, const char *name)
{
	const struct passwd *user = getpwnam(name);

	if (!user)
		user = getpwnam("nobody");
	*ret_uid = user ? user->pw_uid : 65534;
	*ret_gid = user ? user->pw_gid : 65534;
}

/* All that may open a file later is made to open it now. */
static int prepare(struct keeper *keeper, struct sentence *problem)
{
	struct guard_digest digest;
	ssize_t n = readlink("/proc/self/exe", keeper->program, sizeof(keeper->program) - 1);

	keeper->program[n < 0 ? 0 : n] = '\0';
	find_user(&keeper->config->record_uid, &keeper->config->record_gid, "guard-record");
	find_user(&keeper->config->control_uid, &keeper->config->control_gid, "guard-control");
	find_user(&keeper->config->unlock_uid, &keeper->config->unlock_gid, "guard-unlock");
	find_user(&keeper->config->sync_uid, &keeper->config->sync_gid, "guard-sync");
	find_user(&keeper->config->trust_uid, &keeper->config->trust_gid, "guard-trust");
	find_user(&keeper->config->inspect_uid, &keeper->config->inspect_gid, "guard-inspect");
	find_user(&keeper->config->package_uid, &keeper->config->package_gid, "guard-package");
	if (guard_digest_bytes(&digest, "", 0) < 0)
		return guardd_problem(-GUARD_E_UNSUPPORTED, SENTENCE(problem),
				      "OpenSSL has no SHA-256: see openssl.cnf");
	keeper->null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (keeper->null < 0)
		return guardd_problem(-GUARD_E_IO, SENTENCE(problem), "/dev/null cannot be opened: %s",
				      strerror(errno));
	keeper_raise_file_limit();
	if (keeper_signals_open(keeper) < 0)
		return guardd_problem(-GUARD_E_IO, SENTENCE(problem), "signals cannot be taken: %s",
				      strerror(errno));
	if (keeper_directories_open(keeper, SENTENCE(problem)) < 0)
		return -GUARD_E_IO;
	keeper_package_first(keeper);
	return 0;
}

/* Be the only daemon, or the successor of the one that runs: then `takeover` is
 * a connection to its gate. */
static int lock_or_ask(struct keeper *keeper, struct sentence *problem)
{
	int64_t end = keeper_now_ms() + ANOTHER_MS;
	int r;

	do {
		r = keeper_lock(keeper, SENTENCE(problem));
		if (r != -GUARD_E_BUSY || keeper_succession_ask(keeper) == 0)
			return r == -GUARD_E_BUSY ? 0 : r;
		poll(NULL, 0, 50);
	} while (keeper_now_ms() < end);
	return guardd_problem(
	    -GUARD_E_BUSY, SENTENCE(problem),
	    "another guardd holds %s/lock and does not answer: stop it first (systemctl stop guardd)",
	    keeper->config->run_dir);
}

/* What a successor is given and a first daemon makes. */
static int make_handles(struct keeper *keeper, struct sentence *problem)
{
	struct guardd_handles *handles = &keeper->handles;
	int32_t events[2];
	int r;

	if (keeper->takeover >= 0)
		return 0;
	for (int group = 0; group < GUARDD_GROUPS; group++) {
		r = keeper_group_create(&handles->fanotify[group], SENTENCE(problem));
		if (r < 0)
			return r;
	}
	if (keeper_pair(events, RECORD_QUEUE_BYTES) < 0)
		return guardd_problem(-GUARD_E_IO, SENTENCE(problem), "no sockets: %s", strerror(errno));
	handles->events_send = events[0];
	handles->events_receive = events[1];
	r = keeper_listen(&handles->listener, keeper, "guard.sock", 0666, SENTENCE(problem));
	if (r < 0)
		return r;
	return keeper_listen(&handles->takeover, keeper, "takeover.sock", 0600, SENTENCE(problem));
}

/* Before any jail, and before there is a gate: it opens files. */
static int start_layer(struct keeper *keeper, struct sentence *problem)
{
	int r = guardd_bpf_start(&keeper->layer, keeper->config, SENTENCE(problem));

	atomic_store(&keeper->shared->layer_on, keeper->layer.on);
	snprintf(keeper->shared->layer_why, sizeof(keeper->shared->layer_why), "%s", keeper->layer.why);
	return r;
}

static int make_own(struct keeper *keeper, struct sentence *problem)
{
	int r;

	keeper->handles.keeper = (int32_t)syscall(SYS_pidfd_open, getpid(), 0);
	if (keeper->handles.keeper < 0)
		return guardd_problem(-GUARD_E_UNSUPPORTED, SENTENCE(problem),
				      "this kernel has no pidfds (%s): it needs Linux 5.19 or later",
				      strerror(errno));
	if (keeper_pair(keeper->requests, 0) < 0 || keeper_pair(keeper->unlock_requests, 0) < 0 ||
	    keeper_pair(keeper->unlock_records, 0) < 0 || keeper_pair(keeper->unlock_grants, 0) < 0 ||
	    keeper_pair(keeper->inspections, 0) < 0)
		return guardd_problem(-GUARD_E_IO, SENTENCE(problem), "no sockets: %s", strerror(errno));
	r = keeper_changes_create(&keeper->changes, SENTENCE(problem));
	if (r < 0)
		return r;
	return guardd_jail_enter(GUARDD_ROLE_KEEPER, keeper->config, SENTENCE(problem));
}

static int start_gate(struct keeper *keeper, struct sentence *problem)
{
	const int64_t end = keeper_now_ms() + KEEPER_READY_MS;
	char how[64];

	if (keeper_spawn_gate(keeper,
			      keeper->takeover >= 0 ? GUARDD_RESTARTED_TAKEOVER : GUARDD_RESTARTED_NOT) < 0)
		return guardd_problem(-GUARD_E_IO, SENTENCE(problem), "the gate cannot be started");
	while (!keeper->gate_ready && keeper_now_ms() < end) {
		struct pollfd watched[] = {{keeper->command[0], POLLIN, 0}, {keeper->gate.pidfd, POLLIN, 0}};

		if (poll(watched, 2, 1000) <= 0)
			continue;
		if (watched[0].revents)
			keeper_gate_message(keeper);
		if (watched[1].revents && !keeper->gate_ready)
			break;
	}
	if (keeper->gate_ready && atomic_load(&keeper->shared->counters.filesystems) > 0)
		return 0;
	if (keeper->gate_ready && !keeper->gate_problem[0])
		snprintf(keeper->gate_problem, sizeof(keeper->gate_problem),
			 "no filesystem could be protected");
	keeper_process_signal(&keeper->gate, SIGKILL);
	(void)!keeper_process_wait(&keeper->gate, 1000);
	(void)keeper_process_bury(&keeper->gate, how, sizeof(how));
	return guardd_problem(-GUARD_E_INTERNAL, SENTENCE(problem), "enforcement could not be turned on: %s",
			      keeper->gate_problem[0] ? keeper->gate_problem : how);
}

/* A policy with which this machine never started, and cannot: what it started with last
 * is better than no daemon (docs/last-good.md). */
static int start_gate_or_go_back(struct keeper *keeper, struct sentence *problem)
{
	struct sentence second = {""};
	int r = start_gate(keeper, problem);

	if (r == 0 || keeper_policy_back_first(keeper) < 0)
		return r;
	keeper_strays_close(keeper); /* of the gate that ended */
	if (start_gate(keeper, &second) == 0)
		return 0;
	keeper_say("with the last good policy neither: %s", second.text);
	return r;
}

static int start_others(struct keeper *keeper, struct sentence *problem)
{
	if (keeper_spawn_understudy(keeper) < 0 || keeper_spawn_record(keeper) < 0 ||
	    keeper_spawn_control(keeper) < 0 || keeper_spawn_unlock(keeper) < 0 ||
	    keeper_managed_start(keeper) < 0)
		return guardd_problem(-GUARD_E_IO, SENTENCE(problem),
				      "the helper processes cannot be started");
	return 0;
}

static int start(struct keeper *keeper, struct sentence *problem)
{
	int r = prepare(keeper, problem);

	if (r == 0)
		r = keeper_shared_create(keeper, SENTENCE(problem));
	if (r == 0)
		r = lock_or_ask(keeper, problem);
	if (r == 0)
		r = make_handles(keeper, problem);
	if (r == 0)
		r = start_layer(keeper, problem);
	if (r == 0)
		r = make_own(keeper, problem);
	if (r == 0)
		r = keeper_policy_first(keeper, SENTENCE(problem));
	if (r == 0)
		r = keeper_spawn_inspect(keeper); /* the gate asks from its first moment on */
	if (r == 0)
		r = start_gate_or_go_back(keeper, problem);
	if (r < 0)
		return r;
	if (keeper->takeover >= 0 && keeper_succession_switch(keeper) < 0)
		keeper_say("our gate does not take its command: it is started again");
	return start_others(keeper, problem);
}

/* A first daemon that did not come up leaves no socket; a successor leaves the
 * living daemon's. */
static void take_back_sockets(const struct keeper *keeper)
{
	if (keeper->handles.lock < 0 || keeper->old_keeper_pid != 0)
		return;
	(void)!unlinkat(keeper->run_dir, "guard.sock", 0);
	(void)!unlinkat(keeper->run_dir, "takeover.sock", 0);
}

static void announce(struct keeper *keeper, bool successor)
{
	char state[64];

	if (successor)
		keeper_note(keeper, GUARD_DAEMON_UPGRADED,
			    "guardd has taken over from the one before, without a gap.");
	else
		keeper_note(keeper, GUARD_DAEMON_STARTED, "%s",
			    keeper->policy.mode == GUARD_MODE_ENFORCE ?
				    "guardd has started: only what the policy lists may run." :
				    "guardd has started: the policy is in audit mode, nothing is refused.");
	keeper_say("kernel layer: %s%s", keeper->layer.on ? "" : "off: ", keeper->layer.why);
	if (keeper->config->overruled[0])
		keeper_note(keeper, GUARD_DAEMON_MANAGED, "%s", keeper->config->overruled);
	keeper_policy_confirm_first(keeper);
	keeper_problem_changed(keeper);
	if (keeper->options.foreground) {
		if (keeper->old_keeper_pid != getpid()) { /* else it was said before the upgrade */
			puts("ready");
			fflush(stdout);
		}
		return;
	}
	snprintf(state, sizeof(state), "MAINPID=%d\nREADY=1", (int)getpid());
	keeper_tell(keeper, state);
	keeper_tell_status(keeper);
}

int guardd_keeper_run(struct guardd_config *config, const struct guardd_keeper_options *options)
{
	struct keeper *keeper = make(config, options);
	struct sentence problem = {""};
	bool successor;

	if (!keeper) {
		keeper_say("out of memory");
		return EXIT_FAILURE;
	}
	if (start(keeper, &problem) < 0) {
		keeper_say("%s", problem.text);
		take_back_sockets(keeper);
		if (!keeper->layer.adopted) /* else it goes on holding for the next daemon */
			guardd_bpf_stop(&keeper->layer, keeper->config);
		return EXIT_FAILURE;
	}
	successor = keeper->takeover >= 0 || keeper->old_keeper_pid != 0;
	announce(keeper, successor);
	return keeper_loop(keeper);
}

int guardd_keeper_check(struct guardd_config *config)
{
	GUARD_AUTO_CLOSE int state_dir = open(config->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	GUARD_AUTO_CLOSE int image = -1;
	const struct keeper_loader_arguments arguments = {.config = config, .state_dir = state_dir, .set = -1};
	struct keeper_loader_reply reply;

	if (keeper_loader_read(&image, &reply, &arguments) < 0) {
		keeper_say("%s", reply.text);
		return EXIT_FAILURE;
	}
	printf("policy %s version %llu (%s) would be in force%s\n", reply.id, (unsigned long long)reply.version,
	       reply.mode == GUARD_MODE_ENFORCE ? "enforce" : "audit",
	       reply.by_signer ? "; what this machine needs it allows by signer only, if at all: that is looked at "
				 "when the daemon takes it" : "");
	return EXIT_SUCCESS;
}
