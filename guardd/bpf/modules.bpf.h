/* SPDX-License-Identifier: MIT OR GPL-2.0-only
 *
 * bpf/modules.bpf.h - what the kernel takes into itself: modules and a next kernel, by
 * content.  A module comes as a file, or in the memory of the program that unpacked it
 * (where modules are compressed, and the tools do not leave that to the kernel): then what
 * the kernel has copied is hashed, which is what it goes on with.
 */
#ifndef GUARDD_BPF_MODULES_H
#define GUARDD_BPF_MODULES_H

#include "self.bpf.h"
#include "sha256.h"
#include "verdict.bpf.h"

struct in_memory {
	struct guard_bpf_sha256 sha;
	const char *bytes;
	__u64 size;
	__u32 failed;
};

static long hash_step(__u32 index, void *context)
{
	struct in_memory *memory = context;
	const __u64 at = (__u64)index * GUARD_BPF_SHA256_BLOCK;
	__u32 here = GUARD_BPF_SHA256_BLOCK;

	if (at + here > memory->size)
		here = at < memory->size ? (__u32)(memory->size - at) & (GUARD_BPF_SHA256_BLOCK - 1) : 0;
	__builtin_memset(memory->sha.w, 0, sizeof(memory->sha.w));
	if (here && bpf_probe_read_kernel(memory->sha.w, here, memory->bytes + at)) {
		memory->failed = 1;
		return 1;
	}
	guard_bpf_sha256_step(&memory->sha, at, memory->size);
	return 0;
}

/* 0, or it is too large or cannot be read. */
static __always_inline int hash_memory(struct guard_bpf_digest *digest, const char *bytes, __u64 size)
{
	struct in_memory memory = { .bytes = bytes, .size = size };

	if (size > GUARD_BPF_LOADED_MAX)
		return -1;
	guard_bpf_sha256_begin(&memory.sha);
	bpf_loop((__u32)guard_bpf_sha256_blocks(size), hash_step, &memory, 0);
#pragma clang loop unroll(full)
	for (int i = 0; i < 8; i++) {
		digest->bytes[4 * i] = memory.sha.state[i] >> 24;
		digest->bytes[4 * i + 1] = memory.sha.state[i] >> 16;
		digest->bytes[4 * i + 2] = memory.sha.state[i] >> 8;
		digest->bytes[4 * i + 3] = memory.sha.state[i];
	}
	return memory.failed ? -1 : 0;
}

static __always_inline bool decides_modules(const struct guard_bpf_config *config)
{
	return config && (config->flags & GUARD_BPF_ALL_FILESYSTEMS);
}

/* No file stands for a next kernel from memory, nor for a module that is not even hashed. */
SEC("lsm/kernel_load_data")
int BPF_PROG(guard_load_data, int id, bool whole)
{
	const struct guard_bpf_config *config = config_now();

	if (!decides_modules(config) || (config->flags & GUARD_BPF_DEFAULT_ALLOW))
		return 0;
	if (id == KERNEL_VALUE(kernel_load_data_id, LOADING_MODULE) && !whole)
		return refuse_act(config, GUARD_BPF_MODULE_LOAD, 0);
	if (id == KERNEL_VALUE(kernel_load_data_id, LOADING_KEXEC_IMAGE) ||
	    id == KERNEL_VALUE(kernel_load_data_id, LOADING_KEXEC_INITRAMFS))
		return refuse_act(config, GUARD_BPF_KEXEC, 0);
	return 0;
}

/* `bytes` are the kernel's own by now. */
SEC("lsm/kernel_post_load_data")
int BPF_PROG(guard_loaded_data, char *bytes, long long size, int id)
{
	const struct guard_bpf_config *config = config_now();
	struct guard_bpf_digest digest = {};
	__u32 kinds = 0;

	if (!decides_modules(config) || id != KERNEL_VALUE(kernel_load_data_id, LOADING_MODULE))
		return 0;
	if (hash_memory(&digest, bytes, (__u64)size) == 0)
		kinds = listed_as(config, &digest);
	if ((kinds & GUARD_BPF_MODULE) || (!kinds && (config->flags & GUARD_BPF_DEFAULT_ALLOW)))
		return 0;
	return refuse_content(config, GUARD_BPF_MODULE_LOAD, &digest);
}

#endif
