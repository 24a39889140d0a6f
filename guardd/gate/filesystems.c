/* SPDX-License-Identifier: MIT
 *
 * gate/filesystems.c - device number -> medium, cacheable, slow, marked.
 */
#include "gate/filesystems.h"

#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "base/cleanup.h"
#include "gate/medium.h"

#define TYPE_OF_BTRFS 0x9123683E

struct gate_filesystems {
	uint32_t used;
	struct gate_filesystem slots[GATE_FILESYSTEMS_MAX]; /* device 0: free */
};
struct gate_mounts {
	pthread_mutex_t lock;
	struct gate_filesystems *table;
};

int gate_filesystems_new(struct gate_filesystems **ret_table)
{
	struct gate_filesystems *table = calloc(1, sizeof(*table));

	if (!table)
		return -GUARD_E_NOMEM;
	*ret_table = table;
	return 0;
}

int gate_mounts_new(struct gate_mounts **ret_mounts)
{
	struct gate_mounts *mounts = calloc(1, sizeof(*mounts));

	if (!mounts || gate_filesystems_new(&mounts->table) < 0) {
		free(mounts);
		return -GUARD_E_NOMEM;
	}
	pthread_mutex_init(&mounts->lock, NULL);
	*ret_mounts = mounts;
	return 0;
}

static size_t slot_of(const struct gate_filesystems *table, uint64_t device)
{
	size_t at = (device * UINT64_C(0x9e3779b97f4a7c15) >> 40) % GATE_FILESYSTEMS_MAX;

	while (table->slots[at].device && table->slots[at].device != device)
		at = (at + 1) % GATE_FILESYSTEMS_MAX;
	return at;
}

bool gate_filesystems_get(const struct gate_filesystems *table, struct gate_filesystem *ret_filesystem,
			  uint64_t device)
{
	const struct gate_filesystem *slot = &table->slots[slot_of(table, device)];

	if (!slot->device)
		return false;
	*ret_filesystem = *slot;
	return true;
}

void gate_filesystems_put(struct gate_filesystems *table, const struct gate_filesystem *filesystem)
{
	struct gate_filesystem *slot = &table->slots[slot_of(table, filesystem->device)];

	/* Half full at most, so that a lookup ends.  The rest stays unknown: asked
	 * of the filesystem each time, never cached, still protected. */
	if (!slot->device && table->used >= GATE_FILESYSTEMS_MAX / 2)
		return;
	if (!slot->device)
		table->used++;
	*slot = *filesystem;
}

void gate_filesystems_learn(struct gate *gate, const struct gate_filesystem *filesystem)
{
	pthread_mutex_lock(&gate->mounts->lock);
	gate_filesystems_put(gate->mounts->table, filesystem);
	pthread_mutex_unlock(&gate->mounts->lock);
}

bool gate_filesystem_find(struct gate *gate, struct gate_filesystem *ret_filesystem, uint64_t device)
{
	bool found;

	pthread_mutex_lock(&gate->mounts->lock);
	found = gate_filesystems_get(gate->mounts->table, ret_filesystem, device);
	pthread_mutex_unlock(&gate->mounts->lock);
	return found;
}

/* Memory is steady, and so is what lies on devices that are. */
static bool is_steady(const struct gate_mount *mount, uint8_t medium)
{
	if (medium == GUARD_MEDIUM_MEMORY)
		return true;
	return major(mount->device) ? gate_device_is_steady(mount->device) : gate_source_is_steady(mount->source);
}

struct gate_filesystem gate_filesystem_make(const struct gate_mount *mount)
{
	struct gate_type type = gate_type_of(mount->type);
	struct gate_filesystem filesystem = { .device = mount->device,
					      .medium = type.medium,
					      .cacheable = type.cacheable,
					      .slow = type.slow };

	if (strncmp(mount->type, "fuse", 4) == 0)
		filesystem.server = mount->by_root ? GATE_SERVER_ROOT : GATE_SERVER_USER;
	if (type.medium == GUARD_MEDIUM_FIXED)
		filesystem.medium = gate_medium_of_device(mount->device);
	/* A root filesystem on a stick is as trusted as the machine. */
	if (filesystem.cacheable && strcmp(mount->point, "/") != 0)
		filesystem.cacheable = is_steady(mount, type.medium);
	return filesystem;
}

/* By the mount that the file was opened through; one of another namespace is not
 * known here, and what lies beneath it neither. */
static bool make_by_mount(struct gate_filesystem *ret_filesystem, int fd)
{
	GUARD_AUTO_FREE struct gate_mount *mount = malloc(sizeof(*mount));
	GUARD_AUTO_FREE char *line = NULL;
	GUARD_AUTO_FCLOSE FILE *list = fopen("/proc/self/mountinfo", "re");
	size_t capacity = 0;
	struct statx facts;

	if (!mount || !list ||
	    statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_MNT_ID, &facts) < 0 ||
	    !(facts.stx_mask & STATX_MNT_ID))
		return false;
	while (getline(&line, &capacity, list) > 0)
		if (gate_mount_parse(mount, line) == 0 && mount->id == facts.stx_mnt_id) {
			*ret_filesystem = gate_filesystem_make(mount);
			return true;
		}
	return false;
}

/* Files of btrfs and overlayfs show device numbers that no mount has. */
static struct gate_filesystem make_by_fd(uint64_t device, int fd)
{
	struct gate_filesystem filesystem = { .device = device, .medium = GUARD_MEDIUM_FIXED };
	struct statfs facts;

	if (fstatfs(fd, &facts) < 0)
		return filesystem;
	if (facts.f_type == TYPE_OF_BTRFS) {
		(void)make_by_mount(&filesystem, fd);
		filesystem.device = device;
		filesystem.marked = false;
	} else if (facts.f_type == NFS_SUPER_MAGIC || facts.f_type == SMB_SUPER_MAGIC)
		filesystem.medium = GUARD_MEDIUM_NETWORK;
	else if (facts.f_type == TMPFS_MAGIC)
		filesystem.medium = GUARD_MEDIUM_MEMORY;
	else if (facts.f_type == FUSE_SUPER_MAGIC)
		filesystem.server = GATE_SERVER_USER;
	filesystem.slow = filesystem.medium == GUARD_MEDIUM_NETWORK;
	return filesystem;
}

/* Root's server is as trusted as root. */
bool gate_filesystem_is_believed(const struct gate *gate, const struct gate_filesystem *filesystem)
{
	return filesystem->server == GATE_SERVER_NONE ||
	       (filesystem->server == GATE_SERVER_ROOT && !gate->config->self_protection);
}

void gate_filesystem_of(struct gate *gate, struct gate_filesystem *ret_filesystem, uint64_t device, int fd)
{
	if (gate_filesystem_find(gate, ret_filesystem, device))
		return;
	*ret_filesystem = make_by_fd(device, fd);
	if (device != UINT64_MAX && device != 0)
		gate_filesystems_learn(gate, ret_filesystem);
}

void gate_filesystems_replace(struct gate *gate, struct gate_filesystems *table,
			      void (*gone)(struct gate *gate, const struct gate_filesystem *filesystem))
{
	struct gate_mounts *mounts = gate->mounts;
	struct gate_filesystems *old;
	uint32_t marked = 0;

	pthread_mutex_lock(&mounts->lock);
	old = mounts->table;
	mounts->table = table;
	for (size_t i = 0; i < GATE_FILESYSTEMS_MAX; i++)
		marked += table->slots[i].marked;
	pthread_mutex_unlock(&mounts->lock);
	for (size_t i = 0; i < GATE_FILESYSTEMS_MAX; i++) {
		struct gate_filesystem still;
		if (old->slots[i].device && !gate_filesystems_get(table, &still, old->slots[i].device))
			gone(gate, &old->slots[i]);
	}
	atomic_store(&gate->shared->counters.filesystems, marked);
	free(old);
}
