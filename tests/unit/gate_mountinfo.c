/* SPDX-License-Identifier: MIT
 *
 * unit/gate_mountinfo.c - mountinfo lines, nasty names first.
 */
#include "gate/mountinfo.h"

#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

#include <guard/verdict.h>

#include "unit.h"

static void refused(void)
{
	static const char *const bad[] = {
		"", "\n", "36", "36 35 98 / /mnt rw - ext4 /dev/x rw", "36 35 98:0 / /mnt rw master:1 ext4 /dev/x rw",
		"36 35 98:0 / /mnt rw -", "36 35 98:0 / /mnt rw - ext4", "x 35 98:0 / /mnt rw - ext4 /dev/x rw",
	};
	struct gate_mount mount;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_EQUAL(gate_mount_parse(&mount, bad[i]), -GUARD_E_SYNTAX);
}

static void too_long(void)
{
	static char line[8192];
	struct gate_mount mount;
	int at = snprintf(line, sizeof(line), "36 35 98:0 / /");

	memset(&line[at], 'a', 5000);
	strcpy(&line[at + 5000], " rw - ext4 /dev/x rw");
	CU_ASSERT_EQUAL(gate_mount_parse(&mount, line), -GUARD_E_SYNTAX);
}

static void parsed(void)
{
	struct gate_mount mount;

	CU_ASSERT_EQUAL_FATAL(gate_mount_parse(&mount, "36 35 98:3 /a /mnt\\040x\\134040\\012y\\011 rw,noatime "
						       "master:1 shared:2 - fuse.sshfs u\\040@h:/ rw\n"), 0);
	CU_ASSERT_EQUAL(mount.id, 36);
	CU_ASSERT_EQUAL(mount.device, makedev(98, 3));
	CU_ASSERT_STRING_EQUAL(mount.point, "/mnt x\\040\ny\t");
	CU_ASSERT_STRING_EQUAL(mount.type, "fuse.sshfs");
	CU_ASSERT_STRING_EQUAL(mount.source, "u @h:/");
	CU_ASSERT_EQUAL_FATAL(gate_mount_parse(&mount, "1 1 0:5 / / rw - tmpfs tmpfs rw"), 0);
	CU_ASSERT_STRING_EQUAL(mount.point, "/");
	/* A dash in an optional field is not the separator, a bad escape stays. */
	CU_ASSERT_EQUAL_FATAL(gate_mount_parse(&mount, "1 1 0:5 / /a\\9 rw x:- - tmpfs none rw"), 0);
	CU_ASSERT_STRING_EQUAL(mount.point, "/a\\9");
}

static void servers(void)
{
	struct gate_mount mount;

	CU_ASSERT_EQUAL_FATAL(gate_mount_parse(&mount, "1 1 0:5 / /a rw - fuse.x x rw,user_id=0,group_id=0"), 0);
	CU_ASSERT_TRUE(mount.by_root);
	CU_ASSERT_EQUAL_FATAL(gate_mount_parse(&mount, "1 1 0:5 / /a rw - fuseblk /dev/sdb1 rw,user_id=0\n"), 0);
	CU_ASSERT_TRUE(mount.by_root);
	/* A user's; one that is called so; one that does not say; none at all. */
	CU_ASSERT_EQUAL_FATAL(gate_mount_parse(&mount, "1 1 0:5 / /a rw - fuse x rw,user_id=01,group_id=0"), 0);
	CU_ASSERT_FALSE(mount.by_root);
	CU_ASSERT_EQUAL_FATAL(gate_mount_parse(&mount, "1 1 0:5 / /a rw - fuse user_id=0 rw,user_id=1000"), 0);
	CU_ASSERT_FALSE(mount.by_root);
	CU_ASSERT_EQUAL_FATAL(gate_mount_parse(&mount, "1 1 0:5 / /a rw - fuse x"), 0);
	CU_ASSERT_FALSE(mount.by_root);
	CU_ASSERT_EQUAL_FATAL(gate_mount_parse(&mount, "1 1 0:5 / /a rw - ext4 x rw,user_id=0"), 0);
	CU_ASSERT_FALSE(mount.by_root);
}

static void types(void)
{
	CU_ASSERT_TRUE(gate_type_of("proc").pseudo && gate_type_of("devtmpfs").pseudo);
	CU_ASSERT_FALSE(gate_type_of("ext4").pseudo || gate_type_of("overlay").pseudo || gate_type_of("").pseudo);
	CU_ASSERT_TRUE(gate_type_of("ext4").cacheable && gate_type_of("tmpfs").cacheable);
	CU_ASSERT_FALSE(gate_type_of("fuse").cacheable || gate_type_of("nfs4").cacheable ||
			gate_type_of("overlay").cacheable || gate_type_of("newfs").cacheable);
	CU_ASSERT_TRUE(gate_type_of("fuse.anything").slow && gate_type_of("nfs").slow);
	CU_ASSERT_EQUAL(gate_type_of("cifs").medium, GUARD_MEDIUM_NETWORK);
	CU_ASSERT_EQUAL(gate_type_of("tmpfs").medium, GUARD_MEDIUM_MEMORY);
}

static CU_TestInfo tests[] = {
	{ "malformed lines are refused", refused },
	{ "a name longer than any is refused", too_long },
	{ "escapes and optional fields", parsed },
	{ "who serves a FUSE filesystem", servers },
	{ "filesystem types", types },
	CU_TEST_INFO_NULL,
};
UNIT_MAIN("gate_mountinfo", tests)
