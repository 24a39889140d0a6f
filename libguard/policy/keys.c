/* SPDX-License-Identifier: MIT
 *
 * policy/keys.c - keys of a policy, and from a verified key to the signers that
 * its rules speak of.  Verifies nothing itself.
 */
#include "policy/keys.h"

#include <string.h>

#include "base/buffer.h"
#include "identity/certificate.h"
#include "identity/chain.h"
#include "policy/policy.h"

int guard_policy_term_id(uint8_t ret_id[GUARD_KEY_ID_SIZE], const uint8_t *key_id, const char *serial,
			 const char *subject)
{
	struct guard_writer writer;
	struct guard_digest id;
	int r;

	guard_writer_init(&writer);
	guard_write_string(&writer, "guard signer");
	guard_write_bytes(&writer, key_id, GUARD_KEY_ID_SIZE);
	guard_write_string(&writer, serial);
	guard_write_string(&writer, subject);
	r = writer.failed ? -GUARD_E_NOMEM : guard_digest_bytes(&id, writer.bytes, writer.size);
	guard_writer_free(&writer);
	if (r == 0)
		memcpy(ret_id, id.bytes, GUARD_KEY_ID_SIZE);
	return r;
}

size_t guard_policy_key_count(const struct guard_policy *policy)
{
	size_t count = 0;

	for (; policy; policy = policy->next)
		count += policy->certificate_count;
	return count;
}

static void describe(const struct guard_policy *policy, struct guard_policy_key *ret_key, size_t index)
{
	const struct guard_image_certificate *record = &policy->certificates[index];

	*ret_key = (struct guard_policy_key){ .type = (uint8_t)record->type,
					      .is_ca = record->flags & GUARD_IMAGE_CERTIFICATE_CA,
					      .stamps = record->flags & GUARD_IMAGE_CERTIFICATE_STAMPS,
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

void guard_policy_key(const struct guard_policy *policy, struct guard_policy_key *ret_key, size_t index)
{
	while (policy->next && index >= policy->certificate_count) {
		index -= policy->certificate_count;
		policy = policy->next;
	}
	describe(policy, ret_key, index);
}

bool guard_policy_key_is_meant(const struct guard_policy_key *key, const struct guard_claim *claim)
{
	const uint32_t ima = (uint32_t)claim->key[0] << 24 | (uint32_t)claim->key[1] << 16 |
			     (uint32_t)claim->key[2] << 8 | claim->key[3];

	switch (claim->hint) {
	case GUARD_HINT_IMA:
		return ima == key->ima_id || memcmp(claim->key, &key->ski[GUARD_SKI_SIZE - 4], 4) == 0;
	case GUARD_HINT_SPKI:
		return memcmp(claim->key, key->key_id, GUARD_KEY_ID_SIZE) == 0;
	case GUARD_HINT_ISSUER:
		return memcmp(claim->key, key->issuer_id, GUARD_KEY_ID_SIZE) == 0;
	case GUARD_HINT_SKI:
		return memcmp(claim->key, key->ski, GUARD_SKI_SIZE) == 0;
	default:
		return false;
	}
}

bool guard_policy_has_authority(const struct guard_policy *policy, enum guard_provider provider)
{
	for (size_t i = 0; i < guard_policy_key_count(policy); i++) {
		struct guard_policy_key key;

		guard_policy_key(policy, &key, i);
		if (key.is_ca && guard_policy_names_key(policy, provider, key.key_id))
			return true;
	}
	return false;
}

static bool lists_serial(const struct guard_policy_key *crl, const uint8_t *serial)
{
	size_t low = 0, high = crl->der_size / GUARD_SERIAL_SIZE;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		const int order = memcmp(serial, &crl->der[middle * GUARD_SERIAL_SIZE], GUARD_SERIAL_SIZE);

		if (order == 0)
			return true;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}

bool guard_policy_is_revoked(const struct guard_policy *policy, const uint8_t *issuer_key_id, const uint8_t *serial)
{
	for (size_t i = 0; i < guard_policy_key_count(policy); i++) {
		struct guard_policy_key key;

		guard_policy_key(policy, &key, i);
		if (key.type == GUARD_CERTIFICATE_CRL && memcmp(key.key_id, issuer_key_id, GUARD_KEY_ID_SIZE) == 0 &&
		    lists_serial(&key, serial))
			return true;
	}
	return false;
}

unsigned guard_policy_providers(const struct guard_policy *policy)
{
	unsigned providers = 0;

	for (; policy; policy = policy->next)
		for (size_t i = 0; i < policy->signer_count; i++)
			providers |= 1u << policy->signers[i].provider;
	return providers;
}

static bool is_named(const struct guard_policy *policy, const struct guard_signer *signer)
{
	struct guard_rule_list list;

	for (; policy; policy = policy->next) {
		guard_policy_rules_of_signer(policy, &list, signer);
		if (list.count > 0)
			return true;
	}
	return false;
}

static struct guard_signer signer_of(enum guard_provider provider, const uint8_t *id)
{
	struct guard_signer signer = { .provider = (uint8_t)provider };

	memcpy(signer.key_id, id, sizeof(signer.key_id));
	return signer;
}

bool guard_policy_names_key(const struct guard_policy *policy, enum guard_provider provider, const uint8_t *key_id)
{
	struct guard_signer signer = signer_of(provider, key_id);

	if (is_named(policy, &signer))
		return true;
	for (const struct guard_policy *part = policy; part; part = part->next)
		for (size_t i = 0; i < part->term_count; i++) {
			signer = signer_of(provider, part->terms[i].id);
			if (memcmp(part->terms[i].issuer, key_id, GUARD_KEY_ID_SIZE) == 0 && is_named(policy, &signer))
				return true;
		}
	return false;
}

static bool denies(const struct guard_policy *policy, const struct guard_signer *signer)
{
	struct guard_rule_list list;

	for (; policy; policy = policy->next) {
		guard_policy_rules_of_signer(policy, &list, signer);
		for (uint32_t i = 0; i < list.count; i++)
			if (policy->bound[list.rules[i]].class_ >= GUARD_CLASS_BARRED)
				return true;
	}
	return false;
}

/* A full list gives up one that only allows. */
static void add(const struct guard_policy *policy, struct guard_identity *identity, const struct guard_signer *signer)
{
	for (size_t i = 0; i < identity->signer_count; i++)
		if (memcmp(&identity->signers[i], signer, sizeof(*signer)) == 0)
			return;
	if (!is_named(policy, signer))
		return;
	if (identity->signer_count < GUARD_SIGNERS_MAX) {
		identity->signers[identity->signer_count++] = *signer;
		return;
	}
	for (size_t i = 0; denies(policy, signer) && i < identity->signer_count; i++) {
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
			      const struct guard_certificate_facts *facts, bool only_denials)
{
	struct guard_signer signer = signer_of(provider, key_id);

	if (!only_denials || denies(policy, &signer))
		add(policy, identity, &signer);
	for (const struct guard_policy *part = policy; facts && part; part = part->next)
		for (size_t i = 0; i < part->term_count; i++) {
			const struct guard_image_term *term = &part->terms[i];

			if (memcmp(term->issuer, key_id, GUARD_KEY_ID_SIZE) != 0 || !meets(part, term, facts))
				continue;
			signer = signer_of(provider, term->id);
			if (!only_denials || denies(policy, &signer))
				add(policy, identity, &signer);
		}
}
