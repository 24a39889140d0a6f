/* SPDX-License-Identifier: MIT
 *
 * policy/exception.c - the bounds on what an office's image may except
 * (docs/distribution.md).  They hold whoever signed it; a rule that breaks one
 * is passed over.  Pure.
 */
#include "policy/policy.h"

#include <stdlib.h>
#include <string.h>

/* For the rule's office by name, and no other. */
static bool is_of_office(const struct guard_policy *policy, const struct guard_image_rule *rule)
{
	return guard_policy_list_count(policy, rule->offices) == 1 &&
	       strcmp(guard_policy_string(policy, guard_policy_list_entry(policy, rule->offices, 0)),
		      policy->part.office) == 0;
}

static bool is_short(const struct guard_image_rule *rule, uint32_t longest)
{
	/* Below zero there is no sensible time, and the difference cannot overflow. */
	return rule->valid_from >= 0 && rule->valid_until != INT64_MAX && rule->valid_until > rule->valid_from &&
	       rule->valid_until - rule->valid_from <= (int64_t)longest;
}

static bool rests_on_leave(const struct guard_policy *policy, const struct guard_image_rule *rule)
{
	const bool digests = rule->flags & GUARD_RULE_HAS_DIGESTS, signers = rule->flags & GUARD_RULE_HAS_SIGNERS;
	const bool broad = policy->part.broad;

	if (signers && !(broad && policy->limits.signers))
		return false;
	return digests || signers || (broad && policy->limits.paths);
}

bool guard_policy_exception_holds(const struct guard_policy *policy, size_t index)
{
	const struct guard_image_rule *rule = &policy->rules[index];

	return rule->action == GUARD_ALLOW && rule->origin == 1 && is_of_office(policy, rule) &&
	       is_short(rule, policy->limits.longest) && rests_on_leave(policy, rule) &&
	       !(rule->kinds & ~policy->limits.kinds) && policy->rule_digests[index] <= policy->limits.digests;
}

int guard_policy_count_digests(struct guard_policy *policy)
{
	struct guard_rule_list list;

	policy->rule_digests = calloc(policy->rule_count + 1, sizeof(*policy->rule_digests));
	if (!policy->rule_digests)
		return -GUARD_E_NOMEM;
	for (size_t i = 0; i < policy->digest_count; i++) {
		guard_policy_rules_of_digest(policy, &list, &policy->digests[i]);
		for (uint32_t k = 0; k < list.count; k++)
			policy->rule_digests[list.rules[k]]++;
	}
	return 0;
}
