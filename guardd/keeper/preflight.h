/* SPDX-License-Identifier: MIT
 *
 * keeper/preflight.h - would this machine still work under that policy?
 */
#ifndef GUARDD_KEEPER_PREFLIGHT_H
#define GUARDD_KEEPER_PREFLIGHT_H

#include <stddef.h>

#include <guard/policy.h>

/* 0 when `policy` allows what the machine cannot do without: the daemon itself
 * with its libraries, init, the shell, the package manager, guardctl.  Else
 * -GUARD_E_DENIED and a sentence that names what is missing. */
int keeper_preflight(const struct guard_policy *policy, const char *policy_name, char *ret_problem,
		     size_t problem_size) GUARD_WARN_UNUSED;

#endif
