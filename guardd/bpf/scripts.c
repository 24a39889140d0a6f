/* SPDX-License-Identifier: MIT
 *
 * bpf/scripts.c - tells the programs which files are data, and by which names an
 * interpreter's scripts are known.  Values alone; what is data the gate decides.
 */
#include "bpf/layer.h"

#include <string.h>

#include "base/text.h"
#include "bpf/values.h"

static const uint32_t zero = 0;

/* 0: no round has begun. */
static uint32_t round_now(const struct guardd_bpf *layer)
{
	uint32_t round;

	return guardd_bpf_get(layer->data_round, &zero, &round) == 0 ? round & GUARD_BPF_DATA_ROUND : 0;
}

uint32_t guardd_bpf_data_flags(const struct guardd_bpf *layer, int fd)
{
	uint32_t data;

	if (!layer->on || guardd_bpf_get(layer->data, &fd, &data) < 0 || (data & GUARD_BPF_DATA_ROUND) != round_now(layer))
		return 0;
	return data & ~GUARD_BPF_DATA_ROUND;
}

int guardd_bpf_data_set(const struct guardd_bpf *layer, int fd)
{
	const uint32_t data = round_now(layer) | GUARD_BPF_DATA_SET;

	if (data == GUARD_BPF_DATA_SET || (guardd_bpf_data_flags(layer, fd) & GUARD_BPF_DATA_NEVER))
		return -GUARD_E_DENIED;
	return guardd_bpf_put(layer->data, &fd, &data);
}

void guardd_bpf_data_clear(const struct guardd_bpf *layer, int fd, bool for_good)
{
	const uint32_t flags = guardd_bpf_data_flags(layer, fd);
	const bool never = for_good || (flags & GUARD_BPF_DATA_NEVER);
	const uint32_t data = never ? round_now(layer) | GUARD_BPF_DATA_NEVER : 0;

	if (for_good || (flags & GUARD_BPF_DATA_SET))
		(void)!guardd_bpf_put(layer->data, &fd, &data);
}

void guardd_bpf_data_end(const struct guardd_bpf *layer)
{
	uint32_t round;

	if (!layer->on)
		return;
	round = round_now(layer) % GUARD_BPF_DATA_ROUND + 1;
	(void)!guardd_bpf_put(layer->data_round, &zero, &round);
}

static uint64_t hash_to(const char *text, const char *begin)
{
	uint64_t hash = GUARD_BPF_NAME_BEGIN;

	for (const char *at = text + strlen(text); at > begin; at--)
		hash = guard_bpf_name_step(hash, (unsigned char)at[-1]);
	return hash;
}

uint64_t guardd_bpf_name_hash(const char *path)
{
	const char *slash = strrchr(path, '/');

	return hash_to(path, slash ? slash + 1 : path);
}

uint32_t guardd_bpf_interpreter_hash(const char *name)
{
	return (uint32_t)guard_text_hash(name, strlen(name)) | 1;
}

int guardd_bpf_suffix_put(const struct guardd_bpf *layer, uint32_t interpreter, const char *suffix)
{
	const struct guard_bpf_suffix key = { .suffix = hash_to(suffix, suffix), .interpreter = interpreter };
	const uint32_t one = 1;

	return strlen(suffix) <= GUARD_BPF_SUFFIX_SIZE ? guardd_bpf_put(layer->suffixes, &key, &one) : -GUARD_E_LIMIT;
}

int guardd_bpf_interpreter_set(const struct guardd_bpf *layer, int fd)
{
	const uint32_t one = 1;
	uint32_t there;

	return guardd_bpf_get(layer->interpreters, &fd, &there) == 0 ? 0 : guardd_bpf_put(layer->interpreters, &fd, &one);
}

int guardd_bpf_link_set(const struct guardd_bpf *layer, int fd, const char *target)
{
	const uint64_t hash = guardd_bpf_name_hash(target);

	return guardd_bpf_put(layer->leads, &fd, &hash);
}
