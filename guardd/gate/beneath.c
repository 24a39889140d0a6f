/* SPDX-License-Identifier: MIT
 *
 * gate/beneath.c - see beneath.h.  Reads /sys; opens no device.
 */
#include "gate/beneath.h"

#include <dirent.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"

#define DEPTH_MAX 8

static bool is_in(const struct gate_beneath *set, uint64_t device)
{
	for (uint32_t i = 0; i < set->count; i++)
		if (set->devices[i] == device)
			return true;
	return false;
}

/* false: there is nothing to be found beneath it that is not known. */
static bool put(struct gate_beneath *set, uint64_t device)
{
	if (is_in(set, device))
		return false;
	if (set->count == GATE_BENEATH_MAX) {
		set->full = true;
		return false;
	}
	set->devices[set->count++] = device;
	return true;
}

static bool is_there(const char *folder, const char *name)
{
	char path[PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	GUARD_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd >= 0;
}

static bool read_number(uint64_t *ret_device, const char *folder)
{
	char path[PATH_MAX + 8], text[32];
	unsigned high, low;
	ssize_t size;

	snprintf(path, sizeof(path), "%s/dev", folder);
	GUARD_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	size = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (size <= 0)
		return false;
	text[size] = '\0';
	if (sscanf(text, "%u:%u", &high, &low) != 2)
		return false;
	*ret_device = makedev(high, low);
	return true;
}

static void add(struct gate_beneath *set, const char *folder, int depth);

static void add_entries(struct gate_beneath *set, const char *folder, int depth)
{
	DIR *devices = opendir(folder);
	struct dirent *entry;

	while (devices && (entry = readdir(devices))) {
		char device[PATH_MAX + 512];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(device, sizeof(device), "%s/%s", folder, entry->d_name);
		add(set, device, depth + 1);
	}
	if (devices)
		closedir(devices);
}

/* The character devices by which commands are sent to the disk: SCSI's (generic, block
 * layer), and NVMe's controller and namespace. */
static void add_commanded(struct gate_beneath *set, const char *disk, int depth)
{
	static const char *const folders[] = { "device/scsi_generic", "device/bsg" };
	char path[PATH_MAX + 32];
	glob_t found;

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", disk, folders[i]);
		add_entries(set, path, depth);
	}
	snprintf(path, sizeof(path), "%s/device", disk);
	add(set, path, depth + 1);
	snprintf(path, sizeof(path), "%s/device/ng*", disk);
	if (glob(path, GLOB_NOSORT, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc; i++)
			add(set, found.gl_pathv[i], depth + 1);
	globfree(&found);
}

static void add(struct gate_beneath *set, const char *folder, int depth)
{
	char real[PATH_MAX], path[PATH_MAX + 16];
	uint64_t device;

	if (depth > DEPTH_MAX || !realpath(folder, real) || !read_number(&device, real) || !put(set, device))
		return;
	if (is_there(real, "partition")) {
		snprintf(path, sizeof(path), "%s/..", real);
		add(set, path, depth + 1);
	}
	snprintf(path, sizeof(path), "%s/slaves", real);
	add_entries(set, path, depth);
	add_commanded(set, real, depth);
}

void gate_beneath_add(struct gate_beneath *set, const char *folder)
{
	add(set, folder, 0);
}

static void add_device(struct gate_beneath *set, uint64_t device)
{
	char folder[64];

	snprintf(folder, sizeof(folder), "/sys/dev/block/%u:%u", major(device), minor(device));
	add(set, folder, 0);
}

/* By its node in /dev. */
static bool add_node(struct gate_beneath *set, const char *path)
{
	struct stat facts;

	if (strncmp(path, "/dev/", 5) != 0 || stat(path, &facts) < 0 || !S_ISBLK(facts.st_mode))
		return false;
	add_device(set, facts.st_rdev);
	return true;
}

/* It is mounted by one of its devices, and lies on all of them. */
static void add_btrfs(struct gate_beneath *set, const char *source)
{
	const char *slash = strrchr(source, '/');
	char pattern[512];
	glob_t found;

	if (!slash || !add_node(set, source))
		return;
	snprintf(pattern, sizeof(pattern), "/sys/fs/btrfs/*/devices/%s", &slash[1]);
	if (glob(pattern, GLOB_NOSORT, NULL, &found) == 0 && found.gl_pathc > 0) {
		char *folder = found.gl_pathv[0];

		*strrchr(folder, '/') = '\0';
		add_entries(set, folder, 0);
	}
	globfree(&found);
}

/* It is mounted by all of its devices, and has the number of one. */
static void add_bcachefs(struct gate_beneath *set, const char *sources)
{
	GUARD_AUTO_FREE char *copy = strdup(sources);
	char *rest = NULL;

	for (char *node = copy ? strtok_r(copy, ":", &rest) : NULL; node; node = strtok_r(NULL, ":", &rest))
		(void)add_node(set, node);
}

void gate_beneath_add_mount(struct gate_beneath *set, const struct gate_mount *mount)
{
	if (strcmp(mount->type, "bcachefs") == 0)
		add_bcachefs(set, mount->source);
	else if (major(mount->device))
		add_device(set, mount->device);
	else if (strcmp(mount->type, "btrfs") == 0)
		add_btrfs(set, mount->source);
}

/* Files to which memory is swapped the kernel itself keeps from being written. */
void gate_beneath_add_swaps(struct gate_beneath *set, const char *list)
{
	GUARD_AUTO_FCLOSE FILE *file = fopen(list, "re");
	GUARD_AUTO_FREE char *line = NULL;
	char path[256], type[16];
	size_t capacity = 0;

	while (file && getline(&line, &capacity, file) > 0)
		if (sscanf(line, "%255s %15s", path, type) == 2 && strcmp(type, "partition") == 0)
			(void)add_node(set, path);
}
