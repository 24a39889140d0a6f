/* SPDX-License-Identifier: MIT
 *
 * guardctl/doctor_files.c - who may write what: guard's own files, and the
 * directories that a policy trusts by path.
 */
#include <errno.h>
#include <fcntl.h>
#include <guard/policy.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/cleanup.h"
#include "doctor.h"
#include "policy/compile/describe.h"

/* NULL when only root may write it, else what is wrong. */
static const char *weakness(const char *path, const struct stat *info)
{
	if (info->st_uid != 0)
		return N_("does not belong to root");
	if (info->st_mode & S_IWOTH)
		return N_("is writable by everybody");
	if ((info->st_mode & S_IWGRP) && info->st_gid != 0)
		return N_("is writable by its group");
	if (getxattr(path, "system.posix_acl_access", NULL, 0) > 0)
		return N_("has an access list; look at it with getfacl");
	return NULL;
}

/* The thing and every directory above it: who may rename a directory decides
 * what lies below it.  Returns false when something was said. */
static bool check_chain(struct doctor *doctor, const char *id, const char *what, const char *path)
{
	GUARD_AUTO_FREE char *real = realpath(path, NULL);
	char fix[PATH_MAX + 128];
	struct stat info;

	if (!real) {
		if (errno != ENOENT)
			doctor_say(doctor, DOCTOR_NOTE, id, "sudo guardctl doctor", "%s %s cannot be seen: %s", doctor_told(doctor, what), path,
				   strerror(errno));
		return errno != ENOENT ? false : true;
	}
	for (;;) {
		if (lstat(real, &info) < 0) {
			doctor_say(doctor, DOCTOR_NOTE, id, "sudo guardctl doctor", "%s cannot be seen: %s", real,
				   strerror(errno));
			return false;
		}
		const char *problem = weakness(real, &info);
		if (problem) {
			snprintf(fix, sizeof(fix), "chown root:root '%s' && chmod go-w '%s'", real, real);
			doctor_say(doctor, DOCTOR_GAP, id, fix, "%s: %s %s", doctor_told(doctor, what), real,
				   doctor_told(doctor, problem));
			return false;
		}
		char *slash = strrchr(real, '/');
		if (!slash || strcmp(real, "/") == 0)
			return true;
		slash[slash == real ? 1 : 0] = '\0';
	}
}

static void check_own(struct doctor *doctor)
{
	struct doctor_config config;
	bool good = true;

	doctor_read_config(&config, doctor->config);
	good &= check_chain(doctor, "own-files", N_("the configuration"), doctor->config);
	good &= check_chain(doctor, "own-files", N_("the policy"), config.policy_file);
	good &= check_chain(doctor, "own-files", N_("the state folder"), config.state_dir);
	good &= check_chain(doctor, "own-files", N_("the run folder"), config.run_dir);
	good &= check_chain(doctor, "own-files", N_("the daemon"), "/usr/sbin/guardd");
	good &= check_chain(doctor, "own-files", N_("the tool"), "/usr/bin/guardctl");
	if (good)
		doctor_say(doctor, DOCTOR_OK, "own-files", NULL, "only root can write guard's own files, as far as they are there");
}

static void check_trusted(struct doctor *doctor)
{
	static const char *const trusted[] = {
		"/usr", "/usr/bin", "/usr/sbin", "/usr/lib", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu",
		"/usr/libexec", "/usr/share", "/usr/local", "/usr/local/bin", "/usr/local/sbin", "/usr/local/lib", "/opt",
		"/etc", "/etc/profile.d", "/etc/cron.d", "/etc/cron.daily", "/etc/systemd/system", "/etc/ld.so.preload",
		"/etc/ld.so.conf", "/etc/ld.so.cache", "/boot", "/var/lib", "/var/lib/dpkg", "/var/lib/dpkg/info",
	};
	bool good = true;

	for (size_t i = 0; i < sizeof(trusted) / sizeof(trusted[0]); i++)
		good &= check_chain(doctor, "trusted-directories", N_("trusted by path"), trusted[i]);
	if (good)
		doctor_say(doctor, DOCTOR_OK, "trusted-directories", NULL,
			   "only root can write the directories that hold programs and configuration");
}

#define FOLDERS_MAX 256u /* of the policy that are looked at */

/* Where the policy in force lets a place alone decide: a file there runs only while
 * nobody but root can write, so a weak folder means programs that are denied. */
static void check_listed(struct doctor *doctor)
{
	struct doctor_config config;
	char folder[PATH_MAX], last[PATH_MAX] = "";
	struct guard_policy *policy = NULL;
	uint64_t at = 0;
	bool good = true;

	doctor_read_config(&config, doctor->config);
	GUARD_AUTO_CLOSE int fd = open(config.policy_file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || guard_policy_open(&policy, fd, NULL) < 0)
		return; /* said with the policy itself */
	for (unsigned i = 0; i < FOLDERS_MAX && guard_policy_next_folder(policy, folder, sizeof(folder), &at); i++) {
		if (strcmp(folder, last) != 0)
			good &= check_chain(doctor, "listed-directories", N_("allowed by path"), folder);
		snprintf(last, sizeof(last), "%s", folder);
	}
	guard_policy_free(policy);
	if (good && at)
		doctor_say(doctor, DOCTOR_OK, "listed-directories", NULL,
			   "only root can write the directories that the policy allows by path");
}

void doctor_check_files(struct doctor *doctor)
{
	doctor->section = N_("Who may write what");
	check_own(doctor);
	check_trusted(doctor);
	check_listed(doctor);
}
