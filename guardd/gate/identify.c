/* SPDX-License-Identifier: MIT
 *
 * gate/identify.c - from an event's fd to what the file is.  Hashes bytes, must
 * never take them apart.
 *
 * The digest is found under a read lease where the filesystem grants one.  A
 * refused lease means that somebody has the file open for writing, or a shared
 * mapping of it; a lease that breaks while it is held means that somebody is
 * about to: the writer then goes on, and what was found says so.
 */
#include "gate/gate.h"

#include <errno.h>
#include <unistd.h>

#include "identity/content.h"

#define ATTEMPTS 3 /* for a file that changes under us */

struct progress {
	struct gate *gate;
	struct gate_event *event;
	const _Atomic int64_t *until_ns;
};

enum gate_lease gate_lease_take(struct gate *gate, struct gate_event *event)
{
	if (event->lease != GATE_LEASE_UNASKED)
		return (enum gate_lease)event->lease;
	event->sequence = gate_cache_sequence(gate->cache, &event->file.key);
	if (fcntl(event->fd, F_SETLEASE, F_RDLCK) == 0)
		event->lease = GATE_LEASE_HELD;
	else
		event->lease = errno == EAGAIN || errno == EBUSY ? GATE_LEASE_REFUSED : GATE_LEASE_NONE;
	return (enum gate_lease)event->lease;
}

bool gate_lease_intact(const struct gate_event *event)
{
	return event->lease == GATE_LEASE_HELD && fcntl(event->fd, F_GETLEASE) == F_RDLCK;
}

bool gate_lease_stands(const struct gate_event *event)
{
	/* Taken once more the kernel looks at the count of writers. */
	return event->lease == GATE_LEASE_HELD && fcntl(event->fd, F_SETLEASE, F_RDLCK) == 0 && gate_lease_intact(event);
}

static void let_writer_pass(struct gate_event *event)
{
	(void)fcntl(event->fd, F_SETLEASE, F_UNLCK);
	event->lease = GATE_LEASE_REFUSED;
}

static int go_on(void *context, uint64_t bytes_done)
{
	struct progress *progress = context;

	if (bytes_done > progress->gate->config->max_file_size)
		return -GUARD_E_LIMIT;
	if (gate_now_ns() > atomic_load(progress->until_ns))
		return -GUARD_E_TIMEOUT;
	if (progress->event->lease == GATE_LEASE_HELD && !gate_lease_intact(progress->event))
		let_writer_pass(progress->event);
	return 0;
}

static int hash_once(struct gate *gate, struct gate_identity *identity, struct gate_event *event,
		     const _Atomic int64_t *until_ns)
{
	struct progress progress = { gate, event, until_ns };
	struct guardd_counters *counters = &gate->shared->counters;
	struct gate_file before, after;
	struct guard_content content;
	int r = gate_file_stat(&before, event->fd);

	if (r < 0)
		return r;
	if (before.key.size > gate->config->max_file_size)
		return -GUARD_E_LIMIT;
	r = guard_content_read(&content, event->fd, gate_signers_front(gate, event->fd, before.key.size), go_on, &progress);
	if (r < 0)
		return r;
	atomic_fetch_add_explicit(&counters->hashed, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&counters->hashed_bytes, content.size, memory_order_relaxed);
	r = gate_file_stat(&after, event->fd);
	if (r < 0)
		return r;
	if (!gate_key_equal(&before.key, &after.key) || content.size != after.key.size)
		return -GUARD_E_CHANGED;
	event->file = after;
	identity->identity.digest = content.digest;
	identity->identity.size = content.size;
	identity->front = content.front;
	identity->front_size = content.front_size;
	return 0;
}

void gate_identify(struct gate *gate, struct gate_identity *ret_identity, struct gate_event *event,
		   const _Atomic int64_t *until_ns)
{
	struct gate_identity identity = { .cold = true };

	gate_lease_take(gate, event);
	for (int i = 0; i < ATTEMPTS; i++) {
		identity.error = hash_once(gate, &identity, event, until_ns);
		if (identity.error != -GUARD_E_CHANGED)
			break;
	}
	if (event->lease == GATE_LEASE_HELD && !gate_lease_intact(event))
		let_writer_pass(event);
	identity.writer = event->lease == GATE_LEASE_REFUSED;
	if (identity.error == 0)
		gate_signers_find(gate, &identity, event->fd);
	*ret_identity = identity;
}

bool gate_identity_known(struct gate *gate, struct gate_identity *ret_identity, const struct gate_event *event)
{
	struct gate_filesystem filesystem;
	struct gate_cached cached;

	if (!gate_filesystem_find(gate, &filesystem, event->file.key.device) || !filesystem.cacheable)
		return false;
	if (event->lease != GATE_LEASE_HELD || !gate_cache_get(gate->cache, &cached, &event->file.key) ||
	    !cached.has_digest)
		return false;
	*ret_identity = (struct gate_identity){ .identity = { .digest = cached.digest,
							      .size = event->file.key.size } };
	return gate_signers_known(gate, ret_identity, &cached);
}
