/* SPDX-License-Identifier: MIT
 *
 * guardctl/policy_diff.c - `policy diff`: says how two policies differ, in
 * programs and rules, one group after the other.
 */
#include "policy_diff.h"

#include <inttypes.h>
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

struct diff {
	bool digests;
	json_t *changes; /* NULL: print text */
	size_t count;
};

static const char *const change_names[] = { N_("added"), N_("removed"), N_("changed") };

static void put_digest(const struct policy_item *item)
{
	char hex[GUARD_DIGEST_HEX_SIZE];

	guard_digest_format(hex, &item->digest);
	printf(" %s", hex);
}

/* ---- the header, interpreters and readers --------------------------------------------- */

/* One line of what is not a program. */
static void say(struct diff *diff, const char *change, const char *what, const char *old, const char *new)
{
	diff->count++;
	if (diff->changes) {
		json_array_append_new(diff->changes,
				      json_pack("{s:s, s:s, s:o, s:o}", "change", change, "what", what, "old",
						old ? guardctl_json_text(old) : json_null(), "new",
						new ? guardctl_json_text(new) : json_null()));
		return;
	}
	printf("%s: %s: ", change, what);
	guard_text_put_escaped(stdout, old ? old : new);
	if (old && new) {
		fputs(" -> ", stdout);
		guard_text_put_escaped(stdout, new);
	}
	fputc('\n', stdout);
}

static void compare_words(struct diff *diff, const char *what, const char *old, const char *new)
{
	if (strcmp(old, new) != 0)
		say(diff, "changed", what, old[0] ? old : "(none)", new[0] ? new : "(none)");
}

static void compare_headers(struct diff *diff, const struct guard_policy_info *old,
			    const struct guard_policy_info *new)
{
	char a[GUARD_TIME_TEXT_SIZE], b[GUARD_TIME_TEXT_SIZE];

	compare_words(diff, "policy id", old->id, new->id);
	snprintf(a, sizeof(a), "%" PRIu64, old->version);
	snprintf(b, sizeof(b), "%" PRIu64, new->version);
	compare_words(diff, "version", a, b);
	compare_words(diff, "mode", guard_mode_name((enum guard_mode)old->mode),
		      guard_mode_name((enum guard_mode)new->mode));
	compare_words(diff, "default", guard_action_name((enum guard_action)old->default_action),
		      guard_action_name((enum guard_action)new->default_action));
	guard_time_format(a, old->expires);
	guard_time_format(b, new->expires);
	compare_words(diff, "expires", a, b);
	compare_words(diff, "running programs", old->running ? "end" : "record", new->running ? "end" : "record");
	compare_words(diff, "help phone", old->help_phone, new->help_phone);
	compare_words(diff, "help text", old->help_text, new->help_text);
}

/* The interpreter of that name, in words, or NULL. */
static char *find_interpreter(const struct guard_policy *policy, const char *name)
{
	struct guard_interpreter_info info;

	for (uint32_t i = 0; guard_policy_interpreter_info(policy, i, &info) == 0; i++)
		if (strcmp(info.name, name) == 0)
			return guard_policy_interpreter_words(policy, i);
	return NULL;
}

static void compare_interpreters(struct diff *diff, const struct guard_policy *old, const struct guard_policy *new)
{
	struct guard_interpreter_info info;

	for (uint32_t i = 0; guard_policy_interpreter_info(old, i, &info) == 0; i++) {
		GUARD_AUTO_FREE char *before = guard_policy_interpreter_words(old, i);
		GUARD_AUTO_FREE char *after = find_interpreter(new, info.name);

		if (before && !after)
			say(diff, "removed", "interpreter", info.name, NULL);
		else if (before && after && strcmp(before, after) != 0)
			say(diff, "changed", "interpreter", before, after);
	}
	for (uint32_t i = 0; guard_policy_interpreter_info(new, i, &info) == 0; i++) {
		GUARD_AUTO_FREE char *before = find_interpreter(old, info.name);

		if (!before)
			say(diff, "added", "interpreter", NULL, info.name);
	}
}

static bool has_reader(const struct guard_policy *policy, const char *reader)
{
	const char *other;

	for (uint32_t i = 0; (other = guard_policy_reader(policy, i)) != NULL; i++)
		if (strcmp(other, reader) == 0)
			return true;
	return false;
}

static void compare_readers(struct diff *diff, const struct guard_policy *old, const struct guard_policy *new)
{
	const char *reader;

	for (uint32_t i = 0; (reader = guard_policy_reader(old, i)) != NULL; i++)
		if (!has_reader(new, reader))
			say(diff, "removed", "reader", reader, NULL);
	for (uint32_t i = 0; (reader = guard_policy_reader(new, i)) != NULL; i++)
		if (!has_reader(old, reader))
			say(diff, "added", "reader", NULL, reader);
}

/* Those of one policy against the other's: changed ones are named once. */
static void compare_containments_to(struct diff *diff, const struct guard_policy *these,
				    const struct guard_policy *others, bool new)
{
	const char *name, *other;

	for (uint32_t i = 0;; i++) {
		GUARD_AUTO_FREE char *words = guard_policy_containment_words(these, i, &name);
		bool found = false;

		if (!words)
			return;
		for (uint32_t j = 0; !found; j++) {
			GUARD_AUTO_FREE char *before = guard_policy_containment_words(others, j, &other);

			if (!before)
				break;
			found = strcmp(name, other) == 0;
			if (found && new && strcmp(before, words) != 0)
				say(diff, "changed", "containment", before, words);
		}
		if (!found)
			say(diff, new ? "added" : "removed", "containment", new ? NULL : name, new ? words : NULL);
	}
}

static void compare_containments(struct diff *diff, const struct guard_policy *old, const struct guard_policy *new)
{
	compare_containments_to(diff, old, new, false);
	compare_containments_to(diff, new, old, true);
}

/* ---- programs and rules ----------------------------------------------------------------- */

static const struct policy_item *item_of(const struct policy_difference *difference)
{
	return difference->new ? difference->new : difference->old;
}

static json_t *json_difference(const struct diff *diff, const struct policy_difference *difference)
{
	const struct policy_item *item = item_of(difference);
	json_t *object = json_pack("{s:s, s:s, s:o, s:o, s:o}", "change", change_names[difference->change], "what",
				   item->is_rule ? "rule" : "program", "group", guardctl_json_text(item->group), "note",
				   guardctl_json_text(item->note), "name", guardctl_json_text(item->name));
	char hex[GUARD_DIGEST_HEX_SIZE];

	if (difference->old && difference->new && strcmp(difference->old->note, difference->new->note) != 0)
		json_object_set_new(object, "old_note", guardctl_json_text(difference->old->note));
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

static void print_item(const struct diff *diff, const struct policy_difference *difference)
{
	const struct policy_item *item = item_of(difference);

	if (item->is_rule)
		fputs(_("rule: "), stdout);
	guard_text_put_escaped(stdout, item->name[0] ? item->name : "a program without a name");
	if (difference->change == POLICY_CHANGED)
		fputs(_(" (changed content)"), stdout);
	if (!diff->digests || item->is_rule)
		return;
	if (difference->old)
		put_digest(difference->old);
	if (difference->old && difference->new)
		fputs(" ->", stdout);
	if (difference->new)
		put_digest(difference->new);
}

/* Differences of one group and one sort: one line, or one per program when
 * digests are wanted. */
static void print_group(const struct diff *diff, const struct policy_difference *differences, size_t count)
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

static void print_differences(struct diff *diff, struct policy_differences *differences)
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

static bool compare_programs(struct diff *diff, const struct guard_policy *old, const struct guard_policy *new)
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

static int compare(struct diff *diff, const struct guard_policy *old, const struct guard_policy *new)
{
	struct guard_policy_info old_info, new_info;

	guard_policy_info(old, &old_info);
	guard_policy_info(new, &new_info);
	compare_headers(diff, &old_info, &new_info);
	compare_interpreters(diff, old, new);
	compare_readers(diff, old, new);
	compare_containments(diff, old, new);
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
	struct diff diff = { 0 };

	return compare(&diff, old, new);
}

int policy_diff(const struct policy_arguments *arguments)
{
	struct diff diff = { .digests = arguments->digests, .changes = arguments->json ? json_array() : NULL };
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
