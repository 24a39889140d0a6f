/* SPDX-License-Identifier: MIT
 *
 * package/fork.c - a fork per archive: it gets the archive and a pipe or memfd to
 * write to, loses everything else, and is killed when it takes too long.  What
 * comes back is digests and one sentence, believed for this one file only.
 */
#include "package/package.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"

/* fork -> parent, in a pipe. */
struct report {
	uint32_t type; /* DIGEST or END */
	int32_t error;
	union {
		struct guard_digest digest;
		char problem[120];
	} as;
};
enum { REPORT_DIGEST = 1, REPORT_END = 2 };

static void set_limit(int resource, rlim_t value)
{
	const struct rlimit limit = { value, value };

	(void)!setrlimit((__rlimit_resource_t)resource, &limit);
}

/* The archive becomes fd 0, the way back fd 1; nothing else stays. */
static void confine(int archive, int out)
{
	int high[2] = { fcntl(archive, F_DUPFD, 10), fcntl(out, F_DUPFD, 10) };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (high[0] < 0 || high[1] < 0 || dup2(high[0], 0) < 0 || dup2(high[1], 1) < 0)
		_exit(EXIT_FAILURE);
	(void)!close_range(2, ~0u, 0);
	set_limit(RLIMIT_CPU, PACKAGE_CHILD_SECONDS);
	set_limit(RLIMIT_AS, PACKAGE_CHILD_MEMORY);
	set_limit(RLIMIT_NOFILE, 8);
	if (lseek(0, 0, SEEK_SET) < 0 || package_stage_enter(PACKAGE_STAGE_ARCHIVES) < 0)
		_exit(EXIT_FAILURE);
}

static int write_report(const struct report *report)
{
	ssize_t n;

	do
		n = write(1, report, sizeof(*report));
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof(*report) ? 0 : -GUARD_E_IO;
}

static int report_digest(void *context, const struct guard_digest *digest)
{
	const struct report report = { .type = REPORT_DIGEST, .as.digest = *digest };

	(void)context;
	return write_report(&report);
}

static void read_deb(int deb, int out) __attribute__((noreturn));
static void read_deb(int deb, int out)
{
	struct report end = { .type = REPORT_END };

	confine(deb, out);
	end.error = package_deb_read(0, report_digest, NULL, end.as.problem, sizeof(end.as.problem));
	_exit(write_report(&end) < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* One whole report; GUARD_E_TIMEOUT, or GUARD_E_INTERNAL when the fork ended. */
static int read_report(struct report *ret_report, int in, int64_t until_ms)
{
	uint8_t bytes[sizeof(*ret_report)] = { 0 };
	size_t done = 0;

	while (done < sizeof(bytes)) {
		struct pollfd ready = { in, POLLIN, 0 };
		int64_t left = until_ms - now_ms();
		ssize_t n;

		if (left <= 0)
			return -GUARD_E_TIMEOUT;
		if (poll(&ready, 1, (int)left) <= 0)
			continue;
		n = read(in, &bytes[done], sizeof(bytes) - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -GUARD_E_INTERNAL;
		done += (size_t)n;
	}
	memcpy(ret_report, bytes, sizeof(bytes));
	return 0;
}

static int take_reports(int in, package_take take, void *context, char *ret_problem, size_t problem_size)
{
	const int64_t until_ms = now_ms() + PACKAGE_CHILD_SECONDS * 1000;
	struct report report;
	uint32_t files = 0;
	int r;

	for (;;) {
		r = read_report(&report, in, until_ms);
		if (r == -GUARD_E_TIMEOUT)
			snprintf(ret_problem, problem_size, "unpacking it takes longer than %d seconds",
				 PACKAGE_CHILD_SECONDS);
		else if (r < 0)
			snprintf(ret_problem, problem_size, "the process that unpacked it was ended");
		if (r < 0)
			return r;
		if (report.type == REPORT_END)
			break;
		if (report.type != REPORT_DIGEST || ++files > PACKAGE_FILES_MAX)
			return -GUARD_E_FORMAT;
		r = take(context, &report.as.digest);
		if (r < 0) {
			snprintf(ret_problem, problem_size, "%s", guard_error_text(r));
			return r;
		}
	}
	if (report.error == 0)
		return 0;
	report.as.problem[sizeof(report.as.problem) - 1] = '\0';
	snprintf(ret_problem, problem_size, "%s", report.as.problem);
	return report.error > 0 || report.error <= -GUARD_E_MAX_ ? -GUARD_E_FORMAT : report.error;
}

static void bury(pid_t child)
{
	kill(child, SIGKILL);
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
}

int package_deb_in_fork(int deb, package_take take, void *context, char *ret_problem, size_t problem_size)
{
	GUARD_AUTO_CLOSE int in = -1;
	GUARD_AUTO_CLOSE int out = -1;
	int pair[2], r;
	pid_t child;

	if (pipe2(pair, O_CLOEXEC) < 0)
		return -GUARD_E_NOMEM;
	in = pair[0];
	out = pair[1];
	child = fork();
	if (child == 0)
		read_deb(deb, out);
	if (child < 0)
		return -GUARD_E_NOMEM;
	close(out);
	out = -1;
	r = take_reports(in, take, context, ret_problem, problem_size);
	bury(child);
	return r;
}

static void make_part(int file, int out, package_write_part write_part) __attribute__((noreturn));
static void make_part(int file, int out, package_write_part write_part)
{
	confine(file, out);
	_exit(write_part(0, 1) < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}

int package_part_in_fork(int *ret_part, int file, package_write_part write_part)
{
	GUARD_AUTO_CLOSE int out = memfd_create("part", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int status = 0;
	pid_t child;

	if (out < 0)
		return -GUARD_E_NOMEM;
	child = fork();
	if (child == 0)
		make_part(file, out, write_part);
	if (child < 0)
		return -GUARD_E_NOMEM;
	/* Its limit of processor time ends it. */
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != EXIT_SUCCESS)
		return -GUARD_E_FORMAT;
	if (fcntl(out, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
		return -GUARD_E_IO;
	*ret_part = guard_steal_fd(&out);
	return 0;
}
