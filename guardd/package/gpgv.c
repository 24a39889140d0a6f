/* SPDX-License-Identifier: MIT
 *
 * package/gpgv.c - has gpgv(1) verify an InRelease, or the header of an .rpm beside
 * its signatures.  Gives it sealed memfds and takes what it writes; looks into none of
 * it but the status lines.
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
enum { FD_NOISE = 2, FD_STATUS = 3, FD_KEYRING = 4, FD_SIGNED = 5, FD_DATA = 6 };

/* What gpgv is given and writes to. */
struct gpgv {
	int message, keyring;
	int data; /* -1: the message has it inside */
	int status, text;
};

static void set_limit(int resource, rlim_t value)
{
	const struct rlimit limit = { value, value };

	(void)!setrlimit((__rlimit_resource_t)resource, &limit);
}

static void become_gpgv(const struct gpgv *gpgv) __attribute__((noreturn));
static void become_gpgv(const struct gpgv *gpgv)
{
	char *const arguments[] = { (char *)"gpgv", (char *)"--homedir", (char *)"/nonexistent", (char *)"--status-fd",
				    (char *)"3", (char *)"--keyring", (char *)"/proc/self/fd/4", (char *)"--output",
				    (char *)"-", (char *)"/proc/self/fd/5",
				    gpgv->data < 0 ? NULL : (char *)"/proc/self/fd/6", NULL };
	static char *const environment[] = { (char *)"LC_ALL=C", (char *)"PATH=/usr/bin",
					     (char *)"HOME=/nonexistent", NULL };
	/* First out of the way of the numbers that they are given. */
	const int fds[] = { gpgv->text, memfd_create("noise", 0), gpgv->status, gpgv->keyring, gpgv->message, gpgv->data };
	static const int numbers[] = { STDOUT_FILENO, FD_NOISE, FD_STATUS, FD_KEYRING, FD_SIGNED, FD_DATA };
	const size_t count = sizeof(fds) / sizeof(fds[0]) - (gpgv->data < 0);
	int high[sizeof(fds) / sizeof(fds[0])];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	set_limit(RLIMIT_CPU, PACKAGE_CHILD_SECONDS);
	set_limit(RLIMIT_AS, PACKAGE_CHILD_MEMORY);
	set_limit(RLIMIT_FSIZE, 2 * PACKAGE_RELEASE_SIZE_MAX);
	for (size_t i = 0; i < count; i++) {
		high[i] = fcntl(fds[i], F_DUPFD, 20);
		if (high[i] < 0)
			_exit(126);
	}
	for (size_t i = 0; i < count; i++)
		if (dup2(high[i], numbers[i]) < 0)
			_exit(126);
	(void)!close_range((unsigned)numbers[count - 1] + 1, ~0u, 0);
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

static int read_status(struct package_signed *signed_by, const struct gpgv *gpgv, char *ret_problem,
		       size_t problem_size)
{
	const uint8_t *bytes = NULL;
	size_t size = 0;
	int r = package_map(&bytes, &size, gpgv->status);

	if (r == 0)
		r = package_gpgv_status(signed_by, (const char *)bytes, size,
					gpgv->data < 0 ? PACKAGE_CLEARSIGNED : PACKAGE_DETACHED, ret_problem, problem_size);
	package_unmap(bytes, size);
	return r;
}

static int run(struct package_signed *signed_by, const struct gpgv *gpgv, char *ret_problem, size_t problem_size)
{
	pid_t child = fork();
	int r;

	if (child == 0)
		become_gpgv(gpgv);
	if (child < 0)
		return -GUARD_E_NOMEM;
	r = wait_for(child, ret_problem, problem_size);
	return r == 0 ? read_status(signed_by, gpgv, ret_problem, problem_size) : r;
}

int package_gpgv(struct package_signed *ret_signed, int release, int keyring, char *ret_problem, size_t problem_size)
{
	GUARD_AUTO_CLOSE int status = memfd_create("status", MFD_CLOEXEC);
	GUARD_AUTO_CLOSE int text = memfd_create("text", MFD_CLOEXEC);
	GUARD_AUTO_CLOSE int sealed = -1;
	const struct gpgv gpgv = { .message = release, .keyring = keyring, .data = -1, .status = status, .text = text };
	struct package_signed result = { .text = -1 };
	int r;

	snprintf(ret_problem, problem_size, "memory is exhausted");
	if (status < 0 || text < 0)
		return -GUARD_E_NOMEM;
	r = check_frame(release, ret_problem, problem_size);
	if (r == 0)
		r = run(&result, &gpgv, ret_problem, problem_size);
	if (r == 0)
		r = package_copy(&sealed, text, PACKAGE_RELEASE_SIZE_MAX);
	if (r < 0)
		return r;
	result.text = guard_steal_fd(&sealed);
	*ret_signed = result;
	return 0;
}

int package_gpgv_detached(struct package_signed *ret_signed, int signature, int data, int keyring, char *ret_problem,
			  size_t problem_size)
{
	GUARD_AUTO_CLOSE int status = memfd_create("status", MFD_CLOEXEC);
	GUARD_AUTO_CLOSE int text = memfd_create("text", MFD_CLOEXEC);
	const struct gpgv gpgv = { .message = signature, .keyring = keyring, .data = data, .status = status, .text = text };
	struct package_signed result = { .text = -1 };
	int r;

	snprintf(ret_problem, problem_size, "memory is exhausted");
	if (status < 0 || text < 0)
		return -GUARD_E_NOMEM;
	r = run(&result, &gpgv, ret_problem, problem_size);
	if (r == 0)
		*ret_signed = result;
	return r;
}
