/* SPDX-License-Identifier: MIT OR GPL-2.0-only
 *
 * bpf/mounts.bpf.h - nothing is mounted over what the daemon needs, and nothing of that
 * unmounted or moved (GUARD_BPF_SELF).
 */
#ifndef GUARDD_BPF_MOUNTS_H
#define GUARDD_BPF_MOUNTS_H

#include "protect.bpf.h"

#define MNT_SHARED 0x1000
#define MS_MOVE 8192

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

/* The root that all see: whatever is mounted in it goes with it, /proc too. */
static __always_inline bool is_root_of_all(const struct vfsmount *mount)
{
	struct mount *first = BPF_CORE_READ(mounts_of_task(), root), *above = NULL;

	bpf_core_read(&above, sizeof(above), &whole_mount(mount)->mnt_parent);
	return acts_on_our_mounts() && (above == first || whole_mount(mount) == first);
}

SEC("lsm/sb_umount")
int BPF_PROG(guard_umount, struct vfsmount *mount, int flags)
{
	const struct guard_bpf_config *config = guarded();

	if (!config || is_shutdown())
		return 0;
	if (!is_the_gates(mount) && !is_root_of_all(mount) && (!is_seen(mount) ||
				     !(own_flags(mount->mnt_root->d_inode) & (GUARD_BPF_OWN | GUARD_BPF_ANCESTOR))))
		return 0;
	return refuse_name(config, GUARD_BPF_MOUNT, mount->mnt_root);
}

#endif
