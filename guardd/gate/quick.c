/* SPDX-License-Identifier: MIT
 *
 * gate/quick.c - what the reader may answer itself: opens of what is no program
 * to whom opens it, and opens that only write.  One round trip instead of two.
 *
 * It allows or hands on, never denies, and must not wait for anybody: bytes only
 * as far as they lie in memory (RWF_NOWAIT), programs only as far as they are
 * classed, callers only when they are asleep already.  The reads of /proc here
 * take no lock that a caller or a server can hold.  What it allows, triage.c
 * would allow for the same facts in the same order: the lease before the bytes.
 */
#include "gate/gate.h"
#include "gate/unlocks.h"

#include <string.h>
#include <sys/fanotify.h>
#include <sys/uio.h>

#define LOOKS 3 /* at a caller on its way to sleep */

/* Code that a dynamic loader would map. */
static bool is_loadable(uint8_t format)
{
	return guard_format_is_elf((enum guard_format)format) && format != GUARD_FORMAT_ELF_REL;
}

static bool know_call(struct gate_call *ret_call, int32_t tid)
{
	int r = -GUARD_E_BUSY;

	for (int i = 0; r == -GUARD_E_BUSY && i < LOOKS; i++)
		r = gate_caller_call(ret_call, tid);
	return r == 0;
}

/* The content is about to change and is not read by this open. */
static bool only_writes(struct gate *gate, struct gate_sight *sight)
{
	const struct gate_key *key = &sight->file->key;
	const struct guardd_inode inode = { key->device, key->inode, key->born_ns };
	struct gate_call call;

	if (gate_unlocks_follow_writers(gate) || !know_call(&call, sight->tid) || !gate_call_only_writes(&call))
		return false;
	gate_forget(gate, sight->fd, key);
	sight->appended = !(call.flags & O_TRUNC);
	return !guardd_in_use_has(gate->in_use, &inode);
}

static bool sniff(struct gate *gate, struct gate_sight *sight, bool cacheable)
{
	unsigned char head[GUARD_SNIFF_SIZE];
	const uint64_t size = sight->file->key.size;
	struct iovec part = { head, sizeof(head) };
	struct gate_cached cached = { 0 };

	if (cacheable && gate_cache_get(gate->cache, &cached, &sight->file->key)) {
		sight->format = cached.format;
		sight->again = true;
		return true;
	}
	/* A part of the head would look like something else. */
	if (preadv2(sight->fd, &part, 1, 0, RWF_NOWAIT) != (ssize_t)(size < sizeof(head) ? size : sizeof(head)))
		return false;
	sight->format = (uint8_t)guard_format_sniff(head, size < sizeof(head) ? (size_t)size : sizeof(head));
	cached = (struct gate_cached){ .format = sight->format };
	if (cacheable && fcntl(sight->fd, F_GETLEASE) == F_RDLCK)
		gate_cache_put(gate->cache, &sight->file->key, &cached, sight->sequence, gate_realtime_ns());
	return true;
}

/* A user could turn it into code before a loader maps it: then not if a loader
 * opens it, unless the kernel looks again when it is mapped.  One that was called by
 * hand may run an interpreter: a worker's to see. */
static bool stays_data(struct gate *gate, const struct gate_sight *sight)
{
	struct gate_call call;

	if (gate_file_is_sealed(sight->file) || gate_layer_holds(gate, sight->file->key.device))
		return true;
	return know_call(&call, sight->tid) && call.kind == GATE_CALL_OPEN &&
	       gate_caller_is_outside(sight->tid, &call);
}

static bool is_no_program(struct gate *gate, struct gate_sight *sight, bool cacheable)
{
	struct gate_file file;
	struct gate_program *program =
		gate_caller_program(&file, sight->tid) == 0 ? gate_program_find(gate, &file) : NULL;
	bool passes = program && program->scripts == 0 && !program->loader && sniff(gate, sight, cacheable) &&
		      !is_loadable(sight->format) && stays_data(gate, sight);

	gate_program_put(program);
	return passes;
}

bool gate_quick_passes(struct gate *gate, struct gate_sight *sight)
{
	struct gate_filesystem filesystem;

	sight->leased = sight->again = sight->appended = false;
	if ((sight->mask & FAN_OPEN_EXEC_PERM) || sight->group != GUARDD_GROUP_MAIN ||
	    !gate_filesystem_find(gate, &filesystem, sight->file->key.device) || filesystem.slow)
		return false;
	sight->sequence = gate_cache_sequence(gate->cache, &sight->file->key);
	/* Refused while anybody, this caller too, may write to it. */
	if (fcntl(sight->fd, F_SETLEASE, F_RDLCK) < 0)
		return only_writes(gate, sight);
	sight->leased = true;
	return is_no_program(gate, sight, filesystem.cacheable);
}
