/* SPDX-License-Identifier: MIT
 *
 * policy/image_lists.c - walk RULE_LISTS and VALUES from front to back once and
 * note what is true of each list.
 */
#include "policy/image_lists.h"

#include <stdlib.h>
#include <string.h>

#include "policy/glob.h"

static uint8_t string_mark(const struct guard_policy *policy, uint32_t offset)
{
	const char *text = guard_policy_string(policy, offset);

	if (!*text)
		return 0;
	if (!guard_glob_is_valid(text))
		return GUARD_LIST_WORDS;
	return GUARD_LIST_WORDS | GUARD_LIST_GLOBS | (*text == '/' ? GUARD_LIST_PATTERNS : 0);
}

/* Offset behind the list at `at`, or 0 when it is longer than its section. */
static size_t list_end(const uint32_t *section, size_t size, size_t at)
{
	return section[at] < size - at ? at + 1 + section[at] : 0;
}

static int mark_rule_lists(struct guard_image_lists *lists, const struct guard_policy *policy)
{
	for (size_t at = 0; at < policy->rule_list_count;) {
		size_t end = list_end(policy->rule_lists, policy->rule_list_count, at);
		uint8_t mark = GUARD_LIST_DIGESTS | GUARD_LIST_SIGNERS | GUARD_LIST_PATHS;

		if (end <= at + 1) /* too long, or empty */
			return -GUARD_E_FORMAT;
		for (size_t i = at + 1; i < end; i++) {
			uint32_t rule = policy->rule_lists[i];

			if (rule >= policy->rule_count || (i > at + 1 && rule <= policy->rule_lists[i - 1]))
				return -GUARD_E_FORMAT;
			mark &= guard_image_rule_mark(&policy->rules[rule]);
		}
		lists->rule_marks[at] = GUARD_LIST_START | mark;
		at = end;
	}
	return 0;
}

static int mark_values(struct guard_image_lists *lists, const struct guard_policy *policy)
{
	if (policy->values[0] != 0)
		return -GUARD_E_FORMAT;
	for (size_t at = 0; at < policy->value_count;) {
		size_t end = list_end(policy->values, policy->value_count, at);
		uint8_t mark = GUARD_LIST_WORDS | GUARD_LIST_GLOBS | GUARD_LIST_PATTERNS;

		if (end == 0 || (end == at + 1 && at > 0)) /* only the first is empty */
			return -GUARD_E_FORMAT;
		for (size_t i = at + 1; i < end; i++) {
			if (!guard_image_is_string(policy, policy->values[i]))
				return -GUARD_E_FORMAT;
			mark &= string_mark(policy, policy->values[i]);
		}
		lists->value_marks[at] = GUARD_LIST_START | mark;
		at = end;
	}
	return 0;
}

int guard_image_lists_init(struct guard_image_lists *ret_lists, const struct guard_policy *policy)
{
	struct guard_image_lists lists = {
		.rule_marks = calloc(policy->rule_list_count + 1, 1),
		.value_marks = calloc(policy->value_count + 1, 1),
	};
	int r = lists.rule_marks && lists.value_marks ? 0 : -GUARD_E_NOMEM;

	if (r == 0)
		r = mark_rule_lists(&lists, policy);
	if (r == 0)
		r = mark_values(&lists, policy);
	if (r < 0) {
		guard_image_lists_free(&lists);
		return r;
	}
	*ret_lists = lists;
	return 0;
}

void guard_image_lists_free(struct guard_image_lists *lists)
{
	free(lists->rule_marks);
	free(lists->value_marks);
	*lists = (struct guard_image_lists){ 0 };
}

bool guard_image_values_are(const struct guard_image_lists *lists, const struct guard_policy *policy, uint32_t list,
			    uint8_t mark)
{
	mark |= GUARD_LIST_START;
	return list < policy->value_count && (lists->value_marks[list] & mark) == mark;
}
