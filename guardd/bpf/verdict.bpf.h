/* SPDX-License-Identifier: MIT OR GPL-2.0-only
 *
 * bpf/verdict.bpf.h - has this inode a verdict that holds now?  And how it is
 * found in the kernel when it has none: by content.
 *
 * A verdict is one word that is changed atomically.  Whoever may change the
 * content clears its kinds and raises its sequence; whoever finds a verdict out
 * puts it in only when the sequence is what it was before he looked, and no
 * writer is there.
 */
#ifndef GUARDD_BPF_VERDICT_H
#define GUARDD_BPF_VERDICT_H

#include "maps.bpf.h"

#define HASH_ALGO_SHA256 4 /* of the kernel's enum hash_algo */
#define S_IFMT 00170000
#define S_IFREG 0100000

static __always_inline bool is_regular(struct inode *inode)
{
	return (inode->i_mode & S_IFMT) == S_IFREG;
}

static __always_inline __u32 device_flags(struct inode *inode)
{
	__u32 device = inode->i_sb->s_dev;
	const __u32 *flags = bpf_map_lookup_elem(&guard_devices, &device);

	return flags ? *flags : 0;
}

static __always_inline bool is_covered(const struct guard_bpf_config *config, struct inode *inode)
{
	return (config->flags & GUARD_BPF_ALL_FILESYSTEMS) ||
	       (device_flags(inode) & GUARD_BPF_DEVICE_COVERED);
}

/* The next policy decides before its generation begins. */
static __always_inline bool is_in_force(const struct guard_bpf_config *config, __u32 generation)
{
	return generation && (generation == config->generation || generation == config->next);
}

static __always_inline bool word_allows(const struct guard_bpf_config *config, __u64 word, __u32 kinds)
{
	return is_in_force(config, (word >> 8) & GUARD_BPF_GENERATION_MASK) && (word & kinds);
}

static __always_inline struct guard_bpf_verdict *verdict_of(struct inode *inode)
{
	return bpf_inode_storage_get(&guard_verdicts, inode, NULL, 0);
}

/* The content or what it leans on may change. */
static __always_inline void verdict_drop(struct inode *inode)
{
	struct guard_bpf_verdict *verdict = verdict_of(inode);

	if (!verdict)
		return;
	__sync_fetch_and_add(&verdict->word, 1ull << 32);
	__sync_fetch_and_and(&verdict->word, ~(__u64)0xffffffff | GUARD_BPF_MAPPED);
}

/* An allow of the daemon's for this process alone: not for one that was born since and
 * has got its number.  0: none of these kinds. */
static __always_inline __u32 granted_as(const struct guard_bpf_config *config,
					const struct guard_bpf_verdict *verdict, __u32 kinds)
{
	struct guard_bpf_grant_key key = { .process = bpf_get_current_pid_tgid() >> 32 };
	struct task_struct *task = bpf_get_current_task_btf();
	const struct guard_bpf_grant *grant;

	if (!verdict || !verdict->id)
		return 0;
	key.id = verdict->id;
	grant = bpf_map_lookup_elem(&guard_grants, &key);
	if (!grant || !is_in_force(config, grant->generation) || !(grant->kinds & kinds) ||
	    grant->word >> 32 != verdict->word >> 32 || grant->until_ns <= bpf_ktime_get_ns() ||
	    BPF_CORE_READ(task, group_leader, start_time) + GUARD_BPF_GRANT_NS > grant->until_ns)
		return 0;
	return grant->kinds;
}

/* What the policy says of a content; GUARD_BPF_LISTED: it says something. */
static __always_inline __u32 listed_as(const struct guard_bpf_config *config,
				       const struct guard_bpf_digest *digest)
{
	const struct guard_bpf_listed *listed = bpf_map_lookup_elem(&guard_digests, digest);
	__u32 kinds = 0;

	if (!listed)
		return 0;
	if (is_in_force(config, listed->generation[0]))
		kinds |= listed->kinds[0] | GUARD_BPF_LISTED;
	if (is_in_force(config, listed->generation[1]))
		kinds |= listed->kinds[1] | GUARD_BPF_LISTED;
	return kinds;
}

/* Keep what was found, unless a writer was or is there. */
static __always_inline void keep(const struct guard_bpf_config *config, struct inode *inode,
				 struct guard_bpf_verdict *verdict, __u64 before, __u32 kinds)
{
	__u64 word = (before & ~(__u64)0xffffffff) | (before & GUARD_BPF_MAPPED) |
		     (__u64)config->generation << 8 | kinds;

	if (!(device_flags(inode) & GUARD_BPF_DEVICE_STEADY))
		return;
	if (__sync_val_compare_and_swap(&verdict->word, before, word) == before &&
	    inode->i_writecount.counter > 0)
		verdict_drop(inode);
}

/* Sleepable hooks only.  0: the content is listed.  `found`: as what. */
static __always_inline int by_content(const struct guard_bpf_config *config, struct file *file, __u32 wanted,
				      struct guard_bpf_digest *digest, __u32 *hashed, __u32 *found)
{
	struct inode *inode = file->f_inode;
	struct guard_bpf_verdict none = {}, *verdict;
	__u64 before;
	__u32 kinds;

	verdict = bpf_inode_storage_get(&guard_verdicts, inode, &none, BPF_LOCAL_STORAGE_GET_F_CREATE);
	before = verdict ? verdict->word : 0;
	if (inode->i_writecount.counter > 0 || inode->i_size > (long long)GUARD_BPF_HASHED_MAX)
		return -1;
	*hashed = bpf_ima_file_hash(file, digest, sizeof(*digest)) == HASH_ALGO_SHA256;
	if (!*hashed)
		return -1;
	kinds = listed_as(config, digest);
	*found = kinds;
	if ((config->flags & GUARD_BPF_DEFAULT_ALLOW) && !kinds)
		return 0;
	if (!(kinds & wanted))
		return -1;
	if (verdict)
		keep(config, inode, verdict, before, kinds & GUARD_BPF_REMEMBERED);
	return inode->i_writecount.counter > 0 ? -1 : 0;
}

#endif
