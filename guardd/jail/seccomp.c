/* SPDX-License-Identifier: MIT
 *
 * jail/seccomp.c - turns the allow-list of syscalls.c into a filter.  What is
 * not on the list ends the process.
 */
#include <errno.h>
#include <seccomp.h>
#include <string.h>

#include "jail/jail.h"
#include "problem.h"

bool jail_writes_no_file(enum guardd_role role)
{
	return role == GUARDD_ROLE_GATE || role == GUARDD_ROLE_CONTROL;
}

static int add(scmp_filter_ctx filter, const struct jail_call *call, bool is_keeper)
{
	const unsigned argument = call->argument;

	const bool any = is_keeper && call->condition != JAIL_PRETEND;

	switch (any ? JAIL_ALWAYS : (enum jail_condition)call->condition) {
	case JAIL_EQUAL:
		return seccomp_rule_add(filter, SCMP_ACT_ALLOW, call->number, 1,
					SCMP_CMP(argument, SCMP_CMP_EQ, call->value, 0));
	case JAIL_BITS_SET:
		return seccomp_rule_add(filter, SCMP_ACT_ALLOW, call->number, 1,
					SCMP_CMP(argument, SCMP_CMP_MASKED_EQ, call->value, call->value));
	case JAIL_BITS_CLEAR:
		return seccomp_rule_add(filter, SCMP_ACT_ALLOW, call->number, 1,
					SCMP_CMP(argument, SCMP_CMP_MASKED_EQ, call->value, 0));
	case JAIL_PRETEND:
		return seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), call->number, 0);
	default:
		return seccomp_rule_add(filter, SCMP_ACT_ALLOW, call->number, 0);
	}
}

/* The keeper's filter lies over those of its children: it must allow all that
 * any of them may do. */
static int fill(scmp_filter_ctx filter, enum guardd_role role)
{
	int r = 0;

	for (size_t i = 0; i < jail_call_count && r == 0; i++) {
		const struct jail_call *call = &jail_calls[i];

		if (call->number < 0) /* not on this architecture */
			continue;
		if (role == GUARDD_ROLE_KEEPER || (call->roles & JAIL_ROLE(role)))
			r = add(filter, call, role == GUARDD_ROLE_KEEPER);
		if (r == -EEXIST)
			r = 0;
	}
	return r;
}

int jail_seccomp_enter(enum guardd_role role, const struct jail_problem *problem)
{
	scmp_filter_ctx filter = seccomp_init(GUARDD_JAIL_DEFAULT_ACTION);
	int r = filter ? 0 : -ENOMEM;

	if (r == 0)
		r = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (r == 0)
		r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a tree: log, not linear */
	if (r == 0)
		r = fill(filter, role);
	if (r == 0)
		r = seccomp_load(filter);
	seccomp_release(filter);
	if (r < 0)
		return guardd_problem(-GUARD_E_UNSUPPORTED, problem->text, problem->size,
				      "the list of allowed system calls cannot be set (%s): the kernel needs "
				      "CONFIG_SECCOMP_FILTER",
				      strerror(-r));
	return 0;
}
