/* SPDX-License-Identifier: MIT
 *
 * guardctl/doctor_mounts.c - filesystems: which hold programs and are not
 * protected, which could be mounted noexec, which change under the reader.
 */
#include <errno.h>
#include <mntent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "doctor.h"

#define MOUNTS_MAX 100000u

static bool is_pseudo(const char *type)
{
	static const char list[] = "proc sysfs cgroup cgroup2 devpts mqueue debugfs tracefs securityfs bpf configfs "
				   "efivarfs pstore fusectl binfmt_misc autofs rpc_pipefs nsfs selinuxfs hugetlbfs";

	return doctor_has_word(list, type);
}

/* The daemon marks whole filesystems: the mount point's device tells. */
static bool is_protected(const struct doctor_config *config, const char *directory)
{
	struct stat here, marked;

	if (config->protect_all)
		return true;
	if (stat(directory, &here) < 0)
		return false;
	for (size_t i = 0; i < config->filesystem_count; i++)
		if (stat(config->filesystems[i], &marked) == 0 && marked.st_dev == here.st_dev)
			return true;
	return false;
}

static void check_devices(struct doctor *doctor, const struct mntent *mount)
{
	if (hasmntopt(mount, "noexec"))
		doctor_say(doctor, DOCTOR_OK, "devtmpfs", NULL, "%s is noexec", mount->mnt_dir);
	else
		doctor_say(doctor, DOCTOR_GAP, "devtmpfs",
			   "mount -o remount,noexec,nosuid /dev (and at each start: a line for /dev in /etc/fstab)",
			   "%s can hold programs, and guard does not watch device files", mount->mnt_dir);
}

static void check_kind(struct doctor *doctor, const struct mntent *mount)
{
	if (strncmp(mount->mnt_type, "fuse", 4) == 0 && strcmp(mount->mnt_type, "fuseblk") != 0)
		doctor_say(doctor, DOCTOR_NOTE, "fuse", NULL,
			   "%s (%s) is made by a program that can change it between two reads: nothing on it is cached",
			   mount->mnt_dir, mount->mnt_type);
	if (doctor_has_word("nfs nfs4 cifs smb3 9p ceph", mount->mnt_type))
		doctor_say(doctor, DOCTOR_NOTE, "network", NULL,
			   "%s (%s) can change from elsewhere unseen: nothing on it is cached", mount->mnt_dir,
			   mount->mnt_type);
}

static void check_mount(struct doctor *doctor, const struct doctor_config *config, const struct mntent *mount)
{
	char fix[512];

	if (is_pseudo(mount->mnt_type))
		return;
	if (strcmp(mount->mnt_type, "devtmpfs") == 0) {
		check_devices(doctor, mount);
		return;
	}
	check_kind(doctor, mount);
	bool noexec = hasmntopt(mount, "noexec") != NULL;
	if (!is_protected(config, mount->mnt_dir)) {
		doctor_say(doctor, noexec ? DOCTOR_NOTE : DOCTOR_GAP, "unprotected",
			   "set protect.filesystems = \"all\" in guardd.conf, or add this mount point",
			   "%s (%s) is not protected%s", mount->mnt_dir, mount->mnt_type,
			   doctor_told(doctor, noexec ? N_("; it is noexec, but scripts on it run") : N_(": everything on it runs")));
		return;
	}
	if (!noexec && doctor_has_word("/tmp /var/tmp /dev/shm /run/shm", mount->mnt_dir)) {
		snprintf(fix, sizeof(fix), "mount -o remount,noexec,nosuid,nodev %s (and in /etc/fstab)", mount->mnt_dir);
		doctor_say(doctor, DOCTOR_NOTE, "noexec", fix,
			   "%s is for data but could hold programs; guard watches it, noexec is a second lock",
			   mount->mnt_dir);
	}
}

void doctor_check_mounts(struct doctor *doctor)
{
	struct doctor_config config;
	struct mntent mount;
	char buffer[16384], last[4096] = "";

	doctor->section = N_("Filesystems");
	doctor_read_config(&config, doctor->config);
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	if (!mounts) {
		doctor_say(doctor, DOCTOR_NOTE, "mounts", "mount -t proc proc /proc", "cannot see what is mounted: %s",
			   strerror(errno));
		return;
	}
	for (size_t i = 0; i < MOUNTS_MAX && getmntent_r(mounts, &mount, buffer, sizeof(buffer)); i++) {
		if (strcmp(mount.mnt_dir, last) != 0) /* mounted over itself */
			check_mount(doctor, &config, &mount);
		snprintf(last, sizeof(last), "%s", mount.mnt_dir);
	}
	endmntent(mounts);
	if (config.protect_all)
		doctor_say(doctor, DOCTOR_OK, "protect", NULL, "guardd.conf protects all filesystems");
}
