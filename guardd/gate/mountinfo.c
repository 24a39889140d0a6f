/* SPDX-License-Identifier: MIT
 *
 * gate/mountinfo.c - one line of mountinfo, and the table of filesystem types.
 * Mount points may hold any byte; the kernel writes space, tab, newline and
 * backslash as three octal digits.
 */
#include "gate/mountinfo.h"

#include <string.h>
#include <sys/sysmacros.h>

#include <guard/verdict.h>

#include "gate/scan.h"

static bool octal_at(const struct gate_scan *scan, size_t at, unsigned *ret_value)
{
	unsigned value = 0;

	for (size_t i = at; i < at + 3; i++) {
		if (i >= scan->size || scan->text[i] < '0' || scan->text[i] > '7')
			return false;
		value = value * 8 + (unsigned)(scan->text[i] - '0');
	}
	*ret_value = value;
	return value > 0 && value < 256;
}

/* One blank-separated field, unescaped; longer ones fail, or are cut. */
static void read_field(struct gate_scan *scan, char *ret_field, size_t capacity, bool cut)
{
	size_t used = 0;

	gate_scan_blanks(scan);
	while (!gate_scan_end(scan) && gate_scan_peek(scan) != ' ' && gate_scan_peek(scan) != '\n') {
		char byte = gate_scan_peek(scan);
		unsigned value;
		scan->offset++;
		if (byte == '\\' && octal_at(scan, scan->offset, &value)) {
			byte = (char)value;
			scan->offset += 3;
		}
		if (used + 1 < capacity)
			ret_field[used++] = byte;
		else if (!cut)
			scan->failed = true;
	}
	ret_field[used] = '\0';
	if (used == 0)
		scan->failed = true;
}

static void skip_field(struct gate_scan *scan)
{
	gate_scan_blanks(scan);
	gate_scan_word(scan);
}

/* The filesystem's own options, one of them exactly `wanted`; longer than any are cut. */
static bool has_option(struct gate_scan *scan, const char *wanted)
{
	char options[1024], *rest = NULL;

	read_field(scan, options, sizeof(options), true);
	for (char *option = strtok_r(options, ",", &rest); option; option = strtok_r(NULL, ",", &rest))
		if (strcmp(option, wanted) == 0)
			return true;
	return false;
}

int gate_mount_parse(struct gate_mount *ret_mount, const char *line)
{
	struct gate_scan scan = gate_scan_begin(line, strlen(line));
	struct gate_mount mount;
	unsigned major_number, minor_number;

	mount.id = gate_scan_number(&scan, 10);
	skip_field(&scan); /* parent */
	gate_scan_blanks(&scan);
	major_number = (unsigned)gate_scan_number(&scan, 10);
	gate_scan_skip(&scan, ':');
	minor_number = (unsigned)gate_scan_number(&scan, 10);
	skip_field(&scan); /* root */
	read_field(&scan, mount.point, sizeof(mount.point), false);
	skip_field(&scan); /* options */
	for (;;) {         /* optional fields up to a single dash */
		gate_scan_blanks(&scan);
		if (scan.failed || gate_scan_end(&scan))
			return -GUARD_E_SYNTAX;
		if (gate_scan_key(&scan, "- "))
			break;
		gate_scan_word(&scan);
	}
	read_field(&scan, mount.type, sizeof(mount.type), false);
	read_field(&scan, mount.source, sizeof(mount.source), true);
	if (scan.failed)
		return -GUARD_E_SYNTAX;
	mount.by_root = strncmp(mount.type, "fuse", 4) == 0 && has_option(&scan, "user_id=0");
	mount.device = makedev(major_number, minor_number);
	*ret_mount = mount;
	return 0;
}

static bool is_one_of(const char *type, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(type, list[i]) == 0)
			return true;
	return false;
}
#define IS_ONE_OF(type, list) is_one_of(type, list, sizeof(list) / sizeof((list)[0]))

struct gate_type gate_type_of(const char *type)
{
	static const char *const pseudo[] = { "proc", "sysfs", "cgroup", "cgroup2", "cpuset", "devpts", "devtmpfs",
					      "bpf", "tracefs", "debugfs", "securityfs", "configfs", "pstore",
					      "efivarfs", "mqueue", "selinuxfs", "smackfs", "binfmt_misc", "autofs",
					      "rpc_pipefs", "nsfs", "fusectl", "nfsd", "resctrl", "sockfs", "pipefs",
					      "bdev", "dax", "functionfs", "gadgetfs" };
	static const char *const local[] = { "ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "tmpfs", "ramfs",
					     "squashfs", "erofs", "iso9660", "udf", "vfat", "msdos", "exfat", "zfs",
					     "jfs", "reiserfs", "nilfs2", "bcachefs", "hfsplus" };
	static const char *const network[] = { "nfs", "nfs4", "cifs", "smb3", "smbfs", "ceph", "afs", "9p", "ncpfs",
					       "ocfs2", "gfs2", "lustre", "coda", "orangefs", "fuse.sshfs",
					       "fuse.s3fs", "fuse.glusterfs", "virtiofs" };
	struct gate_type facts = { .medium = GUARD_MEDIUM_FIXED };

	facts.pseudo = IS_ONE_OF(type, pseudo);
	facts.cacheable = IS_ONE_OF(type, local);
	if (IS_ONE_OF(type, network))
		facts.medium = GUARD_MEDIUM_NETWORK;
	else if (strcmp(type, "tmpfs") == 0 || strcmp(type, "ramfs") == 0 || strcmp(type, "hugetlbfs") == 0)
		facts.medium = GUARD_MEDIUM_MEMORY;
	facts.slow = facts.medium == GUARD_MEDIUM_NETWORK || strncmp(type, "fuse", 4) == 0;
	return facts;
}
