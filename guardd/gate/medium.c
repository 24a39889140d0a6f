/* SPDX-License-Identifier: MIT
 *
 * gate/medium.c - removable or fixed, from /sys/dev/block.  A partition is
 * judged by its disk, a mapped device by what lies beneath it, and whatever
 * hangs on USB can be carried away.
 */
#include "gate/medium.h"

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
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

uint8_t gate_medium_of_device(uint64_t device)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u", major(device), minor(device));
	return is_removable(path, 0) ? GUARD_MEDIUM_REMOVABLE : GUARD_MEDIUM_FIXED;
}
