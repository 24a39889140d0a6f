/* SPDX-License-Identifier: MIT OR GPL-2.0-only
 *
 * bpf/self.bpf.h - what belongs to the daemon, and who may touch it: its own
 * processes, and at the end the machine's shutdown.
 */
#ifndef GUARDD_BPF_SELF_H
#define GUARDD_BPF_SELF_H

#include "maps.bpf.h"

#define NAME_SIZE 32

static __always_inline bool is_own_task(struct task_struct *task)
{
	return task && bpf_task_storage_get(&guard_tasks, task, NULL, 0) != NULL;
}

static __always_inline bool by_own(void)
{
	return is_own_task(bpf_get_current_task_btf());
}

/* The configuration, when the daemon is to be protected and a stranger acts. */
static __always_inline const struct guard_bpf_config *guarded(void)
{
	const struct guard_bpf_config *config = config_now();

	return config && (config->flags & GUARD_BPF_SELF) && !by_own() ? config : NULL;
}

/* Breakpoints in programs are as good as tracing them: for debugging, and never where the
 * daemon is to be protected. */
static __always_inline bool lets_no_probes(const struct guard_bpf_config *config)
{
	return !by_own() && ((config->flags & GUARD_BPF_SELF) || ((config->flags & GUARD_BPF_ALL_FILESYSTEMS) &&
								  !(config->flags & GUARD_BPF_DEBUGGING)));
}

/* A maintenance is open, and root acts: what an upgrade and a removal need is let,
 * and recorded: also to write to the disk beneath, as an upgrade of the boot loader does.
 * Its end is looked at here, so nobody has to close it.  What is never let: other
 * processes' memory, the kernel's, unlisted code. */
static __always_inline bool is_let(const struct guard_bpf_config *config, __u32 what)
{
	if (!config->maintenance_ns || (__u32)bpf_get_current_uid_gid() != 0 ||
	    bpf_ktime_get_boot_ns() >= config->maintenance_ns)
		return false;
	return what == GUARD_BPF_SIGNAL || what == GUARD_BPF_FILE || what == GUARD_BPF_MOUNT || what == GUARD_BPF_BPF ||
	       what == GUARD_BPF_DEVICE;
}

/* In one breath: a verifier that looks twice whether there is a record takes it for
 * lost. */
static __always_inline int refuse_act(const struct guard_bpf_config *config, __u32 what, __u32 detail)
{
	bool let = is_let(config, what);
	struct guard_bpf_event *event = event_begin(config, what);

	if (event) {
		event->detail = detail;
		if (let)
			event->refused = GUARD_BPF_LET;
		bpf_ringbuf_submit(event, 0);
	}
	return let ? 0 : refusal(config);
}

/* The same, and the name of what it was about. */
static __always_inline int refuse_name(const struct guard_bpf_config *config, __u32 what, struct dentry *dentry)
{
	bool let = is_let(config, what);
	struct guard_bpf_event *event = event_begin(config, what);

	if (event) {
		bpf_probe_read_kernel_str(event->path, sizeof(event->path), dentry->d_name.name);
		if (let)
			event->refused = GUARD_BPF_LET;
		bpf_ringbuf_submit(event, 0);
	}
	return let ? 0 : refusal(config);
}

/* The same, and the content that it was about: no maintenance lets that. */
static __always_inline int refuse_content(const struct guard_bpf_config *config, __u32 what,
					  const struct guard_bpf_digest *digest)
{
	struct guard_bpf_event *event = event_begin(config, what);

	if (event) {
		event->has_digest = 1;
		__builtin_memcpy(event->digest, digest, sizeof(event->digest));
		bpf_ringbuf_submit(event, 0);
	}
	return refusal(config);
}

static __always_inline __u32 own_flags(struct inode *inode)
{
	const __u32 *flags = inode ? bpf_inode_storage_get(&guard_own, inode, NULL, 0) : NULL;

	return flags ? *flags : 0;
}

#define DCACHE_DISCONNECTED 0x20u
#define PF_KTHREAD 0x00200000u

/* Opened by its number (open_by_handle_at) when nobody had it by name: nothing says in what
 * folder it lies, so it could be anything of the daemon's.  Only root can; the kernel's
 * own server of files (NFS) does it for others, who name what they changed before. */
static __always_inline bool is_without_folder(struct dentry *dentry)
{
	return (dentry->d_flags & DCACHE_DISCONNECTED) && dentry->d_parent == dentry &&
	       !(bpf_get_current_task_btf()->flags & PF_KTHREAD);
}

/* It is the daemon's, or lies in a folder of the daemon's: STATE_DIR has folders of the
 * helpers', these have files. */
#define OWN_DEPTH 4
static __always_inline bool is_own_dentry(struct dentry *dentry)
{
	if ((own_flags(dentry->d_inode) & GUARD_BPF_OWN) || is_without_folder(dentry))
		return true;
#pragma clang loop unroll(full)
	for (int i = 0; i < OWN_DEPTH; i++) {
		dentry = dentry->d_parent;
		if (own_flags(dentry->d_inode) & GUARD_BPF_OWN)
			return true;
	}
	return false;
}

struct name {
	char text[NAME_SIZE];
};

static __always_inline void read_name(struct name *name, struct dentry *dentry)
{
	__builtin_memset(name, 0, sizeof(*name));
	bpf_probe_read_kernel_str(name->text, sizeof(name->text), dentry->d_name.name);
}

/* `literal` with its terminator compares whole names, without it beginnings.
 * Unrolled, so that the letters lie in the code: a table of strings would be a
 * map of its own, and differ from load to load. */
static __always_inline bool matches(const struct name *name, const char *literal, const unsigned size)
{
	char different = 0;

#pragma clang loop unroll(full)
	for (unsigned i = 0; i < size; i++)
		different |= name->text[i] ^ literal[i];
	return !different;
}
#define IS(name, literal) matches(name, literal, sizeof(literal))
#define BEGINS(name, literal) matches(name, literal, sizeof(literal) - 1)

static __always_inline bool is_unit_folder(const struct name *name)
{
	return IS(name, "system") || IS(name, "system.control") || IS(name, "system.attached") ||
	       IS(name, "transient") || BEGINS(name, "generator");
}

/* A unit file, its drop-ins, a mask, its place in a target: in the folders from
 * which the service manager reads. */
static __always_inline bool is_unit_name(struct dentry *dentry)
{
	struct name name, folder;

	read_name(&name, dentry);
	if (!BEGINS(&name, "guardd.service") && !IS(&name, "service.d"))
		return false;
	read_name(&folder, dentry->d_parent);
	return is_unit_folder(&folder) || IS(&folder, "sysinit.target.wants");
}

/* A folder or a link that begins to be one from which units are read: what lies in it
 * was named before nobody looked.  Folders that are made are empty. */
static __always_inline bool becomes_unit_folder(struct dentry *dentry)
{
	struct name name, folder;

	read_name(&name, dentry);
	read_name(&folder, dentry->d_parent);
	return (IS(&folder, "systemd") && is_unit_folder(&name)) || IS(&name, "sysinit.target.wants");
}

#endif
