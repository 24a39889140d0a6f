/* SPDX-License-Identifier: MIT OR GPL-2.0-only
 *
 * bpf/beneath.bpf.h - files whose content lies elsewhere: in another inode, beneath an
 * overlay, with a process, behind a FUSE server, or in memory that others hold.  What is
 * looked at there must be what is used afterwards.
 *
 * The overlay opens the other inode itself, and that open is seen: so of each file of an
 * overlay it is known which inode it showed last.  A descriptor that shows another (the
 * file was copied up since it was opened) is refused, for what is hashed is not what it
 * maps.  An inode that was let be used as code beneath an overlay is not opened for
 * writing, by whatever name, while it is mapped and for a moment before that.
 */
#ifndef GUARDD_BPF_BENEATH_H
#define GUARDD_BPF_BENEATH_H

#include "verdict.bpf.h"

#define OVERLAY_MAGIC 0x794c7630
#define FUSE_MAGIC 0x65735546
#define TMPFS_MAGIC 0x01021994
#define FMODE_BACKING (1u << 25)
#define SB_KERNMOUNT (1ul << 22)
#define SEALED (0x2u | 0x8u) /* F_SEAL_SHRINK, F_SEAL_WRITE */

/* Least recently opened goes first: whoever starts a program opens it just before. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, GUARD_BPF_SHOWN_MAX);
	__type(key, __u64);
	__type(value, __u64);
} guard_shown SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, GUARD_BPF_BENEATH_MAX);
	__type(key, __u64);
	__type(value, struct guard_bpf_beneath);
} guard_beneath SEC(".maps");

static __always_inline bool is_overlay(struct inode *inode)
{
	return inode->i_sb->s_magic == OVERLAY_MAGIC;
}

/* The inode of the file of which this one was opened: an overlay opens what it shows. */
static __always_inline const struct inode *opened_for(struct file *file)
{
	const struct backing_file *backing = (const void *)file;
	const struct backing_file___whole *whole = (const void *)file;

	if (!bpf_core_type_exists(struct backing_file) || bpf_core_field_exists(backing->real_path))
		return file->f_path.dentry->d_inode;
	if (!(file->f_mode & FMODE_BACKING))
		return file->f_inode;
	if (bpf_core_field_exists(backing->user_path))
		return BPF_CORE_READ(backing, user_path.dentry, d_inode);
	return BPF_CORE_READ(whole, user_path_file.f_path.dentry, d_inode);
}

static __always_inline void note_shown(struct file *file, struct inode *inode)
{
	const struct inode *above = opened_for(file);
	__u64 key = (__u64)above, address = (__u64)inode;

	if (above == inode || !above || !is_regular(inode) || BPF_CORE_READ(above, i_sb, s_magic) != OVERLAY_MAGIC)
		return;
	bpf_map_update_elem(&guard_shown, &key, &address, BPF_ANY);
}

/* ---- before the use ------------------------------------------------------------------ */

/* What an overlay's descriptor maps. */
static __always_inline const struct file *mapped_by(struct file *file)
{
	const struct file *opened = NULL, *first = NULL;

	if (bpf_core_read(&opened, sizeof(opened), &file->private_data) < 0 || !opened)
		return NULL;
	if (!bpf_core_field_exists(struct file___counted, f_ref))
		return opened;
	return bpf_probe_read_kernel(&first, sizeof(first), opened) < 0 ? NULL : first;
}

/* The inode that this very descriptor shows, when it is the one that the file shows; 0:
 * it is not, or cannot be told. */
static __always_inline __u64 shown_by(struct file *file)
{
	__u64 key = (__u64)file->f_inode, real = 0;
	const __u64 *shown = bpf_map_lookup_elem(&guard_shown, &key);
	const struct file *opened = mapped_by(file);

	if (!shown || !opened || bpf_core_read(&real, sizeof(real), &opened->f_inode) < 0)
		return 0;
	return real == *shown ? real : 0;
}

/* One overlay over another, or over a server, shows what is not looked at here. */
static __always_inline bool is_a_plain_one(const struct inode *real)
{
	unsigned long magic = BPF_CORE_READ(real, i_sb, s_magic);

	return magic != OVERLAY_MAGIC && magic != FUSE_MAGIC;
}

static __always_inline bool is_written(const struct inode *real)
{
	return BPF_CORE_READ(real, i_writecount.counter) > 0;
}

/* From here on nobody opens it for writing.  Only what may run is held: else whoever can
 * read a file could keep its writers away.  0: nobody has it open for writing. */
static __always_inline int hold_beneath(__u64 address)
{
	const struct inode *real = (const struct inode *)address;
	struct guard_bpf_beneath held = { .looked_ns = bpf_ktime_get_ns() };

	held.inode = BPF_CORE_READ(real, i_ino);
	held.device = BPF_CORE_READ(real, i_sb, s_dev);
	if (bpf_map_update_elem(&guard_beneath, &address, &held, BPF_ANY))
		return -1; /* full */
	return is_written(real) ? -1 : 0;
}

/* Memory that is a file to the kernel alone: memfd, System V's shared memory.  Nobody
 * counts who has it open for writing. */
static __always_inline bool is_in_memory(const struct inode *inode)
{
	return inode->i_sb->s_flags & SB_KERNMOUNT;
}

/* For good: no seal is taken off again, and none is set while somebody could write. */
static __always_inline bool is_sealed(struct inode *inode)
{
	const struct shmem_inode_info *whole = (void *)inode - bpf_core_field_offset(struct shmem_inode_info, vfs_inode);
	unsigned int seals = 0;

	return inode->i_sb->s_magic == TMPFS_MAGIC && bpf_core_read(&seals, sizeof(seals), &whole->seals) == 0 &&
	       (seals & SEALED) == SEALED;
}

/* 0: what is found out about the file now will hold when it is used, as far as
 * still_shown() says afterwards. */
static __always_inline int begin_look(const struct guard_bpf_config *config, struct file *file, __u64 *real)
{
	struct inode *inode = file->f_inode;

	*real = 0;
	if (config->flags & GUARD_BPF_DEFAULT_ALLOW)
		return 0; /* but for what is denied by content all is let run */
	if (inode->i_sb->s_magic == FUSE_MAGIC)
		return device_flags(inode) & GUARD_BPF_DEVICE_TRUSTED ? 0 : -1;
	if (is_in_memory(inode))
		return is_sealed(inode) ? 0 : -1;
	if (!is_overlay(inode))
		return 0;
	*real = shown_by(file);
	return *real && is_a_plain_one((const struct inode *)*real) && !is_written((const struct inode *)*real) ? 0 : -1;
}

static __always_inline bool still_shown(struct file *file, __u64 real)
{
	return shown_by(file) == real && !is_written((const struct inode *)real);
}

/* ---- writers --------------------------------------------------------------------------- */

static __always_inline bool is_mapped(struct inode *inode)
{
	return inode->i_mapping->i_mmap.rb_root.rb_node != NULL;
}

static __always_inline bool is_held_beneath(struct inode *inode)
{
	__u64 address = (__u64)inode;
	const struct guard_bpf_beneath *held = bpf_map_lookup_elem(&guard_beneath, &address);

	return held && held->inode == inode->i_ino && held->device == inode->i_sb->s_dev &&
	       (is_mapped(inode) || bpf_ktime_get_ns() - held->looked_ns < GUARD_BPF_BENEATH_NS);
}

/* Its address will be another's. */
SEC("lsm/inode_free_security")
int BPF_PROG(guard_inode_gone, struct inode *inode)
{
	__u64 address = (__u64)inode;

	if (bpf_map_lookup_elem(&guard_beneath, &address))
		bpf_map_delete_elem(&guard_beneath, &address);
	return 0;
}

#endif
