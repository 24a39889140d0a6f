/* SPDX-License-Identifier: MIT
 *
 * gate/triage.c - a worker's first look at one event: is it an exec, a write, a
 * read; by which program; of what kind.  Gathers the facts, leaves the table to
 * access.c and the verdict to conclude.c.
 */
#include "gate/data.h"
#include "gate/gate.h"
#include "gate/unlocks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <time.h>
#include <unistd.h>

#include "gate/patience.h"

#define LOOKS_MAX 200 /* at a caller on its way to sleep */
#define ROUNDS_MAX 8  /* of one event */

struct look {
	struct gate_call call;
	bool called; /* `call` has been looked at */
	struct gate_filesystem filesystem;
	struct gate_access access;
	char requested[GUARD_WIRE_PATH_MAX];
};

/* The caller is on its way to sleep: others first.  Waiting for it here would,
 * among thousands of callers, be waiting for all of them. */
static void put_back(struct gate *gate, struct gate_event *event, const struct look *look)
{
	struct gate_queue *queue = event->patient || event->group == GUARDD_GROUP_SLOW || look->filesystem.slow ? &gate->jobs.slow : &gate->jobs.quick;

	if (atomic_load(&queue->depth) == 0) {
		struct timespec pause = { .tv_nsec = event->looks < 10 ? 1000 : 50000 };
		nanosleep(&pause, NULL);
	}
	gate_queue_push(gate, queue, &event->task);
}

/* In which call the caller is blocked.  false: not known yet, the event went
 * back into its queue. */
static bool know_call(struct gate *gate, struct gate_event *event, struct look *look)
{
	int r;

	if (look->called)
		return true;
	r = gate_call_read(&look->call, event->tid);
	if (r == -GUARD_E_BUSY && event->looks < LOOKS_MAX) {
		event->looks++;
		put_back(gate, event, look);
		return false;
	}
	if (r < 0)
		look->call = (struct gate_call){ .kind = GATE_CALL_UNKNOWN };
	look->called = true;
	look->access.exec |= look->call.kind == GATE_CALL_EXEC;
	return true;
}

/* The content is about to change: what was remembered of it goes, and code in
 * use is not opened for writing.  true: the event is through. */
static bool took_writer(struct gate *gate, struct gate_event *event, const struct look *look)
{
	const struct guardd_inode inode = { event->file.key.device, event->file.key.inode,
					    event->file.key.born_ns };
	const struct gate_call *call = &look->call;

	if (look->access.exec)
		return false;
	if (!gate_call_may_write(call) && (call->has_flags || event->lease != GATE_LEASE_REFUSED))
		return false;
	gate_forget(gate, event->fd, &event->file.key);
	gate_unlock_writer(gate, event);
	if (guardd_in_use_busy(gate->in_use, &inode, gate_now_ns())) {
		gate_refuse(gate, event, GUARD_REASON_IN_USE);
		return true;
	}
	if (!gate_call_only_writes(call))
		return false;
	gate_pass(gate, event);
	return true;
}

/* What the first bytes look like; remembered like a digest. */
static bool sniff(struct gate *gate, struct gate_event *event, struct look *look)
{
	unsigned char head[GUARD_SNIFF_SIZE];
	struct gate_cached cached = { 0 };
	ssize_t size;

	if (look->filesystem.cacheable && gate_lease_take(gate, event) == GATE_LEASE_HELD &&
	    gate_cache_get(gate->cache, &cached, &event->file.key)) {
		look->access.format = cached.format;
		return true;
	}
	do
		size = pread(event->fd, head, sizeof(head), 0);
	while (size < 0 && errno == EINTR);
	if (size < 0)
		return false;
	cached.format = (uint8_t)guard_format_sniff(head, (size_t)size);
	look->access.format = cached.format;
	if (look->filesystem.cacheable && gate_lease_intact(event))
		gate_cache_put(gate->cache, &event->file.key, &cached, event->sequence, gate_realtime_ns());
	return true;
}

static void need_path(struct gate_event *event)
{
	if (!event->facts->path.claimed)
		gate_path_read(&event->facts->path, event->fd, &event->file.key);
}

static bool matches_suffix(struct gate *gate, const struct gate_program *program, const struct look *look,
			   const struct gate_path *path)
{
	const struct gate_policy *policy = gate_policy_hold(gate);
	bool matches = policy->generation != program->generation ||
		       guard_policy_interpreter_suffix(policy->policy, program->interpreter, look->requested) ||
		       (path->claimed &&
			guard_policy_interpreter_suffix(policy->policy, program->interpreter, path->claimed));

	gate_policy_release(gate);
	return matches;
}

/* Only root can put anything there, so that it stays data. */
static bool is_data(struct gate *gate, const struct gate_program *program, const struct gate_path *path)
{
	const struct gate_policy *policy;
	bool data;

	if (!path->verified)
		return false;
	policy = gate_policy_hold(gate);
	data = policy->generation == program->generation &&
	       guard_policy_interpreter_data(policy->policy, program->interpreter, path->claimed);
	gate_policy_release(gate);
	return data && gate_path_is_protected(path->claimed);
}

static void look_at_interpreter(struct gate *gate, struct gate_event *event, struct look *look)
{
	struct gate_program *program = event->facts->program;
	struct gate_access *access = &look->access;

	if (!program || !program->scripts || access->exec)
		return;
	access->scripts = program->scripts;
	need_path(event);
	gate_requested_name(look->requested, sizeof(look->requested), event->tid, &look->call);
	if (access->scripts & GUARD_SCRIPTS_SUFFIX)
		access->suffix = matches_suffix(gate, program, look, &event->facts->path);
	if (access->scripts & GUARD_SCRIPTS_TEXT)
		access->data = is_data(gate, program, &event->facts->path);
	if ((access->scripts & GUARD_SCRIPTS_TEXT) && !access->data)
		access->here_document = gate_is_here_document(event, program);
	if (access->scripts & GUARD_SCRIPTS_ARGUMENT)
		access->named = gate_names_script(gate, event, program, look->requested,
						  event->facts->path.claimed);
	if (access->scripts & GUARD_SCRIPTS_MODULE)
		access->module_name = gate_name_is_module(look->requested) ||
				      (event->facts->path.claimed &&
				       gate_name_is_module(event->facts->path.claimed));
}

static bool is_loadable(const struct look *look)
{
	return guard_format_is_elf((enum guard_format)look->access.format) &&
	       look->access.format != GUARD_FORMAT_ELF_REL;
}

/* Where the call came from matters for a reader that opens code, and for data
 * that a user could turn into code before a loader maps it. */
static void look_at_caller(struct gate_event *event, struct look *look)
{
	struct gate_access *access = &look->access;
	bool elf = is_loadable(look);

	access->sealed = gate_file_is_sealed(&event->file);
	access->reader = event->facts->program && event->facts->program->reader;
	if (access->exec)
		return;
	if (event->facts->program && event->facts->program->loader)
		access->ip = GATE_IP_LOADER;
	else if (elf && access->reader)
		access->ip = (uint8_t)gate_ip_read(event->tid, &look->call);
	else if (!elf && !access->sealed)
		access->ip = (uint8_t)gate_ip_guess(event->tid, &look->call);
}

/* Does the answer lean on how the caller asked?  A lease that was granted has
 * shown already that it does not ask to write. */
static bool needs_call(const struct gate_event *event, const struct look *look)
{
	const struct gate_program *program = event->facts->program;

	if (look->access.exec || !program)
		return false;
	if (program->scripts)
		return true;
	return is_loadable(look) ? program->reader : !gate_file_is_sealed(&event->file);
}

static bool begin_facts(struct gate *gate, struct gate_event *event)
{
	if (event->facts)
		return true;
	event->facts = calloc(1, sizeof(*event->facts));
	if (!event->facts)
		return false;
	event->facts->program = gate_program_get(gate, event->tid);
	if (event->facts->program && event->facts->program->loader)
		event->facts->program = gate_program_by_loader(gate, event->facts->program, event->tid);
	return true;
}

/* What could not be found out in a hurry is found out by a worker that may wait. */
static bool moved_on(struct gate *gate, struct gate_event *event)
{
	if (!gate_patience_ran_out())
		return false;
	gate_facts_free(event);
	event->patient = true;
	gate_queue_push(gate, &gate->jobs.slow, &event->task);
	return true;
}

static void ask_policy(struct gate *gate, struct gate_event *event, const struct look *look, uint8_t kind)
{
	struct gate_facts *facts = event->facts;
	struct gate_identity known;

	facts->kind = kind;
	facts->format = look->access.format;
	facts->exec = look->access.exec;
	facts->call_unknown = !look->called;
	need_path(event);
	if (facts->path.verified)
		facts->path.protected = gate_path_is_protected(facts->path.claimed);
	if (moved_on(gate, event))
		return;
	facts->no_subject = gate_subject_read(&facts->subject, event->tid) < 0;
	if (!facts->exec && !facts->no_subject && gate_process_is_own(gate, facts->subject.tgid)) {
		gate_pass(gate, event);
		return;
	}
	if (gate_identity_known(gate, &known, event)) {
		atomic_fetch_add_explicit(&gate->shared->counters.cached, 1, memory_order_relaxed);
		gate_conclude(gate, event, &known);
	} else {
		gate_identify_for(gate, event);
	}
}

/* Two gates crashed with this very event in hand: it may be the cause.  Those
 * that only waited in a queue, and those whose gate was killed by somebody
 * (adopt.c), are not blamed. */
static bool killed_gates(struct gate *gate, struct gate_event *event)
{
	struct guardd_slot *slot = &gate->shared->slots[event->index];

	if (event->begun)
		return false;
	event->begun = true;
	return ++slot->blamed > 2;
}

bool gate_triage_again(struct gate *gate, struct gate_event *event)
{
	struct gate_file file;
	bool patient = event->patient || event->group == GUARDD_GROUP_SLOW;

	if (event->rounds >= ROUNDS_MAX || gate_file_stat(&file, event->fd) < 0)
		return false;
	event->rounds++;
	gate_facts_free(event);
	(void)fcntl(event->fd, F_SETLEASE, F_UNLCK);
	event->lease = GATE_LEASE_UNASKED;
	event->file = file;
	gate_queue_push(gate, patient ? &gate->jobs.slow : &gate->jobs.quick, &event->task);
	return true;
}

void gate_triage(struct gate *gate, struct gate_event *event)
{
	struct look look = { 0 };
	struct gate_use use;

	if (atomic_load(&event->answered)) { /* its deadline has passed in the queue */
		gate_pass(gate, event);
		return;
	}
	if (killed_gates(gate, event)) {
		gate_refuse(gate, event, GUARD_REASON_OVERLOAD);
		return;
	}
	gate_patience_begin(event->patient || event->group == GUARDD_GROUP_SLOW);
	gate_filesystem_of(gate, &look.filesystem, event->file.key.device, event->fd);
	look.access.exec = event->mask & FAN_OPEN_EXEC_PERM;
	if (look.access.exec)
		gate_data_started(gate, event);
	if (gate_lease_take(gate, event) != GATE_LEASE_HELD && !look.access.exec &&
	    (!know_call(gate, event, &look) || took_writer(gate, event, &look)))
		return;
	if (gate_ticket_take(gate, event)) {
		gate_pass(gate, event);
		return;
	}
	if (!begin_facts(gate, event)) {
		gate_refuse(gate, event, GUARD_REASON_OVERLOAD);
		return;
	}
	if (!sniff(gate, event, &look)) {
		gate_refuse(gate, event, GUARD_REASON_UNREADABLE);
		return;
	}
	if (needs_call(event, &look) && !know_call(gate, event, &look))
		return;
	look_at_interpreter(gate, event, &look);
	look_at_caller(event, &look);
	if (moved_on(gate, event))
		return;
	use = gate_access_classify(&look.access);
	if (use.ask)
		ask_policy(gate, event, &look, use.kind);
	else
		gate_learn(gate, event, look.access.format);
}
