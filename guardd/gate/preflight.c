/* SPDX-License-Identifier: MIT
 *
 * gate/preflight.c - lends keeper/preflight.h the gate's knowledge of who vouches
 * for a file, before a policy with rules by signer is put in force.  Decides no
 * access.
 */
#include "keeper/preflight.h"

#include "gate/signers.h"

struct trial {
	struct gate *gate;
	const struct gate_policy *policy;
};

static void add_signers(void *context, struct guard_identity *identity, int fd)
{
	const struct trial *trial = context;
	struct gate_identity found = { .identity = *identity };

	gate_signers_try(trial->gate, trial->policy, &found, fd);
	*identity = found.identity;
}

int gate_preflight(struct gate *gate, const struct gate_policy *policy, char *ret_problem, size_t problem_size)
{
	struct trial trial = { gate, policy };
	const struct keeper_vouching vouching = { add_signers, &trial };
	const struct guardd_config *config = gate->config;

	if (!config->protect_all || policy->info.mode != GUARD_MODE_ENFORCE || !policy->keys->providers)
		return 0;
	return keeper_preflight(policy->policy, config->policy_file[0] ? config->policy_file : "the policy", &vouching,
				ret_problem, problem_size);
}

/* The only thread that replaces a policy is the caller's, so that it stays without
 * being held. */
int gate_preflight_first(struct gate *gate, char *ret_problem, size_t problem_size)
{
	return gate_preflight(gate, atomic_load(&gate->policies.current), ret_problem, problem_size);
}
