/* SPDX-License-Identifier: MIT
 *
 * gate/unlock_install.c - see unlock_install.h.
 */
#include "gate/unlock_install.h"

#include <stdlib.h>
#include <string.h>

struct member {
	uint32_t id; /* of the unlock, 0 free */
	struct gate_process process;
};
struct written {
	uint32_t id;
	uint64_t device, inode;
	int64_t born_ns;
};
struct gate_installs {
	unsigned member_count;
	struct member members[GATE_MEMBERS_MAX];
	struct written written[GATE_WRITTEN_MAX]; /* by hash, probed in line */
};
#define PROBES 16u

int gate_installs_new(struct gate_installs **ret_installs)
{
	struct gate_installs *installs = calloc(1, sizeof(*installs));

	if (!installs)
		return -GUARD_E_NOMEM;
	*ret_installs = installs;
	return 0;
}

/* ---- processes ---------------------------------------------------------------------- */

static struct member *find_member(struct gate_installs *installs, uint32_t id, const struct gate_process *process)
{
	for (unsigned i = 0; i < installs->member_count; i++) {
		struct member *member = &installs->members[i];

		if (member->id == id && member->process.pid == process->pid &&
		    member->process.began_ms == process->began_ms)
			return member;
	}
	return NULL;
}

/* A place, also one of a process that has ended. */
static struct member *free_member(struct gate_installs *installs)
{
	struct gate_process now;

	if (installs->member_count < GATE_MEMBERS_MAX)
		return &installs->members[installs->member_count++];
	for (unsigned i = 0; i < GATE_MEMBERS_MAX; i++) {
		struct member *member = &installs->members[i];

		if (member->id == 0 || gate_process_read(&now, member->process.pid) < 0 ||
		    now.began_ms != member->process.began_ms)
			return member;
	}
	return NULL;
}

static void join(struct gate_installs *installs, uint32_t id, const struct gate_process *process)
{
	struct member *member = find_member(installs, id, process) ? NULL : free_member(installs);

	if (member)
		*member = (struct member){ id, *process };
}

void gate_installs_join(struct gate_installs *installs, uint32_t id, int32_t pid)
{
	struct gate_process process;

	if (gate_process_read(&process, pid) == 0)
		join(installs, id, &process);
}

/* It or one of its parents belongs; then it does itself, so that it is found
 * when the parent has ended. */
static bool belongs(struct gate_installs *installs, uint32_t id, int32_t pid)
{
	struct gate_process process, ancestor;

	if (pid <= 1 || gate_process_read(&process, pid) < 0)
		return false;
	ancestor = process;
	for (unsigned i = 0; i < GATE_ANCESTORS_MAX; i++) {
		if (find_member(installs, id, &ancestor)) {
			join(installs, id, &process);
			return true;
		}
		if (ancestor.ppid <= 1 || gate_process_read(&ancestor, ancestor.ppid) < 0)
			return false;
	}
	return false;
}

/* ---- files -------------------------------------------------------------------------- */

static struct written *find_written(struct gate_installs *installs, uint32_t id, const struct gate_key *key)
{
	uint64_t hash = gate_key_hash(key);

	for (unsigned i = 0; i < PROBES; i++) {
		struct written *file = &installs->written[(hash + i) % GATE_WRITTEN_MAX];

		if (file->id == id && file->device == key->device && file->inode == key->inode &&
		    file->born_ns == key->born_ns)
			return file;
	}
	return NULL;
}

static bool add_written(struct gate_installs *installs, uint32_t id, const struct gate_key *key)
{
	uint64_t hash = gate_key_hash(key);

	for (unsigned i = 0; i < PROBES; i++) {
		struct written *file = &installs->written[(hash + i) % GATE_WRITTEN_MAX];

		if (file->id)
			continue;
		*file = (struct written){ id, key->device, key->inode, key->born_ns };
		return true;
	}
	return false; /* full here: the file is not allowed, which is the safe side */
}

bool gate_installs_writer(struct gate_installs *installs, uint32_t id, int32_t pid, const struct gate_key *key)
{
	struct written *file = find_written(installs, id, key);

	if (belongs(installs, id, pid))
		return !file && add_written(installs, id, key);
	if (file)
		file->id = 0;
	return false;
}

bool gate_installs_cover(struct gate_installs *installs, uint32_t id, int32_t pid, const struct gate_key *key,
			 bool by_user)
{
	if (belongs(installs, id, pid))
		return true;
	if (!by_user || !find_written(installs, id, key))
		return false;
	gate_installs_join(installs, id, pid);
	return true;
}

void gate_installs_forget(struct gate_installs *installs, uint32_t id)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < installs->member_count; i++)
		if (installs->members[i].id != id)
			installs->members[kept++] = installs->members[i];
	installs->member_count = kept;
	for (unsigned i = 0; i < GATE_WRITTEN_MAX; i++)
		if (installs->written[i].id == id)
			installs->written[i].id = 0;
}
