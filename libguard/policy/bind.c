/* SPDX-License-Identifier: MIT
 *
 * policy/bind.c - make a checked image into the policy of this machine: rules
 * of other offices and hosts fall out, names become ids.  After it a decision
 * compares numbers only.
 */
#include "policy/policy.h"

#include <stdlib.h>
#include <string.h>

#include "policy/accounts.h"
#include "policy/glob.h"

/* Is this machine's office one of the list?  A machine without one is in none. */
static bool office_is_in(const struct guard_policy *policy, uint32_t list, const char *office)
{
	for (uint32_t i = 0; office && i < guard_policy_list_count(policy, list); i++)
		if (strcmp(guard_policy_string(policy, guard_policy_list_entry(policy, list, i)), office) == 0)
			return true;
	return false;
}

static void lower(char *ret_text, const char *text)
{
	size_t length = strnlen(text, GUARD_GLOB_MAX);

	for (size_t i = 0; i < length; i++)
		ret_text[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] - 'A' + 'a' : text[i]);
	ret_text[length] = '\0';
}

/* Names of hosts are the same in capitals and small letters (RFC 4343). */
static bool host_is_in(const struct guard_policy *policy, uint32_t list, const char *host)
{
	char name[GUARD_GLOB_MAX + 1], pattern[GUARD_GLOB_MAX + 1];

	if (!host)
		return false;
	lower(name, host);
	for (uint32_t i = 0; i < guard_policy_list_count(policy, list); i++) {
		lower(pattern, guard_policy_string(policy, guard_policy_list_entry(policy, list, i)));
		if (guard_glob_match(pattern, name))
			return true;
	}
	return false;
}

static bool is_for_machine(const struct guard_policy *policy, const struct guard_image_rule *rule,
			   const struct guard_machine *machine)
{
	const char *office = machine ? machine->office : NULL, *host = machine ? machine->host : NULL;

	if (rule->offices && !office_is_in(policy, rule->offices, office))
		return false;
	return !rule->hosts || host_is_in(policy, rule->hosts, host);
}

static uint8_t class_of(const struct guard_policy *policy, const struct guard_image_rule *rule)
{
	if (policy->part.kind == GUARD_SET_EXCEPTION)
		return guard_policy_exception_holds(policy, (size_t)(rule - policy->rules)) ? GUARD_CLASS_EXCEPTION :
											      GUARD_CLASS_NONE;
	if (rule->action == GUARD_DENY)
		return rule->flags & GUARD_RULE_UNLOCKABLE ? GUARD_CLASS_BARRED : GUARD_CLASS_DENY;
	if (policy->part.kind == GUARD_SET_DENY)
		return GUARD_CLASS_NONE;
	return rule->origin ? GUARD_CLASS_EXCEPTION : GUARD_CLASS_ALLOW;
}

/* A deny rule for any path is a rule without a condition on it: it also holds
 * when no path is known. */
static bool is_for_any_path(const struct guard_policy *policy, const struct guard_image_rule *rule)
{
	for (uint32_t i = 0; rule->action == GUARD_DENY && i < guard_policy_list_count(policy, rule->paths); i++)
		if (strcmp(guard_policy_string(policy, guard_policy_list_entry(policy, rule->paths, i)), "/**") == 0)
			return true;
	return false;
}

static uint8_t conditions_of(const struct guard_policy *policy, const struct guard_image_rule *rule,
			     const struct guard_bound_rule *bound)
{
	bool lapses = bound->class_ == GUARD_CLASS_EXCEPTION && policy->head->meta->expires != INT64_MAX;
	uint8_t depends = 0;

	if (rule->paths && !is_for_any_path(policy, rule))
		depends |= GUARD_DEPENDS_PATH;
	if (rule->users || rule->groups || rule->parents)
		depends |= GUARD_DEPENDS_SUBJECT;
	if (bound->valid_from != INT64_MIN || bound->valid_until != INT64_MAX || lapses)
		depends |= GUARD_DEPENDS_TIME;
	return depends;
}

/* Found whatever the path is, because a pattern has no literal prefix? */
static bool is_always_found(const struct guard_policy *policy, const struct guard_image_rule *rule)
{
	for (uint32_t i = 0; i < guard_policy_list_count(policy, rule->paths); i++)
		if (guard_glob_prefix(guard_policy_string(policy, guard_policy_list_entry(policy, rule->paths, i))) == 0)
			return true;
	return false;
}

static void note_path_kinds(struct guard_policy *policy, const struct guard_image_rule *rule,
			    const struct guard_bound_rule *bound)
{
	if (bound->paths)
		policy->needs_path = true;
	if (!bound->by_path || is_always_found(policy, rule))
		return;
	for (unsigned medium = 0; medium < GUARD_MEDIUM_MAX_; medium++)
		if (bound->media >> medium & 1)
			policy->path_kinds[rule->action][medium] |= bound->kinds;
}

static void bind_rule(struct guard_policy *policy, size_t index, const struct guard_machine *machine)
{
	const struct guard_image_rule *rule = &policy->rules[index];
	const uint32_t by_content = GUARD_RULE_HAS_DIGESTS | GUARD_RULE_HAS_SIGNERS;
	struct guard_bound_rule *bound = &policy->bound[index];

	*bound = (struct guard_bound_rule){
		.valid_from = rule->valid_from,
		.valid_until = rule->valid_until,
		.paths = is_for_any_path(policy, rule) ? 0 : rule->paths,
		.parents = rule->parents,
		.users = rule->users,
		.groups = rule->groups,
		.class_ = is_for_machine(policy, rule, machine) ? class_of(policy, rule) : GUARD_CLASS_NONE,
		.kinds = rule->kinds ? rule->kinds : UINT8_MAX,
		.media = rule->media ? rule->media : UINT8_MAX,
		.by_path = !(rule->flags & by_content),
		.narrows_signers = rule->packages || rule->min_version || rule->below_version,
	};
	if (policy->part.kind == GUARD_SET_EXCEPTION) {
		/* A rule of any kind is of those within the limits. */
		bound->kinds &= policy->limits.kinds;
		policy->passed_over += !guard_policy_exception_holds(policy, index);
	}
	bound->depends = conditions_of(policy, rule, bound);
	if (bound->class_ != GUARD_CLASS_NONE)
		note_path_kinds(policy, rule, bound);
}

static void resolve_list(const struct guard_policy *policy, uint32_t *ids, uint32_t list,
			 const struct guard_accounts *accounts)
{
	for (uint32_t i = 0; i < guard_policy_list_count(policy, list); i++)
		ids[list + 1 + i] = guard_accounts_find(
			accounts, guard_policy_string(policy, guard_policy_list_entry(policy, list, i)));
}

/* The ids of every list that a rule's `users` (or `groups`) points at, in an
 * array with the shape of VALUES.  NULL when no rule asks. */
static int resolve_ids(uint32_t **ret_ids, const struct guard_policy *policy, bool groups, const char *text)
{
	struct guard_accounts accounts __attribute__((cleanup(guard_accounts_free))) = { 0 };
	uint32_t *ids = NULL;
	int r = guard_accounts_parse(&accounts, text);

	if (r < 0)
		return r;
	for (size_t i = 0; i < policy->rule_count; i++) {
		uint32_t list = groups ? policy->rules[i].groups : policy->rules[i].users;

		if (!list)
			continue;
		if (!ids)
			ids = calloc(policy->value_count, sizeof(*ids));
		if (!ids)
			return -GUARD_E_NOMEM;
		/* Rules share lists; the count marks one that is done. */
		if (ids[list] == 0)
			resolve_list(policy, ids, list, &accounts);
		ids[list] = guard_policy_list_count(policy, list);
	}
	*ret_ids = ids;
	return 0;
}

/* An office's image is that office's machine's whatever its rules say; one that
 * belongs to no machine like this says nothing here. */
static int bind_rules(struct guard_policy *policy, const struct guard_machine *machine)
{
	const bool exception = policy->part.kind == GUARD_SET_EXCEPTION;
	struct guard_machine here = machine ? *machine : (struct guard_machine){ 0 };
	int r = exception ? guard_policy_count_digests(policy) : 0;

	if (r < 0)
		return r;
	if (exception && !policy->part.above && !(here.office && strcmp(here.office, policy->part.office) == 0))
		return 0; /* every rule is left of class NONE */
	if (exception)
		here.office = policy->part.office;
	for (size_t i = 0; i < policy->rule_count; i++)
		bind_rule(policy, i, &here);
	return 0;
}

int guard_policy_bind(struct guard_policy *policy, const struct guard_machine *machine)
{
	int r;

	policy->bound = calloc(policy->rule_count + 1, sizeof(*policy->bound));
	if (!policy->bound)
		return -GUARD_E_NOMEM;
	r = resolve_ids(&policy->uids, policy, false, machine ? machine->passwd : NULL);
	if (r == 0)
		r = resolve_ids(&policy->gids, policy, true, machine ? machine->group : NULL);
	if (r < 0)
		return r;
	guard_policy_exception_limits(policy->head, &policy->limits);
	return bind_rules(policy, machine);
}
