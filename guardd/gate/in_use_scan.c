/* SPDX-License-Identifier: MIT
 *
 * gate/in_use_scan.c - which of some files does any process have mapped or open?
 * Reads /proc only; opens no file of anybody.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "gate/access.h"
#include "gate/in_use.h"

struct search {
	const struct guardd_inode *wanted;
	size_t count;
	bool *used;
};

/* Is what `name` in `directory` leads to (a link of /proc/PID/fd or map_files) this
 * very file?  An overlay gives another device to the inode number of what lies
 * beneath it, so there the number alone is taken for a match, to be on the safe side. */
static bool leads_to(int directory, const char *name, const struct guardd_inode *wanted)
{
	/* Opens no file: O_PATH asks neither the file system nor a guard. */
	GUARD_AUTO_CLOSE int fd = openat(directory, name, O_PATH | O_CLOEXEC);
	struct stat status;
	struct statfs filesystem;

	/* Changed under our eyes: perhaps to hide it. */
	if (fd < 0 || fstat(fd, &status) < 0 || fstatfs(fd, &filesystem) < 0)
		return true;
	return status.st_ino == wanted->inode &&
	       (status.st_dev == wanted->device || filesystem.f_type == OVERLAYFS_SUPER_MAGIC);
}

/* /proc/PID/maps shows the superblock's device, which on file systems with
 * several devices per superblock (major 0: btrfs, overlay) is not stat's: there
 * the link is followed.  Not followed elsewhere: it costs a call for each. */
static void mark(struct search *search, uint64_t device, uint64_t inode, int directory, const char *name)
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
		    (major(search->wanted[low].device) == 0 && leads_to(directory, name, &search->wanted[low])))
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
		mark(search, makedev(mapping.major, mapping.minor), mapping.inode, links, range);
	}
	return true;
}

static void close_directory(DIR **directory)
{
	if (*directory)
		closedir(*directory);
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
		struct stat status;
		if (isdigit((unsigned char)entry->d_name[0]) && fstatat(fd, entry->d_name, &status, 0) == 0 &&
		    S_ISREG(status.st_mode))
			mark(search, status.st_dev, status.st_ino, fd, entry->d_name);
	}
	return true;
}

bool guardd_in_use_scan(bool *ret_used, const struct guardd_inode *wanted, size_t count,
			struct guardd_in_use_own own)
{
	struct search search = { wanted, count, ret_used };
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
		if (!look_at_maps(&search, process) || !look_at_descriptors(&search, process))
			return false;
	}
	return true;
}
