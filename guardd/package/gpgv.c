/* SPDX-License-Identifier: MIT
 *
 * package/gpgv.c - has gpgv(1) verify an InRelease.  Gives it two sealed memfds
 * and takes what it writes; looks into none of it but the status lines.
 */
#include "package/package.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"

#define GPGV "/usr/bin/gpgv"
#define BEGIN "-----BEGIN PGP SIGNED MESSAGE-----"

/* The numbers that gpgv finds its files by. */
enum { FD_NOISE = 2, FD_STATUS = 3, FD_KEYRING = 4, FD_RELEASE = 5 };

static void set_limit(int resource, rlim_t value)
{
	const struct rlimit limit = { value, value };

	(void)!setrlimit((__rlimit_resource_t)resource, &limit);
}

static void become_gpgv(int release, int keyring, int status, int text) __attribute__((noreturn));
static void become_gpgv(int release, int keyring, int status, int text)
{
	static char *const arguments[] = { (char *)"gpgv", (char *)"--homedir", (char *)"/nonexistent",
					   (char *)"--status-fd", (char *)"3", (char *)"--keyring",
					   (char *)"/proc/self/fd/4", (char *)"--output", (char *)"-",
					   (char *)"/proc/self/fd/5", NULL };
	static char *const environment[] = { (char *)"LC_ALL=C", (char *)"PATH=/usr/bin",
					     (char *)"HOME=/nonexistent", NULL };
	/* First out of the way of the numbers that they are given. */
	const int high[] = { fcntl(release, F_DUPFD, 20), fcntl(keyring, F_DUPFD, 20), fcntl(status, F_DUPFD, 20),
			     fcntl(text, F_DUPFD, 20), memfd_create("noise", 0) };

	for (int i = 0; i < 5; i++)
		if (high[i] < 0)
			_exit(126);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	set_limit(RLIMIT_CPU, PACKAGE_CHILD_SECONDS);
	set_limit(RLIMIT_AS, PACKAGE_CHILD_MEMORY);
	set_limit(RLIMIT_FSIZE, 2 * PACKAGE_RELEASE_SIZE_MAX);
	if (dup2(high[3], STDOUT_FILENO) < 0 || dup2(high[4], FD_NOISE) < 0 || dup2(high[2], FD_STATUS) < 0 || dup2(high[1], FD_KEYRING) < 0 ||
	    dup2(high[0], FD_RELEASE) < 0)
		_exit(126);
	(void)!close_range(FD_RELEASE + 1, ~0u, 0);
	execve(GPGV, arguments, environment);
	_exit(errno == ENOENT ? 127 : errno == EPERM || errno == EACCES ? 125 : 126);
}

/* gpgv's own exit code says nothing new: one unknown signature of three makes it
 * 2.  A signal or an exec that failed does. */
static int wait_for(pid_t child, char *ret_problem, size_t problem_size)
{
	int status = 0, code;

	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	if (code >= 0 && code < 125)
		return 0;
	snprintf(ret_problem, problem_size, "%s",
		 code == 127 ? "there is no " GPGV " to verify it with: install the package gpgv" :
		 code == 125 ? GPGV " may not run here: list it in the policy" :
			       GPGV " did not come to an end by itself");
	return -GUARD_E_UNSUPPORTED;
}

/* gpgv takes one message out of a file; a file that has two is nobody's. */
static int check_frame(int release, char *ret_problem, size_t problem_size)
{
	const uint8_t *bytes = NULL;
	size_t size = 0, length = strlen(BEGIN);
	int r = package_map(&bytes, &size, release);

	if (r < 0)
		return r;
	if (size < length || memcmp(bytes, BEGIN, length) != 0 ||
	    memmem(&bytes[length], size - length, "\n" BEGIN, length + 1)) {
		snprintf(ret_problem, problem_size, "it is not one clearsigned message");
		r = -GUARD_E_FORMAT;
	}
	package_unmap(bytes, size);
	return r;
}

static int read_status(struct package_signed *signed_by, int status, char *ret_problem, size_t problem_size)
{
	const uint8_t *bytes = NULL;
	size_t size = 0;
	int r = package_map(&bytes, &size, status);

	if (r == 0)
		r = package_gpgv_status(signed_by, (const char *)bytes, size, ret_problem, problem_size);
	package_unmap(bytes, size);
	return r;
}

int package_gpgv(struct package_signed *ret_signed, int release, int keyring, char *ret_problem, size_t problem_size)
{
	GUARD_AUTO_CLOSE int status = memfd_create("status", MFD_CLOEXEC);
	GUARD_AUTO_CLOSE int text = memfd_create("text", MFD_CLOEXEC);
	GUARD_AUTO_CLOSE int sealed = -1;
	struct package_signed result = { .text = -1 };
	pid_t child;
	int r;

	snprintf(ret_problem, problem_size, "memory is exhausted");
	if (status < 0 || text < 0)
		return -GUARD_E_NOMEM;
	r = check_frame(release, ret_problem, problem_size);
	if (r < 0)
		return r;
	child = fork();
	if (child == 0)
		become_gpgv(release, keyring, status, text);
	if (child < 0)
		return -GUARD_E_NOMEM;
	r = wait_for(child, ret_problem, problem_size);
	if (r == 0)
		r = read_status(&result, status, ret_problem, problem_size);
	if (r == 0)
		r = package_copy(&sealed, text, PACKAGE_RELEASE_SIZE_MAX);
	if (r < 0)
		return r;
	result.text = guard_steal_fd(&sealed);
	*ret_signed = result;
	return 0;
}
