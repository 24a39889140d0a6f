/* SPDX-License-Identifier: MIT
 *
 * policy/image_tables.c - the tables that a decision searches: sorted, unique,
 * complete.  A rule that stands in RULES but cannot be found through a table
 * would be a deny rule that silently does nothing; such an image is refused.
 */
#include "policy/image_tables.h"

#include <string.h>

#include "base/text.h"
#include "identity/certificate.h"
#include "identity/chain.h"
#include "policy/digest_table.h"
#include "policy/glob.h"
#include "policy/keys.h"

/* All that is said of one digest: where it stands, its rules, its name. */
static bool is_digest_sane(const struct guard_policy *policy, const struct guard_image_lists *lists, size_t i)
{
	const struct guard_digest *digest = &policy->digests[i];

	if (i > 0 && guard_digest_order(&policy->digests[i - 1], digest) >= 0)
		return false;
	return guard_image_rules_are(lists, policy, policy->digest_rules[i], GUARD_LIST_DIGESTS) &&
	       (!policy->digest_names || guard_image_is_string(policy, policy->digest_names[i]));
}

static int check_bucket(const struct guard_policy *policy, const struct guard_image_lists *lists, size_t bucket)
{
	const uint32_t bits = policy->meta->digest_bits, *index = policy->digest_index;

	if (index[bucket] > index[bucket + 1] || index[bucket + 1] > policy->digest_count)
		return -GUARD_E_FORMAT;
	for (uint32_t i = index[bucket]; i < index[bucket + 1]; i++)
		if (guard_digest_bucket(&policy->digests[i], bits) != bucket || !is_digest_sane(policy, lists, i))
			return -GUARD_E_FORMAT;
	return 0;
}

/* Bucket by bucket, which is digest by digest: of a million digests each is
 * fetched from memory once. */
static int check_digests(const struct guard_policy *policy, const struct guard_image_lists *lists)
{
	const size_t buckets = (size_t)1 << policy->meta->digest_bits;
	const uint32_t *index = policy->digest_index;
	int r = 0;

	if (policy->digest_count == 0)
		return policy->digest_index_count == 0 ||
				       (policy->digest_index_count == buckets + 1 && index[buckets] == 0) ?
			       0 :
			       -GUARD_E_FORMAT;
	if (policy->digest_index_count != buckets + 1 || index[0] != 0 || index[buckets] != policy->digest_count)
		return -GUARD_E_FORMAT;
	for (size_t bucket = 0; r == 0 && bucket < buckets; bucket++)
		r = check_bucket(policy, lists, bucket);
	return r;
}

static int check_signers(const struct guard_policy *policy, const struct guard_image_lists *lists)
{
	for (size_t i = 0; i < policy->signer_count; i++) {
		const struct guard_image_signer *signer = &policy->signers[i];

		if (signer->provider == GUARD_PROVIDER_NONE || signer->provider >= GUARD_PROVIDER_MAX_ ||
		    !guard_image_rules_are(lists, policy, signer->rules, GUARD_LIST_SIGNERS))
			return -GUARD_E_FORMAT;
		if (i > 0 && guard_signer_order(&policy->signers[i - 1], signer->provider, signer->key_id) >= 0)
			return -GUARD_E_FORMAT;
	}
	return 0;
}

static bool is_in_bytes(const struct guard_policy *policy, uint32_t offset, uint32_t size)
{
	return offset <= policy->certificate_bytes_size && size <= policy->certificate_bytes_size - offset;
}

/* Under a key id lies that key and no other, whoever wrote the image.  The other
 * names only say which key to try. */
static bool is_key_of(const struct guard_policy *policy, const struct guard_image_certificate *certificate)
{
	struct guard_digest id;

	return certificate->type == GUARD_CERTIFICATE_CRL ||
	       (guard_digest_bytes(&id, &policy->certificate_bytes[certificate->spki], certificate->spki_size) == 0 &&
		memcmp(id.bytes, certificate->key_id, sizeof(certificate->key_id)) == 0);
}

/* Serial numbers, sorted, each once: they are searched, not read. */
static bool is_revocation_list(const struct guard_policy *policy, const struct guard_image_certificate *certificate)
{
	const uint8_t *serials = &policy->certificate_bytes[certificate->der];

	if (certificate->der_size % GUARD_SERIAL_SIZE != 0)
		return false;
	for (size_t at = GUARD_SERIAL_SIZE; at < certificate->der_size; at += GUARD_SERIAL_SIZE)
		if (memcmp(&serials[at - GUARD_SERIAL_SIZE], &serials[at], GUARD_SERIAL_SIZE) >= 0)
			return false;
	return true;
}

static bool is_term(const struct guard_policy *policy, const struct guard_image_term *term)
{
	uint8_t id[GUARD_KEY_ID_SIZE];

	return guard_image_is_string(policy, term->serial) && guard_image_is_string(policy, term->subject) &&
	       guard_policy_term_id(id, term->issuer, guard_policy_string(policy, term->serial),
				    guard_policy_string(policy, term->subject)) == 0 &&
	       memcmp(id, term->id, sizeof(id)) == 0;
}

static int check_certificates(const struct guard_policy *policy)
{
	for (size_t i = 0; i < policy->certificate_count; i++) {
		const struct guard_image_certificate *certificate = &policy->certificates[i];

		if (certificate->type == GUARD_CERTIFICATE_NONE || certificate->type >= GUARD_CERTIFICATE_MAX_ ||
		    !is_in_bytes(policy, certificate->der, certificate->der_size) ||
		    !is_in_bytes(policy, certificate->spki, certificate->spki_size) ||
		    (certificate->type == GUARD_CERTIFICATE_CRL) != (certificate->spki_size == 0) ||
		    !is_key_of(policy, certificate) ||
		    (certificate->type == GUARD_CERTIFICATE_CRL && !is_revocation_list(policy, certificate)))
			return -GUARD_E_FORMAT;
	}
	for (size_t i = 0; i < policy->term_count; i++) {
		const struct guard_image_term *term = &policy->terms[i];

		if (!is_term(policy, term) ||
		    (i > 0 && memcmp(policy->terms[i - 1].id, term->id, sizeof(term->id)) >= 0))
			return -GUARD_E_FORMAT;
	}
	return 0;
}

static int check_interpreter_digests(const struct guard_policy *policy)
{
	for (size_t i = 0; i < policy->interpreter_digest_count; i++) {
		const struct guard_image_interpreter_digest *entry = &policy->interpreter_digests[i];

		if (entry->interpreter >= policy->interpreter_count)
			return -GUARD_E_FORMAT;
		if (i > 0 && memcmp(policy->interpreter_digests[i - 1].digest, entry->digest, sizeof(entry->digest)) >= 0)
			return -GUARD_E_FORMAT;
	}
	return 0;
}

static int check_prefixes(const struct guard_policy *policy, const struct guard_image_lists *lists)
{
	for (size_t i = 0; i < policy->prefix_count; i++) {
		const struct guard_image_prefix *prefix = &policy->prefixes[i];

		if (prefix->length == 0 || prefix->length > GUARD_GLOB_MAX || prefix->rules & GUARD_IMAGE_LIST ||
		    !guard_image_rules_are(lists, policy, prefix->rules | GUARD_IMAGE_LIST, GUARD_LIST_PATHS))
			return -GUARD_E_FORMAT;
		if (i > 0 && guard_prefix_order(&policy->prefixes[i - 1], prefix->hash, prefix->length) >= 0)
			return -GUARD_E_FORMAT;
	}
	for (size_t i = 0; i < policy->always_count; i++) {
		if (!guard_image_rules_are(lists, policy, policy->always[i], GUARD_LIST_PATHS) ||
		    policy->always[i] & GUARD_IMAGE_LIST)
			return -GUARD_E_FORMAT;
		if (i > 0 && policy->always[i - 1] >= policy->always[i])
			return -GUARD_E_FORMAT;
	}
	return 0;
}

static bool holds_rule(const struct guard_rule_list *list, uint32_t rule)
{
	size_t low = 0, high = list->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (list->rules[middle] == rule)
			return true;
		if (list->rules[middle] < rule)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

/* Can the rule be found through this pattern of its? */
static bool is_reachable(const struct guard_policy *policy, uint32_t rule, const char *pattern)
{
	struct guard_rule_list list = { policy->always, (uint32_t)policy->always_count };
	size_t length = guard_glob_prefix(pattern);

	if (length > 0)
		guard_policy_rules_of_prefix(policy, &list, guard_text_hash(pattern, length), length);
	return holds_rule(&list, rule);
}

static int check_reachable(const struct guard_policy *policy)
{
	for (uint32_t rule = 0; rule < policy->rule_count; rule++) {
		uint32_t paths = policy->rules[rule].paths;

		if (!(guard_image_rule_mark(&policy->rules[rule]) & GUARD_LIST_PATHS))
			continue;
		for (uint32_t i = 0; i < guard_policy_list_count(policy, paths); i++)
			if (!is_reachable(policy, rule,
					  guard_policy_string(policy, guard_policy_list_entry(policy, paths, i))))
				return -GUARD_E_FORMAT;
	}
	return 0;
}

int guard_image_check_tables(const struct guard_policy *policy, const struct guard_image_lists *lists)
{
	int r = check_digests(policy, lists);

	if (r == 0)
		r = check_signers(policy, lists);
	if (r == 0)
		r = check_certificates(policy);
	if (r == 0)
		r = check_interpreter_digests(policy);
	if (r == 0)
		r = check_prefixes(policy, lists);
	if (r == 0)
		r = check_reachable(policy);
	return r;
}
