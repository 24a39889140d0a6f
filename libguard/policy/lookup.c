/* SPDX-License-Identifier: MIT
 *
 * policy/lookup.c - find the rules of a digest, a signer, a directory prefix.
 * Pure; the image was checked when it was opened.
 */
#include "policy/digest_table.h"

#include "policy/glob.h"

bool guard_policy_find_digest(const struct guard_policy *policy, size_t *ret_index, const struct guard_digest *digest)
{
	size_t bucket, low, high;

	if (policy->digest_count == 0)
		return false;
	bucket = guard_digest_bucket(digest, policy->digest_bits);
	low = policy->digest_index[bucket];
	high = policy->digest_index[bucket + 1];
	/* The rule's number is wanted next; let both cache lines come at once. */
	__builtin_prefetch(&policy->digest_rules[low]);
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = guard_digest_order(&policy->digests[middle], digest);

		if (order == 0) {
			*ret_index = middle;
			return true;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

/* A rule, or with bit 31 set a list.  `reference` stays where it is. */
static void resolve(const struct guard_policy *policy, struct guard_rule_list *ret_list, const uint32_t *reference)
{
	uint32_t list = *reference & ~GUARD_IMAGE_LIST;

	if (*reference & GUARD_IMAGE_LIST)
		*ret_list = (struct guard_rule_list){ &policy->rule_lists[list + 1], policy->rule_lists[list] };
	else
		*ret_list = (struct guard_rule_list){ reference, 1 };
}

void guard_policy_rules_of_digest(const struct guard_policy *policy, struct guard_rule_list *ret_list,
				  const struct guard_digest *digest)
{
	size_t index;

	if (guard_policy_find_digest(policy, &index, digest))
		resolve(policy, ret_list, &policy->digest_rules[index]);
	else
		*ret_list = (struct guard_rule_list){ 0 };
}

void guard_policy_rules_of_signer(const struct guard_policy *policy, struct guard_rule_list *ret_list,
				  const struct guard_signer *signer)
{
	size_t low = 0, high = policy->signer_count;

	*ret_list = (struct guard_rule_list){ 0 };
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = guard_signer_order(&policy->signers[middle], signer->provider, signer->key_id);

		if (order == 0) {
			resolve(policy, ret_list, &policy->signers[middle].rules);
			return;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
}

void guard_policy_rules_of_prefix(const struct guard_policy *policy, struct guard_rule_list *ret_list, uint64_t hash,
				  size_t length)
{
	size_t low = 0, high = policy->prefix_count;

	*ret_list = (struct guard_rule_list){ 0 };
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = guard_prefix_order(&policy->prefixes[middle], hash, length);

		if (order == 0) {
			uint32_t list = policy->prefixes[middle].rules;

			*ret_list = (struct guard_rule_list){ &policy->rule_lists[list + 1],
							      policy->rule_lists[list] };
			return;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
}

bool guard_policy_any_pattern(const struct guard_policy *policy, uint32_t list, const char *text)
{
	for (uint32_t i = 0; i < guard_policy_list_count(policy, list); i++)
		if (guard_glob_match(guard_policy_string(policy, guard_policy_list_entry(policy, list, i)), text))
			return true;
	return false;
}

const struct guard_digest *guard_policy_digest_at(const struct guard_policy *policy, uint64_t index)
{
	while (index >= policy->digest_count && policy->next) {
		index -= policy->digest_count;
		policy = policy->next;
	}
	return &policy->digests[index];
}
