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
#define TRACEFS_MAGIC 0x74726163
#define MINOR_BITS 20
#define SCSI_GENERIC_MAJOR 21u
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

static __always_inline bool is_disk_beneath(struct inode *inode)
{
	__u32 device = inode->i_rdev;

	return bpf_map_lookup_elem(&guard_devices, &device) != NULL;
}

/* The disk beneath; and what would put other memory in this kernel's place. */
static __always_inline __u32 act_on_device(struct inode *inode)
{
	if ((inode->i_mode & S_IFMT) == S_IFCHR && inode->i_rdev == SNAPSHOT_DEVICE)
		return GUARD_BPF_KERNEL;
	/* Of character devices: SCSI's, to which commands are written. */
	if ((inode->i_mode & S_IFMT) == S_IFCHR && inode->i_rdev >> MINOR_BITS != SCSI_GENERIC_MAJOR)
		return 0;
	return is_disk_beneath(inode) ? GUARD_BPF_DEVICE : 0;
}

/* Another kernel's memory to wake up with; a page of memory that is said to be broken, which
 * ends whoever has it. */
static __always_inline bool replaces_memory(struct dentry *dentry)
{
	struct name name, folder;

	read_name(&name, dentry);
	read_name(&folder, dentry->d_parent);
	return (IS(&name, "resume") && IS(&folder, "power")) || IS(&name, "hard_offline_page");
}

/* Where breakpoints in programs are asked for. */
static __always_inline __u32 act_on_tracing(const struct guard_bpf_config *config, struct dentry *dentry)
{
	struct name name;

	read_name(&name, dentry);
	return (IS(&name, "uprobe_events") || IS(&name, "dynamic_events")) && lets_no_probes(config) ? GUARD_BPF_TRACE : 0;
}

static __always_inline __u32 act_of_write(const struct guard_bpf_config *config, struct dentry *dentry,
					  struct inode *inode)
{
	unsigned long magic = inode->i_sb->s_magic;
	__u32 type = inode->i_mode & S_IFMT;

	if (magic == PROC_MAGIC)
		return act_on_proc(config, dentry, inode);
	if (magic == TRACEFS_MAGIC)
		return act_on_tracing(config, dentry);
	if (!(config->flags & GUARD_BPF_SELF))
		return 0;
	if (magic == CGROUP_MAGIC || magic == CGROUP1_MAGIC)
		return act_on_group(dentry);
	if (magic == SYSFS_MAGIC && replaces_memory(dentry))
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

/* ---- commands to a disk: they write through an open for reading ------------------------ */

#define SCSI_SEND_COMMAND 1u
#define SCSI_COMMAND 0x2285u /* SG_IO */
#define SCSI_HEAD 16u /* words that are looked at */
#define NVME_TYPE 'N'

static __always_inline bool is_nvme_transfer(unsigned int command)
{
	__u32 number = command & 0xff;

	/* NVME_IOCTL_SUBMIT_IO, _IO_CMD, _IO64_CMD, _IO64_CMD_VEC.  Not those of
	 * administration: monitors ask for a disk's health so. */
	return ((command >> 8) & 0xff) == NVME_TYPE &&
	       (number == 0x42 || number == 0x43 || number == 0x48 || number == 0x49);
}

/* struct sg_io_hdr, or sg_io_v4 of linux/bsg.h: does it send bytes to the disk?  For
 * programs of 32 bits what is looked at lies in the same place. */
static __always_inline bool sends_bytes(const __u32 head[SCSI_HEAD])
{
	if (head[0] == 'Q')
		return head[SCSI_HEAD - 1] != 0; /* dout_xfer_len */
	/* To read (-3), or nothing (-1). */
	return head[1] != (__u32)-3 && head[1] != (__u32)-1;
}

#define SET_FLAGS 0x40086602u      /* FS_IOC_SETFLAGS: chattr */
#define SET_FLAGS_32 0x40046602u   /* FS_IOC32_SETFLAGS */
#define SET_ATTRIBUTES 0x401c5820u /* FS_IOC_FSSETXATTR */
#define SHUT_DOWN 0x8004587du      /* FS_IOC_SHUTDOWN, of a whole filesystem */

/* What may not be changed any more the daemon cannot write either; a filesystem that is
 * shut down takes no record. */
static __always_inline int check_attributes(struct file *file, unsigned int command)
{
	const struct guard_bpf_config *config;

	if (command != SET_FLAGS && command != SET_FLAGS_32 && command != SET_ATTRIBUTES && command != SHUT_DOWN)
		return 0;
	config = guarded();
	if (!config || !(command == SHUT_DOWN ? is_covered(config, file->f_inode) : is_own_dentry(file->f_path.dentry)))
		return 0;
	return refuse_name(config, GUARD_BPF_FILE, file->f_path.dentry);
}

/* The configuration, when it is a command to a disk beneath, by a stranger. */
static __always_inline const struct guard_bpf_config *guards_disk(struct inode *inode, unsigned int command)
{
	const struct guard_bpf_config *config;
	__u32 type = inode->i_mode & S_IFMT;

	if ((type != S_IFCHR && type != S_IFBLK) ||
	    (command != SCSI_COMMAND && command != SCSI_SEND_COMMAND && !is_nvme_transfer(command)))
		return NULL;
	config = guarded();
	return config && is_disk_beneath(inode) ? config : NULL;
}

/* What cannot be read here the kernel cannot read either. */
SEC("lsm.s/file_ioctl")
int BPF_PROG(guard_command, struct file *file, unsigned int command, unsigned long argument)
{
	const struct guard_bpf_config *config = guards_disk(file->f_inode, command);
	__u32 head[SCSI_HEAD];

	if (!config || (command == SCSI_COMMAND && !bpf_copy_from_user(head, sizeof(head), (const void *)argument) &&
			!sends_bytes(head)))
		return 0;
	return refuse_name(config, GUARD_BPF_DEVICE, file->f_path.dentry);
}

/* Apart: where a program may sleep, verifiers from 6.2 on do not follow a file to what is
 * stored on its folders. */
SEC("lsm/file_ioctl")
int BPF_PROG(guard_attributes, struct file *file, unsigned int command, unsigned long argument)
{
	return check_attributes(file, command);
}

/* By programs of 32 bits: newer kernels ask here.  May not sleep: what is not in memory
 * just now is refused. */
SEC("?lsm/file_ioctl_compat")
int BPF_PROG(guard_command_compat, struct file *file, unsigned int command, unsigned long argument)
{
	const struct guard_bpf_config *config = guards_disk(file->f_inode, command);
	__u32 head[SCSI_HEAD];

	if (!config || (command == SCSI_COMMAND && !bpf_probe_read_user(head, sizeof(head), (const void *)argument) &&
			!sends_bytes(head)))
		return check_attributes(file, command);
	return refuse_name(config, GUARD_BPF_DEVICE, file->f_path.dentry);
}

/* The same by a ring: to NVMe's character devices. */
SEC("lsm/uring_cmd")
int BPF_PROG(guard_ring_command, struct io_uring_cmd *command)
{
	const struct guard_bpf_config *config = guarded();
	struct file *file = command->file;
	__u32 type = file->f_inode->i_mode & S_IFMT;

	if (!config || (type != S_IFCHR && type != S_IFBLK) || !is_disk_beneath(file->f_inode))
		return 0;
	return refuse_name(config, GUARD_BPF_DEVICE, file->f_path.dentry);
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
