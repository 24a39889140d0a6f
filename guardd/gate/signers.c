/* SPDX-License-Identifier: MIT
 *
 * gate/signers.c - from a file that was hashed to the signers that vouch for its
 * content.  A claim counts when a key of the policy in force verifies it over a
 * hash that this process computed; whatever goes wrong on the way leaves the
 * file without that signer and changes nothing else.
 */
#include "gate/catalogs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "identity/certificate.h"


/* One signature and what it is about. */
struct statement {
	enum guard_provider provider;
	const struct guard_claim *claim;
	struct guard_hash_value content;
};

/* Whose rules are asked: the policy in force, or one that is only tried. */
struct look {
	struct gate *gate;
	const struct gate_policy *trial; /* NULL: the one in force */
};

static const struct gate_policy *hold(const struct look *look)
{
	return look->trial ? look->trial : gate_policy_hold(look->gate);
}

static void release(const struct look *look)
{
	if (!look->trial)
		gate_policy_release(look->gate);
}

static unsigned providers_wanted(const struct look *look, uint64_t *ret_generation)
{
	const struct gate_policy *policy = hold(look);
	unsigned providers = policy ? policy->keys->providers : 0;

	*ret_generation = policy ? policy->generation : 0;
	release(look);
	return providers;
}

bool gate_claim_is_meant(const struct guard_policy *policy, size_t index, enum guard_provider provider,
			 const struct guard_claim *claim)
{
	struct guard_policy_key key;

	guard_policy_key(policy, &key, index);
	return guard_policy_key_is_meant(&key, claim) && guard_policy_names_key(policy, provider, key.key_id);
}

bool gate_claim_is_by(const struct guard_policy *policy, const struct gate_keys *keys, size_t index,
		      enum guard_provider provider, const struct guard_claim *claim,
		      const struct guard_hash_value *content)
{
	return keys->keys[index] && gate_claim_is_meant(policy, index, provider, claim) &&
	       guard_claim_verify(claim, keys->keys[index], content) == 0;
}

/* The first thing that is wrong is what people are told. */
static void say(struct gate_identity *identity, const char *sentence)
{
	if (!identity->reason[0])
		snprintf(identity->reason, sizeof(identity->reason), "%s", sentence);
}

/* Add what verifies.  Computes and never blocks: the policy is held. */
static void verify(const struct gate_policy *policy, struct gate_identity *identity, const struct statement *statement)
{
	bool meant = false, good = false;

	for (size_t i = 0; i < policy->keys->count; i++) {
		struct guard_policy_key key;

		if (!gate_claim_is_meant(policy->policy, i, statement->provider, statement->claim))
			continue;
		meant = true;
		if (!gate_claim_is_by(policy->policy, policy->keys, i, statement->provider, statement->claim,
				      &statement->content))
			continue;
		good = true;
		guard_policy_key(policy->policy, &key, i);
		guard_policy_add_signers(policy->policy, &identity->identity, statement->provider, key.key_id, NULL,
					 false);
	}
	if (meant && !good)
		say(identity, "its signature is not of this content: the file was changed after it was signed");
}

/* `size` bytes of content from the beginning of the file. */
struct question {
	enum guard_provider provider;
	enum guard_inspection type;
	const uint8_t *bytes;
	size_t bytes_size;
	uint64_t content_size;
};

/* What came back. */
struct answer {
	struct guard_signed signed_by;
	bool changed; /* the file, meanwhile */
};

/* The same for what an authority of the policy stands behind. */
static void add_vouched(const struct look *look, struct gate_identity *identity, enum guard_provider provider,
			const struct guard_vouched *vouched)
{
	const struct gate_policy *policy = hold(look);

	if (policy->generation == identity->generation)
		guard_vouched_add(policy->policy, &identity->identity, provider, vouched);
	release(look);
	if (!vouched->good)
		say(identity, vouched->reason);
	else if (vouched->valid_until < identity->signers_until)
		identity->signers_until = vouched->valid_until;
}

static void find_authority(const struct look *look, struct gate_identity *identity, const struct statement *statement,
			   const struct question *question, const struct answer *answer)
{
	struct gate_authority authority = { .gate = look->gate, .generation = identity->generation,
					    .policy = look->trial ? look->trial->policy : NULL,
					    .keys = look->trial ? look->trial->keys : NULL,
					    .signed_by = &answer->signed_by, .cms = question->bytes,
					    .cms_size = question->bytes_size };
	GUARD_AUTO_FREE struct guard_vouched *vouched = calloc(GUARD_VOUCHED_MAX, sizeof(*vouched));
	char reason[GUARD_REASON_MAX] = "";
	size_t count;

	if (!vouched)
		return;
	count = gate_authority_find(vouched, reason, &authority, statement->provider, statement->claim,
				    &statement->content, question->bytes, question->bytes_size);
	for (size_t i = 0; i < count; i++)
		add_vouched(look, identity, statement->provider, &vouched[i]);
	if (count == 0 && reason[0])
		say(identity, reason);
}

static bool wants_authorities(const struct look *look, enum guard_provider provider)
{
	const struct gate_policy *policy = hold(look);
	const bool wants = policy && policy->keys->authorities >> provider & 1;

	release(look);
	return wants;
}

/* One claim against the policy. */
static void weigh(const struct look *look, struct gate_identity *identity, int fd, const struct question *question,
		  struct answer *answer, const struct guard_claim *claim)
{
	const struct guard_content known = { .digest = identity->identity.digest, .size = identity->identity.size,
					     .front = identity->front, .front_size = identity->front_size };
	struct statement statement = { .provider = question->provider, .claim = claim };
	const struct gate_policy *policy;
	int r = guard_claim_hash(&statement.content, claim, fd, question->content_size, &known);

	if (r == -GUARD_E_CHANGED) {
		answer->changed = true;
		say(identity, "it was changed while its signature was looked at");
	}
	if (r < 0)
		return;
	policy = hold(look);
	if (policy->generation == identity->generation)
		verify(policy, identity, &statement);
	release(look);
	if (question->type == GUARD_INSPECT_SIGNED)
		find_authority(look, identity, &statement, question, answer);
}

/* false: it could not be found out this time. */
static bool find(const struct look *look, struct gate_identity *identity, int fd, struct question question)
{
	GUARD_AUTO_FREE struct answer *answer = calloc(1, sizeof(*answer));
	const struct guard_claims *claims;

	if (question.type == GUARD_INSPECT_CMS && wants_authorities(look, question.provider))
		question.type = GUARD_INSPECT_SIGNED;
	if (!answer || gate_inspect_signed(look->gate, &answer->signed_by, question.type, question.bytes, question.bytes_size) < 0) {
		say(identity, "its signature could not be looked at: the process that does so died or was too slow");
		return false;
	}
	claims = &answer->signed_by.claims;
	if (claims->count == 0)
		say(identity, claims->reason);
	for (uint32_t i = 0; i < claims->count; i++)
		weigh(look, identity, fd, &question, answer, &claims->claims[i]);
	if (identity->identity.signer_count == 0)
		say(identity, "its signature is by no key that the policy names");
	return !answer->changed;
}

static bool find_all(const struct look *look, struct gate_identity *identity, int fd, const struct gate_carried *carried)
{
	const struct question ima = { GUARD_PROVIDER_IMA, GUARD_INSPECT_IMA, carried->ima, carried->ima_size,
				      identity->identity.size };
	const struct question appended = { GUARD_PROVIDER_APPENDED, GUARD_INSPECT_CMS, carried->appended,
					   carried->appended_size, carried->content_size };
	bool whole = true;

	if (carried->ima_size)
		whole = find(look, identity, fd, ima);
	if (carried->appended_size)
		whole = find(look, identity, fd, appended) && whole;
	return whole;
}

static void find_in_catalogs(const struct look *look, struct gate_identity *identity)
{
	const struct gate_policy *policy = hold(look);

	if (policy && policy->generation == identity->generation)
		gate_catalogs_find(policy->catalogs, policy->policy, identity);
	release(look);
}

static void begin(struct gate_identity *identity, uint64_t generation)
{
	identity->identity.signer_count = 0;
	identity->signers_until = INT64_MAX;
	identity->reason[0] = '\0';
	identity->generation = generation;
}

uint64_t gate_signers_front(struct gate *gate, int fd, uint64_t size)
{
	const struct look look = { .gate = gate };
	uint64_t ignored;

	return providers_wanted(&look, &ignored) & 1u << GUARD_PROVIDER_APPENDED ? guard_appended_find(fd, size) : 0;
}

void gate_signers_find(struct gate *gate, struct gate_identity *identity, int fd)
{
	const struct look look = { .gate = gate };
	struct gate_carried carried;
	uint64_t generation;
	const unsigned providers = providers_wanted(&look, &generation);

	begin(identity, generation);
	gate_carried_look(&carried, identity, providers, fd);
	if (identity->carried &&
	    !gate_vouchers_get(gate->vouchers, identity, identity->carried, generation) &&
	    find_all(&look, identity, fd, &carried))
		gate_vouchers_put(gate->vouchers, identity, identity->carried, generation);
	gate_carried_clear(&carried);
	find_in_catalogs(&look, identity);
}

void gate_signers_try(struct gate *gate, const struct gate_policy *policy, struct gate_identity *identity, int fd)
{
	const struct look look = { .gate = gate, .trial = policy };
	struct gate_carried carried;

	begin(identity, policy->generation);
	gate_carried_look(&carried, identity, policy->keys->providers, fd);
	(void)find_all(&look, identity, fd, &carried);
	gate_carried_clear(&carried);
	find_in_catalogs(&look, identity);
	guard_attribution_add(policy->attributions, &identity->identity);
}

bool gate_signers_known(struct gate *gate, struct gate_identity *identity, const struct gate_cached *cached)
{
	const struct look look = { .gate = gate };
	uint64_t generation;
	const unsigned providers = providers_wanted(&look, &generation);

	begin(identity, generation);
	identity->carried = cached->carried;
	identity->looked_for = cached->looked_for;
	identity->signatures = cached->signatures;
	/* What the policy before did not ask for was not looked for. */
	if (providers & GATE_CARRIED_PROVIDERS & ~cached->looked_for)
		return false;
	if (cached->carried &&
	    !gate_vouchers_get(gate->vouchers, identity, cached->carried, generation))
		return false;
	find_in_catalogs(&look, identity);
	return true;
}
