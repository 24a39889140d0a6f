/* SPDX-License-Identifier: MIT
 *
 * policy/conditions.c - do a rule's conditions hold?  Pure: compares what it is
 * given.  What is unknown (no program, no verified path) holds for no rule;
 * only a deny rule may look at the path that the caller claims.
 */
#include "policy/policy.h"

static bool holds_id(const uint32_t *ids, uint32_t list, uint32_t id)
{
	for (uint32_t i = 0; i < ids[list]; i++)
		if (ids[list + 1 + i] == id && id != GUARD_NO_ID)
			return true;
	return false;
}

/* Of somebody in more groups than are looked at, the others are unknown: that
 * allows nothing, and a denial it does not lift. */
static bool holds_any_group(const struct guard_policy *policy, const struct guard_bound_rule *rule,
			    const struct guard_subject *subject)
{
	const bool more = subject->gid_count > GUARD_GROUPS_MAX;
	uint32_t list = rule->groups, count = more ? GUARD_GROUPS_MAX : subject->gid_count;

	if (more && rule->class_ >= GUARD_CLASS_BARRED)
		return true;
	for (uint32_t i = 0; subject->gids && i < count; i++)
		if (holds_id(policy->gids, list, subject->gids[i]))
			return true;
	return false;
}

static enum guard_condition subject_condition(const struct guard_policy *policy, const struct guard_bound_rule *rule,
					      const struct guard_subject *subject)
{
	if (rule->users && !(subject && holds_id(policy->uids, rule->users, subject->uid)))
		return GUARD_CONDITION_USER;
	if (rule->groups && !(subject && holds_any_group(policy, rule, subject)))
		return GUARD_CONDITION_GROUP;
	if (rule->parents &&
	    !(subject && subject->program && guard_policy_any_pattern(policy, rule->parents, subject->program)))
		return GUARD_CONDITION_PARENT;
	return GUARD_CONDITION_NONE;
}

enum guard_condition guard_policy_path_condition(const struct guard_policy *policy, const struct guard_bound_rule *rule,
						 const struct guard_object *object)
{
	if (!rule->paths)
		return GUARD_CONDITION_NONE;
	if (object->path && guard_policy_any_pattern(policy, rule->paths, object->path)) {
		if (rule->by_path && rule->class_ < GUARD_CLASS_BARRED && !object->path_protected)
			return GUARD_CONDITION_UNPROTECTED;
		return GUARD_CONDITION_NONE;
	}
	if (rule->class_ >= GUARD_CLASS_BARRED && object->claimed_path &&
	    guard_policy_any_pattern(policy, rule->paths, object->claimed_path))
		return GUARD_CONDITION_NONE;
	return GUARD_CONDITION_PATH;
}

enum guard_condition guard_policy_failing_condition(const struct guard_policy *policy,
						    const struct guard_bound_rule *rule,
						    const struct guard_subject *subject,
						    const struct guard_object *object, const int64_t *now)
{
	enum guard_condition condition;

	if (now && (*now < rule->valid_from || (*now >= rule->valid_until && rule->valid_until != INT64_MAX)))
		return GUARD_CONDITION_TIME;
	condition = subject_condition(policy, rule, subject);
	if (condition != GUARD_CONDITION_NONE)
		return condition;
	return guard_policy_path_condition(policy, rule, object);
}
