/* SPDX-License-Identifier: MIT
 *
 * bpf/contain.c - the gate's side of containment: slots, places, and what a
 * program's file is to them.  Values alone; what they say is the policy's.
 */
#include "bpf/layer.h"

#include <string.h>

#include "base/text.h"
#include "bpf/values.h"

static uint64_t hash_name(const char *name, size_t length)
{
	__u64 words[GUARD_BPF_PLACE_WORDS] = { 0 };

	memcpy(words, name, length < sizeof(words) - 1 ? length : sizeof(words) - 1);
	return guard_bpf_place_hash(words);
}

/* ---- slots ------------------------------------------------------------------------ */

static int find_slot(const struct guardd_bpf *layer, uint64_t name, uint32_t *ret_slot)
{
	struct guard_bpf_containment containment;
	uint32_t unused = GUARD_BPF_CONTAINMENTS_MAX, ended = GUARD_BPF_CONTAINMENTS_MAX;

	for (uint32_t slot = 0; slot < GUARD_BPF_CONTAINMENTS_MAX; slot++) {
		if (guardd_bpf_get(layer->containments, &slot, &containment) < 0)
			return -GUARD_E_IO;
		if (containment.name == name) {
			*ret_slot = slot;
			return 0;
		}
		if (!containment.name && unused == GUARD_BPF_CONTAINMENTS_MAX)
			unused = slot;
		if (containment.mode == GUARD_BPF_CONTAIN_OFF && ended == GUARD_BPF_CONTAINMENTS_MAX)
			ended = slot;
	}
	*ret_slot = unused < GUARD_BPF_CONTAINMENTS_MAX ? unused : ended;
	return *ret_slot < GUARD_BPF_CONTAINMENTS_MAX ? 0 : -GUARD_E_LIMIT;
}

int guardd_bpf_containment_begin(const struct guardd_bpf *layer, const char *name, bool deny, uint32_t *ret_slot)
{
	struct guard_bpf_containment containment = { .name = guard_text_hash(name, strlen(name)) | 1,
						     .mode = deny ? GUARD_BPF_CONTAIN_DENY : GUARD_BPF_CONTAIN_LOG };
	int r = find_slot(layer, containment.name, ret_slot);

	return r < 0 ? r : guardd_bpf_put(layer->containments, ret_slot, &containment);
}

void guardd_bpf_containments_end(const struct guardd_bpf *layer, uint32_t kept)
{
	struct guard_bpf_containment containment;

	for (uint32_t slot = 0; slot < GUARD_BPF_CONTAINMENTS_MAX; slot++) {
		if (kept >> slot & 1 || guardd_bpf_get(layer->containments, &slot, &containment) < 0 ||
		    containment.mode == GUARD_BPF_CONTAIN_OFF)
			continue;
		containment.mode = GUARD_BPF_CONTAIN_OFF;
		(void)!guardd_bpf_put(layer->containments, &slot, &containment);
	}
}

/* ---- places --------------------------------------------------------------------------- */

static int add(const struct guardd_bpf *layer, const struct guard_bpf_place *place, uint32_t slot)
{
	uint32_t slots = 0;

	if (guardd_bpf_get(layer->places, place, &slots) < 0)
		slots = 0;
	slots |= 1u << slot;
	return guardd_bpf_put(layer->places, place, &slots);
}

int guardd_bpf_place_put(const struct guardd_bpf *layer, const char *name, uint32_t slot)
{
	const char *slash = strchr(name, '/');
	const char *last = slash ? &slash[1] : name;
	struct guard_bpf_place place = { hash_name(last, strlen(last)), GUARD_BPF_PLACE_ANYWHERE };
	struct guard_bpf_place folder = { 0, GUARD_BPF_PLACE_FOLDER };
	int r;

	if (!slash)
		return add(layer, &place, slot);
	folder.last = place.before = hash_name(name, (size_t)(slash - name));
	r = add(layer, &place, slot);
	return r < 0 ? r : add(layer, &folder, slot);
}

void guardd_bpf_places_clear(const struct guardd_bpf *layer, uint32_t slot)
{
	struct guard_bpf_place at, next;
	bool first = true;

	while (guardd_bpf_next(layer->places, first ? NULL : &at, &next) == 0) {
		uint32_t slots = 0;

		first = false;
		at = next;
		if (guardd_bpf_get(layer->places, &at, &slots) < 0 || !(slots >> slot & 1))
			continue;
		slots &= ~(1u << slot);
		(void)!guardd_bpf_put(layer->places, &at, &slots); /* an empty mask forbids nothing */
	}
}

/* ---- programs ---------------------------------------------------------------------------- */

int guardd_bpf_startable_set(const struct guardd_bpf *layer, int fd, const struct guard_bpf_startable *startable)
{
	struct guard_bpf_startable old;
	int r = guardd_bpf_get(layer->startable, &fd, &old);

	if (r == 0 && memcmp(&old, startable, sizeof(old)) == 0)
		return 0;
	if (r < 0 && !startable->program && !startable->starters && !startable->flags)
		return 0; /* nothing is known of it, and nothing is to be */
	return guardd_bpf_put(layer->startable, &fd, startable);
}
