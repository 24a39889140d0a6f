/* SPDX-License-Identifier: MIT
 *
 * jail/capabilities.c - what each role keeps of root's power.
 */
#include <errno.h>
#include <linux/securebits.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>

#include "jail/jail.h"
#include "problem.h"

#define GATE_CAPABILITIES CAP_SYS_ADMIN, CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH, CAP_LEASE, CAP_KILL

static const cap_value_t gate_capabilities[] = {GATE_CAPABILITIES};
/* To read any program that the machine needs and hash it. */
static const cap_value_t loader_capabilities[] = {CAP_DAC_READ_SEARCH};
/* The gate's, which it hands on, and what it takes to put the others in jail. */
static const cap_value_t keeper_capabilities[] = {GATE_CAPABILITIES, CAP_SETUID, CAP_SETGID, CAP_SETPCAP};

static size_t capabilities_of(const cap_value_t **ret_capabilities, enum guardd_role role)
{
	*ret_capabilities = NULL;
	if (role == GUARDD_ROLE_KEEPER) {
		*ret_capabilities = keeper_capabilities;
		return sizeof(keeper_capabilities) / sizeof(keeper_capabilities[0]);
	}
	if (role == GUARDD_ROLE_GATE) {
		*ret_capabilities = gate_capabilities;
		return sizeof(gate_capabilities) / sizeof(gate_capabilities[0]);
	}
	if (role == GUARDD_ROLE_LOADER) {
		*ret_capabilities = loader_capabilities;
		return sizeof(loader_capabilities) / sizeof(loader_capabilities[0]);
	}
	return 0;
}

static bool is_kept(enum guardd_role role, cap_value_t capability)
{
	const cap_value_t *kept;
	size_t count = capabilities_of(&kept, role);

	for (size_t i = 0; i < count; i++) {
		if (kept[i] == capability)
			return true;
	}
	return false;
}

static int failed(const char *what, const struct jail_problem *problem)
{
	return guardd_problem(-GUARD_E_IO, problem->text, problem->size, "%s: %s", what, strerror(errno));
}

int jail_capabilities_bound(enum guardd_role role, const struct jail_problem *problem)
{
	const unsigned long bits = SECBIT_NOROOT | SECBIT_NO_CAP_AMBIENT_RAISE | SECURE_ALL_LOCKS;

	for (cap_value_t capability = 0; capability < cap_max_bits(); capability++) {
		if (!is_kept(role, capability) && cap_get_bound(capability) == 1 &&
		    cap_drop_bound(capability) < 0)
			return failed("the bounding set cannot be made smaller", problem);
	}
	/* The keeper alone may exec, into its own next version, and needs its
	 * capabilities there. */
	if (role != GUARDD_ROLE_KEEPER && prctl(PR_SET_SECUREBITS, bits, 0, 0, 0) < 0)
		return failed("the secure bits cannot be locked", problem);
	return 0;
}

int jail_capabilities_drop(enum guardd_role role, const struct jail_problem *problem)
{
	const cap_value_t *kept;
	const size_t count = capabilities_of(&kept, role);
	cap_t set = cap_init();
	int r = 0;

	if (!set)
		return failed("no memory for a capability set", problem);
	if (count > 0 && (cap_set_flag(set, CAP_PERMITTED, (int)count, kept, CAP_SET) < 0 ||
			  cap_set_flag(set, CAP_EFFECTIVE, (int)count, kept, CAP_SET) < 0))
		r = failed("the capability set cannot be made", problem);
	if (r == 0 && cap_reset_ambient() < 0)
		r = failed("ambient capabilities cannot be dropped", problem);
	if (r == 0 && cap_set_proc(set) < 0)
		r = failed(
		    "the process lacks capabilities that it needs (start guardd as root, not in a container)",
		    problem);
	cap_free(set);
	return r;
}
