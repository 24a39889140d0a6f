/* SPDX-License-Identifier: MIT
 *
 * gate/sweep.c - what runs already: looks at the program and the mapped
 * libraries of every process, records what the policy does not allow, and ends
 * the process when the policy says so and is enforced.
 */
#include "gate/gate.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "gate/unlocks.h"

#define QUEUE 64u

struct gate_sweeper {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	uint64_t devices[QUEUE]; /* asked for */
	unsigned count;
	bool all;
};

struct sweep {
	struct gate *gate;
	uint64_t device; /* 0: all marked ones */
	uint64_t processes, denied, ended;
	bool at_once; /* the process at hand uses what headquarters denies at once */
};

static bool is_concerned(const struct sweep *sweep, uint64_t device)
{
	struct gate_filesystem filesystem;

	if (sweep->device)
		return device == sweep->device;
	return gate_filesystem_find(sweep->gate, &filesystem, device) && filesystem.marked;
}

/* Of the list of what must not run any more? */
static bool is_denied_at_once(const struct guard_policy *policy, const struct guard_verdict *verdict)
{
	struct guard_rule_info rule;

	return verdict->reason == GUARD_REASON_RULE_DENY && guard_policy_rule_info(policy, verdict->rule, &rule) == 0 &&
	       rule.at_once;
}

/* Is this process, which runs what is not allowed, to be ended? */
static bool is_to_end(const struct sweep *sweep, int32_t pid)
{
	struct gate *gate = sweep->gate;
	const struct gate_policy *policy = gate_policy_hold(gate);
	bool enforced = policy->info.mode == GUARD_MODE_ENFORCE;
	bool all = policy->info.running == 1 || sweep->at_once, unlocked = policy->info.unlock_end == 0;

	gate_policy_release(gate);
	if (!enforced || pid == 1 || (!sweep->at_once && gate_unlock_spares(gate, pid)))
		return false;
	return all || (unlocked && gate_unlock_began_under(gate, pid));
}

static bool decide(struct sweep *sweep, struct guard_verdict *ret_verdict, char *ret_rule, size_t rule_size,
		   uint64_t *ret_version, const struct gate_event *event, const struct gate_identity *identity)
{
	struct gate *gate = sweep->gate;
	const struct gate_facts *facts = event->facts;
	struct guard_identity asked = identity->identity;
	const struct gate_wanted wanted = { .subject = facts->no_subject ? NULL : &facts->subject,
					    .digest = &identity->identity.digest,
					    .key = &event->file.key,
					    .kind = facts->kind };
	uint32_t seconds[GUARD_POLICY_UNLOCK_SCOPES];
	struct gate_filesystem filesystem;
	struct guard_subject subject = { facts->subject.uid, facts->subject.gid_count, facts->subject.gids, NULL };
	struct guard_object object = { .identity = &asked,
				       .path = facts->path.verified ? facts->path.claimed : NULL,
				       .claimed_path = facts->path.claimed,
				       .path_protected = facts->path.protected };
	const struct gate_policy *policy;

	gate_filesystem_of(gate, &filesystem, event->file.key.device, event->fd);
	object.medium = filesystem.medium;
	asked.kind = facts->kind;
	policy = gate_policy_hold(gate);
	guard_attribution_add(policy->attributions, &asked);
	guard_policy_decide(policy->policy, ret_verdict, &subject, &object, gate_policy_now(policy));
	gate_rule_text(ret_rule, rule_size, policy->policy, ret_verdict->rule);
	*ret_version = policy->info.version;
	sweep->at_once |= is_denied_at_once(policy->policy, ret_verdict);
	memcpy(seconds, policy->info.unlock_seconds, sizeof(seconds));
	gate_policy_release(gate);
	if (ret_verdict->action == GUARD_DENY && ret_verdict->reason != GUARD_REASON_RULE_DENY &&
	    gate_unlock_covers(gate, &wanted, seconds))
		return true;
	return ret_verdict->action == GUARD_ALLOW;
}

/* One file that a process uses as code.  false: not allowed. */
static bool check_file(struct sweep *sweep, const char *link, int32_t pid, enum guard_kind kind)
{
	struct gate *gate = sweep->gate;
	struct gate_facts facts = { .kind = (uint8_t)kind, .exec = kind == GUARD_KIND_EXECUTABLE };
	struct gate_event event = { .tid = pid, .facts = &facts };
	struct gate_identity identity;
	_Atomic int64_t until_ns = gate_now_ns() + gate->deadline_ns;
	struct guard_verdict verdict;
	uint64_t version;
	char rule[256];
	bool allowed;
	GUARD_AUTO_CLOSE int fd = open(link, GATE_OPEN); /* the reader lets us */

	if (fd < 0 || gate_file_stat(&event.file, fd) < 0)
		return true; /* the process is gone, or the filesystem */
	event.fd = fd;
	facts.no_subject = gate_subject_read(&facts.subject, pid) < 0;
	gate_lease_take(gate, &event);
	if (!gate_identity_known(gate, &identity, &event))
		gate_identify(gate, &identity, &event, &until_ns);
	gate_path_read(&facts.path, fd, &event.file.key);
	facts.path.protected = facts.path.verified && gate_path_is_protected(facts.path.claimed);
	allowed = decide(sweep, &verdict, rule, sizeof(rule), &version, &event, &identity);
	if (!allowed) {
		gate_note_swept(gate, &event, &verdict, &identity, rule, version);
		sweep->denied++;
	}
	free(facts.path.claimed);
	return allowed;
}

/* Every mapped file that is executable, once each. */
static bool check_mappings(struct sweep *sweep, int32_t pid, const struct gate_key *program)
{
	char path[96];
	uint64_t last = 0;
	bool allowed = true;
	GUARD_AUTO_FREE char *line = NULL;
	size_t capacity = 0;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	maps = fopen(path, "re");
	if (!maps)
		return true;
	while (getline(&line, &capacity, maps) > 0) {
		struct gate_mapping mapping;
		if (gate_mapping_parse(&mapping, line) < 0 || !mapping.executable || !mapping.inode)
			continue;
		if (mapping.inode == last || mapping.inode == program->inode ||
		    !is_concerned(sweep, makedev(mapping.major, mapping.minor)))
			continue;
		last = mapping.inode;
		snprintf(path, sizeof(path), "/proc/%d/map_files/%llx-%llx", pid, (unsigned long long)mapping.start,
			 (unsigned long long)mapping.end);
		allowed &= check_file(sweep, path, pid, GUARD_KIND_LIBRARY);
	}
	fclose(maps);
	return allowed;
}

static void end_process(struct sweep *sweep, int pidfd)
{
	if (syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0) == 0)
		sweep->ended++;
}

static void check_process(struct sweep *sweep, int32_t pid)
{
	char link[64];
	struct gate_file program = { 0 };
	bool allowed = true;
	GUARD_AUTO_CLOSE int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);

	snprintf(link, sizeof(link), "/proc/%d/exe", pid);
	if (pidfd < 0 || gate_process_is_own(sweep->gate, pid) ||
	    gate_file_stat_at(&program, AT_FDCWD, link, 0) < 0)
		return; /* gone, or a thread of the kernel */
	sweep->processes++;
	sweep->at_once = false;
	if (is_concerned(sweep, program.key.device))
		allowed = check_file(sweep, link, pid, GUARD_KIND_EXECUTABLE);
	allowed &= check_mappings(sweep, pid, &program.key);
	if (!allowed && is_to_end(sweep, pid))
		end_process(sweep, pidfd);
}

static void sweep_all(struct gate *gate, uint64_t device)
{
	struct sweep sweep = { .gate = gate, .device = device };
	struct dirent *entry;
	DIR *processes = opendir("/proc");

	if (!processes)
		return;
	gate_unlocks_await(gate);
	while ((entry = readdir(processes)))
		if (isdigit((unsigned char)entry->d_name[0]))
			check_process(&sweep, (int32_t)strtol(entry->d_name, NULL, 10));
	closedir(processes);
	if (!device || sweep.denied)
		gate_note_daemon(gate, GUARD_DAEMON_SWEEP_DONE, 1,
				 "%llu running processes looked at, %llu files in use that the policy does not "
				 "allow, %llu processes ended",
				 (unsigned long long)sweep.processes, (unsigned long long)sweep.denied,
				 (unsigned long long)sweep.ended);
}

static uint64_t take_request(struct gate_sweeper *sweeper)
{
	uint64_t device = 0;

	pthread_mutex_lock(&sweeper->lock);
	while (!sweeper->all && sweeper->count == 0)
		pthread_cond_wait(&sweeper->wake, &sweeper->lock);
	if (!sweeper->all)
		device = sweeper->devices[--sweeper->count];
	else
		sweeper->count = 0;
	sweeper->all = false;
	pthread_mutex_unlock(&sweeper->lock);
	return device;
}

static void sweep_run(struct gate *gate, void *context)
{
	for (;;)
		sweep_all(gate, take_request(context));
}

void gate_sweep_request(struct gate *gate, uint64_t device)
{
	struct gate_sweeper *sweeper = gate->sweeper;

	pthread_mutex_lock(&sweeper->lock);
	if (device && sweeper->count < QUEUE)
		sweeper->devices[sweeper->count++] = device;
	else
		sweeper->all = true;
	pthread_cond_signal(&sweeper->wake);
	pthread_mutex_unlock(&sweeper->lock);
}

int gate_sweeper_start(struct gate *gate)
{
	return gate_thread_start(gate, sweep_run, gate->sweeper);
}

int gate_sweeper_new(struct gate_sweeper **ret_sweeper)
{
	struct gate_sweeper *sweeper = calloc(1, sizeof(*sweeper));

	if (!sweeper)
		return -GUARD_E_NOMEM;
	pthread_mutex_init(&sweeper->lock, NULL);
	pthread_cond_init(&sweeper->wake, NULL);
	*ret_sweeper = sweeper;
	return 0;
}
