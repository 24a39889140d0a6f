/* SPDX-License-Identifier: MIT
 *
 * gate/attributions.c - takes over a new table of attributed files.  It lies beside
 * the policy in one object, so that a decision sees one pair of them; replaced
 * whole, as a policy is.
 */
#include "gate/gate.h"
#include "gate/signers.h"

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

/* What `guardctl status` says of it. */
void gate_attributions_tell(struct gate *gate, const struct gate_policy *policy)
{
	const struct guard_attribution *table = policy->attributions;
	char *text = gate->shared->packages;
	const size_t size = sizeof(gate->shared->packages);

	if (!(policy->keys->providers & 1u << GUARD_PROVIDER_PACKAGE))
		text[0] = '\0';
	else if (!table || !table->header->package_count)
		snprintf(text, size, "none is attributed yet: guardctl packages installed");
	else
		snprintf(text, size, "%u attributed, %u files; the others: guardctl packages missing",
			 table->header->package_count, table->header->digest_count);
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
		gate_attributions_tell(gate, next);
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
