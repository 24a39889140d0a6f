/* SPDX-License-Identifier: MIT OR GPL-2.0-only
 *
 * bpf/maps.bpf.h - the maps, and what is asked of them most.  Their values are
 * in abi.h.
 */
#ifndef GUARDD_BPF_MAPS_H
#define GUARDD_BPF_MAPS_H

#include "kernel.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "abi.h"

/* What the running kernel calls so. */
#define KERNEL_VALUE(type, name) ((int)bpf_core_enum_value(enum type, name))

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct guard_bpf_config);
} guard_config SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_INODE_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct guard_bpf_verdict);
} guard_verdicts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, GUARD_BPF_DIGESTS_MAX);
	__type(key, struct guard_bpf_digest);
	__type(value, struct guard_bpf_listed);
} guard_digests SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, GUARD_BPF_DEVICES_MAX);
	__type(key, __u32);
	__type(value, __u32);
} guard_devices SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, GUARD_BPF_GRANTS_MAX);
	__type(key, struct guard_bpf_grant_key);
	__type(value, struct guard_bpf_grant);
} guard_grants SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, GUARD_BPF_RING_SIZE);
} guard_events SEC(".maps");

/* Records for which the ring had no room, and of how many the daemon has told. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, GUARD_BPF_LOST_MAX_);
	__type(key, __u32);
	__type(value, __u64);
} guard_lost SEC(".maps");

/* The daemon's own processes: the keeper is entered by the daemon, its children
 * inherit. */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u32);
} guard_tasks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_INODE_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u32);
} guard_own SEC(".maps");

/* Threads of programs that may make memory executable. */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u32);
} guard_exempt SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 128);
	__type(key, __u64);
	__type(value, __u32);
} guard_objects SEC(".maps");

static __always_inline const struct guard_bpf_config *config_now(void)
{
	__u32 zero = 0;
	const struct guard_bpf_config *config = bpf_map_lookup_elem(&guard_config, &zero);

	return config && config->abi == GUARD_BPF_ABI && config->state != GUARD_BPF_OFF ? config : NULL;
}

static __always_inline void count_lost(void)
{
	__u32 which = GUARD_BPF_LOST;
	__u64 *lost = bpf_map_lookup_elem(&guard_lost, &which);

	if (lost)
		__sync_fetch_and_add(lost, 1);
}

/* A record for the daemon; the caller fills in the rest and submits. */
static __always_inline struct guard_bpf_event *event_begin(const struct guard_bpf_config *config, __u32 what)
{
	struct guard_bpf_event *event = bpf_ringbuf_reserve(&guard_events, sizeof(*event), 0);

	if (!event) {
		count_lost();
		return NULL;
	}
	__builtin_memset(event, 0, sizeof(*event));
	event->what = what;
	event->refused = config->state == GUARD_BPF_ENFORCE;
	event->process = bpf_get_current_pid_tgid() >> 32;
	event->user = (__u32)bpf_get_current_uid_gid();
	bpf_get_current_comm(event->name, sizeof(event->name));
	return event;
}

/* A hook's answer.  By a branch that the compiler may not turn into a sum: verifiers from
 * 6.12 on want to see that it is one of the two. */
static __always_inline int answer(bool refuses)
{
	int r = 0;

	if (refuses) {
		r = -1; /* EPERM */
		asm volatile("" : "+r"(r));
	}
	return r;
}

/* What a hook answers when it refuses. */
static __always_inline int refusal(const struct guard_bpf_config *config)
{
	return answer(config->state == GUARD_BPF_ENFORCE);
}

#endif
