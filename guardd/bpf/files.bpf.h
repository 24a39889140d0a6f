/* SPDX-License-Identifier: MIT OR GPL-2.0-only
 *
 * bpf/files.bpf.h - the hooks that keep root's hands off the daemon's files, and off
 * what is written to act on its processes, its disks and the kernel.  They do nothing
 * unless the configuration asks for it (GUARD_BPF_SELF).
 */
#ifndef GUARDD_BPF_FILES_H
#define GUARDD_BPF_FILES_H

#include "memory.bpf.h"
#include "verdict.bpf.h"

#define S_IFCHR 0020000
#define S_IFBLK 0060000
#define CGROUP_MAGIC 0x63677270
#define CGROUP1_MAGIC 0x27e0eb
#define PROC_MAGIC 0x9fa0
#define SYSFS_MAGIC 0x62656572
#define SNAPSHOT_DEVICE (10u << 20 | 231u) /* /dev/snapshot: the memory of a machine that sleeps */

static __always_inline int refuse_dentry(struct dentry *dentry)
{
	const struct guard_bpf_config *config = guarded();

	if (!config || !(is_own_dentry(dentry) || is_unit_name(dentry)))
		return 0;
	if (dentry->d_sb->s_magic == CGROUP_MAGIC) /* the service manager's own folders */
		return 0;
	return refuse_name(config, GUARD_BPF_FILE, dentry);
}

/* What it would be to write to a file of /proc; 0: nobody's harm. */
static __always_inline __u32 act_on_proc(const struct guard_bpf_config *config, struct dentry *dentry,
					 struct inode *inode)
{
	struct name name;

	read_name(&name, dentry);
	if (IS(&name, "mem") && (config->flags & GUARD_BPF_ALL_FILESYSTEMS) && !(config->flags & GUARD_BPF_DEBUGGING))
		return GUARD_BPF_MEMORY;
	if (!(config->flags & GUARD_BPF_SELF))
		return 0;
	/* At 0 the kernel calls no program that is attached to a function of its own. */
	if (IS(&name, "ftrace_enabled"))
		return GUARD_BPF_KERNEL;
	return IS(&name, "sysrq-trigger") || (own_flags(inode) & GUARD_BPF_OWN) ? GUARD_BPF_SIGNAL : 0;
}

static __always_inline __u32 act_on_group(struct dentry *dentry)
{
	struct name name;

	read_name(&name, dentry);
	/* Also elsewhere: a process can be moved. */
	if (IS(&name, "cgroup.kill") || IS(&name, "cgroup.freeze") || IS(&name, "freezer.state"))
		return GUARD_BPF_SIGNAL;
	/* The service manager starts reloads in our group. */
	if (IS(&name, "cgroup.procs"))
		return 0;
	return is_own_dentry(dentry) ? GUARD_BPF_FILE : 0;
}

/* The disk beneath; and what would put other memory in this kernel's place. */
static __always_inline __u32 act_on_device(struct inode *inode)
{
	__u32 device = inode->i_rdev;

	if ((inode->i_mode & S_IFMT) == S_IFCHR)
		return device == SNAPSHOT_DEVICE ? GUARD_BPF_KERNEL : 0;
	return bpf_map_lookup_elem(&guard_devices, &device) ? GUARD_BPF_DEVICE : 0;
}

static __always_inline bool is_resume(struct dentry *dentry)
{
	struct name name, folder;

	read_name(&name, dentry);
	read_name(&folder, dentry->d_parent);
	return IS(&name, "resume") && IS(&folder, "power");
}

static __always_inline __u32 act_of_write(const struct guard_bpf_config *config, struct dentry *dentry,
					  struct inode *inode)
{
	unsigned long magic = inode->i_sb->s_magic;
	__u32 type = inode->i_mode & S_IFMT;

	if (magic == PROC_MAGIC)
		return act_on_proc(config, dentry, inode);
	if (!(config->flags & GUARD_BPF_SELF))
		return 0;
	if (magic == CGROUP_MAGIC || magic == CGROUP1_MAGIC)
		return act_on_group(dentry);
	if (magic == SYSFS_MAGIC && is_resume(dentry))
		return GUARD_BPF_KERNEL;
	if (type == S_IFCHR || type == S_IFBLK)
		return act_on_device(inode);
	return is_own_dentry(dentry) ? GUARD_BPF_FILE : 0;
}

/* Called for every open for writing. */
static __always_inline int check_own_write(struct file *file)
{
	const struct guard_bpf_config *config = config_now();
	struct dentry *dentry = file->f_path.dentry;
	__u32 what;

	if (!config || by_own())
		return 0;
	what = act_of_write(config, dentry, file->f_inode);
	return what ? refuse_name(config, what, dentry) : 0;
}

/* The same, of what brings its content along. */
static __always_inline int refuse_becoming(struct dentry *dentry)
{
	const struct guard_bpf_config *config = guarded();

	if (!config || dentry->d_sb->s_magic == CGROUP_MAGIC ||
	    !(is_own_dentry(dentry) || is_unit_name(dentry) || becomes_unit_folder(dentry)))
		return 0;
	return refuse_name(config, GUARD_BPF_FILE, dentry);
}

SEC("lsm/inode_create")
int BPF_PROG(guard_create, struct inode *folder, struct dentry *dentry)
{
	return refuse_dentry(dentry);
}

SEC("lsm/inode_mkdir")
int BPF_PROG(guard_mkdir, struct inode *folder, struct dentry *dentry)
{
	return refuse_dentry(dentry);
}

SEC("lsm/inode_mknod")
int BPF_PROG(guard_mknod, struct inode *folder, struct dentry *dentry)
{
	return refuse_dentry(dentry);
}

SEC("lsm/inode_symlink")
int BPF_PROG(guard_symlink, struct inode *folder, struct dentry *dentry)
{
	return refuse_becoming(dentry);
}

SEC("lsm/inode_link")
int BPF_PROG(guard_link, struct dentry *old, struct inode *folder, struct dentry *dentry)
{
	int r = refuse_dentry(dentry);

	return r ? r : refuse_dentry(old);
}

SEC("lsm/inode_unlink")
int BPF_PROG(guard_unlink, struct inode *folder, struct dentry *dentry)
{
	return refuse_dentry(dentry);
}

SEC("lsm/inode_rmdir")
int BPF_PROG(guard_rmdir, struct inode *folder, struct dentry *dentry)
{
	return refuse_dentry(dentry);
}

SEC("lsm/inode_rename")
int BPF_PROG(guard_rename, struct inode *old_folder, struct dentry *old, struct inode *folder,
	     struct dentry *dentry)
{
	const struct guard_bpf_config *config = guarded();
	int r;

	if (!config)
		return 0;
	if (own_flags(old->d_inode) & GUARD_BPF_ANCESTOR)
		return refuse_name(config, GUARD_BPF_FILE, old);
	r = refuse_dentry(old);
	return r ? r : refuse_becoming(dentry);
}

#endif
