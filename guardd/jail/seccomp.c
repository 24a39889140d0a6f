/* SPDX-License-Identifier: MIT
 *
 * jail/seccomp.c - turns the allow-list of syscalls.c into a filter.  What is
 * not on the list ends the process.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "jail/jail.h"
#include "problem.h"

bool jail_writes_no_file(enum guardd_role role)
{
	return role == GUARDD_ROLE_GATE || role == GUARDD_ROLE_CONTROL || role == GUARDD_ROLE_INSPECT;
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

/* The filter of a role, to be released also on failure. */
static int make(scmp_filter_ctx *ret_filter, enum guardd_role role)
{
	scmp_filter_ctx filter = seccomp_init(GUARDD_JAIL_DEFAULT_ACTION);
	int r = filter ? 0 : -ENOMEM;

	if (r == 0)
		r = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (r == 0)
		r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a tree: log, not linear */
	if (r == 0)
		r = fill(filter, role);
	*ret_filter = filter;
	return r;
}

int jail_seccomp_enter(enum guardd_role role, const struct jail_problem *problem)
{
	scmp_filter_ctx filter;
	int r = make(&filter, role);

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

/* Made once: an inspector lives for less time than it takes to make one. */
static struct sock_filter narrow[2048];
static struct sock_fprog narrow_program;

int guardd_jail_prepare_narrow(enum guardd_role role)
{
	scmp_filter_ctx filter;
	int fds[2], r = make(&filter, role);
	ssize_t size = -1;

	if (r == 0 && pipe2(fds, O_CLOEXEC) == 0) {
		GUARD_AUTO_CLOSE int from = fds[0];
		GUARD_AUTO_CLOSE int to = fds[1];

		/* Far smaller than what a pipe holds. */
		r = seccomp_export_bpf(filter, to);
		size = r == 0 ? read(from, narrow, sizeof(narrow)) : -1;
	}
	seccomp_release(filter);
	if (size <= 0 || (size_t)size == sizeof(narrow))
		return -GUARD_E_UNSUPPORTED;
	narrow_program = (struct sock_fprog){ (unsigned short)((size_t)size / sizeof(narrow[0])), narrow };
	return 0;
}

int guardd_jail_narrow(uint64_t memory)
{
	const struct rlimit data = { memory, memory };

	if (setrlimit(RLIMIT_DATA, &data) < 0)
		return -GUARD_E_IO;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &narrow_program) == 0 ? 0 : -GUARD_E_UNSUPPORTED;
}
