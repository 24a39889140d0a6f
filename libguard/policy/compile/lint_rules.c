/* SPDX-License-Identifier: MIT
 *
 * compile/lint_rules.c - rules that never have an effect: they are over, or a
 * broader rule comes before them.  By proof only: a rule that may match
 * something is not reported.
 */
#include <guard/verdict.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "model.h"
#include "pattern.h"

/* Rules by path or signer that each rule is compared with: the first so many, and fewer
 * when there are very many rules. */
#define BROAD_MAX 4096u
#define COMPARISONS_MAX 50000000u

void compile_lint_validity(struct guard_compile *compile)
{
	for (size_t i = 0; i < compile->rule_array.count; i++) {
		const struct compile_rule *rule = &compile->rules[i];
		char when[GUARD_TIME_TEXT_SIZE];

		if (rule->impossible || rule->conditions.valid_until > compile->options.now ||
		    rule->group->source->expires <= compile->options.now)
			continue;
		guard_time_format(when, rule->conditions.valid_until);
		compile_warning(&compile->diagnostics, rule->place, "renew it, or take it out",
				"this rule is over since %s: it matches nothing", when);
	}
}

static bool path_covered(const struct compile_rule *wide, const char *pattern)
{
	for (uint32_t i = 0; i < wide->paths.count; i++)
		if (compile_pattern_covers(wide->paths.items[i], pattern))
			return true;
	return false;
}

/* Signers of two rules that are compared one by one. */
#define SIGNERS_COMPARED 4096u

static bool has_signer(const struct compile_rule *rule, const struct compile_signer *signer)
{
	for (uint32_t i = 0; i < rule->signer_count; i++)
		if (rule->signers[i].provider == signer->provider &&
		    memcmp(rule->signers[i].key_id, signer->key_id, sizeof(signer->key_id)) == 0)
			return true;
	return false;
}

/* Whatever vouches for a file to `narrow` does so to `wide`, for every package. */
static bool signers_covered(const struct compile_rule *wide, const struct compile_rule *narrow)
{
	if (wide->paths.count || wide->packages.count || wide->min_version[0] || wide->below_version[0] ||
	    narrow->digest_count || !narrow->signer_count ||
	    (uint64_t)wide->signer_count * narrow->signer_count > SIGNERS_COMPARED)
		return false;
	for (uint32_t i = 0; i < narrow->signer_count; i++)
		if (!has_signer(wide, &narrow->signers[i]))
			return false;
	return true;
}

/* true when whatever `narrow` is about, `wide` is about too. */
static bool subject_covered(const struct compile_rule *wide, const struct compile_rule *narrow)
{
	if (wide->digest_count)
		return false;
	if (wide->signer_count)
		return signers_covered(wide, narrow);
	if (!wide->paths.count || path_covered(wide, "/**"))
		return true;
	for (uint32_t i = 0; i < narrow->paths.count; i++)
		if (!path_covered(wide, narrow->paths.items[i]))
			return false;
	return narrow->paths.count > 0;
}

/* Does `wide` leave nothing to `narrow`?  A deny rule beats an allow rule; of
 * two alike the first is named in verdicts. */
static bool leaves_nothing(const struct compile_rule *wide, const struct compile_rule *narrow)
{
	if (wide->action == GUARD_ALLOW && narrow->action == GUARD_DENY)
		return false;
	/* A rule by path allows only where root alone can write. */
	if (wide->action == GUARD_ALLOW && compile_rule_by_path(wide) && !compile_rule_by_path(narrow))
		return false;
	if (wide->unlockable && narrow->action == GUARD_DENY && !narrow->unlockable)
		return false;
	if (wide->action == narrow->action && wide > narrow &&
	    compile_conditions_cover(&narrow->conditions, &wide->conditions) && subject_covered(narrow, wide))
		return false;
	return subject_covered(wide, narrow) && compile_conditions_cover(&wide->conditions, &narrow->conditions);
}

static void report(struct guard_compile *compile, const struct compile_rule *wide,
		   const struct compile_rule *narrow)
{
	const char *what = wide->action == narrow->action ? "adds nothing to" : "is overruled by";

	compile_warning(&compile->diagnostics, narrow->place,
			wide->action == narrow->action ? "take it out, or narrow the other" :
							 "take it out, or narrow the deny rule",
			"this rule has no effect: it %s the %s rule at %s:%u", what,
			wide->action == GUARD_DENY ? "deny" : "allow", wide->place.file, wide->place.line);
}

int compile_lint_coverage(struct guard_compile *compile)
{
	GUARD_AUTO_FREE const struct compile_rule **broad = calloc(BROAD_MAX, sizeof(struct compile_rule *));
	size_t count = 0, most = COMPARISONS_MAX / (compile->rule_array.count + 1);

	if (!broad)
		return -GUARD_E_NOMEM;
	if (most > BROAD_MAX)
		most = BROAD_MAX;
	for (size_t i = 0; i < compile->rule_array.count && count < most; i++) {
		const struct compile_rule *rule = &compile->rules[i];

		if (!rule->impossible && !rule->digest_count)
			broad[count++] = rule;
	}
	for (size_t i = 0; i < compile->rule_array.count; i++) {
		const struct compile_rule *rule = &compile->rules[i];

		for (size_t j = 0; j < count && !rule->impossible; j++) {
			if (broad[j] == rule || !leaves_nothing(broad[j], rule))
				continue;
			report(compile, broad[j], rule);
			break;
		}
	}
	return 0;
}
