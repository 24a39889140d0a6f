/* SPDX-License-Identifier: MIT OR GPL-2.0-only
 *
 * bpf/words.bpf.h - an interpreter whose command line the daemon has judged is
 * started with those very words.  The daemon read them in the caller's memory, where
 * another thread could have others shown to the kernel; what the new program got is
 * compared with what was judged before it runs its first instruction.
 *
 * Such an interpreter is held to files, and the daemon is asked about those that it
 * opens.  Where nobody is asked, on a filesystem of the user's own or in memory, any
 * file could be a script: it reads none there.
 */
#ifndef GUARDD_BPF_WORDS_H
#define GUARDD_BPF_WORDS_H

#include "beneath.bpf.h"
#include "contain.bpf.h"
#include "scripts.bpf.h"

#define WORDS_STEPS (GUARD_BPF_WORDS_SIZE_MAX / GUARD_BPF_WORDS_STEP)
#define SIGNAL_KILL 9
#define RAMFS_MAGIC 0x858458f6
#define KERNELS_OWN (1ul << 22) /* SB_KERNMOUNT: of memfd and shared memory, mounted by nobody */

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, GUARD_BPF_WORDS_MAX);
	__type(key, __u32);
	__type(value, struct guard_bpf_words);
} guard_words SEC(".maps");

static __always_inline bool is_held(struct task_struct *task)
{
	const __u32 *held = bpf_task_storage_get(&guard_held, task, NULL, 0);

	return held && *held;
}

static __always_inline int hold(struct task_struct *task)
{
	__u32 *held = bpf_task_storage_get(&guard_held, task, NULL, 0);

	if (!held)
		held = bpf_task_storage_get(&guard_held, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!held)
		return -12; /* ENOMEM: none gets out */
	*held = 1;
	return 0;
}

/* By the kernel in its exec, or by whoever else was let map it. */
static __always_inline int note_interpreter(const struct guard_bpf_config *config, struct inode *inode)
{
	const struct guard_bpf_startable *startable;

	if (!(config->flags & GUARD_BPF_JUDGES_WORDS))
		return 0;
	startable = startable_of(config, inode);
	return startable && (startable->flags & GUARD_BPF_STARTABLE_WORDS) ? hold(bpf_get_current_task_btf()) : 0;
}

SEC("lsm/task_alloc")
int BPF_PROG(guard_words_fork, struct task_struct *child, unsigned long flags)
{
	return is_held(bpf_get_current_task_btf()) ? hold(child) : 0;
}

/* A user's own, memory, and to those who do not believe root his as well.  What the kernel
 * itself shows (proc, sysfs, control groups) is not meant. */
static __always_inline bool is_unwatched(const struct guard_bpf_config *config, struct inode *inode)
{
	struct super_block *super = inode->i_sb;

	if (device_flags(inode) & GUARD_BPF_DEVICE_COVERED)
		return false;
	if (super->s_magic != TMPFS_MAGIC && super->s_magic != RAMFS_MAGIC && super->s_magic != OVERLAY_MAGIC &&
	    super->s_magic != FUSE_MAGIC)
		return false;
	return (config->flags & GUARD_BPF_SELF) || (super->s_flags & KERNELS_OWN) || super->s_user_ns->level > 0;
}

static __always_inline bool reads_unwatched(const struct guard_bpf_config *config, struct inode *inode)
{
	const __u32 wanted = GUARD_BPF_JUDGES_WORDS | GUARD_BPF_ALL_FILESYSTEMS;

	return (config->flags & wanted) == wanted && !(config->flags & GUARD_BPF_DEFAULT_ALLOW) &&
	       is_held(bpf_get_current_task_btf()) && is_regular(inode) && is_unwatched(config, inode);
}

static __always_inline bool are_fresh(const struct guard_bpf_words *judged)
{
	return judged && judged->until_ns > bpf_ktime_get_ns();
}

static __always_inline bool wants_words(const struct guard_bpf_config *config, struct linux_binprm *bprm)
{
	const struct guard_bpf_startable *startable;

	/* The interpreter of a script: its words are the script's. */
	if (!config || !(config->flags & GUARD_BPF_JUDGES_WORDS) || bprm->interp != bprm->filename)
		return false;
	startable = startable_of(config, bprm->file->f_inode);
	return startable && (startable->flags & GUARD_BPF_STARTABLE_WORDS);
}

/* Of this very file: what is left of an exec that failed says nothing of another. */
static __always_inline bool are_of(const struct guard_bpf_words *judged, struct inode *inode)
{
	const struct guard_bpf_verdict *verdict = verdict_of(inode);

	return verdict && verdict->id && verdict->id == judged->scripts.program;
}

/* Taken along from the daemon's question to the new program. */
SEC("lsm.s/bprm_check_security")
int BPF_PROG(guard_words_exec, struct linux_binprm *bprm)
{
	const struct guard_bpf_config *config = config_now();
	__u32 thread = (__u32)bpf_get_current_pid_tgid();
	const struct guard_bpf_words *words;
	struct guard_bpf_words *judged;

	if (!config)
		return 0;
	words = bpf_map_lookup_elem(&guard_words, &thread);
	judged = bpf_task_storage_get(&guard_judged, bpf_get_current_task_btf(), NULL, 0);
	if (judged)
		judged->until_ns = 0;
	if (words && judged && are_of(words, bprm->file->f_inode))
		*judged = *words;
	if (words)
		bpf_map_delete_elem(&guard_words, &thread);
	if (!wants_words(config, bprm) || (are_fresh(judged) && judged->round >= config->exemptions))
		return 0;
	/* Nobody was there to judge them. */
	return refuse_act(config, GUARD_BPF_WORDS_UNSEEN, 0);
}

struct words_walk {
	struct guard_bpf_sip sip;
	unsigned long at;
	__u32 left;
	__u32 failed;
};

static long words_step(__u32 index, void *context)
{
	struct words_walk *walk = context;
	__u64 bytes[GUARD_BPF_WORDS_STEP / 8] = {};
	__u32 size = walk->left < GUARD_BPF_WORDS_STEP ? walk->left : GUARD_BPF_WORDS_STEP;

	if (size == 0)
		return 1;
	if (bpf_copy_from_user(bytes, size, (const void *)walk->at)) {
		walk->failed = 1;
		return 1;
	}
	guard_bpf_sip_step(&walk->sip, bytes);
	walk->at += size;
	walk->left -= size;
	return 0;
}

static __always_inline bool are_the_same(struct linux_binprm *bprm, const struct guard_bpf_words *judged)
{
	struct words_walk walk;

	/* One by one: as a whole it would be a map of constants. */
	guard_bpf_sip_begin(&walk.sip, judged->key);
	walk.at = bprm->p;
	walk.left = judged->size;
	walk.failed = 0;
	bpf_loop(WORDS_STEPS, words_step, &walk, 0);
	return !walk.failed && !walk.left && (__u32)bprm->argc == judged->count &&
	       guard_bpf_sip_end(&walk.sip) == judged->hash;
}

/* The words lie in the new memory now, and nothing there has run. */
SEC("lsm.s/bprm_committed_creds")
int BPF_PROG(guard_words_image, struct linux_binprm *bprm)
{
	const struct guard_bpf_config *config = config_now();
	const struct guard_bpf_words *judged;
	bool same;
	__u32 *held = bpf_task_storage_get(&guard_held, bpf_get_current_task_btf(), NULL, 0);

	if (held)
		*held = 0; /* its code is mapped after this */
	judged = bpf_task_storage_get(&guard_judged, bpf_get_current_task_btf(), NULL, 0);
	same = config && are_fresh(judged) && are_of(judged, bprm->file->f_inode) && are_the_same(bprm, judged);
	change_scripts(same ? &judged->scripts : NULL);
	if (same || !wants_words(config, bprm))
		return 0;
	if (refuse_act(config, GUARD_BPF_WORDS_CHANGED, 0))
		bpf_send_signal(SIGNAL_KILL);
	return 0;
}

#endif
