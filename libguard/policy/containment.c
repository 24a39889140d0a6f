/* SPDX-License-Identifier: MIT
 *
 * policy/containment.c - which programs a policy contains and what these may
 * start.  Pure.
 */
#include "policy/policy.h"

#include <string.h>

uint32_t guard_policy_containment_of(const struct guard_policy *policy, const char *program_path)
{
	for (uint32_t i = 0; program_path && i < policy->containment_count; i++)
		if (guard_policy_any_pattern(policy, policy->containments[i].programs, program_path))
			return i;
	return GUARD_NO_CONTAINMENT;
}

bool guard_policy_containment_may_start(const struct guard_policy *policy, uint32_t containment, const char *path)
{
	return path && containment < policy->containment_count &&
	       (guard_policy_any_pattern(policy, policy->containments[containment].may_start, path) ||
		guard_policy_any_pattern(policy, policy->containments[containment].programs, path));
}

int guard_policy_containment_info(const struct guard_policy *policy, uint32_t containment,
				  struct guard_containment_info *ret_info)
{
	const struct guard_image_containment *record;

	if (containment >= policy->containment_count)
		return -GUARD_E_NOT_FOUND;
	record = &policy->containments[containment];
	*ret_info = (struct guard_containment_info){ .name = guard_policy_string(policy, record->name),
						     .place_count = guard_policy_list_count(policy, record->places),
						     .deny = record->deny };
	return 0;
}

const char *guard_policy_containment_place(const struct guard_policy *policy, uint32_t containment, uint32_t index)
{
	uint32_t list = policy->containments[containment].places;

	return guard_policy_string(policy, guard_policy_list_entry(policy, list, index));
}
