/* SPDX-License-Identifier: MIT
 *
 * policy/image_open.c - open and close a policy: map, check, bind.  Nothing of
 * it is handed out before all three went well.
 */
#include "policy/policy.h"

#include <stdlib.h>

#include "base/cleanup.h"

static void free_policy(struct guard_policy **policy)
{
	guard_policy_free(*policy);
}

int guard_policy_open(struct guard_policy **ret_policy, int fd, const struct guard_machine *machine)
{
	struct guard_policy *policy __attribute__((cleanup(free_policy))) = calloc(1, sizeof(*policy));
	int r;

	if (!policy)
		return -GUARD_E_NOMEM;
	r = guard_image_map(&policy->bytes, &policy->size, fd);
	if (r < 0)
		return r;
	r = guard_image_sections(policy);
	if (r < 0)
		return r;
	r = guard_image_check(policy);
	if (r < 0)
		return r;
	r = guard_policy_bind(policy, machine);
	if (r < 0)
		return r;
	*ret_policy = guard_steal_pointer(&policy);
	return 0;
}

void guard_policy_free(struct guard_policy *policy)
{
	if (!policy)
		return;
	guard_image_unmap(policy->bytes, policy->size);
	free(policy->bound);
	free(policy->uids);
	free(policy->gids);
	free(policy);
}
