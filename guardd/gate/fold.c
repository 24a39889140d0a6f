/* SPDX-License-Identifier: MIT
 *
 * gate/fold.c - a thousand equal denials a second become two records that say
 * so.  Pure but for its table; the caller locks.
 */
#include "gate/notes.h"

#include <stddef.h>
#include <string.h>

#include "base/text.h"

static uint64_t mix(uint64_t hash, uint64_t value)
{
	for (unsigned i = 0; i < 8; i++)
		hash = guard_fnv1a(hash, (uint8_t)(value >> (8 * i)));
	return hash;
}

static uint64_t hash_event(const struct guard_event *event)
{
	uint64_t hash = GUARD_FNV1A_START;

	hash = mix(hash, event->device);
	hash = mix(hash, event->inode);
	hash = mix(hash, event->uid);
	hash = mix(hash, (uint64_t)event->reason | (uint64_t)event->action << 8 | (uint64_t)event->kind << 16 |
				 (uint64_t)event->denied << 24);
	hash = mix(hash, event->rule);
	hash = mix(hash, guard_text_hash(event->path, strnlen(event->path, sizeof(event->path))));
	return mix(hash, guard_text_hash(event->program, strnlen(event->program, sizeof(event->program))));
}

static struct guard_event *take_repeats(struct gate_fold *fold)
{
	if (fold->until_ns == 0 || fold->repeats == 0)
		return NULL;
	fold->event.count = fold->repeats;
	fold->repeats = 0;
	return &fold->event;
}

enum gate_fold_result gate_fold_add(struct gate_folds *folds, struct guard_event **ret_other,
				    const struct guard_event *event, int64_t now_ns)
{
	uint64_t hash = hash_event(event);
	struct gate_fold *fold = &folds->folds[hash % GATE_FOLDS];

	*ret_other = NULL;
	if (fold->until_ns > now_ns && fold->hash == hash) {
		fold->event = *event;
		fold->repeats++;
		return GATE_FOLD_KEPT;
	}
	*ret_other = take_repeats(fold);
	fold->hash = hash;
	fold->until_ns = now_ns + GATE_FOLD_NS;
	return GATE_FOLD_SEND;
}

struct guard_event *gate_fold_due(struct gate_folds *folds, bool *ret_left, int64_t now_ns)
{
	*ret_left = false;
	for (unsigned i = 0; i < GATE_FOLDS; i++) {
		struct gate_fold *fold = &folds->folds[i];
		if (fold->until_ns == 0 || fold->repeats == 0)
			continue;
		if (fold->until_ns <= now_ns)
			return take_repeats(fold);
		*ret_left = true;
	}
	return NULL;
}
