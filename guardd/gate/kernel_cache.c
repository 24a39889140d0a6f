/* SPDX-License-Identifier: MIT
 *
 * gate/kernel_cache.c - evictable ignore marks: the kernel's own memory of an
 * allow.  Set only where the answer can depend on nothing but the content and
 * only root can change that; taken back when anything moved meanwhile.
 *
 * write(2) drops such a mark in the kernel.  A store through a shared mapping
 * does not: the same mark asks for FAN_CLOSE_WRITE, after which the reader
 * calls gate_forget().  A change of owner or permissions does not either: a mark
 * for FAN_ATTRIB beside it does (changes.c).
 */
#include "gate/gate.h"

#include <sys/fanotify.h>

#include "gate/contain.h"
#include "gate/data.h"
#include "gate/interpreters.h"
#include "gate/unlocks.h"
#include "gate/words.h"

#define MARK (FAN_MARK_EVICTABLE)

/* Would this file be allowed as `kind`, whoever asks and whenever?  It may lean
 * on its path where only root can give the file another name. */
bool gate_always_allowed(const struct gate_policy *policy, const struct guard_object *found, enum guard_kind kind)
{
	struct guard_identity asked = *found->identity;
	struct guard_subject nobody = { .uid = UINT32_MAX };
	struct guard_object object = *found;
	struct guard_verdict verdict;
	uint8_t fixed = found->path && found->path_protected ? GUARD_DEPENDS_PATH : 0;

	asked.kind = (uint8_t)kind;
	guard_attribution_add(policy->attributions, &asked);
	object.identity = &asked;
	guard_policy_decide(policy->policy, &verdict, &nobody, &object, gate_policy_now(policy));
	return verdict.action == GUARD_ALLOW && !(verdict.depends & ~fixed);
}

static bool is_script_format(uint8_t format)
{
	return format == GUARD_FORMAT_SHEBANG || format == GUARD_FORMAT_TEXT;
}

/* Which events of the inode need not be asked any more. */
static uint64_t needless(const struct gate *gate, const struct gate_policy *policy, const struct guard_object *object,
			 uint8_t format)
{
	bool script = gate_always_allowed(policy, object, GUARD_KIND_SCRIPT);
	bool library = gate_always_allowed(policy, object, GUARD_KIND_LIBRARY);
	bool module = gate_always_allowed(policy, object, GUARD_KIND_MODULE);
	bool executable = gate_always_allowed(policy, object, GUARD_KIND_EXECUTABLE);
	uint32_t interpreter = gate_words_wanted(policy, object);
	uint64_t mask = 0, exec = FAN_OPEN_EXEC_PERM;

	/* Each start of it has a command line of its own. */
	if (gate_words_judged(policy, interpreter))
		return 0;
	if (interpreter != GUARD_NO_INTERPRETER || gate_contain_wanted(gate, policy, object))
		exec = 0;
	if (is_script_format(format) ? script : executable)
		mask |= exec;
	if (guard_format_is_elf((enum guard_format)format) ? script && library && module && executable :
							       script && module)
		mask |= FAN_OPEN_PERM;
	return mask;
}

/* While an installer is unlocked every start of a program is recorded. */
static uint64_t wanted_now(const struct gate *gate)
{
	return gate_unlocks_follow_writers(gate) ? ~(uint64_t)FAN_OPEN_EXEC_PERM : ~UINT64_C(0);
}

static void unmark(struct gate *gate, int fd)
{
	/* Absent marks are no error: this is said to the kernel on every doubt. */
	(void)fanotify_mark(gate->fanotify[GUARDD_GROUP_MAIN], FAN_MARK_REMOVE | FAN_MARK_IGNORED_MASK, GATE_PERM_MASK, fd, NULL);
}

static bool is_eligible(struct gate_filesystem *ret_filesystem, struct gate *gate, const struct gate_event *event)
{
	return event->lease == GATE_LEASE_HELD && gate_file_is_sealed(&event->file) &&
	       event->file.key.ctime_ns <= gate_realtime_ns() - GATE_FRESH_NS &&
	       gate_filesystem_find(gate, ret_filesystem, event->file.key.device) && ret_filesystem->cacheable;
}

static bool still_true(struct gate *gate, const struct gate_event *event, uint64_t generation)
{
	struct gate_file now;

	return generation == gate_policy_generation(gate) && gate_lease_stands(event) &&
	       gate_cache_sequence(gate->cache, &event->file.key) == event->sequence &&
	       gate_file_stat(&now, event->fd) == 0 && gate_key_equal(&now.key, &event->file.key) &&
	       gate_file_is_sealed(&now);
}

/* The ignore mark last: what ends it is heard of from before it begins. */
static bool set_marks(struct gate *gate, int fd, uint64_t mask)
{
	const int group = gate->fanotify[GUARDD_GROUP_MAIN];
	bool set;

	pthread_mutex_lock(&gate->marks);
	gate_data_forget(gate, fd);
	set = fanotify_mark(gate->arguments->changes, FAN_MARK_ADD | MARK, FAN_ATTRIB, fd, NULL) == 0 &&
	      fanotify_mark(group, FAN_MARK_ADD | MARK, FAN_CLOSE_WRITE, fd, NULL) == 0 &&
	      fanotify_mark(group, FAN_MARK_ADD | FAN_MARK_IGNORED_MASK | MARK, mask, fd, NULL) == 0;
	pthread_mutex_unlock(&gate->marks);
	return set;
}

bool gate_kernel_cache(struct gate *gate, struct gate_event *event, const struct gate_identity *identity,
		       uint8_t format)
{
	const struct gate_path *path = &event->facts->path;
	struct guard_object object = { .identity = &identity->identity,
				       .path = path->verified ? path->claimed : NULL,
				       .claimed_path = path->claimed,
				       .path_protected = path->protected };
	struct gate_filesystem filesystem;
	const struct gate_policy *policy;
	uint64_t mask, generation;
	bool interprets;

	gate_layer_remember(gate, event, identity);
	/* A certificate that ends must be looked at again. */
	if (identity->signers_until != INT64_MAX || !is_eligible(&filesystem, gate, event))
		return true;
	object.medium = filesystem.medium;
	policy = gate_policy_hold(gate);
	/* Signers that another policy's keys verified say nothing under this one. */
	mask = policy->generation == identity->generation ? needless(gate, policy, &object, format) & wanted_now(gate) : 0;
	generation = policy->generation;
	interprets = gate_interprets(policy, &object);
	gate_policy_release(gate);
	/* Nobody could tell any more when it is started. */
	if (mask && interprets && guardd_bpf_interpreter_set(gate->layer, event->fd) < 0)
		return true;
	if (!mask)
		return false;
	if (!set_marks(gate, event->fd, mask))
		return mask & FAN_OPEN_PERM; /* then it is asked again: slower, not weaker */
	if (!still_true(gate, event, generation) || mask & ~wanted_now(gate))
		unmark(gate, event->fd);
	return mask & FAN_OPEN_PERM;
}

void gate_forget(struct gate *gate, int fd, const struct gate_key *key)
{
	gate_cache_drop(gate->cache, key);
	guardd_bpf_verdict_drop(gate->layer, fd);
	unmark(gate, fd); /* what is data stays that: a log is asked about once more */
}

void gate_kernel_cache_flush(struct gate *gate)
{
	/* Together: an ignore mark must not stay without the ear beside it. */
	pthread_mutex_lock(&gate->marks);
	(void)fanotify_mark(gate->fanotify[GUARDD_GROUP_MAIN], FAN_MARK_FLUSH, 0, AT_FDCWD, NULL);
	(void)fanotify_mark(gate->arguments->changes, FAN_MARK_FLUSH, 0, AT_FDCWD, NULL);
	guardd_bpf_data_end(gate->layer);
	pthread_mutex_unlock(&gate->marks);
}
