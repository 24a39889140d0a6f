/* SPDX-License-Identifier: MIT
 *
 * keeper/preflight.h - would this machine still work under that policy?
 *
 * Asked twice where a policy has rules by signer: by the loader, which knows
 * contents and paths alone, and by the gate, which can find out who vouches for a
 * file, before it puts the policy in force.
 */
#ifndef GUARDD_KEEPER_PREFLIGHT_H
#define GUARDD_KEEPER_PREFLIGHT_H

#include <stddef.h>

#include <guard/policy.h>

/* Adds to `identity`, whose digest is that of the file in `fd`, who vouches for it. */
struct keeper_vouching {
	void (*add_signers)(void *context, struct guard_identity *identity, int fd);
	void *context;
};

/* 0 when `policy` allows what the machine cannot do without: the daemon itself
 * with its libraries, init, the shell, the package manager, guardctl.  Else
 * -GUARD_E_DENIED and a sentence that names what is missing.  `vouching` may be
 * NULL: then what only a signer allows is missing. */
int keeper_preflight(const struct guard_policy *policy, const char *policy_name,
		     const struct keeper_vouching *vouching, char *ret_problem, size_t problem_size) GUARD_WARN_UNUSED;

#endif
