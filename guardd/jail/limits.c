/* SPDX-License-Identifier: MIT
 *
 * jail/limits.c - resource limits: no core dumps, no files written where none
 * is to be written, few fds for the helpers.
 */
#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#include "jail/jail.h"
#include "problem.h"

#define HELPER_FILES 1024u

static int limit(int resource, rlim_t value, const struct jail_problem *problem)
{
	struct rlimit limits;

	if (getrlimit((__rlimit_resource_t)resource, &limits) == 0) {
		limits.rlim_cur = value;
		if (limits.rlim_max > value)
			limits.rlim_max = value;
		if (limits.rlim_cur > limits.rlim_max)
			limits.rlim_cur = limits.rlim_max;
		if (setrlimit((__rlimit_resource_t)resource, &limits) == 0)
			return 0;
	}
	return guardd_problem(-GUARD_E_IO, problem->text, problem->size, "resource limits cannot be set: %s",
			      strerror(errno));
}

int jail_limits_set(enum guardd_role role, const struct jail_problem *problem)
{
	int r = limit(RLIMIT_CORE, 0, problem);

	if (r == 0 && jail_writes_no_file(role))
		r = limit(RLIMIT_FSIZE, 0, problem);
	if (r == 0 && role != GUARDD_ROLE_KEEPER && role != GUARDD_ROLE_GATE)
		r = limit(RLIMIT_NOFILE, HELPER_FILES, problem);
	return r;
}
