/* SPDX-License-Identifier: MIT
 *
 * guardctl/doctor_kernel.c - the kernel features that guard needs, and those
 * that its stronger layers will use.  Tried where that harms nobody (a mark on
 * a memory file of our own), read from the kernel's files elsewhere.
 */
#include <errno.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "doctor.h"

static void check_marks(struct doctor *doctor, int group)
{
	GUARD_AUTO_CLOSE int file = memfd_create("doctor", MFD_CLOEXEC);
	GUARD_AUTO_CLOSE int other = memfd_create("doctor", MFD_CLOEXEC);

	if (file < 0 || other < 0) {
		doctor_say(doctor, DOCTOR_NOTE, "fanotify-permission", NULL, "could not be tried: %s", strerror(errno));
		return;
	}
	if (fanotify_mark(group, FAN_MARK_ADD, FAN_OPEN_PERM | FAN_OPEN_EXEC_PERM, file, NULL) == 0)
		doctor_say(doctor, DOCTOR_OK, "fanotify-permission", NULL, "permission events for open and exec");
	else
		doctor_say(doctor, DOCTOR_GAP, "fanotify-permission",
			   "use a kernel built with CONFIG_FANOTIFY_ACCESS_PERMISSIONS=y (5.0 or newer)",
			   "no permission events (%s): guard cannot enforce anything here", strerror(errno));
	if (fanotify_mark(group, FAN_MARK_ADD | FAN_MARK_EVICTABLE, FAN_CLOSE_WRITE, other, NULL) == 0)
		doctor_say(doctor, DOCTOR_OK, "fanotify-evictable", NULL,
			   "evictable marks: verdicts can be remembered in the kernel");
	else
		doctor_say(doctor, DOCTOR_GAP, "fanotify-evictable", "use a kernel of 5.19 or newer",
			   "no evictable marks (%s): guardd needs them", strerror(errno));
}

static void check_fanotify(struct doctor *doctor)
{
	unsigned flags = FAN_CLASS_CONTENT | FAN_CLOEXEC | FAN_NONBLOCK | FAN_UNLIMITED_QUEUE | FAN_UNLIMITED_MARKS;
	GUARD_AUTO_CLOSE int group = fanotify_init(flags | FAN_REPORT_TID, 0);

	if (group >= 0) {
		doctor_say(doctor, DOCTOR_OK, "fanotify", NULL, "fanotify with thread ids");
		check_marks(doctor, group);
		return;
	}
	if (errno == EPERM && !doctor->is_root)
		doctor_say(doctor, DOCTOR_NOTE, "fanotify", "sudo guardctl doctor", "only root can try fanotify");
	else if (errno == ENOSYS)
		doctor_say(doctor, DOCTOR_GAP, "fanotify", "use a kernel built with CONFIG_FANOTIFY=y",
			   "the kernel has no fanotify: guard cannot work here");
	else
		doctor_say(doctor, DOCTOR_GAP, "fanotify",
			   "use a kernel of 5.19 or newer; in a container, run guard on the host instead",
			   "fanotify cannot be used: %s", strerror(errno));
}

static void check_lsm(struct doctor *doctor)
{
	char lsms[1024];

	if (doctor_read_text(lsms, sizeof(lsms), "/sys/kernel/security/lsm") < 0) {
		doctor_say(doctor, DOCTOR_NOTE, "bpf-lsm", "mount -t securityfs none /sys/kernel/security",
			   "cannot see which security modules are on: %s", strerror(errno));
		return;
	}
	if (doctor_has_word(lsms, "bpf"))
		doctor_say(doctor, DOCTOR_OK, "bpf-lsm", NULL, "the bpf security module is on (%s)", lsms);
	else
		doctor_say(doctor, DOCTOR_NOTE, "bpf-lsm",
			   "add lsm=...,bpf to GRUB_CMDLINE_LINUX in /etc/default/grub, then update-grub and reboot",
			   "the bpf security module is off (%s): no kernel layer, root can switch guard off", lsms);
	if (access("/sys/kernel/btf/vmlinux", F_OK) == 0)
		doctor_say(doctor, DOCTOR_OK, "btf", NULL, "kernel type information is there");
	else
		doctor_say(doctor, DOCTOR_NOTE, "btf", "use a kernel built with CONFIG_DEBUG_INFO_BTF=y",
			   "no kernel type information: no kernel layer");
	if (access("/sys/kernel/security/ima", F_OK) == 0 || doctor_has_word(lsms, "ima"))
		doctor_say(doctor, DOCTOR_OK, "ima", NULL, "IMA is built in");
	else
		doctor_say(doctor, DOCTOR_NOTE, "ima", "use a kernel built with CONFIG_IMA=y",
			   "no IMA: signatures in security.ima cannot be used, the kernel layer cannot hash");
}

static void check_verity(struct doctor *doctor)
{
	static char config[DOCTOR_FILE_MAX * 8];
	struct utsname name;
	char path[256];

	if (uname(&name) < 0)
		return;
	snprintf(path, sizeof(path), "/boot/config-%s", name.release);
	if (access("/proc/sys/fs/verity", F_OK) == 0) {
		doctor_say(doctor, DOCTOR_OK, "fs-verity", NULL, "fs-verity is built in");
		return;
	}
	if (doctor_read_text(config, sizeof(config), path) < 0)
		doctor_say(doctor, DOCTOR_NOTE, "fs-verity", NULL, "cannot tell: %s: %s", path, strerror(errno));
	else if (strstr(config, "\nCONFIG_FS_VERITY=y"))
		doctor_say(doctor, DOCTOR_OK, "fs-verity", NULL, "fs-verity is built in");
	else
		doctor_say(doctor, DOCTOR_NOTE, "fs-verity", "use a kernel built with CONFIG_FS_VERITY=y",
			   "no fs-verity: guard does not need it today");
}

static void check_jails(struct doctor *doctor)
{
	long landlock =
		syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, LANDLOCK_CREATE_RULESET_VERSION);
	unsigned action = SECCOMP_RET_KILL_PROCESS;

	if (landlock > 0)
		doctor_say(doctor, DOCTOR_OK, "landlock", NULL, "Landlock, version %ld of its interface", landlock);
	else
		doctor_say(doctor, DOCTOR_NOTE, "landlock", "add landlock to lsm= on the kernel command line",
			   "no Landlock: the daemon's helpers are jailed by user and seccomp alone");
	if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0)
		doctor_say(doctor, DOCTOR_OK, "seccomp", NULL, "seccomp filters");
	else
		doctor_say(doctor, DOCTOR_GAP, "seccomp", "use a kernel built with CONFIG_SECCOMP_FILTER=y",
			   "no seccomp filters (%s): guardd will not start its helpers", strerror(errno));
}

void doctor_check_kernel(struct doctor *doctor)
{
	struct utsname name;

	doctor->section = N_("Kernel features");
	if (uname(&name) == 0)
		doctor_say(doctor, DOCTOR_OK, "kernel", NULL, "%s %s on %s", name.sysname, name.release, name.machine);
	check_fanotify(doctor);
	check_lsm(doctor);
	check_verity(doctor);
	check_jails(doctor);
}
