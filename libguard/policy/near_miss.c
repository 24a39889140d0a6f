/* SPDX-License-Identifier: MIT
 *
 * policy/near_miss.c - look for allow rules that almost matched, so that the
 * person who is blocked hears which condition it was.
 */
#include "policy/near_miss.h"

#include <string.h>

struct search {
	const struct guard_policy *policy;
	const struct guard_subject *subject;
	const struct guard_object *object;
	struct guard_near_miss *misses;
	size_t count;
};

static void add_rule(struct search *search, uint32_t index)
{
	const struct guard_bound_rule *rule = &search->policy->bound[index];
	enum guard_condition condition = guard_policy_static_condition(rule, search->object);

	if (search->policy->rules[index].action != GUARD_ALLOW || search->count == GUARD_NEAR_MISSES_MAX)
		return;
	for (size_t i = 0; i < search->count; i++)
		if (search->misses[i].rule == index)
			return;
	if (condition == GUARD_CONDITION_NONE)
		condition = guard_policy_failing_condition(search->policy, rule, search->subject, search->object, NULL);
	if (condition == GUARD_CONDITION_NONE)
		condition = GUARD_CONDITION_TIME;
	search->misses[search->count++] = (struct guard_near_miss){ index, condition };
}

static void add_list(struct search *search, const struct guard_rule_list *list)
{
	for (uint32_t i = 0; i < list->count; i++)
		add_rule(search, list->rules[i]);
}

/* Rules by path alone whose path is this one. */
static void add_paths(struct search *search)
{
	const struct guard_policy *policy = search->policy;
	const char *path = search->object->path ? search->object->path : search->object->claimed_path;

	for (uint32_t i = 0; path && i < policy->rule_count; i++)
		if (policy->bound[i].by_path && guard_policy_any_pattern(policy, policy->bound[i].paths, path))
			add_rule(search, i);
}

size_t guard_policy_near_misses(const struct guard_policy *policy, struct guard_near_miss *ret_misses,
				const struct guard_subject *subject, const struct guard_object *object)
{
	struct search search = { policy, subject, object, ret_misses, 0 };
	const struct guard_identity *identity = object->identity;
	struct guard_rule_list list;

	guard_policy_rules_of_digest(policy, &list, &identity->digest);
	add_list(&search, &list);
	for (size_t i = 0; i < identity->signer_count && i < GUARD_SIGNERS_MAX; i++) {
		guard_policy_rules_of_signer(policy, &list, &identity->signers[i]);
		for (uint32_t j = 0; j < list.count; j++)
			if (guard_policy_takes_signer(policy, list.rules[j], &identity->signers[i]))
				add_rule(&search, list.rules[j]);
	}
	add_paths(&search);
	return search.count;
}

bool guard_policy_lists_name(const struct guard_policy *policy, const char *name, const struct guard_digest *digest)
{
	for (size_t i = 0; policy->digest_names && i < policy->digest_count; i++)
		if (strcmp(guard_policy_string(policy, policy->digest_names[i]), name) == 0 &&
		    guard_digest_compare(&policy->digests[i], digest) != 0)
			return true;
	return false;
}
