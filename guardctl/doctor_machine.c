/* SPDX-License-Identifier: MIT
 *
 * guardctl/doctor_machine.c - swap, and the foreign program formats that the
 * kernel was told to run.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "doctor.h"

/* A device-mapper name (dm-3) whose target is dm-crypt; zram keeps to memory. */
static bool is_safe_swap(const char *device)
{
	char path[512], uuid[256], real[256];
	const char *name = strrchr(device, '/');
	ssize_t length = readlink(device, real, sizeof(real) - 1);

	if (length > 0) {
		real[length] = '\0';
		const char *last = strrchr(real, '/');
		name = last ? last : real;
	}
	if (!name)
		return false;
	name += name[0] == '/';
	if (strncmp(name, "zram", 4) == 0)
		return true;
	snprintf(path, sizeof(path), "/sys/class/block/%.200s/dm/uuid", name);
	return doctor_read_text(uuid, sizeof(uuid), path) == 0 && strncmp(uuid, "CRYPT-", 6) == 0;
}

static void check_swap(struct doctor *doctor)
{
	GUARD_AUTO_FCLOSE FILE *swaps = fopen("/proc/swaps", "re");
	char line[1024], device[256];
	size_t count = 0;

	if (!swaps || !fgets(line, sizeof(line), swaps))
		return;
	while (fgets(line, sizeof(line), swaps)) {
		if (sscanf(line, "%255s", device) != 1)
			continue;
		count++;
		if (!is_safe_swap(device))
			doctor_say(doctor, DOCTOR_NOTE, "swap", "put swap on dm-crypt, or use zram",
				   "swap on %s is not encrypted: with the disk in hand, memory of programs can be changed",
				   device);
	}
	if (count == 0)
		doctor_say(doctor, DOCTOR_OK, "swap", NULL, "no swap");
}

static void check_formats(struct doctor *doctor)
{
	DIR *directory = opendir("/proc/sys/fs/binfmt_misc");
	const struct dirent *entry;
	size_t count = 0;

	if (!directory)
		return;
	while ((entry = readdir(directory))) {
		if (entry->d_name[0] == '.' || strcmp(entry->d_name, "register") == 0 ||
		    strcmp(entry->d_name, "status") == 0)
			continue;
		count++;
		doctor_say(doctor, DOCTOR_NOTE, "binfmt", "name its program among the policy's interpreters",
			   "the kernel hands files of the format \"%s\" to a program (/proc/sys/fs/binfmt_misc/%s)",
			   entry->d_name, entry->d_name);
	}
	closedir(directory);
	if (count == 0)
		doctor_say(doctor, DOCTOR_OK, "binfmt", NULL, "no foreign program formats are registered");
}

void doctor_check_machine(struct doctor *doctor)
{
	doctor->section = N_("This machine");
	check_swap(doctor);
	check_formats(doctor);
}
