/* SPDX-License-Identifier: MIT OR GPL-2.0-only
 *
 * bpf/protect.bpf.h - the hooks that keep root's hands off the daemon.  They do
 * nothing unless the configuration asks for it (GUARD_BPF_SELF).
 */
#ifndef GUARDD_BPF_PROTECT_H
#define GUARDD_BPF_PROTECT_H

#include "memory.bpf.h"

#define SIGNAL_PROBE 0
#define SIGNAL_HUP 1   /* read the policy again */
#define SIGNAL_CONT 18
#define MNT_SHARED 0x1000
#define MS_MOVE 8192
#define S_IFCHR 0020000
#define S_IFBLK 0060000
#define CGROUP_MAGIC 0x63677270
#define CGROUP1_MAGIC 0x27e0eb
#define PROC_MAGIC 0x9fa0
#define SYSFS_MAGIC 0x62656572
#define SNAPSHOT_DEVICE (10u << 20 | 231u) /* /dev/snapshot: the memory of a machine that sleeps */

/* ---- processes ------------------------------------------------------------------- */

SEC("lsm/task_alloc")
int BPF_PROG(guard_fork, struct task_struct *child, unsigned long flags)
{
	if (by_own())
		bpf_task_storage_get(&guard_tasks, child, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	inherit_exemption(bpf_get_current_task_btf(), child);
	return 0;
}

/* The files beneath /proc/PID of the daemon's processes are the daemon's: what is
 * written there changes the process (oom_score_adj, timerslack_ns, clear_refs). */
SEC("lsm/task_to_inode")
int BPF_PROG(guard_proc, struct task_struct *task, struct inode *inode)
{
	__u32 mine = GUARD_BPF_OWN;

	if (is_own_task(task))
		bpf_inode_storage_get(&guard_own, inode, &mine, BPF_LOCAL_STORAGE_GET_F_CREATE);
	return 0;
}

/* The service manager's last act, as process 1 and by its own program. */
static __always_inline bool is_shutdown(void)
{
	struct name name = {};

	if (bpf_get_current_pid_tgid() >> 32 != 1 || bpf_get_current_comm(name.text, 16) < 0)
		return false;
	return IS(&name, "systemd-shutdow");
}

SEC("lsm/task_kill")
int BPF_PROG(guard_kill, struct task_struct *target, struct kernel_siginfo *info, int signal)
{
	const struct guard_bpf_config *config = guarded();

	if (!config || !is_own_task(target) || signal == SIGNAL_PROBE || signal == SIGNAL_HUP ||
	    signal == SIGNAL_CONT || is_shutdown())
		return 0;
	return refuse_act(config, GUARD_BPF_SIGNAL, signal);
}

/* What descriptors send (F_SETOWN, F_SETSIG) asks for no permission to signal.  Who
 * arranged it is not who acts now, so all of it; the daemon ignores what its own leases
 * send. */
SEC("lsm/file_send_sigiotask")
int BPF_PROG(guard_sigio, struct task_struct *target, struct fown_struct *owner, int signal)
{
	const struct guard_bpf_config *config = config_now();

	if (!config || !(config->flags & GUARD_BPF_SELF) || !is_own_task(target))
		return 0;
	return signal ? refuse_act(config, GUARD_BPF_SIGNAL, signal) : refusal(config);
}

static __always_inline int refuse_task(struct task_struct *target, __u32 what)
{
	const struct guard_bpf_config *config = guarded();

	return config && is_own_task(target) ? refuse_act(config, what, target->tgid) : 0;
}

SEC("lsm/task_setrlimit")
int BPF_PROG(guard_limit, struct task_struct *target, unsigned int resource, struct rlimit *limit)
{
	return refuse_task(target, GUARD_BPF_SIGNAL);
}

SEC("lsm/task_setscheduler")
int BPF_PROG(guard_scheduler, struct task_struct *target)
{
	return refuse_task(target, GUARD_BPF_SIGNAL);
}

SEC("lsm/task_setnice")
int BPF_PROG(guard_nice, struct task_struct *target, int nice)
{
	return refuse_task(target, GUARD_BPF_SIGNAL);
}

/* ---- other processes' memory: the daemon's always, everybody's unless debugging is let -- */

#define PTRACE_MODE_ATTACH 2

SEC("lsm/ptrace_access_check")
int BPF_PROG(guard_trace, struct task_struct *target, unsigned int mode)
{
	const struct guard_bpf_config *config = config_now();

	if (!config || by_own())
		return 0;
	if ((config->flags & GUARD_BPF_SELF) && is_own_task(target)) {
		/* Everybody's tools look who is there; the journal does for each line,
		 * also for the line that a record would make. */
		if (!(mode & PTRACE_MODE_ATTACH))
			return refusal(config);
		return refuse_act(config, GUARD_BPF_TRACE, target->tgid);
	}
	if ((mode & PTRACE_MODE_ATTACH) && (config->flags & GUARD_BPF_ALL_FILESYSTEMS) &&
	    !(config->flags & GUARD_BPF_DEBUGGING))
		return refuse_act(config, GUARD_BPF_TRACE, target->tgid);
	return 0;
}

SEC("lsm/ptrace_traceme")
int BPF_PROG(guard_traceme, struct task_struct *parent)
{
	const struct guard_bpf_config *config = config_now();

	if (!config || !(config->flags & GUARD_BPF_ALL_FILESYSTEMS) || (config->flags & GUARD_BPF_DEBUGGING))
		return 0;
	return refuse_act(config, GUARD_BPF_TRACE, parent->tgid);
}

/* ---- kernel objects ------------------------------------------------------------------- */

static __always_inline bool is_own_object(__u64 key)
{
	return bpf_map_lookup_elem(&guard_objects, &key) != NULL;
}

SEC("lsm/bpf_map")
int BPF_PROG(guard_bpf_map, struct bpf_map *map, unsigned int mode)
{
	const struct guard_bpf_config *config = guarded();

	return config && is_own_object(GUARD_BPF_OBJECT_MAP | map->id) ?
		       refuse_act(config, GUARD_BPF_BPF, map->id) :
		       0;
}

SEC("lsm/bpf_prog")
int BPF_PROG(guard_bpf_prog, struct bpf_prog *prog)
{
	const struct guard_bpf_config *config = guarded();
	__u32 id = prog->aux->id;

	return config && is_own_object(GUARD_BPF_OBJECT_PROGRAM | id) ? refuse_act(config, GUARD_BPF_BPF, id) : 0;
}

/* Programs that look into the kernel or change what it does. */
static __always_inline bool is_intrusive(__u32 type)
{
	switch (type) {
	case BPF_PROG_TYPE_KPROBE:
	case BPF_PROG_TYPE_TRACEPOINT:
	case BPF_PROG_TYPE_PERF_EVENT:
	case BPF_PROG_TYPE_RAW_TRACEPOINT:
	case BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE:
	case BPF_PROG_TYPE_TRACING:
	case BPF_PROG_TYPE_STRUCT_OPS:
	case BPF_PROG_TYPE_EXT:
	case BPF_PROG_TYPE_LSM:
	case BPF_PROG_TYPE_SYSCALL:
		return true;
	default:
		return false;
	}
}

SEC("lsm/bpf")
int BPF_PROG(guard_bpf_call, int command, union bpf_attr *attributes, unsigned int size)
{
	const struct guard_bpf_config *config = guarded();
	__u32 type = 0;

	if (!config || command != BPF_PROG_LOAD)
		return 0;
	if (bpf_probe_read_kernel(&type, sizeof(type), attributes) == 0 && !is_intrusive(type))
		return 0;
	return refuse_act(config, GUARD_BPF_BPF, type);
}

/* ---- the kernel ------------------------------------------------------------------------------ */

/* The kernel asks before it lets root write to itself: memory and ports, registers,
 * tables of the firmware, debugging.  Its own lockdown says no to the same.  Modules
 * and a next kernel are decided by content, and to sleep is no attack. */
SEC("lsm/locked_down")
int BPF_PROG(guard_lockdown, int reason)
{
	const struct guard_bpf_config *config = guarded();

	if (!config || reason <= 0 || reason >= KERNEL_VALUE(lockdown_reason, LOCKDOWN_INTEGRITY_MAX) ||
	    reason == KERNEL_VALUE(lockdown_reason, LOCKDOWN_MODULE_SIGNATURE) ||
	    reason == KERNEL_VALUE(lockdown_reason, LOCKDOWN_KEXEC) ||
	    reason == KERNEL_VALUE(lockdown_reason, LOCKDOWN_HIBERNATION))
		return 0;
	return refuse_act(config, GUARD_BPF_KERNEL, reason);
}

/* ---- files -------------------------------------------------------------------------------- */

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

/* ---- mounts --------------------------------------------------------------------------------- */

static __always_inline struct mnt_namespace *mounts_of_task(void)
{
	return BPF_CORE_READ(bpf_get_current_task_btf(), nsproxy, mnt_ns);
}

/* The tree of mounts that the daemon and process 1 see: there a mount need not be shared
 * to be seen, and mount_setattr(2), which asks nobody, makes any mount private. */
static __always_inline bool acts_on_our_mounts(void)
{
	__u64 key = GUARD_BPF_OBJECT_MOUNTS | BPF_CORE_READ(mounts_of_task(), ns.inum);

	return bpf_map_lookup_elem(&guard_objects, &key) != NULL;
}

/* In a private tree of mounts of his own everybody may cover what he likes: it hides
 * nothing from others. */
static __always_inline bool is_seen(const struct vfsmount *mount)
{
	return (mount->mnt_flags & MNT_SHARED) || acts_on_our_mounts();
}

static __always_inline struct mount *whole_mount(const struct vfsmount *inner)
{
	return (void *)inner - bpf_core_field_offset(struct mount, mnt);
}

/* Where the gate looks who asks it, and what he is about to do. */
static __always_inline bool is_the_gates(const struct vfsmount *mount)
{
	__u64 key = GUARD_BPF_OBJECT_MOUNT;
	int id = 0;

	bpf_core_read(&id, sizeof(id), &whole_mount(mount)->mnt_id);
	key |= (__u32)id;
	return bpf_map_lookup_elem(&guard_objects, &key) != NULL;
}

/* What the system itself mounts in /proc. */
static __always_inline bool is_usual(struct dentry *dentry)
{
	struct name name;

	read_name(&name, dentry);
	return IS(&name, "binfmt_misc") || IS(&name, "nfsd");
}

static __always_inline int refuse_cover(const struct path *path)
{
	const struct guard_bpf_config *config = guarded();
	__u32 flags;

	if (!config || is_shutdown())
		return 0;
	if (is_the_gates(path->mnt))
		return is_usual(path->dentry) ? 0 : refuse_name(config, GUARD_BPF_MOUNT, path->dentry);
	if (!is_seen(path->mnt))
		return 0;
	flags = own_flags(path->dentry->d_inode) | own_flags(path->dentry->d_parent->d_inode);
	if (!(flags & GUARD_BPF_OWN) && !(own_flags(path->dentry->d_inode) & GUARD_BPF_ANCESTOR))
		return 0;
	return refuse_name(config, GUARD_BPF_MOUNT, path->dentry);
}

/* What is moved by mount(2) is not told here: nothing is, in the daemon's tree. */
static __always_inline int refuse_move(const struct path *to)
{
	const struct guard_bpf_config *config = guarded();

	return config && !is_shutdown() && acts_on_our_mounts() ?
		       refuse_name(config, GUARD_BPF_MOUNT, to->dentry) :
		       0;
}

SEC("lsm/sb_mount")
int BPF_PROG(guard_mount, const char *device, const struct path *path, const char *type, unsigned long flags)
{
	return flags & MS_MOVE ? refuse_move(path) : refuse_cover(path);
}

/* What hangs in the tree of whoever moves it; else it is new. */
static __always_inline bool is_attached(const struct path *path)
{
	struct mnt_namespace *tree = NULL;

	bpf_core_read(&tree, sizeof(tree), &whole_mount(path->mnt)->mnt_ns);
	return tree && tree == mounts_of_task();
}

SEC("lsm/move_mount")
int BPF_PROG(guard_move_mount, const struct path *from, const struct path *to)
{
	const struct guard_bpf_config *config = guarded();
	int r = refuse_cover(to);

	if (r || !config || !acts_on_our_mounts() || !is_attached(from) ||
	    (!is_the_gates(from->mnt) &&
	     !(own_flags(from->dentry->d_inode) & (GUARD_BPF_OWN | GUARD_BPF_ANCESTOR))))
		return r;
	return refuse_name(config, GUARD_BPF_MOUNT, from->dentry);
}

/* Every process would see another root. */
SEC("lsm/sb_pivotroot")
int BPF_PROG(guard_pivot, const struct path *old, const struct path *new)
{
	return refuse_move(old);
}

SEC("lsm/sb_umount")
int BPF_PROG(guard_umount, struct vfsmount *mount, int flags)
{
	const struct guard_bpf_config *config = guarded();

	if (!config || is_shutdown())
		return 0;
	if (!is_the_gates(mount) && (!is_seen(mount) ||
				     !(own_flags(mount->mnt_root->d_inode) & (GUARD_BPF_OWN | GUARD_BPF_ANCESTOR))))
		return 0;
	return refuse_name(config, GUARD_BPF_MOUNT, mount->mnt_root);
}

#endif
