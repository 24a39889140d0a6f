/* SPDX-License-Identifier: MIT
 *
 * gate/learn.c - what root alone can write and somebody opened as data is
 * identified after the caller was let go: when the policy lists it, whoever may
 * open it, the kernel need not ask again.  Never holds anybody up, never
 * changes a verdict, records nothing.
 */
#include "gate/gate.h"

#include <stdlib.h>

#include "gate/patience.h"
#include "gate/queue.h"

#define LEARN_SIZE_MAX (4u << 20) /* bytes; a lease is held while it is hashed */
#define LEARN_QUEUE_MAX (32u << 20) /* bytes that wait, and LEARN_SHARE each */
#define LEARN_SHARE (32u << 10)     /* what a file counts beside its size */

static uint32_t load_of(const struct gate_file *file)
{
	return (uint32_t)file->key.size + LEARN_SHARE;
}

/* Small, root's, at rest, and not known to be useless under this policy. */
static bool is_worth_it(struct gate *gate, const struct gate_file *file)
{
	struct gate_filesystem filesystem;
	struct gate_cached cached;

	if (!gate_filesystem_find(gate, &filesystem, file->key.device) || !filesystem.cacheable)
		return false; /* what is known of it does not last */
	if (file->key.size == 0 || file->key.size > LEARN_SIZE_MAX || !gate_file_is_sealed(file) ||
	    file->key.ctime_ns > gate_realtime_ns() - GATE_FRESH_NS)
		return false;
	return !gate_cache_get(gate->cache, &cached, &file->key) || cached.useless != gate_policy_generation(gate);
}

/* Takes its share of the queue, which is short: a writer waits for the lease. */
static bool has_room(struct gate *gate, const struct gate_file *file)
{
	if (atomic_fetch_add(&gate->learning, load_of(file)) <= LEARN_QUEUE_MAX)
		return true;
	atomic_fetch_sub(&gate->learning, load_of(file));
	return false;
}

static void learn_later(struct gate *gate, struct gate_event *event, uint8_t format)
{
	event->facts->format = format;
	event->task.type = GATE_TASK_LEARN;
	gate_event_answer(gate, event, true);
	gate_queue_push(gate, &gate->jobs.learn, &event->task);
}

void gate_learn(struct gate *gate, struct gate_event *event, uint8_t format)
{
	if (event->lease == GATE_LEASE_HELD && is_worth_it(gate, &event->file) && has_room(gate, &event->file))
		learn_later(gate, event, format);
	else
		gate_pass(gate, event);
}

/* The caller is gone: a slot tells a next gate that the fd is to be closed. */
static struct gate_event *begin(struct gate *gate, const struct gate_sight *sight)
{
	struct gate_facts *facts = calloc(1, sizeof(*facts));
	struct gate_event *event = NULL;

	if (facts)
		event = gate_event_begin(gate, sight->group, sight->fd, sight->mask, sight->tid, sight->file);
	if (!event) {
		free(facts);
		return NULL;
	}
	event->facts = facts;
	event->sequence = sight->sequence;
	event->lease = GATE_LEASE_HELD;
	return event;
}

bool gate_learn_seen(struct gate *gate, const struct gate_sight *sight)
{
	struct gate_event *event;

	/* What is opened for the first time may be opened never again. */
	if (!sight->leased || !sight->again || !is_worth_it(gate, sight->file) || !has_room(gate, sight->file))
		return false;
	event = begin(gate, sight);
	if (!event) {
		atomic_fetch_sub(&gate->learning, load_of(sight->file));
		return false;
	}
	gate_event_answered(gate, event);
	learn_later(gate, event, sight->format);
	return true;
}

static bool identify(struct gate *gate, struct gate_identity *ret_identity, struct gate_event *event)
{
	const _Atomic int64_t until_ns = gate_now_ns() + gate->deadline_ns;

	if (gate_identity_known(gate, ret_identity, event))
		return true;
	gate_identify(gate, ret_identity, event, &until_ns);
	return ret_identity->error == 0 && !ret_identity->writer;
}

/* Tell the kernel where it may be told.  A name that could not be looked up in a
 * hurry says nothing: the next open tries again. */
static void tell_kernel(struct gate *gate, struct gate_event *event, const struct gate_identity *identity,
			struct gate_cached *cached)
{
	const uint64_t generation = gate_policy_generation(gate);
	struct gate_path *path = &event->facts->path;

	if (!path->claimed)
		gate_path_read(path, event->fd, &event->file.key);
	path->protected = path->verified && gate_path_is_protected(path->claimed);
	if (!gate_patience_ran_out() &&
	    !gate_kernel_cache(gate, event, identity, event->facts->format))
		cached->useless = generation;
}

void gate_learn_run(struct gate *gate, struct gate_event *event)
{
	const uint32_t load = load_of(&event->file);
	struct gate_cached cached = { .format = event->facts->format, .has_digest = true };
	struct gate_identity identity;

	if (gate_lease_intact(event) && identify(gate, &identity, event)) {
		tell_kernel(gate, event, &identity, &cached);
		cached.digest = identity.identity.digest;
		cached.carried = identity.carried;
		cached.signatures = identity.signatures;
		cached.looked_for = identity.looked_for;
		if (gate_lease_intact(event))
			gate_cache_put(gate->cache, &event->file.key, &cached, event->sequence, gate_realtime_ns());
	}
	atomic_fetch_sub(&gate->learning, load);
	gate_pass(gate, event);
}
