/* SPDX-License-Identifier: MIT
 *
 * gate/learn.c - what root alone can write and somebody opened as data is
 * identified after the caller was let go: when the policy lists it, whoever may
 * open it, the kernel need not ask again.  Never holds anybody up, never
 * changes a verdict, records nothing.
 */
#include "gate/gate.h"

#include <unistd.h>

#include "gate/queue.h"

#define LEARN_SIZE_MAX (4u << 20) /* bytes; a lease is held while it is hashed */
#define LEARN_QUEUE_MAX 64u

/* Small, root's, at rest, and not known to be useless under this policy. */
static bool is_worth_it(struct gate *gate, const struct gate_event *event)
{
	const struct gate_file *file = &event->file;
	struct gate_cached cached;

	if (event->lease != GATE_LEASE_HELD || file->key.size == 0 || file->key.size > LEARN_SIZE_MAX ||
	    !gate_file_is_sealed(file) || file->key.ctime_ns > gate_realtime_ns() - GATE_FRESH_NS)
		return false;
	return !gate_cache_get(gate->cache, &cached, &file->key) || cached.useless != gate_policy_generation(gate);
}

void gate_learn(struct gate *gate, struct gate_event *event, uint8_t format)
{
	if (!is_worth_it(gate, event)) {
		gate_pass(gate, event);
		return;
	}
	if (atomic_fetch_add(&gate->learning, 1) >= LEARN_QUEUE_MAX) {
		atomic_fetch_sub(&gate->learning, 1);
		gate_pass(gate, event);
		return;
	}
	event->facts->format = format;
	event->task.type = GATE_TASK_LEARN;
	gate_event_answer(gate, event, true);
	gate_queue_push(gate, &gate->jobs.slow, &event->task);
}

static bool identify(struct gate *gate, struct gate_identity *ret_identity, struct gate_event *event)
{
	const _Atomic int64_t until_ns = gate_now_ns() + gate->deadline_ns;

	if (gate_identity_known(gate, ret_identity, event))
		return true;
	gate_identify(gate, ret_identity, event, &until_ns);
	return ret_identity->error == 0 && !ret_identity->writer;
}

void gate_learn_run(struct gate *gate, struct gate_event *event)
{
	const uint64_t generation = gate_policy_generation(gate);
	struct gate_path *path = &event->facts->path;
	struct gate_cached cached = { .format = event->facts->format, .has_digest = true };
	struct gate_identity identity;

	if (gate_lease_intact(event) && identify(gate, &identity, event)) {
		if (!path->claimed)
			gate_path_read(path, event->fd, &event->file.key);
		path->protected = path->verified && gate_path_is_protected(path->claimed);
		if (!gate_kernel_cache(gate, event, &identity.identity, event->facts->format))
			cached.useless = generation;
		cached.digest = identity.identity.digest;
		if (gate_lease_intact(event))
			gate_cache_put(gate->cache, &event->file.key, &cached, event->sequence, gate_realtime_ns());
	}
	atomic_fetch_sub(&gate->learning, 1);
	gate_pass(gate, event);
}
