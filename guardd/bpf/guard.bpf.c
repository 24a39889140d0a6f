// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * bpf/guard.bpf.c - the programs in the kernel.  What runs as a program, a
 * library or a script needs a verdict that holds at the moment of use; what has
 * none is looked up by content; else it is refused.  Nothing here waits for a
 * process.  docs/kernel-layer.md says what each hook is for.
 */
#include "verdict.bpf.h"

#include "beneath.bpf.h"
#include "contain.bpf.h"
#include "memory.bpf.h"
#include "files.bpf.h"
#include "modules.bpf.h"
#include "mounts.bpf.h"
#include "protect.bpf.h"
#include "scripts.bpf.h"
#include "words.bpf.h"

#define PROT_WRITE 2
#define PROT_EXEC 4
#define VM_EXEC 4

char LICENSE[] SEC("license") = "Dual MIT/GPL";

static __always_inline int refuse_file(const struct guard_bpf_config *config, struct file *file, __u32 what,
				       const struct guard_bpf_digest *digest, __u32 hashed, bool with_path)
{
	struct guard_bpf_event *event = event_begin(config, what);

	if (event) {
		event->device = file->f_inode->i_sb->s_dev;
		event->inode = file->f_inode->i_ino;
		event->has_digest = hashed;
		if (file->f_inode->i_sb->s_magic == FUSE_MAGIC && !hashed)
			event->detail = GUARD_BPF_SERVED;
		else if (file->f_inode->i_size > (long long)GUARD_BPF_HASHED_MAX)
			event->detail = GUARD_BPF_TOO_LARGE;
		if (hashed)
			__builtin_memcpy(event->digest, digest, sizeof(event->digest));
		if (with_path && bpf_d_path(&file->f_path, event->path, sizeof(event->path)) < 0)
			event->path[0] = '\0';
		bpf_ringbuf_submit(event, 0);
	}
	return refusal(config);
}

/* What the inode may be used as, if one of the wanted kinds is among it; else 0. */
static __always_inline __u32 has_verdict(const struct guard_bpf_config *config, struct inode *inode, __u32 wanted)
{
	const struct guard_bpf_verdict *verdict = verdict_of(inode);

	/* A writer that is there now could change it before it is used. */
	if (!verdict || inode->i_writecount.counter > 0)
		return 0;
	if (word_allows(config, verdict->word, wanted))
		return verdict->word & GUARD_BPF_REMEMBERED;
	return granted_as(config, verdict, wanted);
}

/* It would run: from here on nobody changes what lies beneath.  Whether somebody did
 * since the look another look tells.  What the daemon granted need not be listed by
 * content: there root is believed who wrote beneath, as long as he is. */
static __always_inline bool stays(const struct guard_bpf_config *config, struct file *file, __u32 wanted, __u64 real,
				  bool granted)
{
	struct guard_bpf_digest digest = {};
	__u32 hashed = 0, found = 0;

	if (hold_beneath(real) < 0)
		return false;
	if ((!granted || (config->flags & GUARD_BPF_SELF)) &&
	    by_content(config, file, wanted, &digest, &hashed, &found) < 0)
		return false;
	return still_shown(file, real);
}

/* 0: the file may be used as one of the wanted kinds.  `kinds`: as what else. */
static __always_inline int check(const struct guard_bpf_config *config, struct file *file, __u32 wanted,
				 __u32 what, __u32 *kinds)
{
	struct inode *inode = file->f_inode;
	struct guard_bpf_digest digest = {};
	__u32 hashed = 0;
	bool granted;
	__u64 real;

	*kinds = 0;
	if (!is_regular(inode) || !is_covered(config, inode))
		return 0;
	if (begin_look(config, file, &real) < 0)
		return refuse_file(config, file, what, &digest, 0, true);
	*kinds = has_verdict(config, inode, wanted);
	granted = *kinds != 0;
	if ((granted || by_content(config, file, wanted, &digest, &hashed, kinds) == 0) &&
	    (!real || stays(config, file, wanted, real, granted)))
		return 0;
	return refuse_file(config, file, what, &digest, hashed, true);
}

/* What the beginning of the file says that it is run as. */
static __always_inline __u32 kinds_of_exec(struct linux_binprm *bprm)
{
	char head[4];

	if (bpf_core_read(head, sizeof(head), &bprm->buf) < 0)
		return GUARD_BPF_EXECUTABLE;
	if (head[0] == '#' && head[1] == '!')
		return GUARD_BPF_SCRIPT;
	if (head[0] == 0x7f && head[1] == 'E')
		return GUARD_BPF_EXECUTABLE;
	return GUARD_BPF_EXECUTABLE | GUARD_BPF_SCRIPT;
}

SEC("lsm.s/bprm_check_security")
int BPF_PROG(guard_exec, struct linux_binprm *bprm)
{
	const struct guard_bpf_config *config = config_now();
	__u32 kinds;

	return config ? check(config, bprm->file, kinds_of_exec(bprm), GUARD_BPF_EXEC, &kinds) : 0;
}

/* A writer that comes later is refused while the code is mapped. */
static __always_inline void note_mapped(struct inode *inode)
{
	struct guard_bpf_verdict *verdict = verdict_of(inode);

	if (verdict && !(verdict->word & GUARD_BPF_MAPPED))
		__sync_fetch_and_or(&verdict->word, GUARD_BPF_MAPPED);
}

/* No file stands for what such a mapping holds: a device's neither, /dev/zero's is
 * memory like any other. */
static __always_inline bool is_memory(struct file *file)
{
	return !file || !is_regular(file->f_inode);
}

SEC("lsm.s/mmap_file")
int BPF_PROG(guard_map, struct file *file, unsigned long reqprot, unsigned long prot, unsigned long flags)
{
	const struct guard_bpf_config *config = config_now();
	struct task_struct *task = bpf_get_current_task_btf();
	__u32 wanted = GUARD_BPF_LIBRARY, kinds;
	int r;

	if (!config || !(prot & PROT_EXEC))
		return 0;
	if (is_memory(file))
		return check_memory(config);
	if (prot & PROT_WRITE) {
		r = check_memory(config);
		if (r)
			return r;
	}
	/* The program itself and its loader, mapped by the kernel within the exec. */
	if (BPF_CORE_READ_BITFIELD(task, in_execve))
		wanted |= GUARD_BPF_EXECUTABLE;
	r = check(config, file, wanted, GUARD_BPF_MAP, &kinds);
	if (r)
		return r;
	note_mapped(file->f_inode);
	r = is_interpreter(file->f_inode, kinds) ? begin_scripts(file->f_inode) : 0;
	return r ? r : note_interpreter(config, file->f_inode);
}

/* May not sleep here: a verdict, or no. */
SEC("lsm/file_mprotect")
int BPF_PROG(guard_protect, struct vm_area_struct *vma, unsigned long reqprot, unsigned long prot)
{
	const struct guard_bpf_config *config = config_now();
	struct inode *inode;
	struct file *file;

	if (!config || !(prot & PROT_EXEC))
		return 0;
	file = vma->vm_file;
	if (((prot & PROT_WRITE) || (is_memory(file) && !(vma->vm_flags & VM_EXEC))) && check_memory(config))
		return -1;
	if (is_memory(file) || (vma->vm_flags & VM_EXEC))
		return 0;
	inode = file->f_inode;
	if (!is_covered(config, inode))
		return 0;
	if (config->flags & GUARD_BPF_DEFAULT_ALLOW)
		return 0;
	/* Pages that were written are no longer what the file holds. */
	if (!vma->anon_vma && has_verdict(config, inode, GUARD_BPF_LIBRARY))
		return 0;
	return refuse_file(config, file, GUARD_BPF_PROTECT, NULL, 0, false);
}

/* The kernel has counted the writer already. */
SEC("lsm/file_open")
int BPF_PROG(guard_open, struct file *file)
{
	const struct guard_bpf_config *config = config_now();
	struct guard_bpf_verdict *verdict;
	struct inode *inode;
	int r;

	if (!config)
		return 0;
	inode = file->f_inode;
	note_shown(file, inode);
	if ((file->f_mode & FMODE_READ) && reads_unwatched(config, inode)) {
		r = refuse_file(config, file, GUARD_BPF_READ_UNWATCHED, NULL, 0, true);
		if (r)
			return r;
	}
	if ((file->f_mode & FMODE_READ) && reads_script(file, inode)) {
		note_refused(inode);
		r = refuse_file(config, file, GUARD_BPF_READ_SCRIPT, NULL, 0, true);
		if (r)
			return r;
	}
	if (is_regular(inode))
		note_alone(file, inode);
	if (!(file->f_mode & FMODE_WRITE))
		return 0;
	r = check_own_write(file);
	if (r)
		return r;
	if (!is_regular(inode))
		return 0;
	if (is_held_beneath(inode))
		return refuse_file(config, file, GUARD_BPF_WRITE_IN_USE, NULL, 0, true);
	verdict = verdict_of(inode);
	if (!verdict)
		return 0;
	if ((verdict->word & GUARD_BPF_MAPPED) && is_mapped(inode) && is_covered(config, inode))
		return refuse_file(config, file, GUARD_BPF_WRITE_IN_USE, NULL, 0, true);
	verdict_drop(inode);
	return 0;
}

static __always_inline int attributes_change(struct dentry *dentry)
{
	const struct guard_bpf_config *config = guarded();
	int r = config && is_own_dentry(dentry) ? refuse_name(config, GUARD_BPF_FILE, dentry) : 0;

	if (r == 0 && config_now())
		verdict_drop(dentry->d_inode);
	return r;
}

/* Length, owner, mode: what the verdict leaned on.  Kernels from 6.3 hand a
 * mount's map first; which of the two is loaded is found out at the start. */
SEC("lsm/inode_setattr")
int BPF_PROG(guard_setattr, struct dentry *dentry, void *attributes)
{
	return attributes_change(dentry);
}

SEC("?lsm/inode_setattr")
int BPF_PROG(guard_setattr_mapped, void *map, struct dentry *dentry, void *attributes)
{
	return attributes_change(dentry);
}

/* Signatures and capabilities are extended attributes. */
SEC("lsm/inode_setxattr")
int BPF_PROG(guard_setxattr, void *map, struct dentry *dentry, const char *name)
{
	return attributes_change(dentry);
}

SEC("lsm/inode_removexattr")
int BPF_PROG(guard_removexattr, void *map, struct dentry *dentry, const char *name)
{
	return attributes_change(dentry);
}

/* Kernels from 6.2 ask here about access lists, and no longer as extended attributes. */
SEC("?lsm/inode_set_acl")
int BPF_PROG(guard_set_acl, void *map, struct dentry *dentry, const char *name)
{
	return attributes_change(dentry);
}

SEC("?lsm/inode_remove_acl")
int BPF_PROG(guard_remove_acl, void *map, struct dentry *dentry, const char *name)
{
	return attributes_change(dentry);
}

/* Its number will be another's, perhaps before the daemon has heard that it is gone.  That
 * one lies on the disk of this number is not for this one to say. */
SEC("lsm/sb_delete")
int BPF_PROG(guard_filesystem_gone, struct super_block *gone)
{
	__u32 device = gone->s_dev;
	__u32 *flags = bpf_map_lookup_elem(&guard_devices, &device);

	if (!flags)
		return 0;
	if (*flags & GUARD_BPF_DEVICE_BENEATH)
		__sync_fetch_and_and(flags, GUARD_BPF_DEVICE_BENEATH);
	else
		bpf_map_delete_elem(&guard_devices, &device);
	return 0;
}

static __always_inline bool reads_module(int id)
{
	return id == KERNEL_VALUE(kernel_read_file_id, READING_MODULE) ||
	       (bpf_core_enum_value_exists(enum kernel_read_file_id, READING_MODULE_COMPRESSED) &&
		id == KERNEL_VALUE(kernel_read_file_id, READING_MODULE_COMPRESSED));
}

SEC("lsm.s/kernel_read_file")
int BPF_PROG(guard_read_file, struct file *file, int id, bool whole)
{
	const struct guard_bpf_config *config = config_now();
	__u32 kinds;

	if (!decides_modules(config))
		return 0;
	if (reads_module(id))
		return check(config, file, GUARD_BPF_MODULE, GUARD_BPF_MODULE_LOAD, &kinds);
	if (id == KERNEL_VALUE(kernel_read_file_id, READING_KEXEC_IMAGE) ||
	    id == KERNEL_VALUE(kernel_read_file_id, READING_KEXEC_INITRAMFS))
		return check(config, file, GUARD_BPF_EXECUTABLE, GUARD_BPF_KEXEC, &kinds);
	return 0;
}
