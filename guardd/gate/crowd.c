/* SPDX-License-Identifier: MIT
 *
 * gate/crowd.c - see crowd.h.  A caller is known by his thread's number: one that was
 * given to another meanwhile is counted for the other, until the worker is through.
 */
#include "gate/crowd.h"

#include <fcntl.h>
#include <stdio.h>

#include "gate/gate.h"

void gate_crowd_enter(struct gate *gate, int32_t tid)
{
	atomic_store(&gate->crowd.at[gate_thread_index()].tid, tid);
	atomic_store(&gate->crowd.at[gate_thread_index()].since_ns, gate_now_ns());
}

void gate_crowd_leave(struct gate *gate)
{
	atomic_store(&gate->crowd.at[gate_thread_index()].since_ns, 0);
}

static bool is_foreign(int32_t tid)
{
	struct gate_file ours, theirs;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/user", tid);
	return gate_file_stat_at(&ours, AT_FDCWD, "/proc/self/ns/user", 0) < 0 ||
	       gate_file_stat_at(&theirs, AT_FDCWD, path, 0) < 0 ||
	       !gate_key_same_inode(&ours.key, &theirs.key);
}

/* Who is gone keeps nobody waiting any more. */
static uint64_t user_of(int32_t tid)
{
	struct gate_subject subject;

	if (gate_subject_read(&subject, tid) < 0)
		return GATE_CROWD_ROOT;
	return is_foreign(tid) ? GATE_CROWD_FOREIGN : subject.uid;
}

static bool is_in(const uint64_t *users, size_t count, uint64_t user)
{
	for (size_t i = 0; i < count; i++)
		if (users[i] == user)
			return true;
	return false;
}

size_t gate_crowd_count(uint64_t *ret_full, const uint64_t *stuck, size_t count)
{
	size_t full = 0;

	for (size_t i = 0; i < count; i++) {
		unsigned his = 0;

		if (stuck[i] == GATE_CROWD_ROOT || is_in(ret_full, full, stuck[i]))
			continue;
		for (size_t j = i; j < count; j++)
			his += stuck[j] == stuck[i];
		if (his >= GATE_CROWD_MAX)
			ret_full[full++] = stuck[i];
	}
	return full;
}

void gate_crowd_look(struct gate *gate, bool strained, int64_t now_ns)
{
	struct gate_crowd *crowd = &gate->crowd;
	uint64_t stuck[GATE_THREADS_MAX], full[GATE_CROWD_USERS];
	size_t count = 0, found;

	for (unsigned i = 0; strained && i < GATE_THREADS_MAX; i++) {
		int64_t since_ns = atomic_load(&crowd->at[i].since_ns);

		if (since_ns && now_ns - since_ns > GATE_STUCK_NS)
			stuck[count++] = user_of(atomic_load(&crowd->at[i].tid));
	}
	found = count < GATE_CROWD_MAX ? 0 : gate_crowd_count(full, stuck, count);
	for (size_t i = 0; i < GATE_CROWD_USERS; i++)
		atomic_store(&crowd->full[i], i < found ? full[i] : GATE_CROWD_ROOT);
}

bool gate_crowd_has(const struct gate_crowd *crowd, uint64_t user)
{
	for (size_t i = 0; user != GATE_CROWD_ROOT && i < GATE_CROWD_USERS; i++)
		if (atomic_load(&crowd->full[i]) == user)
			return true;
	return false;
}

bool gate_crowd_is_full(struct gate *gate, int32_t tid, uint64_t *ret_user)
{
	if (atomic_load(&gate->crowd.full[0]) == GATE_CROWD_ROOT)
		return false;
	*ret_user = user_of(tid);
	return gate_crowd_has(&gate->crowd, *ret_user);
}
