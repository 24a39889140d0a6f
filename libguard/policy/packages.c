/* SPDX-License-Identifier: MIT
 *
 * policy/packages.c - what the package provider adds to a policy: keys, and what
 * narrows a rule: names and versions of packages.  Pure.  A signer that names no package satisfies no such rule.
 */
#include "policy/policy.h"

#include "identity/version.h"
#include "policy/openpgp_keys.h"

void guard_policy_openpgp_keys(const struct guard_policy *policy, struct guard_writer *keys)
{
	for (; policy; policy = policy->next)
		if (policy->openpgp_keys_size > 0)
			guard_write_bytes(keys, policy->openpgp_keys, policy->openpgp_keys_size);
}

bool guard_policy_takes_signer(const struct guard_policy *policy, uint32_t rule, const struct guard_signer *signer)
{
	const struct guard_image_rule *record = &policy->rules[rule];

	if (!policy->bound[rule].narrows_signers)
		return true;
	if (signer->provider != GUARD_PROVIDER_PACKAGE || !signer->name || !signer->version)
		return false;
	if (record->packages && !guard_policy_any_pattern(policy, record->packages, signer->name))
		return false;
	if (record->min_version &&
	    guard_version_compare(signer->version, guard_policy_string(policy, record->min_version)) < 0)
		return false;
	return !record->below_version ||
	       guard_version_compare(signer->version, guard_policy_string(policy, record->below_version)) < 0;
}
