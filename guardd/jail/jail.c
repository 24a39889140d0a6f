/* SPDX-License-Identifier: MIT
 *
 * jail/jail.c - the order of the steps into the jail.  What each role is left
 * with, and why, is docs/processes.md.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "jail/jail.h"
#include "problem.h"

static int forget_new_privileges(const struct jail_problem *problem)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return guardd_problem(-GUARD_E_UNSUPPORTED, problem->text, problem->size,
				      "no_new_privs cannot be set: %s", strerror(errno));
	return 0;
}

/* A change of user makes the kernel forget what keeper/child.c asked for. */
static int die_with_parent(enum guardd_role role, pid_t parent, const struct jail_problem *problem)
{
	if (role == GUARDD_ROLE_KEEPER || role == GUARDD_ROLE_GATE)
		return 0;
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 && getppid() == parent)
		return 0;
	return guardd_problem(-GUARD_E_INTERNAL, problem->text, problem->size, "the keeper has ended");
}

/* Nobody of the same user may look into or stop the process. */
static int hide(const struct jail_problem *problem)
{
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return guardd_problem(-GUARD_E_IO, problem->text, problem->size,
				      "the process cannot be made undumpable: %s", strerror(errno));
	return 0;
}

int guardd_jail_enter(enum guardd_role role, const struct guardd_config *config, char *ret_problem,
		      size_t problem_size)
{
	const struct jail_problem problem = {ret_problem, problem_size};
	const pid_t parent = getppid();
	GUARD_AUTO_CLOSE int ruleset = -1;
	int r = jail_landlock_prepare(&ruleset, role, config, &problem);

	if (r == 0)
		r = jail_limits_set(role, &problem);
	if (r == 0)
		r = jail_capabilities_bound(role, &problem);
	if (r == 0)
		r = jail_user_become(role, config, &problem);
	if (r == 0)
		r = jail_capabilities_drop(role, &problem);
	if (r == 0)
		r = hide(&problem);
	if (r == 0)
		r = die_with_parent(role, parent, &problem);
	if (r == 0)
		r = forget_new_privileges(&problem);
	if (r == 0)
		r = jail_landlock_enter(ruleset, &problem);
	if (r == 0)
		r = jail_seccomp_enter(role, &problem);
	return r;
}
