/* SPDX-License-Identifier: MIT
 *
 * gate/mounts.c - follows /proc/self/mountinfo and puts a mark on each
 * filesystem that can hold a program.  One thread; the table that it makes is
 * read by all others.
 *
 * Whether a filesystem is the one that was marked is asked of the kernel, not
 * of a device number: numbers come back with the next stick.  What was
 * remembered of a number is forgotten before its new filesystem is marked.
 */
#include "gate/gate.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "gate/beneath.h"
#include "gate/filesystems.h"
#include "gate/mountinfo.h"

#define MOUNTS "/proc/self/mountinfo"
#define SWAPS "/proc/swaps"

#ifndef STATX_MNT_ID
#error "the C library's headers must know STATX_MNT_ID (Linux 5.8)"
#endif

static bool same_point(const char *configured, const char *point)
{
	size_t length = strlen(configured);

	while (length > 1 && configured[length - 1] == '/')
		length--;
	return strlen(point) == length && strncmp(configured, point, length) == 0;
}

static bool is_wanted(const struct guardd_config *config, const struct gate_mount *mount)
{
	if (config->protect_all)
		return !gate_type_of(mount->type).pseudo;
	for (size_t i = 0; i < config->filesystem_count; i++)
		if (same_point(config->filesystems[i], mount->point))
			return true;
	return false;
}

/* The mount itself, not one that lies over it.  Nothing else is asked for: a
 * user's FUSE filesystem tells root no more, and must not be passed over. */
static int open_mount(const struct gate_mount *mount)
{
	struct statx facts;
	GUARD_AUTO_CLOSE int fd = open(mount->point, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, 0, &facts) < 0)
		return -1;
	return (facts.stx_mask & STATX_MNT_ID) && facts.stx_mnt_id == mount->id ? guard_steal_fd(&fd) : -1;
}

static int mark(struct gate *gate, const struct gate_mount *mount, int fd, unsigned flags, uint64_t mask)
{
	int group = gate->fanotify[gate_type_of(mount->type).slow ? GUARDD_GROUP_SLOW : GUARDD_GROUP_MAIN];
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return fanotify_mark(group, flags | FAN_MARK_FILESYSTEM, mask, AT_FDCWD, path);
}

/* Taking away an event that no mark of ours asks for changes nothing, and
 * tells whether there is a mark. */
static bool is_marked(struct gate *gate, const struct gate_mount *mount, int fd)
{
	return mark(gate, mount, fd, FAN_MARK_REMOVE, FAN_CLOSE_NOWRITE) == 0;
}

static void say_failure(struct gate *gate, const struct gate_mount *mount, int error)
{
	gate_note_daemon(gate, GUARD_DAEMON_FILESYSTEM_UNPROTECTED, 1, "%.300s (%s) cannot be protected: %s",
			 mount->point, mount->type, strerror(error));
	gate_problem(gate, "%.300s (%s) cannot be protected: %s", mount->point, mount->type, strerror(error));
}

/* A filesystem that was not there before. */
static void protect_new(struct gate *gate, const struct gate_mount *mount, struct gate_filesystem *filesystem,
			int fd)
{
	struct gate_filesystem before;
	bool failed_before = gate_filesystem_find(gate, &before, mount->device) && !before.marked;

	gate_cache_drop_device(gate->cache, mount->device);
	gate_programs_drop_device(gate, mount->device);
	gate_filesystems_learn(gate, filesystem);
	if (mark(gate, mount, fd, FAN_MARK_ADD, GATE_PERM_MASK) < 0) {
		if (!failed_before)
			say_failure(gate, mount, errno);
		return;
	}
	filesystem->marked = true;
	gate_filesystems_learn(gate, filesystem);
	gate_note_daemon(gate, GUARD_DAEMON_FILESYSTEM_PROTECTED, 1, "%.300s (%s) is protected", mount->point,
			 mount->type);
	gate_sweep_request(gate, mount->device);
}

static void protect(struct gate *gate, struct gate_filesystems *next, const struct gate_mount *mount)
{
	struct gate_filesystem filesystem;
	GUARD_AUTO_CLOSE int fd = -1;

	if (gate_filesystems_get(next, &filesystem, mount->device) && filesystem.marked)
		return;
	fd = open_mount(mount);
	if (fd < 0)
		return; /* hidden beneath another mount, or gone: then it has another way in or none */
	filesystem = gate_filesystem_make(mount);
	if (is_marked(gate, mount, fd))
		filesystem.marked = true;
	else
		protect_new(gate, mount, &filesystem, fd);
	gate_filesystems_put(next, &filesystem);
	gate_layer_filesystem(gate, &filesystem);
}

static void note_gone(struct gate *gate, const struct gate_filesystem *filesystem)
{
	gate_cache_drop_device(gate->cache, filesystem->device);
	gate_programs_drop_device(gate, filesystem->device);
	gate_layer_filesystem_gone(gate, filesystem->device);
}

static void look(struct gate *gate)
{
	struct gate_filesystems *next = NULL;
	struct gate_beneath beneath = { .count = 0 };
	struct gate_mount *mount = malloc(sizeof(*mount));
	GUARD_AUTO_FREE char *line = NULL;
	size_t capacity = 0;
	GUARD_AUTO_CLOSE int fd = open(MOUNTS, GATE_OPEN);
	FILE *list = fd >= 0 ? fdopen(fd, "r") : NULL;

	if (list)
		guard_steal_fd(&fd);
	if (!list || !mount || gate_filesystems_new(&next) < 0) {
		gate_problem(gate, "the list of mounts cannot be read; new filesystems are not protected");
	} else {
		while (getline(&line, &capacity, list) > 0)
			if (gate_mount_parse(mount, line) == 0 && is_wanted(gate->config, mount)) {
				protect(gate, next, mount);
				gate_beneath_add_mount(&beneath, mount);
			}
		gate_beneath_add_swaps(&beneath, SWAPS);
		gate_filesystems_replace(gate, next, note_gone);
		gate_layer_beneath(gate, &beneath);
	}
	free(mount);
	if (list)
		fclose(list);
}

/* Requests that the server of a FUSE filesystem owes; 1 when that cannot be known. */
static unsigned long owed(const struct gate_mount *mount)
{
	char path[96], text[32];
	ssize_t size;

	snprintf(path, sizeof(path), "/sys/fs/fuse/connections/%u/waiting", minor(mount->device));
	GUARD_AUTO_CLOSE int fd = open(path, GATE_OPEN);
	if (fd < 0)
		return 1;
	size = read(fd, text, sizeof(text) - 1);
	text[size > 0 ? size : 0] = '\0';
	return strtoul(text, NULL, 10);
}

void gate_mounts_force(struct gate *gate)
{
	GUARD_AUTO_FREE struct gate_mount *mount = malloc(sizeof(*mount));
	GUARD_AUTO_FREE char *line = NULL;
	size_t capacity = 0;
	FILE *list = fopen(MOUNTS, "re");

	while (mount && list && getline(&line, &capacity, list) > 0) {
		if (gate_mount_parse(mount, line) < 0 || strncmp(mount->type, "fuse", 4) != 0 || owed(mount) == 0)
			continue;
		/* Ends the connection, whether the mount goes or stays. */
		(void)umount2(mount->point, MNT_FORCE | UMOUNT_NOFOLLOW);
		gate_note_daemon(gate, GUARD_DAEMON_FILESYSTEM_UNPROTECTED, 1,
				 "%.300s (%s) was let go: its server does not answer", mount->point, mount->type);
	}
	if (list)
		fclose(list);
}

static bool is_mounted(struct gate *gate, const char *point)
{
	struct gate_file file;
	struct gate_filesystem filesystem;

	return gate_file_stat_at(&file, AT_FDCWD, point, 0) == 0 &&
	       gate_filesystem_find(gate, &filesystem, file.key.device) && filesystem.marked;
}

/* What is mounted, and where memory is swapped to. */
struct changing {
	struct pollfd lists[2];
};

static void follow(struct gate *gate, void *context)
{
	struct changing *changing = context;

	for (;;)
		if (poll(changing->lists, 2, -1) > 0)
			look(gate);
}

/* Opened before the first look, so that no change falls between.  A kernel that cannot
 * swap has no list of it. */
static int open_lists(struct changing **ret_changing)
{
	struct changing *changing = calloc(1, sizeof(*changing));
	int r;

	if (!changing)
		return -GUARD_E_NOMEM;
	changing->lists[0] = (struct pollfd){ .fd = open(MOUNTS, GATE_OPEN), .events = POLLPRI };
	if (changing->lists[0].fd < 0) {
		r = errno == ENOMEM ? -GUARD_E_NOMEM : -GUARD_E_IO;
		free(changing);
		return r;
	}
	changing->lists[1] = (struct pollfd){ .fd = open(SWAPS, GATE_OPEN), .events = POLLPRI };
	poll(changing->lists, 2, 0);
	*ret_changing = changing;
	return 0;
}

int gate_mounts_start(struct gate *gate, char *ret_problem, size_t problem_size)
{
	struct changing *changing;
	int r = open_lists(&changing);

	if (r < 0) {
		snprintf(ret_problem, problem_size, MOUNTS " cannot be opened: %s", guard_error_text(r));
		return r;
	}
	look(gate);
	for (size_t i = 0; !gate->config->protect_all && i < gate->config->filesystem_count; i++)
		if (!is_mounted(gate, gate->config->filesystems[i]))
			gate_problem(gate,
				     "%.300s is named in protect.filesystems but is not the mount point of a "
				     "filesystem that could be protected",
				     gate->config->filesystems[i]);
	r = gate_thread_start(gate, follow, changing);
	if (r < 0) {
		free(changing);
		snprintf(ret_problem, problem_size, "no thread could be started to follow the mounts");
	}
	return r;
}
