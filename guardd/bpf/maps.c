/* SPDX-License-Identifier: MIT
 *
 * bpf/maps.c - single values of the maps, by bpf(2) on fds that the keeper
 * opened.  The calls are made directly: the gate's list of system calls names
 * the three commands that are used here.
 */
#include "bpf/layer.h"

#include <errno.h>
#include <linux/bpf.h>
#include <pthread.h>
#include <string.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "bpf/values.h"

#define KERNEL_MINOR_BITS 20 /* of the kernel's own device numbers */

static long map_call(int command, int32_t map, const void *key, void *value, uint64_t flags)
{
	union bpf_attr attributes;

	memset(&attributes, 0, sizeof(attributes));
	attributes.map_fd = (uint32_t)map;
	attributes.key = (uint64_t)(uintptr_t)key;
	attributes.value = (uint64_t)(uintptr_t)value;
	attributes.flags = flags;
	return syscall(SYS_bpf, command, &attributes, sizeof(attributes));
}

int guardd_bpf_get(int32_t map, const void *key, void *ret_value)
{
	if (map_call(BPF_MAP_LOOKUP_ELEM, map, key, ret_value, 0) == 0)
		return 0;
	return errno == ENOENT ? -GUARD_E_NOT_FOUND : -GUARD_E_IO;
}

int guardd_bpf_put(int32_t map, const void *key, const void *value)
{
	if (map_call(BPF_MAP_UPDATE_ELEM, map, key, (void *)(uintptr_t)value, BPF_ANY) == 0)
		return 0;
	return errno == E2BIG ? -GUARD_E_LIMIT : errno == ENOMEM ? -GUARD_E_NOMEM : -GUARD_E_IO;
}

int guardd_bpf_next(int32_t map, const void *key, void *ret_next)
{
	return map_call(BPF_MAP_GET_NEXT_KEY, map, key, ret_next, 0) == 0 ? 0 : -GUARD_E_NOT_FOUND;
}

uint64_t guardd_bpf_ring_lost(const struct guardd_bpf *layer)
{
	const uint32_t counted = GUARD_BPF_LOST, told = GUARD_BPF_LOST_TOLD;
	uint64_t lost = 0, known = 0;

	if (guardd_bpf_get(layer->lost, &counted, &lost) < 0 || guardd_bpf_get(layer->lost, &told, &known) < 0 ||
	    lost == known || guardd_bpf_put(layer->lost, &told, &lost) < 0)
		return 0;
	return lost - known;
}

int guardd_bpf_config_get(const struct guardd_bpf *layer, struct guard_bpf_config *ret_config)
{
	const uint32_t zero = 0;

	return guardd_bpf_get(layer->config, &zero, ret_config);
}

int guardd_bpf_config_set(const struct guardd_bpf *layer, const struct guard_bpf_config *config)
{
	const uint32_t zero = 0;

	return guardd_bpf_put(layer->config, &zero, config);
}

uint32_t guardd_bpf_next_generation(uint32_t generation)
{
	uint32_t next = (generation + 1) & GUARD_BPF_GENERATION_MASK;

	return next ? next : 1;
}

/* ---- verdicts ------------------------------------------------------------------- */

/* Two workers that look and write must not undo each other's id. */
static pthread_mutex_t verdict_lock = PTHREAD_MUTEX_INITIALIZER;

static uint64_t sequence_of(uint64_t word)
{
	return word & ~(uint64_t)UINT32_MAX;
}

/* What is there, or a new one whose sequence nobody can know. */
static int look(const struct guardd_bpf *layer, int fd, struct guard_bpf_verdict *ret_verdict)
{
	struct guard_bpf_verdict verdict = { 0 };
	int r = guardd_bpf_get(layer->verdicts, &fd, &verdict);

	if (r < 0 && r != -GUARD_E_NOT_FOUND)
		return r;
	if (verdict.id == 0) {
		uint64_t random[2];

		if (getrandom(random, sizeof(random), 0) != sizeof(random))
			return -GUARD_E_IO;
		verdict.id = random[0] | 1;
		if (r == -GUARD_E_NOT_FOUND)
			verdict.word = sequence_of(random[1]);
	}
	*ret_verdict = verdict;
	return r;
}

int guardd_bpf_verdict_set(const struct guardd_bpf *layer, int fd, uint32_t generation, uint32_t kinds)
{
	struct guard_bpf_verdict verdict;
	uint64_t word;
	int r;

	pthread_mutex_lock(&verdict_lock);
	r = look(layer, fd, &verdict);
	if (r == 0 || r == -GUARD_E_NOT_FOUND) {
		word = sequence_of(verdict.word) | (verdict.word & GUARD_BPF_MAPPED) |
		       (uint64_t)(generation & GUARD_BPF_GENERATION_MASK) << 8 | (kinds & GUARD_BPF_REMEMBERED);
		r = r == 0 && word == verdict.word ? 0 : 1;
		verdict.word = word;
		if (r == 1)
			r = guardd_bpf_put(layer->verdicts, &fd, &verdict);
	}
	pthread_mutex_unlock(&verdict_lock);
	return r;
}

uint32_t guardd_bpf_verdict_has(const struct guardd_bpf *layer, int fd, uint32_t kinds)
{
	struct guard_bpf_verdict verdict;

	return guardd_bpf_get(layer->verdicts, &fd, &verdict) == 0 ? (uint32_t)verdict.word & kinds : 0;
}

void guardd_bpf_verdict_drop(const struct guardd_bpf *layer, int fd)
{
	struct guard_bpf_verdict verdict;

	if (!layer->on)
		return;
	pthread_mutex_lock(&verdict_lock);
	if (guardd_bpf_get(layer->verdicts, &fd, &verdict) == 0) {
		verdict.word = sequence_of(verdict.word + ((uint64_t)1 << 32)) | (verdict.word & GUARD_BPF_MAPPED);
		if (guardd_bpf_put(layer->verdicts, &fd, &verdict) < 0)
			(void)map_call(BPF_MAP_DELETE_ELEM, layer->verdicts, &fd, NULL, 0);
	}
	pthread_mutex_unlock(&verdict_lock);
}

/* What is there, with an id; nothing else is said of it where nothing was. */
static int with_id(const struct guardd_bpf *layer, int fd, struct guard_bpf_verdict *ret_verdict)
{
	int r;

	pthread_mutex_lock(&verdict_lock);
	r = guardd_bpf_get(layer->verdicts, &fd, ret_verdict);
	if (r < 0 || ret_verdict->id == 0) {
		r = look(layer, fd, ret_verdict);
		if (r == 0 || r == -GUARD_E_NOT_FOUND)
			r = guardd_bpf_put(layer->verdicts, &fd, ret_verdict);
	}
	pthread_mutex_unlock(&verdict_lock);
	return r;
}

int guardd_bpf_inode_id(const struct guardd_bpf *layer, int fd, uint64_t *ret_id)
{
	struct guard_bpf_verdict verdict;
	int r = with_id(layer, fd, &verdict);

	if (r == 0)
		*ret_id = verdict.id;
	return r;
}

int guardd_bpf_grant(const struct guardd_bpf *layer, int fd, uint32_t process, uint32_t generation, uint32_t kinds,
		     int64_t until_ns)
{
	struct guard_bpf_verdict verdict;
	int r = with_id(layer, fd, &verdict);

	if (r < 0)
		return r;
	const struct guard_bpf_grant_key key = { .id = verdict.id, .process = process };
	const struct guard_bpf_grant grant = { .until_ns = (uint64_t)until_ns,
					       .word = verdict.word,
					       .generation = generation & GUARD_BPF_GENERATION_MASK,
					       .kinds = kinds & GUARD_BPF_REMEMBERED };
	return guardd_bpf_put(layer->grants, &key, &grant);
}

/* ---- contents --------------------------------------------------------------------- */

_Static_assert(sizeof(struct guard_digest) == sizeof(struct guard_bpf_digest), "a digest is the map's key");

int guardd_bpf_digest_put(const struct guardd_bpf *layer, const struct guard_digest *digest,
			  const struct guardd_bpf_generations *generations, uint32_t kinds)
{
	struct guard_bpf_listed listed = { 0 };
	unsigned other;

	if (guardd_bpf_get(layer->digests, digest, &listed) < 0)
		listed = (struct guard_bpf_listed){ 0 };
	other = generations->now && listed.generation[0] == generations->now ? 1 : 0;
	listed.generation[other] = generations->next;
	listed.kinds[other] = kinds;
	return guardd_bpf_put(layer->digests, digest, &listed);
}

static bool is_current(const struct guardd_bpf *layer, const struct guard_bpf_digest *key, uint32_t generation)
{
	struct guard_bpf_listed listed;

	return guardd_bpf_get(layer->digests, key, &listed) < 0 || listed.generation[0] == generation ||
	       listed.generation[1] == generation;
}

void guardd_bpf_digests_prune(const struct guardd_bpf *layer, uint32_t generation)
{
	struct guard_bpf_digest key, next;
	bool more = map_call(BPF_MAP_GET_NEXT_KEY, layer->digests, NULL, &next, 0) == 0;

	while (more) {
		key = next;
		more = map_call(BPF_MAP_GET_NEXT_KEY, layer->digests, &key, &next, 0) == 0;
		if (!is_current(layer, &key, generation))
			(void)map_call(BPF_MAP_DELETE_ELEM, layer->digests, &key, NULL, 0);
	}
}

/* ---- programs --------------------------------------------------------------------------- */

int guardd_bpf_exempt(const struct guardd_bpf *layer, int fd, uint32_t round)
{
	const uint32_t flags = (1u << GUARD_BPF_ROUND_SHIFT) - 1;
	uint32_t value = 0;

	if (guardd_bpf_get(layer->own, &fd, &value) < 0)
		value = 0;
	value = (value & flags) | GUARD_BPF_EXEMPT | round << GUARD_BPF_ROUND_SHIFT;
	return guardd_bpf_put(layer->own, &fd, &value);
}

bool guardd_bpf_is_own(const struct guardd_bpf *layer, int32_t process)
{
	GUARD_AUTO_CLOSE int fd = (int)syscall(SYS_pidfd_open, process, 0);
	uint32_t mine;

	return fd >= 0 && guardd_bpf_get(layer->tasks, &fd, &mine) == 0;
}

/* ---- filesystems --------------------------------------------------------------------- */

static uint32_t kernel_device(uint64_t device)
{
	return (uint32_t)major(device) << KERNEL_MINOR_BITS | (uint32_t)minor(device);
}

int guardd_bpf_device_put(const struct guardd_bpf *layer, uint64_t device, uint32_t flags)
{
	const uint32_t key = kernel_device(device);

	return guardd_bpf_put(layer->devices, &key, &flags);
}

uint32_t guardd_bpf_device_flags(const struct guardd_bpf *layer, uint64_t device)
{
	const uint32_t key = kernel_device(device);
	uint32_t flags;

	return guardd_bpf_get(layer->devices, &key, &flags) == 0 ? flags : 0;
}

void guardd_bpf_device_remove(const struct guardd_bpf *layer, uint64_t device)
{
	const uint32_t key = kernel_device(device);

	if (layer->on)
		(void)map_call(BPF_MAP_DELETE_ELEM, layer->devices, &key, NULL, 0);
}

static bool is_beneath(const uint64_t *devices, uint32_t count, uint32_t key)
{
	for (uint32_t i = 0; i < count; i++)
		if (kernel_device(devices[i]) == key)
			return true;
	return false;
}

int guardd_bpf_devices_beneath(const struct guardd_bpf *layer, const uint64_t *devices, uint32_t count)
{
	uint32_t key, next, flags;
	bool more = guardd_bpf_next(layer->devices, NULL, &next) == 0;

	while (more) {
		key = next;
		more = guardd_bpf_next(layer->devices, &key, &next) == 0;
		if (guardd_bpf_get(layer->devices, &key, &flags) < 0 || !(flags & GUARD_BPF_DEVICE_BENEATH) ||
		    is_beneath(devices, count, key))
			continue;
		flags &= ~GUARD_BPF_DEVICE_BENEATH;
		if (flags)
			(void)!guardd_bpf_put(layer->devices, &key, &flags);
		else
			(void)map_call(BPF_MAP_DELETE_ELEM, layer->devices, &key, NULL, 0);
	}
	for (uint32_t i = 0; i < count; i++) {
		int r = guardd_bpf_device_put(layer, devices[i],
					      guardd_bpf_device_flags(layer, devices[i]) | GUARD_BPF_DEVICE_BENEATH);
		if (r < 0)
			return r;
	}
	return 0;
}
