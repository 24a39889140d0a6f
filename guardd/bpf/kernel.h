/* SPDX-License-Identifier: MIT OR GPL-2.0-only
 *
 * bpf/kernel.h - the few fields of the kernel that the programs look at.  Only
 * names and types count: offsets are filled in when the programs are loaded,
 * from the running kernel's own type information.
 */
#ifndef GUARDD_BPF_KERNEL_H
#define GUARDD_BPF_KERNEL_H

#include <linux/bpf.h>
#include <linux/types.h>
#include <stdbool.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	int counter;
} atomic_t;

struct user_namespace {
	int level; /* 0: the machine's own */
};
struct super_block {
	__u32 s_dev;
	unsigned long s_flags;
	unsigned long s_magic;
	struct user_namespace *s_user_ns;
};

struct rb_root {
	void *rb_node;
};
struct rb_root_cached {
	struct rb_root rb_root;
};
struct qstr {
	const unsigned char *name;
};
struct address_space {
	struct rb_root_cached i_mmap;
};

struct inode {
	__u16 i_mode;
	struct super_block *i_sb;
	struct address_space *i_mapping;
	unsigned long i_ino;
	long long i_size;
	char *i_link; /* of a link that lies in memory: where it leads */
	__u32 i_rdev;
	atomic_t i_writecount;
	atomic_t i_readcount;
};

/* A file in memory: what may not be done to it any more. */
struct shmem_inode_info {
	unsigned int seals;
	struct inode vfs_inode;
};

struct dentry {
	unsigned int d_flags;
	struct inode *d_inode;
	struct dentry *d_parent;
	struct qstr d_name;
	struct super_block *d_sb;
};

struct vfsmount {
	struct dentry *mnt_root;
	struct super_block *mnt_sb;
	int mnt_flags;
};
struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct ns_common {
	unsigned int inum;
};
struct mnt_namespace {
	struct ns_common ns;
	struct mount *root;
};
struct mount {
	struct mount *mnt_parent;
	struct vfsmount mnt;
	struct mnt_namespace *mnt_ns;
	int mnt_id;
};
struct nsproxy {
	struct mnt_namespace *mnt_ns;
};

struct file {
	struct path f_path;
	struct inode *f_inode;
	__u32 f_mode;
	unsigned int f_flags;
	void *private_data;
};
/* Kernels from 6.8: what an overlay opens for itself has the path of its own file here, not
 * in `f_path`; from 6.19 a whole file, of which the path is one field. */
struct backing_file {
	struct path user_path;
	struct path real_path; /* 6.5 to 6.7: there it is the other way round */
};
struct backing_file___whole {
	struct file user_path_file;
};
/* From 6.13: when an overlay's file keeps two others, and this is how files are counted. */
struct file___counted {
	int f_ref;
};

struct io_uring_cmd {
	struct file *file;
};

struct linux_binprm {
	struct file *file;
	const char *filename, *interp;
	unsigned long p;
	int argc;
	char buf[256];
};

struct iattr {
	unsigned int ia_valid;
	__u16 ia_mode;
};

struct vm_area_struct {
	unsigned long vm_flags;
	struct file *vm_file;
	void *anon_vma;
};

struct cred {
	struct user_namespace *user_ns;
};
struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};
struct files_struct {
	struct fdtable *fdt;
};
struct filename {
	const char *name;
};
struct nameidata {
	struct filename *name;
};
struct task_struct {
	unsigned int flags;
	int pid;
	int tgid;
	struct files_struct *files;
	const struct cred *cred;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	struct nsproxy *nsproxy;
	struct nameidata *nameidata;
	__u64 start_time;
	unsigned in_execve : 1;
	char comm[16];
};

struct bpf_map {
	__u32 id;
};
struct bpf_prog_aux {
	__u32 id;
};
struct bpf_prog {
	struct bpf_prog_aux *aux;
};
struct bpf_link {
	struct bpf_prog *prog;
};

struct perf_event_attr {
	__u32 type;
	__u64 sigtrap : 1;
};

union bpf_attr_head {
	__u32 prog_type;
};

struct kernel_siginfo;
struct fown_struct;
struct rlimit;

#pragma clang attribute pop

/* Their numbers, too, are the running kernel's. */
enum kernel_read_file_id {
	READING_MODULE = 2,
	READING_MODULE_COMPRESSED = 3,
	READING_KEXEC_IMAGE = 4,
	READING_KEXEC_INITRAMFS = 5,
};
enum kernel_load_data_id {
	LOADING_MODULE = 2,
	LOADING_KEXEC_IMAGE = 3,
	LOADING_KEXEC_INITRAMFS = 4,
};
enum lockdown_reason {
	LOCKDOWN_MODULE_SIGNATURE = 1,
	LOCKDOWN_KEXEC = 4,
	LOCKDOWN_HIBERNATION = 5,
	LOCKDOWN_INTEGRITY_MAX = 18,
};

#endif
