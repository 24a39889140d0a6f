/* SPDX-License-Identifier: MIT
 *
 * gate/in_use_scan.c - which of some files does any process have mapped or open?
 * Reads /proc only; opens no file of anybody.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "gate/access.h"
#include "gate/in_use.h"
#include "gate/mountinfo.h"

#define LOOKS 3 /* at a process that changes meanwhile */

struct search {
	const struct guardd_inode *wanted;
	size_t count;
	bool *used;
	struct guardd_in_use_own own;
	bool last_look; /* at this process: what is unclear then counts as a use */
	bool unclear;
};

/* What was seen a moment ago is gone: the process ends, or changes, perhaps to hide it. */
static bool is_unclear(struct search *search)
{
	search->unclear = true;
	return search->last_look;
}

/* May what lies on this mount of the process be a file of another file system, under
 * that one's inode number?  An overlay shows so what lies beneath it; of a mount of
 * nobody's tree nobody knows. */
static bool may_show_others(struct search *search, int process, uint64_t mount_id)
{
	GUARD_AUTO_FCLOSE FILE *stream = NULL;
	GUARD_AUTO_FREE char *line = NULL;
	size_t capacity = 0;
	int fd = openat(process, "mountinfo", O_RDONLY | O_CLOEXEC);

	stream = fd < 0 ? NULL : fdopen(fd, "r");
	if (!stream) {
		if (fd >= 0)
			close(fd);
		return is_unclear(search);
	}
	while (getline(&line, &capacity, stream) > 0) {
		struct gate_mount mount;
		if (gate_mount_parse(&mount, line) == 0 && mount.id == mount_id)
			return strcmp(mount.type, "overlay") == 0;
	}
	return is_unclear(search);
}

/* Is what `name` in `directory` leads to (a link of /proc/PID/fd or map_files) this very
 * file?  Asks no file system, and so no server that could let us wait. */
static bool leads_to(struct search *search, int process, int directory, const char *name,
		     const struct guardd_inode *wanted)
{
	GUARD_AUTO_CLOSE int fd = openat(directory, name, O_PATH | O_CLOEXEC);
	struct statx facts;
	uint64_t device;

	if (fd < 0 || statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_INO | STATX_MNT_ID, &facts) < 0)
		return is_unclear(search);
	device = makedev(facts.stx_dev_major, facts.stx_dev_minor);
	if (facts.stx_ino != wanted->inode || device == wanted->device)
		return facts.stx_ino == wanted->inode;
	return device != search->own.memory_device && may_show_others(search, process, facts.stx_mnt_id);
}

/* /proc/PID/maps shows the superblock's device, which on file systems with
 * several devices per superblock (major 0: btrfs, overlay) is not stat's: there
 * the link is followed.  Not followed elsewhere: it costs a call for each. */
static void mark(struct search *search, uint64_t device, uint64_t inode, int process, int directory, const char *name)
{
	size_t low = 0, high = search->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (search->wanted[middle].inode < inode)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < search->count && search->wanted[low].inode == inode; low++)
		if (search->wanted[low].device == device ||
		    (major(search->wanted[low].device) == 0 &&
		     leads_to(search, process, directory, name, &search->wanted[low])))
			search->used[low] = true;
}

/* A process that ends while we look uses nothing any more.  One that even
 * CAP_SYS_PTRACE may not look into belongs to somebody above this machine (the
 * init of a container host): no user can make such a process. */
static bool passed_over(int error)
{
	return error == ENOENT || error == ESRCH || error == EACCES || error == EPERM;
}

static bool look_at_maps(struct search *search, int process)
{
	GUARD_AUTO_FCLOSE FILE *stream = NULL;
	GUARD_AUTO_FREE char *line = NULL;
	size_t capacity = 0;
	GUARD_AUTO_CLOSE int links = openat(process, "map_files", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd = openat(process, "maps", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return passed_over(errno);
	stream = fdopen(fd, "r");
	if (!stream) {
		close(fd);
		return false;
	}
	while (getline(&line, &capacity, stream) > 0) {
		struct gate_mapping mapping;
		char range[64];
		if (gate_mapping_parse(&mapping, line) < 0 || !mapping.inode)
			continue;
		snprintf(range, sizeof(range), "%llx-%llx", (unsigned long long)mapping.start,
			 (unsigned long long)mapping.end);
		mark(search, makedev(mapping.major, mapping.minor), mapping.inode, process, links, range);
	}
	return true;
}

static void close_directory(DIR **directory)
{
	if (*directory)
		closedir(*directory);
}

/* One of O_PATH can be neither read nor mapped, and whoever opens or starts the file by it
 * asks anew.  proc(5) gives its link no permissions. */
static bool only_names(int directory, const char *name)
{
	struct statx link;

	return statx(directory, name, AT_SYMLINK_NOFOLLOW, STATX_MODE, &link) == 0 && !(link.stx_mode & 0700);
}

static bool look_at_descriptors(struct search *search, int process)
{
	__attribute__((cleanup(close_directory))) DIR *directory = NULL;
	struct dirent *entry;
	int fd = openat(process, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return passed_over(errno);
	directory = fdopendir(fd);
	if (!directory) {
		close(fd);
		return false;
	}
	while ((entry = readdir(directory))) {
		struct statx facts;
		if (isdigit((unsigned char)entry->d_name[0]) && !only_names(fd, entry->d_name) &&
		    statx(fd, entry->d_name, AT_STATX_DONT_SYNC, STATX_INO | STATX_TYPE, &facts) == 0 &&
		    S_ISREG(facts.stx_mode))
			mark(search, makedev(facts.stx_dev_major, facts.stx_dev_minor), facts.stx_ino, process, fd,
			     entry->d_name);
	}
	return true;
}

/* Again while what was seen is gone at the second glance. */
static bool look_at(struct search *search, int process)
{
	for (unsigned look = 1; look <= LOOKS; look++) {
		search->unclear = false;
		search->last_look = look == LOOKS;
		if (!look_at_maps(search, process) || !look_at_descriptors(search, process))
			return false;
		if (!search->unclear)
			break;
	}
	return true;
}

bool guardd_in_use_scan(bool *ret_used, const struct guardd_inode *wanted, size_t count,
			struct guardd_in_use_own own)
{
	struct search search = { .wanted = wanted, .count = count, .used = ret_used, .own = own };
	__attribute__((cleanup(close_directory))) DIR *proc = opendir("/proc");
	struct dirent *entry;

	if (!proc)
		return false;
	memset(ret_used, 0, count * sizeof(*ret_used));
	while ((entry = readdir(proc))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
		if (pid == getpid() || (uint32_t)pid == atomic_load(own.keeper) ||
		    (uint32_t)pid == atomic_load(own.understudy))
			continue;
		GUARD_AUTO_CLOSE int process = openat(dirfd(proc), entry->d_name, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (process < 0) {
			if (passed_over(errno))
				continue;
			return false;
		}
		if (!look_at(&search, process))
			return false;
	}
	return true;
}
