/* SPDX-License-Identifier: MIT
 *
 * gate/learn.c - what somebody opened as data is identified after the caller was let
 * go.  Root's, when the policy lists it, whoever may open it; with the kernel layer a
 * user's, and a log, when the policy lists it as nothing (data.h): the kernel need not ask
 * again.  Never holds anybody up, never changes a verdict, records nothing.
 */
#include "gate/gate.h"

#include <stdlib.h>

#include "gate/data.h"
#include "gate/patience.h"
#include "gate/queue.h"

#define LEARN_SIZE_MAX (4u << 20) /* bytes; a lease is held while it is hashed */
#define LEARN_QUEUE_MAX (32u << 20) /* bytes that wait, and LEARN_SHARE each */
#define LEARN_SHARE (32u << 10)     /* what a file counts beside its size */
#define RECENT 256u /* files that were opened to be written to */

static uint32_t load_of(const struct gate_file *file)
{
	return (uint32_t)file->key.size + LEARN_SHARE;
}

/* Small, at rest, and not known to be useless under this policy. */
static bool is_worth_it(struct gate *gate, const struct gate_file *file)
{
	struct gate_filesystem filesystem;
	struct gate_cached cached;

	if (!gate_filesystem_find(gate, &filesystem, file->key.device) || !filesystem.cacheable)
		return false; /* what is known of it does not last */
	if (file->key.size == 0 || file->key.size > LEARN_SIZE_MAX ||
	    (!gate_file_is_sealed(file) && !gate_data_may_be(gate, file)) || file->key.ctime_ns > gate_realtime_ns() - GATE_FRESH_NS)
		return false;
	return !gate_cache_get(gate->cache, &cached, &file->key) || cached.useless != gate_policy_generation(gate);
}

/* Of data nothing is to be learned any more. */
static bool is_left(struct gate *gate, int fd, const struct gate_file *file)
{
	return gate_data_end(gate, fd, &file->key);
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
	if (event->lease == GATE_LEASE_HELD && is_worth_it(gate, &event->file) && !is_left(gate, event->fd, &event->file) &&
	    has_room(gate, &event->file))
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
	event->lease = sight->leased ? GATE_LEASE_HELD : GATE_LEASE_NONE;
	return event;
}

/* A log: it was opened to be written to not long ago, and keeps what it has. */
static bool is_appended_again(struct gate *gate, const struct gate_sight *sight)
{
	static struct gate_key recent[RECENT]; /* one thread: the reader's */
	struct gate_key *last = &recent[gate_key_hash(&sight->file->key) % RECENT];
	struct gate_filesystem filesystem;
	bool again = gate_key_same_inode(last, &sight->file->key);

	*last = sight->file->key;
	return again && gate_filesystem_find(gate, &filesystem, sight->file->key.device) && filesystem.cacheable &&
	       gate_data_may_be(gate, sight->file);
}

bool gate_learn_seen(struct gate *gate, const struct gate_sight *sight)
{
	struct gate_event *event;

	/* What is opened for the first time may be opened never again. */
	if (sight->appended ? !is_appended_again(gate, sight) :
			      !sight->leased || !sight->again || !is_worth_it(gate, sight->file))
		return false;
	if (is_left(gate, sight->fd, sight->file) || !has_room(gate, sight->file))
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
 * hurry says nothing: the next open tries again.  false: the policy wants to be asked. */
static bool tell_kernel(struct gate *gate, struct gate_event *event, const struct gate_identity *identity)
{
	struct gate_path *path = &event->facts->path;

	if (!path->claimed)
		gate_path_read(path, event->fd, &event->file.key);
	path->protected = path->verified && gate_path_is_protected(path->claimed);
	return gate_patience_ran_out() || gate_kernel_cache(gate, event, identity, event->facts->format);
}

static void learn(struct gate *gate, struct gate_event *event)
{
	struct gate_cached cached = { .format = event->facts->format, .has_digest = true };
	const uint64_t generation = gate_policy_generation(gate);
	struct gate_identity identity;
	uint64_t data = 0;

	if (!gate_lease_intact(event) || !identify(gate, &identity, event))
		return;
	if (!tell_kernel(gate, event, &identity))
		cached.useless = generation;
	/* Root's may be moved to where shells read it as data of their own. */
	if (!gate_file_is_sealed(&event->file)) {
		data = gate_data_generation(gate, event, &identity);
		cached.useless = data ? 0 : generation;
	}
	cached.digest = identity.identity.digest;
	cached.carried = identity.carried;
	cached.signatures = identity.signatures;
	cached.looked_for = identity.looked_for;
	if (gate_lease_intact(event))
		gate_cache_put(gate->cache, &event->file.key, &cached, event->sequence, gate_realtime_ns());
	if (data)
		gate_data_begin(gate, event, data);
}

void gate_learn_run(struct gate *gate, struct gate_event *event)
{
	const uint32_t load = load_of(&event->file);

	if (event->lease == GATE_LEASE_HELD)
		learn(gate, event);
	else
		gate_data_begin_appended(gate, event);
	atomic_fetch_sub(&gate->learning, load);
	gate_pass(gate, event);
}
