/* SPDX-License-Identifier: MIT
 *
 * policy/near_miss.h - allow rules that list a file but for one condition.
 */
#ifndef GUARD_POLICY_NEAR_MISS_H
#define GUARD_POLICY_NEAR_MISS_H

#include "policy/policy.h"

#define GUARD_NEAR_MISSES_MAX 3u

struct guard_near_miss {
	uint32_t rule;
	enum guard_condition condition; /* the first that does not hold */
};

/* Fills at most GUARD_NEAR_MISSES_MAX; returns how many.  The time of the
 * question is not known here: a rule that fails in nothing else failed in it. */
size_t guard_policy_near_misses(const struct guard_policy *policy, struct guard_near_miss *ret_misses,
				const struct guard_subject *subject, const struct guard_object *object);

/* Does the policy list other content under this very name? */
bool guard_policy_lists_name(const struct guard_policy *policy, const char *name, const struct guard_digest *digest);
#endif
