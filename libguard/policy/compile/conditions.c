/* SPDX-License-Identifier: MIT
 *
 * compile/conditions.c - what narrows a rule: kinds, users, groups, parents,
 * media, offices, hosts and the interval of validity; how those of a group and
 * of an exception join with those of a rule; and which are wider than which.
 */
#include <guard/verdict.h>
#include <string.h>

#include "base/text.h"
#include "fields.h"
#include "policy/glob.h"

/* No account's: a number that no id can be, or a byte that ends a name in passwd(5). */
static bool is_account(const char *word)
{
	size_t length = strlen(word);
	uint64_t id;

	if (strspn(word, "0123456789") == length)
		return guard_text_parse_u64(&id, word, length, UINT32_MAX - 1) == 0;
	return !strchr(word, ':');
}

static void check_accounts(struct guard_compile *compile, const struct compile_node *node, const char *name,
			   const struct compile_strings *accounts)
{
	for (uint32_t i = 0; i < accounts->count; i++)
		if (!is_account(accounts->items[i]))
			compile_error(&compile->diagnostics, compile_node_place(compile_field(node, name)),
				      "give names as in /etc/passwd and /etc/group, or numbers below 4294967295",
				      "\"%.80s\" can be no account: it would never match", accounts->items[i]);
}

static int load_subjects(struct compile_conditions *conditions, struct guard_compile *compile,
			 const struct compile_node *node)
{
	int r = compile_field_strings(&conditions->users, compile, node, "users");

	if (r == 0)
		r = compile_field_strings(&conditions->groups, compile, node, "groups");
	if (r == 0)
		r = compile_field_patterns(&conditions->parents, compile, node, "parents");
	if (r == 0)
		r = compile_field_strings(&conditions->offices, compile, node, "offices");
	if (r == 0)
		r = compile_field_strings(&conditions->hosts, compile, node, "hosts");
	if (r < 0)
		return r;
	check_accounts(compile, node, "users", &conditions->users);
	check_accounts(compile, node, "groups", &conditions->groups);
	for (uint32_t i = 0; i < conditions->hosts.count; i++)
		if (!guard_glob_is_valid(conditions->hosts.items[i]))
			compile_error(&compile->diagnostics, compile_node_place(compile_field(node, "hosts")),
				      "close the `[`, or quote it with a backslash",
				      "the host pattern \"%.200s\" is malformed", conditions->hosts.items[i]);
	return r;
}

void compile_load_kinds(uint8_t *ret_mask, struct guard_compile *compile, const struct compile_node *node)
{
	static const char *const kinds[] = { [GUARD_KIND_OTHER] = "other",
					     [GUARD_KIND_EXECUTABLE] = "executable",
					     [GUARD_KIND_LIBRARY] = "library",
					     [GUARD_KIND_SCRIPT] = "script",
					     [GUARD_KIND_MODULE] = "module" };

	compile_field_mask(ret_mask, compile, node, "kinds", kinds, COMPILE_COUNT(kinds));
}

int compile_load_conditions(struct compile_conditions *conditions, struct guard_compile *compile,
			    const struct compile_node *node)
{
	static const char *const media[] = { [GUARD_MEDIUM_FIXED] = "fixed",
					     [GUARD_MEDIUM_REMOVABLE] = "removable",
					     [GUARD_MEDIUM_NETWORK] = "network",
					     [GUARD_MEDIUM_MEMORY] = "memory" };
	int r;

	*conditions = (struct compile_conditions){ .valid_from = INT64_MIN, .valid_until = INT64_MAX };
	r = load_subjects(conditions, compile, node);
	if (r < 0)
		return r;
	compile_load_kinds(&conditions->kinds, compile, node);
	compile_field_mask(&conditions->media, compile, node, "media", media, COMPILE_COUNT(media));
	compile_field_time(&conditions->valid_from, compile, node, "valid_from");
	compile_field_time(&conditions->valid_until, compile, node, "valid_until");
	if (conditions->valid_from >= conditions->valid_until)
		compile_error(&compile->diagnostics, compile_node_place(compile_field(node, "valid_until")),
			      "exchange the two", "`valid_until` is not later than `valid_from`");
	return 0;
}

/* ---- joining ------------------------------------------------------------------ */

static bool contains(const struct compile_strings *list, const char *word)
{
	for (uint32_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i], word) == 0)
			return true;
	return false;
}

static void impossible(struct guard_compile *compile, struct compile_rule *rule, const char *what)
{
	rule->impossible = true;
	compile_error(&compile->diagnostics, rule->place, "widen one of the two, or take the rule out",
		      "this rule can never match: its `%s` and those of its group or exception have nothing in common",
		      what);
}

/* What is in both lists; an empty list is no condition. */
static int narrow_words(struct compile_strings *mine, struct guard_compile *compile, struct compile_rule *rule,
			const struct compile_strings *outer, const char *what)
{
	const char **both;
	uint32_t count = 0;

	if (!outer->count)
		return 0;
	if (!mine->count) {
		*mine = *outer;
		return 0;
	}
	both = compile_arena_alloc(&compile->arena, mine->count * sizeof(*both));
	if (!both)
		return -GUARD_E_NOMEM;
	for (uint32_t i = 0; i < mine->count; i++)
		if (contains(outer, mine->items[i]))
			both[count++] = mine->items[i];
	if (!count)
		impossible(compile, rule, what);
	*mine = (struct compile_strings){ both, count };
	return 0;
}

/* Patterns of both places cannot be joined into one list. */
static void narrow_patterns(struct compile_strings *mine, struct guard_compile *compile,
			    const struct compile_rule *rule, const struct compile_strings *outer, const char *what)
{
	if (mine->count && outer->count)
		compile_error(&compile->diagnostics, rule->place, "give it in one of the two places",
			      "`%s` is given both for the rule and for its group", what);
	else if (outer->count)
		*mine = *outer;
}

static void narrow_mask(uint8_t *mine, struct guard_compile *compile, struct compile_rule *rule, uint8_t outer,
			const char *what)
{
	if (*mine && outer && !(*mine & outer))
		impossible(compile, rule, what);
	*mine = *mine && outer ? *mine & outer : *mine | outer;
}

static void narrow_time(struct guard_compile *compile, struct compile_rule *rule, int64_t from, int64_t until)
{
	struct compile_conditions *mine = &rule->conditions;
	bool was_good = mine->valid_from < mine->valid_until;

	if (mine->valid_from < from)
		mine->valid_from = from;
	if (mine->valid_until > until)
		mine->valid_until = until;
	if (was_good && mine->valid_from >= mine->valid_until)
		impossible(compile, rule, "valid_from, valid_until");
}

static int narrow_to_group(struct compile_rule *rule, struct guard_compile *compile,
			   const struct compile_group *group)
{
	struct compile_conditions *mine = &rule->conditions;
	const struct compile_conditions *outer = &group->conditions;
	int r = narrow_words(&mine->users, compile, rule, &outer->users, "users");

	if (r == 0)
		r = narrow_words(&mine->groups, compile, rule, &outer->groups, "groups");
	if (r == 0)
		r = narrow_words(&mine->offices, compile, rule, &outer->offices, "offices");
	narrow_patterns(&mine->hosts, compile, rule, &outer->hosts, "hosts");
	narrow_patterns(&mine->parents, compile, rule, &outer->parents, "parents");
	narrow_patterns(&rule->paths, compile, rule, &group->paths, "paths");
	narrow_mask(&mine->kinds, compile, rule, outer->kinds, "kinds");
	narrow_mask(&mine->media, compile, rule, outer->media, "media");
	narrow_time(compile, rule, outer->valid_from, outer->valid_until);
	return r;
}

int compile_narrow(struct compile_rule *rule, struct guard_compile *compile, const struct compile_group *group)
{
	const struct compile_source *source = group->source;
	struct compile_strings office = { 0 };
	int r = narrow_to_group(rule, compile, group);

	if (r < 0 || !source->is_exception)
		return r;
	office.items = compile_arena_alloc(&compile->arena, sizeof(*office.items));
	if (!office.items)
		return -GUARD_E_NOMEM;
	office.items[office.count++] = source->office;
	narrow_time(compile, rule, source->from, source->expires);
	return narrow_words(&rule->conditions.offices, compile, rule, &office, "offices");
}

/* ---- comparing ------------------------------------------------------------------ */

static bool mask_covers(uint8_t wide, uint8_t narrow)
{
	return !wide || (narrow && !(narrow & ~wide));
}

static bool strings_cover(const struct compile_strings *wide, const struct compile_strings *narrow)
{
	if (!wide->count)
		return true;
	for (uint32_t i = 0; i < narrow->count; i++)
		if (!contains(wide, narrow->items[i]))
			return false;
	return narrow->count > 0;
}

bool compile_conditions_cover(const struct compile_conditions *wide, const struct compile_conditions *narrow)
{
	return mask_covers(wide->kinds, narrow->kinds) && mask_covers(wide->media, narrow->media) &&
	       strings_cover(&wide->users, &narrow->users) && strings_cover(&wide->groups, &narrow->groups) &&
	       strings_cover(&wide->parents, &narrow->parents) &&
	       strings_cover(&wide->offices, &narrow->offices) && strings_cover(&wide->hosts, &narrow->hosts) &&
	       wide->valid_from <= narrow->valid_from && wide->valid_until >= narrow->valid_until;
}
