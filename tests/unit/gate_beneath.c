/* SPDX-License-Identifier: MIT
 *
 * unit/gate_beneath.c - the disks beneath a filesystem, on a made-up tree of /sys: a
 * partition and its disk, a mapped device on two of them, devices in a circle.
 */
#include "gate/beneath.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "unit.h"

static char tree[] = "/tmp/guard-beneath.XXXXXX";

static int make(const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", tree, name);
	if (!text)
		return mkdir(path, 0700);
	file = fopen(path, "w");
	if (!file)
		return -1;
	fputs(text, file);
	return fclose(file);
}

static int lead(const char *name, const char *to)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", tree, name);
	return symlink(to, path);
}

static int set_up(void)
{
	static const char *const folders[] = { "sda", "sda/sda1", "sda/sda2", "sdb", "dm", "dm/slaves", "a", "a/slaves",
					       "b", "b/slaves", "char", "sdb/device", "sdb/device/scsi_generic",
					       "sdb/device/scsi_generic/sg1", "nvme", "nvme/device", "nvme/device/ng0n1" };
	int r = mkdtemp(tree) ? 0 : -1;

	for (size_t i = 0; r == 0 && i < sizeof(folders) / sizeof(folders[0]); i++)
		r = make(folders[i], NULL);
	return r | make("sda/dev", "8:0\n") | make("sda/sda1/dev", "8:1\n") | make("sda/sda1/partition", "1\n") |
	       make("sda/sda2/dev", "8:2\n") | make("sda/sda2/partition", "2\n") | make("sdb/dev", "8:16\n") |
	       make("dm/dev", "253:0\n") | lead("dm/slaves/sda2", "../../sda/sda2") | lead("dm/slaves/sdb", "../../sdb") |
	       make("a/dev", "9:1\n") | lead("a/slaves/b", "../../b") | make("b/dev", "9:2\n") |
	       lead("b/slaves/a", "../../a") | make("char/dev", "nothing\n") |
	       make("sdb/device/scsi_generic/sg1/dev", "21:1\n") | make("nvme/dev", "259:0\n") |
	       make("nvme/device/dev", "239:0\n") | make("nvme/device/ng0n1/dev", "238:0\n");
}

static int tear_down(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -r %s", tree);
	return system(command);
}

static void ask(struct gate_beneath *set, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", tree, name);
	gate_beneath_add(set, path);
}

static bool has(const struct gate_beneath *set, unsigned high, unsigned low)
{
	for (uint32_t i = 0; i < set->count; i++)
		if (set->devices[i] == makedev(high, low))
			return true;
	return false;
}

static void what_is_no_device_adds_nothing(void)
{
	struct gate_beneath set = { .count = 0 };

	ask(&set, "char");
	ask(&set, "nobody");
	CU_ASSERT_EQUAL(set.count, 0);
}

static void a_circle_ends(void)
{
	struct gate_beneath set = { .count = 0 };

	ask(&set, "a");
	CU_ASSERT_EQUAL(set.count, 2);
	CU_ASSERT_TRUE(has(&set, 9, 1) && has(&set, 9, 2));
}

static void a_full_set_says_so(void)
{
	struct gate_beneath set = { .count = GATE_BENEATH_MAX - 1 };

	ask(&set, "sda/sda1");
	CU_ASSERT_EQUAL(set.count, GATE_BENEATH_MAX);
	CU_ASSERT_TRUE(set.full);
}

static void a_partition_lies_on_its_disk(void)
{
	struct gate_beneath set = { .count = 0 };

	ask(&set, "sda/sda1");
	ask(&set, "sda/sda1");
	CU_ASSERT_EQUAL(set.count, 2);
	CU_ASSERT_TRUE(has(&set, 8, 1) && has(&set, 8, 0));
	CU_ASSERT_FALSE(set.full);
}

static void a_mapped_device_lies_on_all_its_parts(void)
{
	struct gate_beneath set = { .count = 0 };

	ask(&set, "dm");
	CU_ASSERT_EQUAL(set.count, 5);
	CU_ASSERT_TRUE(has(&set, 253, 0) && has(&set, 8, 2) && has(&set, 8, 0) && has(&set, 8, 16));
}

/* Of what anybody could have named there, no file and nothing outside /dev. */
static void swapped_to_is_a_device_alone(void)
{
	struct gate_beneath set = { .count = 0 };
	char path[64];

	snprintf(path, sizeof(path), "%s/swaps", tree);
	gate_beneath_add_swaps(&set, path);
	CU_ASSERT_EQUAL(make("swaps", "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
				      "/dev/null                               partition\t1\t\t0\t\t-2\n"
				      "/dev/nobody\\040(deleted)               partition\t1\t\t0\t\t-2\n"
				      "/tmp/swap                               partition\t1\t\t0\t\t-2\n"
				      "/swap                                   file\t\t1\t\t0\t\t-3\nx\n"), 0);
	gate_beneath_add_swaps(&set, path);
	CU_ASSERT_EQUAL(set.count, 0);
}

static void commands_have_devices_of_their_own(void)
{
	struct gate_beneath set = { .count = 0 };

	ask(&set, "sdb");
	CU_ASSERT_EQUAL(set.count, 2);
	CU_ASSERT_TRUE(has(&set, 8, 16) && has(&set, 21, 1));
	ask(&set, "nvme");
	CU_ASSERT_EQUAL(set.count, 5);
	CU_ASSERT_TRUE(has(&set, 259, 0) && has(&set, 239, 0) && has(&set, 238, 0));
}

static CU_TestInfo tests[] = {
	{ "what is no device adds nothing", what_is_no_device_adds_nothing },
	{ "a circle ends", a_circle_ends },
	{ "a full set says so", a_full_set_says_so },
	{ "a partition lies on its disk", a_partition_lies_on_its_disk },
	{ "a mapped device lies on all its parts", a_mapped_device_lies_on_all_its_parts },
	{ "swapped to is a device alone", swapped_to_is_a_device_alone },
	{ "commands have devices of their own", commands_have_devices_of_their_own },
	CU_TEST_INFO_NULL,
};
UNIT_MAIN_WITH("disks beneath a filesystem", set_up, tear_down, tests)
