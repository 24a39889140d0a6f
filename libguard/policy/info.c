/* SPDX-License-Identifier: MIT
 *
 * policy/info.c - what a policy says of itself, its rules and its digests.
 */
#include "policy/policy.h"

#include <string.h>

/* What holds for exceptions when a policy does not say. */
#define EXCEPTION_LONGEST (92u * 86400u) /* seconds: a quarter */
#define EXCEPTION_DIGESTS 1000u
#define EXCEPTION_KINDS (1u << GUARD_KIND_EXECUTABLE | 1u << GUARD_KIND_LIBRARY | 1u << GUARD_KIND_SCRIPT)

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
	memcpy(ret_info->unlock_seconds, meta->unlock, sizeof(ret_info->unlock_seconds));
	ret_info->unlock_end = meta->unlock_end;
	ret_info->maintenance_longest = meta->maintenance ? meta->maintenance : GUARD_POLICY_MAINTENANCE;
	memcpy(ret_info->image_digest.bytes, policy->header->sha256, GUARD_DIGEST_SIZE);
	ret_info->snapshot = policy->snapshot;
	ret_info->fresh_until = policy->fresh_until;
	ret_info->made = policy->made;
	for (policy = policy->next; policy; policy = policy->next) {
		ret_info->digest_count += policy->digest_count;
		ret_info->rule_count += policy->rule_count;
		ret_info->part_count++;
		ret_info->passed_over += policy->passed_over;
	}
}

void guard_policy_exception_limits(const struct guard_policy *policy, struct guard_exception_limits *ret_limits)
{
	const struct guard_image_meta *meta = policy->meta;

	*ret_limits = (struct guard_exception_limits){
		.longest = meta->exception_longest ? meta->exception_longest : EXCEPTION_LONGEST,
		.digests = meta->exception_digests ? meta->exception_digests : EXCEPTION_DIGESTS,
		.kinds = meta->exception_kinds ? meta->exception_kinds : EXCEPTION_KINDS,
		.signers = (meta->exception_flags & GUARD_EXCEPTION_SIGNERS) != 0,
		.paths = (meta->exception_flags & GUARD_EXCEPTION_PATHS) != 0,
	};
}

int guard_policy_needs_path(const struct guard_policy *policy)
{
	for (; policy; policy = policy->next)
		if (policy->needs_path)
			return 1;
	return 0;
}

int guard_policy_rule_info(const struct guard_policy *policy, uint32_t rule, struct guard_rule_info *ret_info)
{
	const struct guard_image_rule *record;

	for (; policy && rule >= policy->rule_count; policy = policy->next)
		rule -= (uint32_t)policy->rule_count;
	if (!policy)
		return -GUARD_E_NOT_FOUND;
	record = &policy->rules[rule];
	*ret_info = (struct guard_rule_info){
		.action = record->action,
		.at_once = policy->part.kind == GUARD_SET_DENY,
		.is_exception = record->origin || policy->part.kind == GUARD_SET_EXCEPTION,
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

	for (; policy; policy = policy->next) {
		if (!policy->digest_names || !guard_policy_find_digest(policy, &index, digest))
			continue;
		name = guard_policy_string(policy, policy->digest_names[index]);
		if (*name)
			return name;
	}
	return NULL;
}

int guard_policy_checksum(struct guard_digest *ret_checksum, const struct guard_policy *policy)
{
	struct {
		struct guard_digest before;
		uint8_t image[sizeof(policy->header->sha256)];
		struct guard_set_part part;
	} link;
	int r = 0;

	memset(&link, 0, sizeof(link));
	for (; policy && r == 0; policy = policy->next) {
		memcpy(link.image, policy->header->sha256, sizeof(link.image));
		link.part = policy->part;
		r = guard_digest_bytes(&link.before, &link, sizeof(link));
	}
	if (r == 0)
		*ret_checksum = link.before;
	return r;
}
