/* SPDX-License-Identifier: MIT
 *
 * policy/keys.c - keys of a policy, and from a verified key to the signers that
 * its rules speak of.  Verifies nothing itself.
 */
#include "policy/keys.h"

#include <string.h>

#include "policy/policy.h"

size_t guard_policy_key_count(const struct guard_policy *policy)
{
	return policy->certificate_count;
}

void guard_policy_key(const struct guard_policy *policy, struct guard_policy_key *ret_key, size_t index)
{
	const struct guard_image_certificate *record = &policy->certificates[index];

	*ret_key = (struct guard_policy_key){ .type = (uint8_t)record->type,
					      .is_ca = record->flags & GUARD_IMAGE_CERTIFICATE_CA,
					      .ima_id = record->ima_id,
					      .key_id = record->key_id,
					      .issuer_id = record->issuer_id,
					      .ski = record->ski,
					      .der_size = record->der_size,
					      .spki_size = record->spki_size };
	if (record->der_size)
		ret_key->der = &policy->certificate_bytes[record->der];
	if (record->spki_size)
		ret_key->spki = &policy->certificate_bytes[record->spki];
}

unsigned guard_policy_providers(const struct guard_policy *policy)
{
	unsigned providers = 0;

	for (size_t i = 0; i < policy->signer_count; i++)
		providers |= 1u << policy->signers[i].provider;
	return providers;
}

static bool find(const struct guard_policy *policy, struct guard_rule_list *ret_list, struct guard_signer *ret_signer,
		 enum guard_provider provider, const uint8_t *key_id)
{
	ret_signer->provider = (uint8_t)provider;
	memcpy(ret_signer->key_id, key_id, sizeof(ret_signer->key_id));
	guard_policy_rules_of_signer(policy, ret_list, ret_signer);
	return ret_list->count > 0;
}

bool guard_policy_names_key(const struct guard_policy *policy, enum guard_provider provider, const uint8_t *key_id)
{
	struct guard_rule_list list;
	struct guard_signer signer;

	if (find(policy, &list, &signer, provider, key_id))
		return true;
	for (size_t i = 0; i < policy->term_count; i++)
		if (memcmp(policy->terms[i].issuer, key_id, GUARD_KEY_ID_SIZE) == 0 &&
		    find(policy, &list, &signer, provider, policy->terms[i].id))
			return true;
	return false;
}

static bool denies(const struct guard_policy *policy, const struct guard_signer *signer)
{
	struct guard_rule_list list;

	guard_policy_rules_of_signer(policy, &list, signer);
	for (uint32_t i = 0; i < list.count; i++)
		if (policy->bound[list.rules[i]].class_ == GUARD_CLASS_DENY)
			return true;
	return false;
}

/* A full list gives up one that only allows. */
static void add(const struct guard_policy *policy, struct guard_identity *identity, const struct guard_signer *signer)
{
	const bool is_deny = denies(policy, signer);

	for (size_t i = 0; i < identity->signer_count; i++)
		if (memcmp(&identity->signers[i], signer, sizeof(*signer)) == 0)
			return;
	if (identity->signer_count < GUARD_SIGNERS_MAX) {
		identity->signers[identity->signer_count++] = *signer;
		return;
	}
	for (size_t i = 0; is_deny && i < identity->signer_count; i++) {
		if (!denies(policy, &identity->signers[i])) {
			identity->signers[i] = *signer;
			return;
		}
	}
}

static bool meets(const struct guard_policy *policy, const struct guard_image_term *term,
		  const struct guard_certificate_facts *facts)
{
	const char *serial = guard_policy_string(policy, term->serial);
	const char *subject = guard_policy_string(policy, term->subject);
	bool met = !subject[0];

	if (serial[0] && strcmp(serial, facts->serial) != 0)
		return false;
	for (unsigned i = 0; i < facts->subject_count && !met; i++)
		met = strcmp(subject, facts->subjects[i]) == 0;
	return met;
}

void guard_policy_add_signers(const struct guard_policy *policy, struct guard_identity *identity,
			      enum guard_provider provider, const uint8_t *key_id,
			      const struct guard_certificate_facts *facts)
{
	struct guard_rule_list list;
	struct guard_signer signer;

	if (find(policy, &list, &signer, provider, key_id))
		add(policy, identity, &signer);
	for (size_t i = 0; facts && i < policy->term_count; i++) {
		const struct guard_image_term *term = &policy->terms[i];

		if (memcmp(term->issuer, key_id, GUARD_KEY_ID_SIZE) == 0 && meets(policy, term, facts) &&
		    find(policy, &list, &signer, provider, term->id))
			add(policy, identity, &signer);
	}
}
