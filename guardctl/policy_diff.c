/* SPDX-License-Identifier: MIT
 *
 * guardctl/policy_diff.c - `policy diff`: says how two policies differ, in
 * programs and rules, one group after the other.
 */
#include "policy_diff.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "output.h"
#include "policy/compile/describe.h"
#include "policy_verbs.h"

/* Programs of one group that are named; the rest is counted. */
#define NAMED_MAX 20u

static const char *const change_names[] = { N_("added"), N_("removed"), N_("changed") };

static void put_digest(const struct policy_item *item)
{
	char hex[GUARD_DIGEST_HEX_SIZE];

	guard_digest_format(hex, &item->digest);
	printf(" %s", hex);
}

/* ---- programs and rules ----------------------------------------------------------------- */

static const struct policy_item *item_of(const struct policy_difference *difference)
{
	return difference->new ? difference->new : difference->old;
}

static json_t *json_difference(const struct policy_diff *diff, const struct policy_difference *difference)
{
	const struct policy_item *item = item_of(difference);
	json_t *object = json_pack("{s:s, s:s, s:o, s:o, s:o}", "change", change_names[difference->change], "what",
				   item->is_rule ? "rule" : "program", "group", guardctl_json_text(item->group), "note",
				   guardctl_json_text(item->note), "name", guardctl_json_text(item->name));
	char hex[GUARD_DIGEST_HEX_SIZE];

	if (difference->old && difference->new && strcmp(difference->old->note, difference->new->note) != 0)
		json_object_set_new(object, "old_note", guardctl_json_text(difference->old->note));
	if (policy_is_moved(difference)) {
		json_object_set_new(object, "old_rule", guardctl_json_text(difference->old->rule));
		json_object_set_new(object, "new_rule", guardctl_json_text(difference->new->rule));
	}
	if (!diff->digests || item->is_rule)
		return object;
	if (difference->old) {
		guard_digest_format(hex, &difference->old->digest);
		json_object_set_new(object, "old_sha256", json_string(hex));
	}
	if (difference->new) {
		guard_digest_format(hex, &difference->new->digest);
		json_object_set_new(object, "new_sha256", json_string(hex));
	}
	return object;
}

/* "added: coreutils (Debian package coreutils 9.1-1)" */
static void print_heading(const struct policy_difference *difference)
{
	const struct policy_item *item = item_of(difference), *old = difference->old, *new = difference->new;

	printf("%s: ", _(change_names[difference->change]));
	guard_text_put_escaped(stdout, item->group);
	if (item->note[0]) {
		fputs(" (", stdout);
		if (old && new && strcmp(old->note, new->note) != 0) {
			guard_text_put_escaped(stdout, old->note);
			fputs(" -> ", stdout);
		}
		guard_text_put_escaped(stdout, item->note);
		fputc(')', stdout);
	}
}

static void print_item(const struct policy_diff *diff, const struct policy_difference *difference)
{
	const struct policy_item *item = item_of(difference);

	if (item->is_rule)
		fputs(_("rule: "), stdout);
	guard_text_put_escaped(stdout, item->name[0] ? item->name : "a program without a name");
	if (policy_is_moved(difference)) {
		fputs(_(" (now: "), stdout);
		guard_text_put_escaped(stdout, difference->new->rule);
		fputc(')', stdout);
	} else if (difference->change == POLICY_CHANGED) {
		fputs(_(" (changed content)"), stdout);
	}
	if (!diff->digests || item->is_rule)
		return;
	if (difference->old)
		put_digest(difference->old);
	if (policy_is_moved(difference))
		return;
	if (difference->old && difference->new)
		fputs(" ->", stdout);
	if (difference->new)
		put_digest(difference->new);
}

/* Differences of one group and one sort: one line, or one per program when
 * digests are wanted. */
static void print_group(const struct policy_diff *diff, const struct policy_difference *differences, size_t count)
{
	print_heading(&differences[0]);
	if (diff->digests) {
		fputs(":\n", stdout);
		for (size_t i = 0; i < count; i++) {
			fputs("    ", stdout);
			print_item(diff, &differences[i]);
			fputc('\n', stdout);
		}
		return;
	}
	for (size_t i = 0; i < count && i < NAMED_MAX; i++) {
		fputs(i ? ", " : ": ", stdout);
		print_item(diff, &differences[i]);
	}
	if (count > NAMED_MAX)
		printf(_(" and %zu more"), count - NAMED_MAX);
	fputc('\n', stdout);
}

static bool same_line(const struct policy_difference *a, const struct policy_difference *b)
{
	return a->change == b->change && strcmp(item_of(a)->group, item_of(b)->group) == 0;
}

static int by_group(const void *a, const void *b)
{
	const struct policy_difference *x = a, *y = b;
	int order = strcmp(item_of(x)->group, item_of(y)->group);

	if (order == 0)
		order = (int)x->change - (int)y->change;
	if (order == 0)
		order = item_of(x)->is_rule - item_of(y)->is_rule;
	return order ? order : strcmp(item_of(x)->name, item_of(y)->name);
}

static void print_differences(struct policy_diff *diff, struct policy_differences *differences)
{
	qsort(differences->items, differences->count, sizeof(differences->items[0]), by_group);
	for (size_t i = 0, next; i < differences->count; i = next) {
		for (next = i + 1; next < differences->count; next++)
			if (!same_line(&differences->items[i], &differences->items[next]))
				break;
		for (size_t j = i; diff->changes && j < next; j++)
			json_array_append_new(diff->changes, json_difference(diff, &differences->items[j]));
		if (!diff->changes)
			print_group(diff, &differences->items[i], next - i);
	}
	diff->count += differences->count;
}

static bool compare_programs(struct policy_diff *diff, const struct guard_policy *old, const struct guard_policy *new)
{
	struct policy_items a = { 0 }, b = { 0 };
	struct policy_differences differences = { 0 };
	bool good = policy_items_collect(&a, old) && policy_items_collect(&b, new) &&
		    policy_differences_find(&differences, &a, &b);

	if (good)
		print_differences(diff, &differences);
	policy_differences_free(&differences);
	policy_items_free(&a);
	policy_items_free(&b);
	return good;
}

static int compare(struct policy_diff *diff, const struct guard_policy *old, const struct guard_policy *new)
{
	policy_diff_parts(diff, old, new);
	if (!compare_programs(diff, old, new))
		return GUARDCTL_REFUSED;
	if (diff->changes)
		return policy_put_json(json_pack("{s:b, s:O}", "equal", diff->count == 0, "changes", diff->changes),
				       GUARDCTL_DONE);
	if (!diff->count)
		puts(_("The two policies say the same."));
	return GUARDCTL_DONE;
}

int policy_compare(const struct guard_policy *old, const struct guard_policy *new)
{
	struct policy_diff diff = { 0 };

	return compare(&diff, old, new);
}

int policy_diff(const struct policy_arguments *arguments)
{
	struct policy_diff diff = { .digests = arguments->digests, .changes = arguments->json ? json_array() : NULL };
	const char *const *paths = (const char *const *)arguments->operands;
	struct policy_input old = { 0 }, new = { 0 };
	int code = GUARDCTL_REFUSED;

	if (arguments->count > 2) {
		guardctl_error("`policy diff` takes two policies; build sources that belong together into images first");
		code = GUARDCTL_USAGE;
	} else if (policy_input_open(&old, &paths[0], 1, NULL) && policy_input_open(&new, &paths[1], 1, NULL)) {
		code = compare(&diff, old.policy, new.policy);
	}
	json_decref(diff.changes);
	policy_input_close(&old);
	policy_input_close(&new);
	return code;
}
