/* SPDX-License-Identifier: MIT
 *
 * policy/info.c - what a policy says of itself, its rules and its digests.
 */
#include "policy/policy.h"

#include <string.h>

void guard_policy_info(const struct guard_policy *policy, struct guard_policy_info *ret_info)
{
	const struct guard_image_meta *meta = policy->meta;

	*ret_info = (struct guard_policy_info){
		.id = guard_policy_string(policy, meta->id),
		.version = meta->version,
		.mode = meta->mode,
		.default_action = meta->default_action,
		.expires = meta->expires,
		.digest_count = policy->digest_count,
		.rule_count = policy->rule_count,
		.interpreter_count = policy->interpreter_count,
		.help_phone = guard_policy_string(policy, meta->help_phone),
		.help_text = guard_policy_string(policy, meta->help_text),
		.running = meta->running,
	};
	memcpy(ret_info->image_digest.bytes, policy->header->sha256, GUARD_DIGEST_SIZE);
}

int guard_policy_needs_path(const struct guard_policy *policy)
{
	return policy->needs_path;
}

int guard_policy_rule_info(const struct guard_policy *policy, uint32_t rule, struct guard_rule_info *ret_info)
{
	const struct guard_image_rule *record;

	if (rule >= policy->rule_count)
		return -GUARD_E_NOT_FOUND;
	record = &policy->rules[rule];
	*ret_info = (struct guard_rule_info){
		.action = record->action,
		.is_exception = record->origin,
		.source = guard_policy_string(policy, record->source),
		.group = guard_policy_string(policy, record->group),
		.note = guard_policy_string(policy, record->note),
		.url = guard_policy_string(policy, record->url),
		.location = guard_policy_string(policy, record->location),
	};
	return 0;
}

const char *guard_policy_name_of(const struct guard_policy *policy, const struct guard_digest *digest)
{
	const char *name;
	size_t index;

	if (!policy->digest_names || !guard_policy_find_digest(policy, &index, digest))
		return NULL;
	name = guard_policy_string(policy, policy->digest_names[index]);
	return *name ? name : NULL;
}
