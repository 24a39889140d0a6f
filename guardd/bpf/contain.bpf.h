/* SPDX-License-Identifier: MIT OR GPL-2.0-only
 *
 * bpf/contain.bpf.h - risky programs and all that they start: which programs they
 * may start, and where they may not write.  Who is contained is a word at each
 * thread, inherited at fork and kept over exec; which programs begin a containment
 * and which may be started lies on the files, put there by the daemon before it
 * answers an exec.  A file of which nothing is known may not be started.
 */
#ifndef GUARDD_BPF_CONTAIN_H
#define GUARDD_BPF_CONTAIN_H

#include "self.bpf.h"
#include "verdict.bpf.h"

#define CONTAIN_DEPTH 32 /* folders that are looked at, from the file upwards */
#define ATTR_MODE 1u
#define MODE_RUN 0111
#define FMODE_OPENED_TO_WRITE 2
#define OPENED_WITHOUT_NAME 020000000u /* __O_TMPFILE: made by this very open */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, GUARD_BPF_CONTAINMENTS_MAX);
	__type(key, __u32);
	__type(value, struct guard_bpf_containment);
} guard_containments SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u32);
} guard_contained SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_INODE_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct guard_bpf_startable);
} guard_startable SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, GUARD_BPF_PLACES_MAX);
	__type(key, struct guard_bpf_place);
	__type(value, __u32);
} guard_places SEC(".maps");

/* ---- who ------------------------------------------------------------------------- */

static __always_inline __u32 contained_as(struct task_struct *task)
{
	const __u32 *slot = bpf_task_storage_get(&guard_contained, task, NULL, 0);

	return slot ? *slot : 0;
}

/* Slot + 1 of the acting thread, where its containment is in force; else 0. */
static __always_inline __u32 contained_now(const struct guard_bpf_config *config, __u32 *mode)
{
	const struct guard_bpf_containment *containment;
	__u32 slot, key;

	if (!config || !(config->flags & GUARD_BPF_CONTAINS))
		return 0;
	slot = contained_as(bpf_get_current_task_btf());
	if (!slot || slot > GUARD_BPF_CONTAINMENTS_MAX)
		return 0;
	key = slot - 1;
	containment = bpf_map_lookup_elem(&guard_containments, &key);
	if (!containment || containment->mode == GUARD_BPF_CONTAIN_OFF)
		return 0;
	*mode = containment->mode;
	return slot;
}

static __always_inline bool contain_refuses(const struct guard_bpf_config *config, __u32 mode)
{
	return mode == GUARD_BPF_CONTAIN_DENY && config->state == GUARD_BPF_ENFORCE;
}

/* Of a name; the record has it, and the containment. */
static __always_inline int refuse_contained(const struct guard_bpf_config *config, __u32 what, __u32 mode, __u32 slot,
					    struct dentry *dentry)
{
	struct guard_bpf_event *event = event_begin(config, what);

	if (event) {
		event->refused = contain_refuses(config, mode);
		event->detail = slot - 1;
		bpf_probe_read_kernel_str(event->path, sizeof(event->path), dentry->d_name.name);
		bpf_ringbuf_submit(event, 0);
	}
	return answer(contain_refuses(config, mode));
}

SEC("lsm/task_alloc")
int BPF_PROG(guard_contain_fork, struct task_struct *child, unsigned long flags)
{
	__u32 slot = contained_as(bpf_get_current_task_btf()), *inherited;

	if (!slot)
		return 0;
	inherited = bpf_task_storage_get(&guard_contained, child, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!inherited)
		return -12; /* ENOMEM: no thread gets out */
	*inherited = slot;
	return 0;
}

/* ---- what is started ---------------------------------------------------------------- */

static __always_inline const struct guard_bpf_startable *startable_of(const struct guard_bpf_config *config,
								      struct inode *inode)
{
	const struct guard_bpf_startable *startable = bpf_inode_storage_get(&guard_startable, inode, NULL, 0);

	return startable && startable->round >= config->exemptions ? startable : NULL;
}

SEC("lsm.s/bprm_check_security")
int BPF_PROG(guard_contain_exec, struct linux_binprm *bprm)
{
	const struct guard_bpf_config *config = config_now();
	const struct guard_bpf_startable *startable;
	struct guard_bpf_event *event;
	struct file *file = bprm->file;
	__u32 mode = 0, slot = contained_now(config, &mode);

	/* The interpreter of a script that may be started comes with it. */
	if (!slot || bprm->interp != bprm->filename)
		return 0;
	startable = startable_of(config, file->f_inode);
	if (startable && (startable->starters & (1u << (slot - 1))))
		return 0;
	event = event_begin(config, GUARD_BPF_CONTAINED_START);
	if (event) {
		event->refused = contain_refuses(config, mode);
		event->detail = slot - 1;
		event->device = file->f_inode->i_sb->s_dev;
		event->inode = file->f_inode->i_ino;
		if (bpf_d_path(&file->f_path, event->path, sizeof(event->path)) < 0)
			event->path[0] = '\0';
		bpf_ringbuf_submit(event, 0);
	}
	return answer(contain_refuses(config, mode));
}

/* From now on it is contained, if the new program begins a containment. */
SEC("lsm/bprm_committed_creds")
int BPF_PROG(guard_contain_image, struct linux_binprm *bprm)
{
	const struct guard_bpf_config *config = config_now();
	const struct guard_bpf_startable *startable;
	__u32 *slot;

	if (!config || !(config->flags & GUARD_BPF_CONTAINS))
		return 0;
	startable = startable_of(config, bprm->file->f_inode);
	if (!startable || !startable->program)
		return 0;
	slot = bpf_task_storage_get(&guard_contained, bpf_get_current_task_btf(), NULL,
				    BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (slot)
		*slot = startable->program;
	return 0;
}

/* ---- where is written ----------------------------------------------------------------- */

static __noinline __u64 hash_name(struct dentry *dentry)
{
	__u64 words[GUARD_BPF_PLACE_WORDS] = {};
	const unsigned char *name;

	bpf_core_read(&name, sizeof(name), &dentry->d_name.name);
	bpf_probe_read_kernel_str(words, sizeof(words), name);
	return guard_bpf_place_hash(words);
}

static __always_inline bool is_place(__u64 last, __u64 before, __u32 slot)
{
	struct guard_bpf_place key = { last, before };
	const __u32 *slots = bpf_map_lookup_elem(&guard_places, &key);

	return slots && (*slots & (1u << (slot - 1)));
}

struct contain_walk {
	struct dentry *dentry;
	__u64 name;
	__u32 slot;
	__u32 found; /* 1: in a place; 2: the top was reached */
};

static long contain_step(__u32 index, void *context)
{
	struct contain_walk *walk = context;
	struct dentry *dentry = walk->dentry, *folder = NULL;
	__u64 before;

	bpf_core_read(&folder, sizeof(folder), &dentry->d_parent);
	if (folder == dentry || !folder) {
		walk->found = 2;
		return 1;
	}
	before = hash_name(folder);
	if (is_place(walk->name, GUARD_BPF_PLACE_ANYWHERE, walk->slot) || is_place(walk->name, before, walk->slot)) {
		walk->found = 1;
		return 1;
	}
	walk->dentry = folder;
	walk->name = before;
	return 0;
}

/* The name, or a folder above it, is a place.  What lies too deep to tell is. */
static __always_inline bool in_place(struct dentry *dentry, __u32 slot)
{
	struct contain_walk walk = { .dentry = dentry, .name = hash_name(dentry), .slot = slot };

	bpf_loop(CONTAIN_DEPTH, contain_step, &walk, 0);
	return walk.found != 2;
}

static __always_inline int contain_write(struct dentry *dentry, bool folder_too)
{
	const struct guard_bpf_config *config = config_now();
	__u32 mode = 0, slot = contained_now(config, &mode);

	if (!slot)
		return 0;
	if (!(folder_too && is_place(hash_name(dentry), GUARD_BPF_PLACE_FOLDER, slot)) && !in_place(dentry, slot))
		return 0;
	return refuse_contained(config, GUARD_BPF_CONTAINED_WRITE, mode, slot, dentry);
}

static __always_inline int contain_mode(struct dentry *dentry, __u32 mode_bits)
{
	const struct guard_bpf_config *config = config_now();
	__u32 mode = 0, slot;

	if ((mode_bits & S_IFMT) != S_IFREG || !(mode_bits & MODE_RUN))
		return 0;
	slot = contained_now(config, &mode);
	if (!slot)
		return 0;
	return refuse_contained(config, GUARD_BPF_CONTAINED_MODE, mode, slot, dentry);
}

SEC("lsm/file_open")
int BPF_PROG(guard_contain_open, struct file *file)
{
	__u32 mode = file->f_inode->i_mode;
	int r = 0;

	if (!(file->f_mode & FMODE_OPENED_TO_WRITE) || (mode & S_IFMT) != S_IFREG)
		return 0;
	if (file->f_flags & OPENED_WITHOUT_NAME)
		r = contain_mode(file->f_path.dentry, mode);
	return r ? r : contain_write(file->f_path.dentry, false);
}

SEC("lsm/inode_create")
int BPF_PROG(guard_contain_create, struct inode *folder, struct dentry *dentry, __u16 mode)
{
	int r = contain_mode(dentry, S_IFREG | mode);

	return r ? r : contain_write(dentry, false);
}

SEC("lsm/inode_mkdir")
int BPF_PROG(guard_contain_mkdir, struct inode *folder, struct dentry *dentry)
{
	return contain_write(dentry, false);
}

SEC("lsm/inode_mknod")
int BPF_PROG(guard_contain_mknod, struct inode *folder, struct dentry *dentry, __u16 mode)
{
	int r = contain_mode(dentry, mode);

	return r ? r : contain_write(dentry, false);
}

SEC("lsm/inode_symlink")
int BPF_PROG(guard_contain_symlink, struct inode *folder, struct dentry *dentry)
{
	return contain_write(dentry, true);
}

SEC("lsm/inode_link")
int BPF_PROG(guard_contain_link, struct dentry *old, struct inode *folder, struct dentry *dentry)
{
	return contain_write(dentry, false);
}

/* A folder that holds a place is neither given that name nor loses it. */
SEC("lsm/inode_rename")
int BPF_PROG(guard_contain_rename, struct inode *old_folder, struct dentry *old, struct inode *folder,
	     struct dentry *dentry)
{
	int r = contain_write(old, true);

	return r ? r : contain_write(dentry, true);
}

static __always_inline int contain_attributes(struct dentry *dentry, struct iattr *attributes)
{
	if (!(attributes->ia_valid & ATTR_MODE))
		return 0;
	return contain_mode(dentry, attributes->ia_mode);
}

SEC("lsm/inode_setattr")
int BPF_PROG(guard_contain_setattr, struct dentry *dentry, struct iattr *attributes)
{
	return contain_attributes(dentry, attributes);
}

SEC("?lsm/inode_setattr")
int BPF_PROG(guard_contain_setattr_mapped, void *map, struct dentry *dentry, struct iattr *attributes)
{
	return contain_attributes(dentry, attributes);
}

/* An access list changes the mode as well, and nobody is asked about that: none is set. */
static __always_inline int contain_access_list(struct dentry *dentry, const char *attribute)
{
	struct name name = {};

	bpf_probe_read_kernel_str(name.text, sizeof(name.text), attribute);
	return IS(&name, "system.posix_acl_access") ? contain_mode(dentry, dentry->d_inode->i_mode | MODE_RUN) : 0;
}

SEC("lsm/inode_setxattr")
int BPF_PROG(guard_contain_setxattr, void *map, struct dentry *dentry, const char *name)
{
	return contain_access_list(dentry, name);
}

/* Kernels from 6.2. */
SEC("?lsm/inode_set_acl")
int BPF_PROG(guard_contain_set_acl, void *map, struct dentry *dentry, const char *name)
{
	return contain_access_list(dentry, name);
}

#endif
