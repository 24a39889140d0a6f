/* SPDX-License-Identifier: MIT
 *
 * jail/jail.h - the steps of guardd_jail_enter() (guardd.h).  Each returns 0 or
 * a negative code with a sentence.
 */
#ifndef GUARDD_JAIL_JAIL_H
#define GUARDD_JAIL_JAIL_H

#include <stddef.h>
#include <stdint.h>

#include "guardd.h"

struct jail_problem {
	char *text;
	size_t size;
};

/* capabilities.c: shrink the bounding set, forbid that root regains anything by
 * an exec; then, after the change of user, leave the role's sets. */
int jail_capabilities_bound(enum guardd_role role, const struct jail_problem *problem) GUARD_WARN_UNUSED;
int jail_capabilities_drop(enum guardd_role role, const struct jail_problem *problem) GUARD_WARN_UNUSED;

/* users.c */
int jail_user_become(enum guardd_role role, const struct guardd_config *config,
		     const struct jail_problem *problem) GUARD_WARN_UNUSED;

/* limits.c */
int jail_limits_set(enum guardd_role role, const struct jail_problem *problem) GUARD_WARN_UNUSED;

/* landlock.c: prepared while the ledger's folder can still be reached, entered
 * at the end.  `ret_ruleset` -1: the kernel has no Landlock, or the role cannot
 * use it. */
int jail_landlock_prepare(int *ret_ruleset, enum guardd_role role, const struct guardd_config *config,
			  const struct jail_problem *problem) GUARD_WARN_UNUSED;
int jail_landlock_enter(int ruleset, const struct jail_problem *problem) GUARD_WARN_UNUSED;

/* seccomp.c, or seccomp_off.c in builds with sanitizers, whose runtime makes
 * calls of its own and writes its findings to a file. */
bool jail_writes_no_file(enum guardd_role role);
int jail_seccomp_enter(enum guardd_role role, const struct jail_problem *problem) GUARD_WARN_UNUSED;

/* syscalls.c: the allow-list. */
#define JAIL_ROLE(role) (1u << (role))
enum jail_condition {
	JAIL_ALWAYS,
	JAIL_EQUAL,	 /* argument == value */
	JAIL_BITS_SET,	 /* all bits of value are set in the argument */
	JAIL_BITS_CLEAR, /* none of them is */
	JAIL_PRETEND	 /* is not there: ENOSYS */
};
struct jail_call {
	int number;
	uint32_t roles;	   /* mask of JAIL_ROLE; the keeper has all of them */
	uint8_t condition; /* enum jail_condition */
	uint8_t argument;
	uint64_t value;
};
extern const struct jail_call jail_calls[];
extern const size_t jail_call_count;

#endif
