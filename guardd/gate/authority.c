/* SPDX-License-Identifier: MIT
 *
 * gate/authority.c - lends policy/vouch.h the inspectors and the policy: who stands
 * behind a signature by an authority of the policy.  Parses nothing.
 */
#include "gate/signers.h"

#include <string.h>

/* Is this the question for the certificates that came with the claims? */
static bool is_answered(const struct gate_authority *authority, enum guard_inspection type, const uint8_t *bytes, size_t size)
{
	return type == GUARD_INSPECT_CHAIN && authority->signed_by && size == authority->cms_size + 1 &&
	       bytes[0] == authority->signed_by->index && memcmp(&bytes[1], authority->cms, authority->cms_size) == 0;
}

static int answer_again(uint8_t *reply, size_t *ret_size, const struct guard_chain *chain)
{
	struct guard_writer writer;

	guard_writer_init_fixed(&writer, reply, INSPECT_REPLY_MAX);
	guard_chain_encode(&writer, chain);
	*ret_size = writer.size;
	return writer.failed ? -GUARD_E_LIMIT : 0;
}

static int ask(void *context, uint8_t *reply, size_t *ret_size, enum guard_inspection type, const void *bytes,
	       size_t size)
{
	const struct gate_authority *authority = context;

	if (type == GUARD_INSPECT_CERTIFICATE)
		return gate_details_ask(authority->gate, reply, ret_size, bytes, size);
	if (is_answered(authority, type, bytes, size))
		return answer_again(reply, ret_size, &authority->signed_by->chain);
	return gate_inspect_raw(authority->gate, reply, ret_size, type, bytes, size);
}

static int load(void *context, struct guard_public_key **ret_key, const void *spki, size_t size)
{
	const struct gate_authority *authority = context;

	return gate_details_key(authority->gate->details, ret_key, spki, size);
}

static int verify(void *context, const struct guard_link *link, const struct guard_public_key *key, const uint8_t *key_id)
{
	const struct gate_authority *authority = context;

	return gate_details_verify(authority->gate->details, link, key, key_id);
}

static bool hold(void *context, struct guard_vouch_policy *ret_policy)
{
	const struct gate_authority *authority = context;
	const struct gate_policy *policy;

	if (authority->policy) {
		*ret_policy = (struct guard_vouch_policy){ authority->policy, authority->keys->keys, authority->keys->count };
		return true;
	}
	policy = gate_policy_hold(authority->gate);
	if (!policy || policy->generation != authority->generation) {
		gate_policy_release(authority->gate);
		return false;
	}
	*ret_policy = (struct guard_vouch_policy){ policy->policy, policy->keys->keys, policy->keys->count };
	return true;
}

static void release(void *context)
{
	const struct gate_authority *authority = context;

	if (!authority->policy)
		gate_policy_release(authority->gate);
}

size_t gate_authority_find(struct guard_vouched ret_vouched[GUARD_VOUCHED_MAX], char *reason,
			   struct gate_authority *authority, enum guard_provider provider,
			   const struct guard_claim *claim, const struct guard_hash_value *content, const void *cms,
			   size_t size)
{
	const struct guard_vouching vouching = { .context = authority, .ask = ask, .load = load, .verify = verify,
						 .hold = hold, .release = release,
						 .now = gate_realtime_ns() / 1000000000 };

	if (!claim->issued)
		return 0;
	return guard_vouch(ret_vouched, reason, &vouching, provider, claim, content, cms, size);
}
