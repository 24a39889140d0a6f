/* SPDX-License-Identifier: MIT OR GPL-2.0-only
 *
 * bpf/scripts.bpf.h - files that are data to all programs but those that would run them.
 * The daemon is not asked about opens of such a file any more, so what an interpreter must
 * not read of them is told here: a shell none of them, another those that its command line
 * named and those with a suffix of its kind.  The names are the one by which it asked, as
 * the kernel has copied it, and the one that the file has; where a link of the script's
 * name leads to, that name as well.
 *
 * What is refused here although it is listed by now (the file was changed since) is data no
 * longer once the daemon has heard of it: the second try is decided there.
 */
#ifndef GUARDD_BPF_SCRIPTS_H
#define GUARDD_BPF_SCRIPTS_H

#include "verdict.bpf.h"

#define FMODE_READ 1
#define FMODE_WRITE 2
#define OPENED_FOR_EXEC 0x20u /* __FMODE_EXEC, in f_flags */
#define PATH_SIZE 4096        /* a power of two: PATH_MAX */
#define LAST_NAME_MAX 255

struct {
	__uint(type, BPF_MAP_TYPE_INODE_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u32);
} guard_data SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} guard_data_round SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_INODE_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u32);
} guard_interpreters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_INODE_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u64);
} guard_links SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct guard_bpf_scripts);
} guard_scripts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, GUARD_BPF_SUFFIXES_MAX);
	__type(key, struct guard_bpf_suffix);
	__type(value, __u32);
} guard_suffixes SEC(".maps");

/* What was judged of the thread that is in an exec: its number changes there. */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct guard_bpf_words);
} guard_judged SEC(".maps");

/* Threads that have mapped the code of an interpreter that is held to files; an exec ends it. */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u32);
} guard_held SEC(".maps");

/* A path of the thread's, while its names are looked at. */
struct script_path {
	char text[PATH_SIZE];
};
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct script_path);
} guard_script_path SEC(".maps");

static __always_inline struct guard_bpf_scripts *scripts_of(struct task_struct *task)
{
	return bpf_task_storage_get(&guard_scripts, task, NULL, 0);
}

/* What is said of it in this round; 0: nothing. */
static __always_inline __u32 *data_of(struct inode *inode)
{
	__u32 *data = bpf_inode_storage_get(&guard_data, inode, NULL, 0), zero = 0;
	const __u32 *now;

	if (!data || !(*data & GUARD_BPF_DATA_SET))
		return NULL;
	now = bpf_map_lookup_elem(&guard_data_round, &zero);
	return now && *now == (*data & GUARD_BPF_DATA_ROUND) ? data : NULL;
}

/* Whoever has asked before it was called data has it open, or is on his way: the kernel has
 * counted him.  Where this one, who has been looked at, is alone there is nobody. */
static __always_inline void note_alone(struct file *file, struct inode *inode)
{
	__u32 *data = data_of(inode);
	bool writes = file->f_mode & FMODE_WRITE;

	/* Who neither reads nor writes is not counted. */
	if (!data || (*data & GUARD_BPF_DATA_ALONE) || !(file->f_mode & (FMODE_READ | FMODE_WRITE)))
		return;
	/* Seen before the counts: who comes later sees it, too. */
	__sync_fetch_and_or(data, 0);
	if (inode->i_writecount.counter == writes && inode->i_readcount.counter == !writes)
		__sync_fetch_and_or(data, GUARD_BPF_DATA_ALONE);
}

/* ---- names --------------------------------------------------------------------------- */

struct name_walk {
	const struct script_path *path;
	__u64 hash;
	__u32 left;        /* bytes before the place that is looked at */
	__u32 interpreter; /* whose suffixes are looked for; 0 none's */
	__u32 found;
};

static long name_step(__u32 index, void *context)
{
	struct name_walk *walk = context;
	struct guard_bpf_suffix key = {};
	char byte;

	if (walk->left == 0)
		return 1;
	byte = walk->path->text[(walk->left - 1) & (PATH_SIZE - 1)];
	if (byte == '/')
		return 1;
	walk->left--;
	walk->hash = guard_bpf_name_step(walk->hash, byte);
	if (walk->interpreter && index < GUARD_BPF_SUFFIX_SIZE) {
		key.suffix = walk->hash;
		key.interpreter = walk->interpreter;
		if (bpf_map_lookup_elem(&guard_suffixes, &key)) {
			walk->found = 1;
			return 1;
		}
	}
	return 0;
}

/* The last name of a text in the kernel: its hash; `suffixed`: it ends as this interpreter's
 * scripts do.  0: it cannot be read. */
static __noinline __u64 hash_last(const void *text, __u32 interpreter, __u32 *suffixed)
{
	struct name_walk walk = {};
	struct script_path *path;
	long size;

	path = bpf_task_storage_get(&guard_script_path, bpf_get_current_task_btf(), NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!path || !suffixed)
		return 0;
	size = bpf_probe_read_kernel_str(path->text, sizeof(path->text), text);
	if (size <= 0 || size > PATH_SIZE)
		return 0;
	walk.path = path;
	walk.hash = GUARD_BPF_NAME_BEGIN;
	walk.left = (__u32)size - 1;
	walk.interpreter = interpreter;
	bpf_loop(LAST_NAME_MAX, name_step, &walk, 0);
	*suffixed = walk.found;
	return walk.hash;
}

static __always_inline bool has_name(const struct guard_bpf_scripts *scripts, __u64 hash)
{
	for (int i = 0; i < GUARD_BPF_SCRIPT_NAMES; i++)
		if (scripts->names[i] == hash)
			return true;
	return false;
}

static __always_inline bool names_script(const struct guard_bpf_scripts *scripts, const void *text)
{
	__u32 suffixed = 0;
	__u64 hash = hash_last(text, scripts->interpreter, &suffixed);

	return hash == 0 || suffixed || has_name(scripts, hash);
}

/* ---- who reads --------------------------------------------------------------------------- */

/* What the kernel was asked for in this very call; NULL: by no name. */
static __always_inline const char *asked_name(void)
{
	struct task_struct *task = bpf_get_current_task_btf();

	return BPF_CORE_READ(task, nameidata, name, name);
}

static __always_inline bool reads_script(struct file *file, struct inode *inode)
{
	const struct guard_bpf_scripts *scripts;
	const char *asked;

	/* An exec looks at what it starts itself. */
	if ((file->f_flags & OPENED_FOR_EXEC) || !is_regular(inode) || !data_of(inode))
		return false;
	/* None at all is no answer: the kernel may be at it at this moment. */
	scripts = bpf_task_storage_get(&guard_scripts, bpf_get_current_task_btf(), NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!scripts || scripts->mode == GUARD_BPF_SCRIPTS_EVERY)
		return true;
	if (scripts->mode == GUARD_BPF_SCRIPTS_NONE)
		return false;
	asked = asked_name();
	return names_script(scripts, BPF_CORE_READ(file, f_path.dentry, d_name.name)) ||
	       (asked && names_script(scripts, asked));
}

/* In this round it does not become data again. */
static __always_inline void note_refused(struct inode *inode)
{
	__u32 *data = data_of(inode);

	if (data && !(*data & GUARD_BPF_DATA_NEVER))
		__sync_fetch_and_or(data, GUARD_BPF_DATA_NEVER);
}

static __always_inline bool is_interpreter(struct inode *inode, __u32 kinds)
{
	return (kinds & GUARD_BPF_INTERPRETER) || bpf_inode_storage_get(&guard_interpreters, inode, NULL, 0);
}

/* It has mapped the code of an interpreter.  Of what its exec was told more is known. */
static __always_inline int begin_scripts(struct inode *inode)
{
	const struct guard_bpf_verdict *verdict = verdict_of(inode);
	struct task_struct *task = bpf_get_current_task_btf();
	struct guard_bpf_scripts *scripts = scripts_of(task);

	/* Who was there before the layer.  Sleeps while others on this processor are answered
	 * that there is nothing: nowhere else. */
	if (!scripts)
		scripts = bpf_task_storage_get(&guard_scripts, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!scripts)
		return -12; /* ENOMEM: none gets out */
	if (scripts->mode != GUARD_BPF_SCRIPTS_NAMED || !verdict || verdict->id != scripts->program)
		scripts->mode = GUARD_BPF_SCRIPTS_EVERY;
	return 0;
}

/* A new program, and what the daemon said of its command line; NULL: nothing. */
static __always_inline void change_scripts(const struct guard_bpf_scripts *said)
{
	struct guard_bpf_scripts *scripts = scripts_of(bpf_get_current_task_btf());

	/* Its code is mapped after this.  What could not be said now is of another program. */
	if (scripts && said)
		*scripts = *said;
	else if (scripts)
		scripts->mode = GUARD_BPF_SCRIPTS_NONE;
}

/* Where nothing sleeps: the later hooks of the exec find what they need. */
SEC("lsm/bprm_creds_for_exec")
int BPF_PROG(guard_scripts_exec, struct linux_binprm *bprm)
{
	struct task_struct *task = bpf_get_current_task_btf();

	const struct guard_bpf_config *config = config_now();

	if (!config)
		return 0;
	if (!bpf_task_storage_get(&guard_scripts, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE) ||
	    !bpf_task_storage_get(&guard_judged, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE))
		return -12;
	if ((config->flags & GUARD_BPF_JUDGES_WORDS) &&
	    !bpf_task_storage_get(&guard_held, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE))
		return -12;
	return 0;
}

SEC("lsm/task_alloc")
int BPF_PROG(guard_scripts_fork, struct task_struct *child, unsigned long flags)
{
	const struct guard_bpf_scripts *scripts;
	struct guard_bpf_scripts *inherited;

	if (!config_now())
		return 0;
	scripts = bpf_task_storage_get(&guard_scripts, bpf_get_current_task_btf(), NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!scripts)
		return -12; /* ENOMEM: none gets out */
	if (scripts->mode == GUARD_BPF_SCRIPTS_NONE)
		return 0;
	inherited = bpf_task_storage_get(&guard_scripts, child, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!inherited)
		return -12;
	*inherited = *scripts;
	return 0;
}

/* ---- links --------------------------------------------------------------------------------- */

/* A link of the script's name: what it leads to has the script's name as well. */
static __always_inline int follow(struct dentry *link)
{
	struct guard_bpf_scripts *scripts =
		bpf_task_storage_get(&guard_scripts, bpf_get_current_task_btf(), NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	const char *target;
	__u32 suffixed = 0;
	const __u64 *known;
	__u64 hash;

	if (!scripts)
		return config_now() ? -12 : 0;
	if (scripts->mode != GUARD_BPF_SCRIPTS_NAMED)
		return 0;
	hash = hash_last(BPF_CORE_READ(link, d_name.name), 0, &suffixed);
	if (hash && !has_name(scripts, hash))
		return 0;
	target = BPF_CORE_READ(link, d_inode, i_link);
	if (hash && target) {
		hash = hash_last(target, 0, &suffixed);
	} else {
		/* Not in the inode: what the daemon has read there. */
		known = bpf_inode_storage_get(&guard_links, link->d_inode, NULL, 0);
		hash = hash && known ? *known : 0;
	}
	if (hash && has_name(scripts, hash))
		return 0;
	for (int i = 0; i < GUARD_BPF_SCRIPT_NAMES; i++)
		if (hash && !scripts->names[i]) {
			scripts->names[i] = hash;
			return 0;
		}
	scripts->mode = GUARD_BPF_SCRIPTS_EVERY; /* it leads nobody knows where */
	return 0;
}

SEC("lsm/inode_follow_link")
int BPF_PROG(guard_follow_link, struct dentry *dentry, struct inode *inode, bool rcu)
{
	return follow(dentry);
}

SEC("lsm/inode_readlink")
int BPF_PROG(guard_readlink, struct dentry *dentry)
{
	return follow(dentry);
}

#endif
