/* SPDX-License-Identifier: MIT
 *
 * gate/medium.c - removable or fixed, from /sys/dev/block.  A partition is
 * judged by its disk, a mapped device by what lies beneath it, and whatever
 * hangs on USB can be carried away.  And steady or not: may somebody change the
 * bytes beneath the filesystem, unseen by it?
 */
#include "gate/medium.h"

#include <dirent.h>
#include <glob.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "gate/gate.h"

#define DEPTH_MAX 8

static bool flag_is_set(const char *directory, const char *name)
{
	char path[PATH_MAX], value = '0';
	int length = snprintf(path, sizeof(path), "%s/%s", directory, name);
	GUARD_AUTO_CLOSE int fd = -1;

	if (length < 0 || (size_t)length >= sizeof(path))
		return false;
	fd = open(path, GATE_OPEN);
	return fd >= 0 && read(fd, &value, 1) == 1 && value == '1';
}

static bool is_removable(const char *directory, int depth);

/* Any of the devices that a mapped one is made of. */
static bool has_removable_slave(const char *directory, int depth)
{
	char path[PATH_MAX];
	bool removable = false;
	struct dirent *entry;
	DIR *slaves;

	if ((size_t)snprintf(path, sizeof(path), "%s/slaves", directory) >= sizeof(path))
		return false;
	slaves = opendir(path);
	if (!slaves)
		return false;
	while (!removable && (entry = readdir(slaves))) {
		char slave[PATH_MAX + 256];
		if (entry->d_name[0] == '.')
			continue;
		snprintf(slave, sizeof(slave), "%s/%s", path, entry->d_name);
		removable = is_removable(slave, depth + 1);
	}
	closedir(slaves);
	return removable;
}

static bool is_removable(const char *directory, int depth)
{
	char real[PATH_MAX];

	if (depth > DEPTH_MAX || !realpath(directory, real))
		return false;
	if (strstr(real, "/usb") || flag_is_set(real, "removable") || flag_is_set(real, "../removable"))
		return true;
	return has_removable_slave(real, depth);
}

/* The file behind a loop device, or behind the one whose partition this is. */
static bool read_backing_file(char *ret_name, size_t size, const char *directory)
{
	static const char *const places[] = { "loop/backing_file", "../loop/backing_file" };

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		char path[PATH_MAX + 32];
		ssize_t length;
		snprintf(path, sizeof(path), "%s/%s", directory, places[i]);
		GUARD_AUTO_CLOSE int fd = open(path, GATE_OPEN);
		length = fd < 0 ? -1 : read(fd, ret_name, size - 1);
		if (length > 0) {
			ret_name[length] = '\0';
			ret_name[strcspn(ret_name, "\n")] = '\0';
			return true;
		}
	}
	return false;
}

static bool is_steady(const char *directory, int depth);

/* Only root can write to the image, and what it lies on is steady too.  Of an
 * image on a filesystem without a device number that is not looked into. */
static bool is_roots_image(const char *name, int depth)
{
	struct statfs facts;
	struct gate_file file;
	char path[64];

	if (gate_file_stat_at(&file, AT_FDCWD, name, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(file.mode) ||
	    !gate_file_is_sealed(&file))
		return false;
	if (major(file.key.device) == 0)
		return statfs(name, &facts) == 0 && facts.f_type == TMPFS_MAGIC;
	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u", major(file.key.device), minor(file.key.device));
	return is_steady(path, depth + 1);
}

/* All devices that a folder of /sys leads to; none when there is no folder. */
static bool are_entries_steady(const char *folder, int depth)
{
	bool steady = true;
	struct dirent *entry;
	DIR *devices = opendir(folder);

	while (devices && steady && (entry = readdir(devices))) {
		char device[PATH_MAX + 512];
		if (entry->d_name[0] == '.')
			continue;
		snprintf(device, sizeof(device), "%s/%s", folder, entry->d_name);
		steady = is_steady(device, depth + 1);
	}
	if (devices)
		closedir(devices);
	return steady;
}

static bool are_slaves_steady(const char *directory, int depth)
{
	char path[PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s/slaves", directory);
	return are_entries_steady(path, depth);
}

/* Its bytes are what a process says they are. */
static bool is_served(const char *directory)
{
	return strstr(directory, "/block/nbd") || strstr(directory, "/block/ublk");
}

static bool is_steady(const char *directory, int depth)
{
	char real[PATH_MAX], image[PATH_MAX];

	if (depth > DEPTH_MAX)
		return false;
	if (!realpath(directory, real))
		return false;
	if (is_served(real) || is_removable(real, depth))
		return false;
	if (read_backing_file(image, sizeof(image), real))
		return is_roots_image(image, depth);
	return are_slaves_steady(real, depth);
}

bool gate_device_is_steady(uint64_t device)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u", major(device), minor(device));
	return is_steady(path, 0);
}

/* A btrfs filesystem is mounted by one of its devices, and lies on all of them. */
static bool are_siblings_steady(uint64_t device)
{
	char own[64], pattern[PATH_MAX], real[PATH_MAX];
	bool steady = true;
	glob_t found;

	snprintf(own, sizeof(own), "/sys/dev/block/%u:%u", major(device), minor(device));
	if (!realpath(own, real) ||
	    (size_t)snprintf(pattern, sizeof(pattern), "/sys/fs/btrfs/*/devices/%s", gate_base_name(real)) >= sizeof(pattern))
		return false;
	if (glob(pattern, GLOB_NOSORT, NULL, &found) == 0 && found.gl_pathc > 0) {
		char *folder = found.gl_pathv[0];
		folder[strlen(folder) - strlen(gate_base_name(folder)) - 1] = '\0';
		steady = are_entries_steady(folder, 0);
	}
	globfree(&found);
	return steady;
}

bool gate_source_is_steady(const char *source)
{
	GUARD_AUTO_FREE char *copy = strdup(source);
	char *rest = NULL;
	bool steady = false;

	for (char *name = copy ? strtok_r(copy, ":", &rest) : NULL; name; name = strtok_r(NULL, ":", &rest)) {
		struct stat facts;
		steady = name[0] == '/' && stat(name, &facts) == 0 && S_ISBLK(facts.st_mode) &&
			 gate_device_is_steady(facts.st_rdev) && are_siblings_steady(facts.st_rdev);
		if (!steady)
			return false;
	}
	return steady;
}

uint8_t gate_medium_of_device(uint64_t device)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u", major(device), minor(device));
	return is_removable(path, 0) ? GUARD_MEDIUM_REMOVABLE : GUARD_MEDIUM_FIXED;
}
