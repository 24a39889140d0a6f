/* SPDX-License-Identifier: MIT
 *
 * policy/image_check.c - every record of an image, once, so that a decision
 * has nothing left to check: indexes, string offsets, list starts, order of
 * the sorted tables, and that each table leads only to rules that ask for what
 * the table looks up.  Reads the image, writes nothing.
 */
#include "policy/image_lists.h"

#include <string.h>

#include "policy/cmdline.h"
#include "policy/glob.h"
#include "policy/image_tables.h"

static bool is_zero(const uint8_t *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (bytes[i])
			return false;
	return true;
}

static int check_strings(const struct guard_policy *policy)
{
	if (policy->strings_size == 0 || policy->strings_size > UINT32_MAX || policy->strings[0] != '\0' ||
	    policy->strings[policy->strings_size - 1] != '\0')
		return -GUARD_E_FORMAT;
	return 0;
}

static int check_meta(const struct guard_policy *policy, const struct guard_image_lists *lists)
{
	const struct guard_image_meta *meta = policy->meta;

	if (!guard_image_is_string(policy, meta->id) || !guard_image_is_string(policy, meta->help_phone) ||
	    !guard_image_is_string(policy, meta->help_text) ||
	    !guard_image_values_are(lists, policy, meta->readers, GUARD_LIST_PATTERNS))
		return -GUARD_E_FORMAT;
	if (!*guard_policy_string(policy, meta->id) || meta->digest_bits > GUARD_IMAGE_DIGEST_BITS_MAX ||
	    meta->mode > GUARD_MODE_ENFORCE || meta->default_action > GUARD_ALLOW || meta->running > 1 ||
	    meta->exception_kinds >> GUARD_KIND_MAX_ ||
	    meta->exception_flags & ~(GUARD_EXCEPTION_SIGNERS | GUARD_EXCEPTION_PATHS) || meta->zero0 != 0 ||
	    meta->zero1 != 0 || meta->unlock_end > 1 || !is_zero(meta->zero, sizeof(meta->zero)))
		return -GUARD_E_FORMAT;
	for (size_t i = 0; i < GUARD_POLICY_UNLOCK_SCOPES; i++)
		if (meta->unlock[i] > GUARD_POLICY_UNLOCK_MAX)
			return -GUARD_E_FORMAT;
	return meta->maintenance > GUARD_POLICY_UNLOCK_MAX ? -GUARD_E_FORMAT : 0;
}

static bool rule_lists_are_sane(const struct guard_policy *policy, const struct guard_image_lists *lists,
				const struct guard_image_rule *rule)
{
	return guard_image_values_are(lists, policy, rule->paths, GUARD_LIST_PATTERNS) &&
	       guard_image_values_are(lists, policy, rule->users, GUARD_LIST_WORDS) &&
	       guard_image_values_are(lists, policy, rule->groups, GUARD_LIST_WORDS) &&
	       guard_image_values_are(lists, policy, rule->parents, GUARD_LIST_PATTERNS) &&
	       guard_image_values_are(lists, policy, rule->offices, GUARD_LIST_WORDS) &&
	       guard_image_values_are(lists, policy, rule->hosts, GUARD_LIST_GLOBS) &&
	       guard_image_values_are(lists, policy, rule->packages, GUARD_LIST_GLOBS);
}

/* A rule asks for a digest, a signer or a path; never for nothing, because it
 * would then allow, or forbid, everything. */
static bool rule_asks_for_something(const struct guard_policy *policy, const struct guard_image_rule *rule)
{
	bool by_content = rule->flags & (GUARD_RULE_HAS_DIGESTS | GUARD_RULE_HAS_SIGNERS);
	bool by_path = rule->flags & GUARD_RULE_BY_PATH;

	if (by_content)
		return !by_path;
	return policy->values[rule->paths] > 0 && (by_path || rule->action == GUARD_DENY);
}

static int check_rule(const struct guard_policy *policy, const struct guard_image_lists *lists,
		      const struct guard_image_rule *rule)
{
	const uint32_t flags = GUARD_RULE_HAS_DIGESTS | GUARD_RULE_HAS_SIGNERS | GUARD_RULE_BY_PATH |
			       (rule->action == GUARD_DENY ? GUARD_RULE_UNLOCKABLE : 0u);
	uint32_t looks = 0;

	if (rule->action > GUARD_ALLOW || rule->origin > 1 || rule->kinds >> GUARD_KIND_MAX_ ||
	    rule->media >> GUARD_MEDIUM_MAX_ || rule->flags & ~flags || !is_zero(rule->zero, sizeof(rule->zero)))
		return -GUARD_E_FORMAT;
	if (!guard_image_is_string(policy, rule->source) || !guard_image_is_string(policy, rule->group) ||
	    !guard_image_is_string(policy, rule->note) || !guard_image_is_string(policy, rule->url) ||
	    !guard_image_is_string(policy, rule->location))
		return -GUARD_E_FORMAT;
	if (!guard_image_is_string(policy, rule->min_version) || !guard_image_is_string(policy, rule->below_version))
		return -GUARD_E_FORMAT;
	if (!(rule->flags & GUARD_RULE_HAS_SIGNERS) && (rule->packages || rule->min_version || rule->below_version))
		return -GUARD_E_FORMAT;
	if (!rule_lists_are_sane(policy, lists, rule) || !rule_asks_for_something(policy, rule))
		return -GUARD_E_FORMAT;
	if (rule->paths)
		looks |= GUARD_IMAGE_LOOKS_AT_PATH;
	if (rule->users || rule->groups || rule->parents)
		looks |= GUARD_IMAGE_LOOKS_AT_SUBJECT;
	if (rule->valid_from != INT64_MIN || rule->valid_until != INT64_MAX)
		looks |= GUARD_IMAGE_LOOKS_AT_TIME;
	return (policy->header->flags & looks) == looks ? 0 : -GUARD_E_FORMAT;
}

static int check_rules(const struct guard_policy *policy, const struct guard_image_lists *lists)
{
	if (policy->rule_count > GUARD_POLICY_RULES_MAX)
		return -GUARD_E_LIMIT;
	for (size_t i = 0; i < policy->rule_count; i++) {
		int r = check_rule(policy, lists, &policy->rules[i]);

		if (r < 0)
			return r;
	}
	return 0;
}

static int check_interpreter(const struct guard_policy *policy, const struct guard_image_lists *lists,
			     const struct guard_image_interpreter *interpreter)
{
	const uint32_t scripts = GUARD_SCRIPTS_ARGUMENT | GUARD_SCRIPTS_TEXT | GUARD_SCRIPTS_SUFFIX |
				 GUARD_SCRIPTS_MODULE;

	if (!guard_image_is_string(policy, interpreter->name) || !guard_image_is_string(policy, interpreter->options) ||
	    interpreter->scripts & ~scripts || interpreter->inline_code > GUARD_INLINE_DENY ||
	    interpreter->standard_input > GUARD_INLINE_DENY || !is_zero(interpreter->zero, sizeof(interpreter->zero)))
		return -GUARD_E_FORMAT;
	if (!guard_cmdline_options_are_valid(guard_policy_string(policy, interpreter->options)))
		return -GUARD_E_FORMAT;
	if (!guard_image_values_are(lists, policy, interpreter->programs, GUARD_LIST_PATTERNS) ||
	    !guard_image_values_are(lists, policy, interpreter->suffixes, GUARD_LIST_WORDS) ||
	    !guard_image_values_are(lists, policy, interpreter->data, GUARD_LIST_PATTERNS))
		return -GUARD_E_FORMAT;
	return 0;
}

static int check_interpreters(const struct guard_policy *policy, const struct guard_image_lists *lists)
{
	if (policy->interpreter_count > GUARD_POLICY_INTERPRETERS_MAX)
		return -GUARD_E_LIMIT;
	for (size_t i = 0; i < policy->interpreter_count; i++) {
		int r = check_interpreter(policy, lists, &policy->interpreters[i]);

		if (r < 0)
			return r;
	}
	return 0;
}

static int check_containments(const struct guard_policy *policy, const struct guard_image_lists *lists)
{
	if (policy->containment_count > GUARD_CONTAINMENTS_MAX)
		return -GUARD_E_LIMIT;
	for (size_t i = 0; i < policy->containment_count; i++) {
		const struct guard_image_containment *containment = &policy->containments[i];

		if (!guard_image_is_string(policy, containment->name) || containment->deny > 1 ||
		    !guard_image_values_are(lists, policy, containment->programs, GUARD_LIST_PATTERNS) ||
		    !guard_image_values_are(lists, policy, containment->may_start, GUARD_LIST_PATTERNS) ||
		    !guard_image_values_are(lists, policy, containment->places, GUARD_LIST_WORDS) ||
		    !is_zero(containment->zero, sizeof(containment->zero)))
			return -GUARD_E_FORMAT;
	}
	return 0;
}

int guard_image_check(const struct guard_policy *policy)
{
	struct guard_image_lists lists __attribute__((cleanup(guard_image_lists_free))) = { 0 };
	int r = check_strings(policy);

	if (r == 0)
		r = guard_image_lists_init(&lists, policy);
	if (r == 0)
		r = check_meta(policy, &lists);
	if (r == 0)
		r = check_rules(policy, &lists);
	if (r == 0)
		r = check_interpreters(policy, &lists);
	if (r == 0)
		r = check_containments(policy, &lists);
	if (r == 0)
		r = guard_image_check_tables(policy, &lists);
	return r;
}
