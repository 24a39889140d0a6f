/* SPDX-License-Identifier: MIT
 *
 * gate/kernel_cache.c - evictable ignore marks: the kernel's own memory of an
 * allow.  Set only where the answer can depend on nothing but the content and
 * only root can change that; taken back when anything moved meanwhile.
 *
 * write(2) drops such a mark in the kernel.  A store through a shared mapping
 * does not: the same mark asks for FAN_CLOSE_WRITE, after which the reader
 * calls gate_forget().
 */
#include "gate/gate.h"

#include <sys/fanotify.h>

#define MARK (FAN_MARK_EVICTABLE)

/* Would content of this identity be allowed as `kind`, whoever asks, wherever
 * it lies and whenever? */
static bool always_allowed(const struct gate_policy *policy, const struct guard_identity *identity,
			   enum guard_kind kind)
{
	struct guard_identity asked = *identity;
	struct guard_subject nobody = { .uid = UINT32_MAX };
	struct guard_object object = { .identity = &asked };
	struct guard_verdict verdict;

	asked.kind = (uint8_t)kind;
	guard_policy_decide(policy->policy, &verdict, &nobody, &object, gate_realtime_ns() / 1000000000);
	return verdict.action == GUARD_ALLOW && verdict.depends == 0;
}

static bool is_script_format(uint8_t format)
{
	return format == GUARD_FORMAT_SHEBANG || format == GUARD_FORMAT_TEXT;
}

/* Which events of the inode need not be asked any more. */
static uint64_t needless(const struct gate_policy *policy, const struct guard_identity *identity, uint8_t format)
{
	bool script = always_allowed(policy, identity, GUARD_KIND_SCRIPT);
	bool library = always_allowed(policy, identity, GUARD_KIND_LIBRARY);
	bool module = always_allowed(policy, identity, GUARD_KIND_MODULE);
	bool executable = always_allowed(policy, identity, GUARD_KIND_EXECUTABLE);
	uint64_t mask = 0;

	if (is_script_format(format) ? script : executable)
		mask |= FAN_OPEN_EXEC_PERM;
	if (guard_format_is_elf((enum guard_format)format) ? script && library && module && executable :
							       script && module)
		mask |= FAN_OPEN_PERM;
	return mask;
}

static void unmark(struct gate *gate, int fd)
{
	/* Absent marks are no error: this is said to the kernel on every doubt. */
	(void)fanotify_mark(gate->fanotify, FAN_MARK_REMOVE | FAN_MARK_IGNORED_MASK, GATE_PERM_MASK, fd, NULL);
}

static bool is_eligible(struct gate *gate, const struct gate_event *event)
{
	struct gate_filesystem filesystem;

	return event->lease == GATE_LEASE_HELD && gate_file_is_sealed(&event->file) &&
	       event->file.key.ctime_ns <= gate_realtime_ns() - GATE_FRESH_NS &&
	       gate_filesystem_find(gate, &filesystem, event->file.key.device) && filesystem.cacheable;
}

static bool still_true(struct gate *gate, const struct gate_event *event, uint64_t generation)
{
	struct gate_file now;

	return generation == gate_policy_generation(gate) && gate_lease_intact(event) &&
	       gate_cache_sequence(gate->cache, &event->file.key) == event->sequence &&
	       gate_file_stat(&now, event->fd) == 0 && gate_key_equal(&now.key, &event->file.key) &&
	       gate_file_is_sealed(&now);
}

void gate_kernel_cache(struct gate *gate, struct gate_event *event, const struct guard_identity *identity,
		       uint8_t format)
{
	const struct gate_policy *policy;
	uint64_t mask, generation;

	if (!is_eligible(gate, event))
		return;
	policy = gate_policy_hold(gate);
	mask = needless(policy, identity, format);
	generation = policy->generation;
	gate_policy_release(gate);
	if (!mask)
		return;
	if (fanotify_mark(gate->fanotify, FAN_MARK_ADD | MARK, FAN_CLOSE_WRITE, event->fd, NULL) < 0 ||
	    fanotify_mark(gate->fanotify, FAN_MARK_ADD | FAN_MARK_IGNORED_MASK | MARK, mask, event->fd, NULL) < 0)
		return; /* then it is asked again: slower, not weaker */
	if (!still_true(gate, event, generation))
		unmark(gate, event->fd);
}

void gate_forget(struct gate *gate, int fd, const struct gate_key *key)
{
	gate_cache_drop(gate->cache, key);
	unmark(gate, fd);
}

void gate_kernel_cache_flush(struct gate *gate)
{
	(void)fanotify_mark(gate->fanotify, FAN_MARK_FLUSH, 0, AT_FDCWD, NULL);
}
