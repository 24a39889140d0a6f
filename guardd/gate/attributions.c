/* SPDX-License-Identifier: MIT
 *
 * gate/attributions.c - takes over a new table of attributed files.  It lies beside
 * the policy in one object, so that a decision sees one pair of them; replaced
 * whole, as a policy is.
 */
#include "gate/gate.h"

#include <stdio.h>
#include <stdlib.h>

/* The policy in force, with another table. */
static int make_next(struct gate_policy **ret_next, const struct gate_policy *now, int fd)
{
	struct gate_policy *next = malloc(sizeof(*next));
	int r;

	if (!next)
		return -GUARD_E_NOMEM;
	*next = *now;
	next->attributions = NULL;
	r = guard_attribution_open(&next->attributions, fd);
	if (r < 0) {
		free(next);
		return r;
	}
	*ret_next = next;
	return 0;
}

int gate_attributions_load(struct gate *gate, int fd, char *ret_text, size_t size)
{
	struct gate_policies *policies = &gate->policies;
	struct gate_policy *next, *old;
	int r;

	pthread_mutex_lock(&policies->swap);
	old = atomic_load(&policies->current);
	r = make_next(&next, old, fd);
	if (r == 0) {
		gate_policy_replace(gate, next);
		snprintf(ret_text, size, "%u packages, %u files", next->attributions->header->package_count,
			 next->attributions->header->digest_count);
		guard_attribution_free(old->attributions);
		free(old); /* its policy lives on in the next */
	}
	pthread_mutex_unlock(&policies->swap);
	if (r < 0)
		snprintf(ret_text, size, "the table of attributed files was refused (%s); the one in force stays",
			 guard_error_text(r));
	return r;
}
