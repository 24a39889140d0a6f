/* SPDX-License-Identifier: MIT
 *
 * guardctl/doctor_sysctls.c - settings of the kernel that open or close ways
 * around the policy.  One table; user namespaces need a sentence of their own.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "doctor.h"

struct sysctl {
	const char *id;
	const char *path;               /* below /proc/sys */
	long long least;                /* good from here on */
	long long wanted;               /* what the fix sets */
	enum doctor_severity severity;  /* when it is less */
	bool only_if_there;             /* older kernels do not have it: say nothing */
	const char *missing;            /* NULL, or what it means that it is not there */
	const char *good, *bad;
};

static const struct sysctl sysctls[] = {
	{ "ptrace", "kernel/yama/ptrace_scope", 1, 2, DOCTOR_GAP, false,
	  N_("the kernel lacks Yama (CONFIG_SECURITY_YAMA): a user's programs can change each other's memory"),
	  N_("a program cannot change the memory of another that it did not start"),
	  N_("a user's programs can change each other's memory: code gets into listed programs without a file") },
	{ "protected-hardlinks", "fs/protected_hardlinks", 1, 1, DOCTOR_GAP, false, NULL,
	  N_("users cannot hard-link files of others"), N_("users can hard-link files that they cannot write") },
	{ "protected-symlinks", "fs/protected_symlinks", 1, 1, DOCTOR_GAP, false, NULL,
	  N_("links in shared folders are not followed for others"), N_("links in /tmp are followed for everybody") },
	{ "protected-fifos", "fs/protected_fifos", 1, 1, DOCTOR_NOTE, false, NULL, N_("FIFOs in shared folders are guarded"),
	  N_("programs can be made to open somebody else's FIFO in /tmp") },
	{ "protected-regular", "fs/protected_regular", 1, 2, DOCTOR_NOTE, false, NULL,
	  N_("files in shared folders are guarded"), N_("programs can be made to write somebody else's file in /tmp") },
	{ "unprivileged-bpf", "kernel/unprivileged_bpf_disabled", 1, 1, DOCTOR_GAP, false, NULL,
	  N_("only root can load BPF programs"), N_("every user can load BPF programs into the kernel") },
	{ "memfd", "vm/memfd_noexec", 2, 2, DOCTOR_GAP, true, NULL, N_("memory files cannot be executed"),
	  N_("memory files (memfd) can be executed: they belong to no filesystem, guard is not asked") },
	{ "io-uring", "kernel/io_uring_disabled", 1, 2, DOCTOR_NOTE, true, NULL, N_("io_uring is restricted"),
	  N_("io_uring is open to everybody; what opens files through it is never taken for a reader") },
	{ "kexec", "kernel/kexec_load_disabled", 1, 1, DOCTOR_NOTE, false, NULL, N_("no other kernel can be started from here"),
	  N_("root can start another kernel, without guard (not under lockdown)") },
	{ "ptrace-perf", "kernel/perf_event_paranoid", 2, 2, DOCTOR_NOTE, false, NULL,
	  N_("users cannot observe the kernel"), N_("users can observe the kernel by perf events") },
};

static void check_sysctl(struct doctor *doctor, const struct sysctl *sysctl)
{
	char path[256], name[128], fix[512];
	long long value;

	snprintf(path, sizeof(path), "/proc/sys/%s", sysctl->path);
	snprintf(name, sizeof(name), "%s", sysctl->path);
	for (size_t i = 0; name[i]; i++)
		if (name[i] == '/')
			name[i] = '.';
	snprintf(fix, sizeof(fix), "echo '%s = %lld' >> /etc/sysctl.d/60-guard.conf && sysctl --system", name,
		 sysctl->wanted);
	if (doctor_read_number(&value, path) == 0) {
		bool good = value >= sysctl->least;
		doctor_say(doctor, good ? DOCTOR_OK : sysctl->severity, sysctl->id, fix, "%s (%s = %lld)",
			   doctor_told(doctor, good ? sysctl->good : sysctl->bad), name, value);
		return;
	}
	if (errno == ENOENT && sysctl->only_if_there)
		return;
	if (errno == ENOENT && sysctl->missing)
		doctor_say(doctor, sysctl->severity, sysctl->id, "use a kernel that has it", "%s",
			   doctor_told(doctor, sysctl->missing));
	else if (errno == ENOENT)
		doctor_say(doctor, DOCTOR_NOTE, sysctl->id, NULL, "this kernel has no %s", name);
	else
		doctor_say(doctor, DOCTOR_NOTE, sysctl->id, "sudo guardctl doctor", "cannot see %s: %s", name,
			   strerror(errno));
}

/* In a namespace of one's own every user is root and can mount: a fresh tmpfs
 * there is a filesystem that nobody has marked. */
static void check_user_namespaces(struct doctor *doctor)
{
	long long clone = 1, max = 1;

	doctor_read_number(&clone, "/proc/sys/kernel/unprivileged_userns_clone");
	doctor_read_number(&max, "/proc/sys/user/max_user_namespaces");
	if (clone == 0 || max == 0)
		doctor_say(doctor, DOCTOR_OK, "user-namespaces", NULL, "users cannot make user namespaces");
	else
		doctor_say(doctor, DOCTOR_GAP, "user-namespaces",
			   "echo 'user.max_user_namespaces = 0' >> /etc/sysctl.d/60-guard.conf && sysctl --system "
			   "(sandboxes of browsers and rootless containers need them)",
			   "every user can make a user namespace, mount a filesystem of his own in it and run from there unseen");
}

/* The kernel shows a user's FUSE filesystem to nobody else, unless told so. */
static void check_user_fuse(struct doctor *doctor)
{
	char value[2] = "";
	GUARD_AUTO_FCLOSE FILE *file = fopen("/sys/module/fuse/parameters/allow_sys_admin_access", "re");

	if (!file || !fgets(value, sizeof(value), file))
		return; /* no FUSE here yet */
	if (value[0] == 'Y')
		doctor_say(doctor, DOCTOR_OK, "user-fuse", NULL, "guard can look into the FUSE filesystems of users");
	else
		doctor_say(doctor, DOCTOR_GAP, "user-fuse",
			   "echo Y > /sys/module/fuse/parameters/allow_sys_admin_access (from the next start the "
			   "package guardd sees to it)",
			   "what a user mounts by FUSE (sshfs, ...) cannot be protected: the kernel shows it to nobody else");
}

/* Bit 64: signals to all processes; 1: everything. */
static void check_sysrq(struct doctor *doctor)
{
	long long value;

	if (doctor_read_number(&value, "/proc/sys/kernel/sysrq") < 0)
		return;
	if (value == 1 || (value & 64))
		doctor_say(doctor, DOCTOR_GAP, "sysrq",
			   "echo 'kernel.sysrq = 176' >> /etc/sysctl.d/60-guard.conf && sysctl --system",
			   "the keyboard can end all processes (kernel.sysrq = %lld), guard's too", value);
	else
		doctor_say(doctor, DOCTOR_OK, "sysrq", NULL, "the keyboard cannot end processes (kernel.sysrq = %lld)",
			   value);
}

void doctor_check_sysctls(struct doctor *doctor)
{
	doctor->section = N_("Kernel settings");
	check_user_namespaces(doctor);
	for (size_t i = 0; i < sizeof(sysctls) / sizeof(sysctls[0]); i++)
		check_sysctl(doctor, &sysctls[i]);
	check_user_fuse(doctor);
	check_sysrq(doctor);
}
