/* SPDX-License-Identifier: MIT
 *
 * guardctl/policy_witness.c - who vouches for what `policy test` judges, as each of
 * the two policies would see it.  A key counts for the policy that names it alone.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "policy/compile/describe.h"
#include "policy_sample.h"
#include "signing/signers.h"

static bool begin(struct policy_witness *witness, struct guard_policy *policy)
{
	static const struct signers_places here;

	witness->policy = policy;
	if (!policy || !guard_policy_asks_signers(policy, GUARD_PROVIDER_NONE))
		return true;
	witness->keys = calloc(1, sizeof(*witness->keys));
	if (witness->keys && signers_keys_of(witness->keys, policy, &here))
		return true;
	guardctl_error("memory is exhausted");
	return false;
}

bool policy_witness_begin(struct policy_samples *samples, struct guard_policy *policy, struct guard_policy *old)
{
	return begin(&samples->witness, policy) && begin(&samples->old_witness, old);
}

static void end(struct policy_witness *witness)
{
	if (witness->keys)
		signers_keys_clear(witness->keys);
	free(witness->keys);
	*witness = (struct policy_witness){ 0 };
}

void policy_witness_end(struct policy_samples *samples)
{
	end(&samples->witness);
	end(&samples->old_witness);
}

/* What is only known from the content: the packages that this machine's daemon has
 * attributed. */
static int look(struct guard_identity *identity, const struct policy_witness *witness, int fd)
{
	GUARD_AUTO_FREE struct signers_found *found = NULL;
	int r;

	if (fd < 0) {
		if (witness->keys->table)
			guard_attribution_add(witness->keys->table, identity);
		return 0;
	}
	found = calloc(1, sizeof(*found));
	r = found ? signers_find(found, fd, witness->keys) : -GUARD_E_NOMEM;
	if (r < 0 || guard_digest_compare(&found->digest, &identity->digest) != 0)
		return r;
	identity->signer_count = found->identity.signer_count;
	memcpy(identity->signers, found->identity.signers, sizeof(identity->signers));
	return 0;
}

static bool could_not_see(const struct policy_witness *witness, int fd)
{
	if (fd < 0)
		return true;
	return !witness->keys->table && guard_policy_asks_signers(witness->policy, GUARD_PROVIDER_PACKAGE);
}

bool policy_witness_look(const struct policy_samples *samples, struct policy_sample *sample, int fd)
{
	int r = 0;

	if (samples->old_witness.keys) {
		sample->old_identity = malloc(sizeof(*sample->old_identity));
		if (!sample->old_identity)
			r = -GUARD_E_NOMEM;
		else
			*sample->old_identity = sample->identity;
		if (r == 0)
			r = look(sample->old_identity, &samples->old_witness, fd);
	}
	if (r == 0 && samples->witness.keys) {
		sample->unsure = could_not_see(&samples->witness, fd);
		r = look(&sample->identity, &samples->witness, fd);
	}
	if (r < 0)
		guardctl_error("%s", guardctl_error_text(r));
	return r == 0;
}
