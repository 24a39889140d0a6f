/* SPDX-License-Identifier: MIT
 *
 * guardctl/policy_items.c - a policy as a sorted list of what it says, and two
 * such lists compared.
 */
#include <stdlib.h>
#include <string.h>

#include "policy/compile/describe.h"
#include "policy_diff.h"
#include "policy_verbs.h"

static int by_name(const struct policy_item *a, const struct policy_item *b)
{
	int order = strcmp(a->group, b->group);

	if (order == 0)
		order = a->is_rule - b->is_rule;
	return order ? order : strcmp(a->name, b->name);
}

static int by_name_only(const void *a, const void *b)
{
	return by_name(a, b);
}

static int compare(const void *a, const void *b)
{
	const struct policy_item *x = a, *y = b;
	int order = by_name(x, y);

	if (order == 0)
		order = guard_digest_compare(&x->digest, &y->digest);
	return order || x->is_rule ? order : strcmp(x->rule, y->rule);
}

/* Behind the rules, which stand in their order. */
static void add_programs(struct policy_items *items, const struct guard_listed *listed, size_t count,
			 const struct guard_rule_info *rules)
{
	for (size_t i = 0; i < count; i++)
		items->items[items->count++] = (struct policy_item){ .group = rules[listed[i].rule].group,
								     .note = rules[listed[i].rule].note,
								     .name = listed[i].name,
								     .rule = items->items[listed[i].rule].words,
								     .digest = listed[i].digest };
}

static bool add_rules(struct policy_items *items, const struct guard_policy *policy,
		      const struct guard_rule_info *rules, size_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		char *words = guard_policy_rule_words(policy, i);

		if (!words)
			return false;
		items->items[items->count++] = (struct policy_item){ .group = rules[i].group, .note = rules[i].note,
								     .name = words, .words = words, .is_rule = true };
	}
	return true;
}

static bool collect(struct policy_items *items, const struct guard_policy *policy, size_t rule_count)
{
	size_t listed_count = guard_policy_listed_count(policy);
	struct guard_listed *listed = calloc(listed_count + 1, sizeof(*listed));
	struct guard_rule_info *rules = calloc(rule_count + 1, sizeof(*rules));
	bool good = listed && rules;

	items->items = calloc(listed_count + rule_count + 1, sizeof(*items->items));
	good = good && items->items;
	for (uint32_t i = 0; good && i < rule_count; i++)
		good = guard_policy_rule_info(policy, i, &rules[i]) == 0;
	if (good) {
		guard_policy_listed(listed, policy);
		good = add_rules(items, policy, rules, rule_count);
	}
	if (good)
		add_programs(items, listed, listed_count, rules);
	free(listed);
	free(rules);
	return good;
}

bool policy_items_collect(struct policy_items *ret_items, const struct guard_policy *policy)
{
	struct policy_items items = { 0 };
	struct guard_policy_info info;

	guard_policy_info(policy, &info);
	if (!collect(&items, policy, (size_t)info.rule_count)) {
		policy_items_free(&items);
		guardctl_error("memory is exhausted");
		return false;
	}
	qsort(items.items, items.count, sizeof(items.items[0]), compare);
	*ret_items = items;
	return true;
}

void policy_items_free(struct policy_items *items)
{
	for (size_t i = 0; i < items->count; i++)
		free(items->items[i].words);
	free(items->items);
	*items = (struct policy_items){ 0 };
}

/* ---- comparing --------------------------------------------------------------------- */

/* Items of one group and name: [from, to). */
struct run {
	const struct policy_items *items;
	size_t from, to;
};

static void next_run(struct run *run)
{
	run->from = run->to;
	while (run->to < run->items->count &&
	       by_name(&run->items->items[run->from], &run->items->items[run->to]) == 0)
		run->to++;
}

static const struct policy_item *first(const struct run *run)
{
	return run->from < run->items->count ? &run->items->items[run->from] : NULL;
}

static void report(struct policy_differences *differences, enum policy_change change, const struct policy_item *old,
		   const struct policy_item *new)
{
	differences->items[differences->count++] = (struct policy_difference){ change, old, new };
}

static void all_of(struct policy_differences *differences, enum policy_change change, const struct run *run)
{
	/* Rules that say the same are one. */
	size_t to = run->items->items[run->from].is_rule ? run->from + 1 : run->to;

	for (size_t i = run->from; i < to; i++)
		report(differences, change, change == POLICY_REMOVED ? &run->items->items[i] : NULL,
		       change == POLICY_ADDED ? &run->items->items[i] : NULL);
}

static int by_digest(const void *a, const void *b)
{
	const struct policy_item *x = a, *y = b;

	return guard_digest_compare(&x->digest, &y->digest);
}

/* The next item of `run` from `at` on whose content the other has not. */
static const struct policy_item *next_alone(size_t *at, const struct run *run, const struct run *other)
{
	while (*at < run->to) {
		const struct policy_item *item = &run->items->items[(*at)++];

		if (*at - 1 > run->from && by_digest(item, &run->items->items[*at - 2]) == 0)
			continue;
		if (!bsearch(item, &other->items->items[other->from], other->to - other->from, sizeof(*item), by_digest))
			return item;
	}
	return NULL;
}

static bool has_rule(const struct policy_items *items, const struct policy_item *program, const char *rule)
{
	const struct policy_item wanted = { .group = program->group, .name = rule, .is_rule = true };

	return bsearch(&wanted, items->items, items->count, sizeof(wanted), by_name_only) != NULL;
}

/* Of one content in several rules the last in words: a denial comes behind "allow". */
static size_t last_of(const struct run *run, size_t at)
{
	while (at + 1 < run->to && by_digest(&run->items->items[at], &run->items->items[at + 1]) == 0)
		at++;
	return at;
}

/* The same content, allowed or denied otherwise than before.  A rule that was
 * changed as a whole is reported as a rule; a program that went to another rule of
 * its group, or that is denied now, for itself. */
static void compare_rules(struct policy_differences *differences, const struct run *old, const struct run *new)
{
	for (size_t i = old->from, j = new->from; i < old->to && j < new->to;) {
		const struct policy_item *a = &old->items->items[last_of(old, i)];
		const struct policy_item *b = &new->items->items[last_of(new, j)];
		int order = by_digest(a, b);

		if (order <= 0)
			i = last_of(old, i) + 1;
		if (order >= 0)
			j = last_of(new, j) + 1;
		if (order != 0 || strcmp(a->rule, b->rule) == 0)
			continue;
		if (a->rule[0] != b->rule[0] || has_rule(new->items, a, a->rule) || has_rule(old->items, a, b->rule))
			report(differences, POLICY_CHANGED, a, b);
	}
}

/* The same name in both: what only the old has pairs with what only the new
 * has as "changed content"; without a name there is nothing to pair them by. */
static void compare_runs(struct policy_differences *differences, const struct run *old, const struct run *new)
{
	size_t i = old->from, j = new->from;

	if (first(old)->is_rule)
		return;
	compare_rules(differences, old, new);
	for (;;) {
		const struct policy_item *a = next_alone(&i, old, new), *b = next_alone(&j, new, old);

		if (!a && !b)
			return;
		if (a && b && a->name[0]) {
			report(differences, POLICY_CHANGED, a, b);
			continue;
		}
		if (a)
			report(differences, POLICY_REMOVED, a, NULL);
		if (b)
			report(differences, POLICY_ADDED, NULL, b);
	}
}

bool policy_differences_find(struct policy_differences *ret_differences, const struct policy_items *old,
			     const struct policy_items *new)
{
	struct policy_differences differences = { calloc(old->count + new->count + 1, sizeof(*differences.items)), 0 };
	struct run a = { .items = old }, b = { .items = new };

	if (!differences.items) {
		guardctl_error("memory is exhausted");
		return false;
	}
	next_run(&a);
	next_run(&b);
	while (first(&a) || first(&b)) {
		int order = !first(&a) ? 1 : !first(&b) ? -1 : by_name(first(&a), first(&b));

		if (order < 0)
			all_of(&differences, POLICY_REMOVED, &a);
		else if (order > 0)
			all_of(&differences, POLICY_ADDED, &b);
		else
			compare_runs(&differences, &a, &b);
		if (order <= 0)
			next_run(&a);
		if (order >= 0)
			next_run(&b);
	}
	*ret_differences = differences;
	return true;
}

void policy_differences_free(struct policy_differences *differences)
{
	free(differences->items);
	*differences = (struct policy_differences){ 0 };
}
