/* SPDX-License-Identifier: MIT
 *
 * unit/jail_test.c - a probe process enters each role's jail and tries what the
 * role must not do, and what it must be able to do.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guardd.h"
#include "unit.h"

#define REFUSED_JAIL 99
#define NOBODY 65534u

static struct guardd_config config;
static int pair[2];
static char folder[] = "/run/guard-jail-test.XXXXXX";

typedef int (*probe)(void); /* 0 as it should be, else a number */

/* The wait status of a process that entered the jail and ran the probe. */
static int run(enum guardd_role role, probe what)
{
	char problem[500] = "";
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		if (guardd_jail_enter(role, &config, problem, sizeof(problem)) < 0) {
			fprintf(stderr, "\n%s\n", problem);
			_exit(REFUSED_JAIL);
		}
		_exit(what());
	}
	CU_ASSERT_EQUAL_FATAL(waitpid(pid, &status, 0), pid);
	return status;
}

static void works(enum guardd_role role, probe what)
{
	int status = run(role, what);

	CU_ASSERT(WIFEXITED(status));
	if (status != 0)
		fprintf(stderr, "\nrole %d: wait status %#x\n", (int)role, (unsigned)status);
	CU_ASSERT_EQUAL(WEXITSTATUS(status), 0);
}

static void ends(enum guardd_role role, probe what)
{
	int status = run(role, what);

	CU_ASSERT(WIFSIGNALED(status));
	CU_ASSERT_EQUAL(WTERMSIG(status), SIGSYS);
}

/* ---- what no role but the keeper may do ------------------------------------------ */

static int do_exec(void)
{
	char *const arguments[] = { (char *)(uintptr_t)"/bin/true", NULL };

	execv(arguments[0], arguments);
	return 1;
}
static int do_ptrace(void)
{
	return (int)ptrace(PTRACE_TRACEME, 0, NULL, NULL) + 1;
}
static int do_socket_inet(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) >= 0;
}
static int do_fork(void)
{
	return syscall(SYS_fork) >= 0;
}
static int do_executable_memory(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}
static int do_namespace(void)
{
	return unshare(CLONE_NEWUSER) == 0;
}
static int do_setuid(void)
{
	return setresuid(0, 0, 0) == 0;
}
static int do_mount_call(void)
{
	return syscall(SYS_mount, NULL, NULL, NULL, 0, NULL) == 0;
}
static int do_bpf(void)
{
	return syscall(SYS_bpf, 0, NULL, 0) == 0;
}
static int do_open(void)
{
	return open("/etc/passwd", O_RDONLY) >= 0;
}

static int do_socket_unix(void)
{
	return socket(AF_UNIX, SOCK_DGRAM, 0) >= 0;
}
static int do_accept(void)
{
	return accept4(pair[0], NULL, NULL, SOCK_CLOEXEC) >= 0;
}
static int do_kill(void)
{
	return kill(getppid(), 0) == 0;
}

static void test_forbidden(void)
{
	static const probe all[] = { do_exec, do_ptrace, do_socket_inet, do_fork, do_executable_memory,
				     do_namespace, do_setuid, do_mount_call, do_bpf };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		ends(GUARDD_ROLE_GATE, all[i]);
		ends(GUARDD_ROLE_RECORD, all[i]);
		ends(GUARDD_ROLE_CONTROL, all[i]);
		ends(GUARDD_ROLE_LOADER, all[i]);
		ends(GUARDD_ROLE_UNLOCK, all[i]);
	}
	ends(GUARDD_ROLE_UNLOCK, do_socket_unix);
	ends(GUARDD_ROLE_UNLOCK, do_accept);
	ends(GUARDD_ROLE_UNLOCK, do_kill);
	ends(GUARDD_ROLE_KEEPER, do_ptrace);
	ends(GUARDD_ROLE_KEEPER, do_namespace);
	ends(GUARDD_ROLE_KEEPER, do_mount_call);
	ends(GUARDD_ROLE_CONTROL, do_open);
}

/* ---- capabilities, read back -------------------------------------------------------- */

static int has_only(const cap_value_t *wanted, size_t count, int bound_checked)
{
	cap_t now = cap_get_proc();

	for (cap_value_t capability = 0; capability < cap_max_bits(); capability++) {
		cap_flag_value_t effective = CAP_SET, permitted = CAP_SET, inheritable = CAP_SET;
		cap_flag_value_t expected = CAP_CLEAR;

		for (size_t i = 0; i < count; i++)
			expected = wanted[i] == capability ? CAP_SET : expected;
		cap_get_flag(now, capability, CAP_EFFECTIVE, &effective);
		cap_get_flag(now, capability, CAP_PERMITTED, &permitted);
		cap_get_flag(now, capability, CAP_INHERITABLE, &inheritable);
		if (effective != expected || permitted != expected || inheritable != CAP_CLEAR)
			return 10 + (int)capability;
		if (bound_checked && cap_get_bound(capability) != (expected == CAP_SET))
			return 60 + (int)capability;
	}
	cap_free(now);
	return 0;
}
static int keeper_capabilities(void)
{
	const cap_value_t wanted[] = { CAP_SYS_ADMIN, CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH, CAP_LEASE, CAP_KILL,
				       CAP_SETUID, CAP_SETGID, CAP_SETPCAP };

	return has_only(wanted, 8, 1);
}

/* Enter the jail, then let the parent look at /proc/PID/status: the jailed one
 * may not ask. */
static void status_is(enum guardd_role role, const char *const *lines)
{
	char path[64], text[4096] = "", problem[500];
	int started[2], status;
	FILE *file;
	pid_t pid;

	CU_ASSERT_EQUAL_FATAL(pipe(started), 0);
	pid = fork();
	if (pid == 0) {
		char byte = 0;

		if (guardd_jail_enter(role, &config, problem, sizeof(problem)) < 0)
			_exit(REFUSED_JAIL);
		(void)!write(started[1], &byte, 1);
		for (;;)
			poll(NULL, 0, -1);
	}
	close(started[1]);
	CU_ASSERT_EQUAL(read(started[0], text, 1), 1);
	close(started[0]);
	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	file = fopen(path, "r");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	for (; *lines; lines++) {
		if (!strstr(text, *lines)) {
			fprintf(stderr, "\nwanted %s in:\n%s", *lines, text);
			CU_FAIL("status");
		}
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
}

#define NO_CAPABILITIES                                                                                   \
	"CapInh:\t0000000000000000\n", "CapPrm:\t0000000000000000\n", "CapEff:\t0000000000000000\n",      \
		"CapBnd:\t0000000000000000\n", "CapAmb:\t0000000000000000\n"

static void test_capabilities(void)
{
	/* CAP_DAC_READ_SEARCH 2, KILL 5, SYS_PTRACE 19, SYS_ADMIN 21, LEASE 28. */
	static const char *const gate[] = { "CapInh:\t0000000000000000\n", "CapPrm:\t0000000010280024\n",
					    "CapEff:\t0000000010280024\n", "CapBnd:\t0000000010280024\n",
					    "CapAmb:\t0000000000000000\n", "NoNewPrivs:\t1\n", "Groups:\t \n",
					    "Uid:\t0\t0\t0\t0\n", NULL };
	static const char *const helper[] = { NO_CAPABILITIES, "NoNewPrivs:\t1\n", "Groups:\t \n",
					      "Uid:\t65534\t65534\t65534\t65534\n",
					      "Gid:\t65534\t65534\t65534\t65534\n", NULL };

	static const char *const loader[] = { "CapPrm:\t0000000000000004\n", "CapEff:\t0000000000000004\n",
					      "CapBnd:\t0000000000000004\n", "NoNewPrivs:\t1\n", NULL };

	works(GUARDD_ROLE_KEEPER, keeper_capabilities);
	status_is(GUARDD_ROLE_LOADER, loader);
	status_is(GUARDD_ROLE_GATE, gate);
	status_is(GUARDD_ROLE_RECORD, helper);
	status_is(GUARDD_ROLE_CONTROL, helper);
	status_is(GUARDD_ROLE_UNLOCK, helper);
}

/* ---- what works -------------------------------------------------------------------------- */

static void *thread_main(void *context)
{
	*(int *)context = 0;
	return NULL;
}
static int gate_can(void)
{
	pthread_t thread;
	char path[64], program[256];
	int result = 3, fd = open("/etc/shadow", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fcntl(fd, F_SETLEASE, F_RDLCK) < 0)
		return 1;
	close(fd);
	snprintf(path, sizeof(path), "/proc/%d/exe", (int)getppid()); /* it has more capabilities than we */
	if (readlink(path, program, sizeof(program)) < 0)
		return 2;
	if (pthread_create(&thread, NULL, thread_main, &result) != 0 || pthread_join(thread, NULL) != 0)
		return 3;
	return result;
}
static int gate_cannot_write(void)
{
	struct rlimit limit;
	char path[128];
	int fd;

	if (getrlimit(RLIMIT_CORE, &limit) < 0 || limit.rlim_max != 0)
		return 1;
	snprintf(path, sizeof(path), "%s/gate", folder);
	signal(SIGXFSZ, SIG_IGN);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return 0;
	return write(fd, "x", 1) == 1 ? 2 : errno == EFBIG ? 0 : 3;
}
static int record_can(void)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/ledger/row", folder);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || pwrite(fd, "x", 1, 0) != 1 || fdatasync(fd) < 0 || ftruncate(fd, 0) < 0 || unlink(path) < 0)
		return 1;
	return socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) < 0 ? 2 : 0;
}
static int record_sees_only_its_ledger(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/public", folder);
	if (open(path, O_RDONLY | O_CLOEXEC) >= 0 || errno != EACCES)
		return 1;
	snprintf(path, sizeof(path), "%s/made", folder);
	if (open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) >= 0)
		return 2;
	return 0;
}
static int control_can(void)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);
	char byte = 'x';

	if (getsockopt(pair[0], SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return 1;
	if (send(pair[0], &byte, 1, MSG_NOSIGNAL) != 1 || recv(pair[1], &byte, 1, 0) != 1)
		return 2;
	return accept4(pair[0], NULL, NULL, SOCK_CLOEXEC) < 0 && errno == EINVAL ? 0 : 3;
}

/* As it saves its state: beside, synced, renamed, under a lock. */
static int unlock_can(void)
{
	char path[128], client[1];
	int own, fd;

	snprintf(path, sizeof(path), "%s/unlock", folder);
	own = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (own < 0)
		return 1;
	fd = openat(own, "new", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || flock(fd, LOCK_EX) < 0 || write(fd, "x", 1) != 1 || fsync(fd) < 0)
		return 2;
	if (renameat(own, "new", own, "state") < 0 || fsync(own) < 0 || unlinkat(own, "state", 0) < 0)
		return 3;
	/* A client that control handed over is answered. */
	return send(pair[0], "x", 1, MSG_NOSIGNAL) == 1 && recv(pair[1], client, 1, 0) == 1 ? 0 : 4;
}
static int unlock_is_limited(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_CORE, &limit) < 0 || limit.rlim_max != 0)
		return 1;
	return getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_max > 1024 ? 2 : 0;
}

static void test_allowed(void)
{
	works(GUARDD_ROLE_UNLOCK, unlock_can);
	works(GUARDD_ROLE_UNLOCK, unlock_is_limited);
	works(GUARDD_ROLE_GATE, gate_can);
	works(GUARDD_ROLE_GATE, gate_cannot_write);
	works(GUARDD_ROLE_RECORD, record_can);
	works(GUARDD_ROLE_CONTROL, control_can);
}

static int unlock_sees_only_its_folder(void)
{
	static const char *const others[] = { "ledger", "public", "verifiers" };
	char path[128];

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, others[i]);
		if (open(path, O_RDONLY | O_CLOEXEC) >= 0 || errno != EACCES)
			return 1 + (int)i;
	}
	snprintf(path, sizeof(path), "%s/made", folder);
	return open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) >= 0 ? 9 : 0;
}

static void test_landlock(void)
{
	if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1u) < 1) {
		puts("the kernel has no Landlock");
		return;
	}
	works(GUARDD_ROLE_RECORD, record_sees_only_its_ledger);
	works(GUARDD_ROLE_UNLOCK, unlock_sees_only_its_folder);
}

/* ---- refusals of the jail itself ----------------------------------------------------------- */

static int nothing(void)
{
	return 0;
}
static void test_refuses(void)
{
	int status;

	config.record_uid = 0;
	status = run(GUARDD_ROLE_RECORD, nothing);
	CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == REFUSED_JAIL);
	config.record_uid = NOBODY;
	works(GUARDD_ROLE_RECORD, nothing);
	config.unlock_uid = 0;
	status = run(GUARDD_ROLE_UNLOCK, nothing);
	CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == REFUSED_JAIL);
	config.unlock_uid = NOBODY;
}

static CU_TestInfo tests[] = {
	{ "a forbidden call ends the process", test_forbidden },
	{ "capabilities and users", test_capabilities },
	{ "what a role needs works", test_allowed },
	{ "record and unlock see their folders alone", test_landlock },
	{ "a jail that cannot be entered", test_refuses },
	CU_TEST_INFO_NULL,
};

static void make_folder(void)
{
	char path[128];

	if (geteuid() != 0 || !mkdtemp(folder) || chmod(folder, 0711) < 0) {
		fputs("jail_test: needs root\n", stderr);
		exit(2);
	}
	snprintf(path, sizeof(path), "%s/ledger", folder);
	if (mkdir(path, 0700) < 0 || chown(path, NOBODY, NOBODY) < 0)
		exit(2);
	snprintf(path, sizeof(path), "%s/unlock", folder);
	if (mkdir(path, 0700) < 0 || chown(path, NOBODY, NOBODY) < 0)
		exit(2);
	/* What was read before the jail belongs to root. */
	snprintf(path, sizeof(path), "%s/verifiers", folder);
	close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	snprintf(path, sizeof(path), "%s/public", folder);
	close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
	snprintf(config.state_dir, sizeof(config.state_dir), "%s", folder);
	config.record_uid = config.record_gid = config.control_uid = config.control_gid = NOBODY;
	config.unlock_uid = config.unlock_gid = NOBODY;
}

static void remove_folder(void)
{
	static const char *const names[] = { "ledger/row",   "ledger", "unlock/new", "unlock/state",
					     "unlock", "verifiers",  "public", "gate", "made" };
	char path[128];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		remove(path);
	}
	rmdir(folder);
}

int main(void)
{
	CU_SuiteInfo suites[] = { { "jail", NULL, NULL, NULL, NULL, tests }, CU_SUITE_INFO_NULL };
	unsigned failures;

	make_folder();
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return 2;
	if (CU_initialize_registry() != CUE_SUCCESS || CU_register_suites(suites) != CUE_SUCCESS)
		return 2;
	CU_basic_set_mode(CU_BRM_NORMAL);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	remove_folder();
	return failures ? 1 : 0;
}
