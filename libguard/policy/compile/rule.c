/* SPDX-License-Identifier: MIT
 *
 * compile/rule.c - the block `groups`: groups of rules, and their rules.  Owns
 * what a rule must say and what an exception's rule may not.
 */
#include <guard/verdict.h>
#include <string.h>

#include "base/text.h"
#include "fields.h"
#include "policy/glob.h"
#include "signer.h"

/* An exception by path alone must name a folder at least this deep, */
#define EXCEPTION_DEPTH 2u
/* and none of these as a whole: each holds the software of many. */
static const char *const shared_folders[] = { "/usr/bin", "/usr/sbin", "/usr/lib", "/usr/lib64", "/usr/libexec",
					      "/usr/share", "/usr/local", "/usr/local/bin", "/usr/local/sbin",
					      "/usr/local/lib", "/usr/games", "/usr/lib/x86_64-linux-gnu",
					      "/usr/lib/aarch64-linux-gnu", "/var/lib", "/var/cache" };

/* What stands there must begin with so many bytes of its own name. */
#define EXCEPTION_NAME 3u

/* A name of its own: without a wildcard, or at least its beginning. */
static bool is_own_name(const char *component, size_t length)
{
	size_t own = strcspn(component, "*?[\\/");

	return own >= EXCEPTION_NAME || own == length;
}

/* true when the pattern takes what it likes in one of the shared folders: all of
 * it, or all but a letter. */
static bool takes_shared_folder(const char *pattern)
{
	size_t prefix = guard_glob_prefix(pattern);
	bool shared = false;

	for (size_t i = 0; i < COMPILE_COUNT(shared_folders); i++)
		shared |= strlen(shared_folders[i]) == prefix && strncmp(pattern, shared_folders[i], prefix) == 0;
	for (size_t at = prefix; shared && pattern[at] == '/';) {
		size_t length = strcspn(&pattern[at + 1], "/");

		shared = !is_own_name(&pattern[at + 1], length);
		at += 1 + length;
	}
	return shared;
}

/* Digests given in place and in files. */
static int load_digests(struct compile_rule *rule, uint32_t index, struct guard_compile *compile,
			const struct compile_node *node)
{
	const struct compile_node *digests = compile_field(node, "sha256");
	const struct compile_node *files = compile_field(node, "sha256_files");
	struct compile_strings names = { 0 };
	int r = 0;

	rule->digest_first = (uint32_t)compile->digest_array.count;
	if (digests)
		r = compile_load_digests(compile, index, digests);
	if (r == 0)
		r = compile_field_strings(&names, compile, node, "sha256_files");
	if (r < 0)
		return r;
	if (names.count)
		for (const struct compile_node *name = files->value.first; r == 0 && name; name = name->next)
			r = compile_load_digest_file(compile, index, name);
	rule->digest_count = (uint32_t)compile->digest_array.count - rule->digest_first;
	return r;
}

static bool is_narrowed(const struct compile_conditions *conditions)
{
	return conditions->kinds || conditions->media || conditions->users.count || conditions->groups.count ||
	       conditions->parents.count;
}

/* A rule must say what it is about; a deny rule with conditions alone is about
 * every path.  A list of content that came out empty must not turn the rule
 * into one by path.  What was given but wrong is reported already (`errors`
 * counts from before); then nothing more is said. */
static void check_subject(struct guard_compile *compile, struct compile_rule *rule,
			  const struct compile_node *node, size_t errors)
{
	static const char *everything[] = { "/**" };

	if (rule->digest_count || rule->signer_count || compile->diagnostics.errors > errors)
		return;
	if (compile_field(node, "sha256") || compile_field(node, "sha256_files") || compile_field(node, "signers")) {
		compile_error(&compile->diagnostics, rule->place, "take the rule out, or list something",
			      "this rule lists no content at all");
		return;
	}
	if (rule->paths.count)
		return;
	if (rule->action == GUARD_DENY && is_narrowed(&rule->conditions)) {
		rule->paths = (struct compile_strings){ everything, 1 };
		return;
	}
	compile_error(&compile->diagnostics, rule->place, "give `sha256`, `sha256_files`, `signers` or `paths`",
		      rule->action == GUARD_ALLOW ? "this rule would allow everything" :
						    "this rule would deny everything");
}

static void check_exception(struct guard_compile *compile, const struct compile_rule *rule)
{
	if (rule->action == GUARD_DENY)
		compile_error(&compile->diagnostics, rule->place, "ask headquarters to put it into the policy",
			      "an exception can only allow");
	if (rule->action == GUARD_DENY || !compile_rule_by_path(rule))
		return;
	for (uint32_t i = 0; i < rule->paths.count; i++) {
		size_t prefix = guard_glob_prefix(rule->paths.items[i]);
		unsigned depth = 0;

		for (size_t at = 0; at < prefix; at++)
			depth += rule->paths.items[i][at] == '/';
		if (depth < EXCEPTION_DEPTH || takes_shared_folder(rule->paths.items[i]))
			compile_error(&compile->diagnostics, rule->place,
				      "list the programs by sha256, or name a folder of that software such as /opt/acme/**",
				      "an exception may not allow all of \"%.200s\"", rule->paths.items[i]);
	}
}

/* Whether the help desk may open what this rule denies. */
static void load_unlockable(struct guard_compile *compile, struct compile_rule *rule, const struct compile_node *node)
{
	const struct compile_node *flag = compile_field_typed(compile, node, "unlockable", COMPILE_BOOLEAN);

	if (!flag)
		return;
	rule->unlockable = flag->value.integer != 0;
	if (rule->unlockable && rule->action == GUARD_ALLOW)
		compile_error(&compile->diagnostics, compile_node_place(flag),
			      "leave it out: an unlock never stands against an allow rule",
			      "`unlockable` is for deny rules");
}

static int load_rule(struct guard_compile *compile, const struct compile_group *group,
		     const struct compile_node *node)
{
	static const char *const names[] = { "action",	"sha256",    "sha256_files", "signers",	   "paths",
					     "kinds",	"users",     "groups",	     "parents",	   "media",
					     "offices", "hosts",     "valid_from",   "valid_until", "note",
					     "url",	"packages",  "min_version",  "below_version",
					     "unlockable" };
	static const char *const actions[] = { [GUARD_DENY] = "deny", [GUARD_ALLOW] = "allow" };
	uint32_t index = (uint32_t)compile->rule_array.count;
	size_t errors = compile->diagnostics.errors;
	struct compile_rule rule = { .place = compile_node_place(node), .group = group, .action = GUARD_ALLOW,
				     .note = "", .url = "", .min_version = "", .below_version = "" };
	int r;

	compile_fields_check(compile, node, "a rule", names, COMPILE_COUNT(names));
	compile_field_word(&rule.action, compile, node, "action", actions, COMPILE_COUNT(actions));
	load_unlockable(compile, &rule, node);
	compile_field_string(&rule.note, compile, node, "note");
	compile_field_string(&rule.url, compile, node, "url");
	r = compile_load_conditions(&rule.conditions, compile, node);
	if (r == 0)
		r = compile_field_patterns(&rule.paths, compile, node, "paths");
	if (r == 0)
		r = load_digests(&rule, index, compile, node);
	if (r == 0)
		r = compile_load_signers(&rule, compile, node);
	if (r == 0)
		r = compile_load_packages(&rule, compile, node);
	if (r == 0)
		r = compile_narrow(&rule, compile, group);
	if (r < 0)
		return r;
	check_subject(compile, &rule, node, errors);
	if (group->source->is_exception)
		check_exception(compile, &rule);
	compile->rules[compile->rule_array.count++] = rule;
	return 0;
}

static int load_rules(struct guard_compile *compile, const struct compile_group *group,
		      const struct compile_node *node)
{
	const struct compile_node *list = compile_field_typed(compile, node, "rules", COMPILE_LIST);
	int r = 0;

	if (!list && !compile_field(node, "rules"))
		compile_error(&compile->diagnostics, group->place, "add rules = ( { ... } );", "`rules` is missing");
	if (!list)
		return 0;
	if (list->count > GUARD_COMPILE_RULES_MAX - compile->rule_array.count) {
		compile_error(&compile->diagnostics, compile_node_place(list),
			      "join rules: one rule takes any number of digests", "more than %u rules",
			      GUARD_COMPILE_RULES_MAX);
		return 0;
	}
	for (const struct compile_node *element = list->value.first; r == 0 && element; element = element->next) {
		struct compile_rule *rules = compile_grow(&compile->rule_array, compile->rules, 1, sizeof(*rules));

		if (!rules)
			return -GUARD_E_NOMEM;
		compile->rules = rules;
		if (element->type == COMPILE_GROUP)
			r = load_rule(compile, group, element);
		else
			compile_error(&compile->diagnostics, compile_node_place(element), "write { sha256 = [ ... ]; }",
				      "a rule must be a group { }, not %s", compile_type_name(element->type));
	}
	return r;
}

static int load_group(struct guard_compile *compile, struct compile_source *source,
		      const struct compile_node *node)
{
	static const char *const names[] = { "name",	"note",	   "url",   "rules",	  "kinds",	 "paths",
					     "users",	"groups",  "parents", "media", "offices",	 "hosts",
					     "valid_from", "valid_until" };
	struct compile_group *group = compile_arena_alloc(&compile->arena, sizeof(*group));
	int r;

	if (!group)
		return -GUARD_E_NOMEM;
	*group = (struct compile_group){ .place = compile_node_place(node), .name = "", .note = "", .url = "",
					 .source = source };
	compile_fields_check(compile, node, "a group of rules", names, COMPILE_COUNT(names));
	compile_field_required(&group->name, compile, node, "name", "coreutils");
	compile_field_string(&group->note, compile, node, "note");
	compile_field_string(&group->url, compile, node, "url");
	r = compile_load_conditions(&group->conditions, compile, node);
	if (r == 0)
		r = compile_field_patterns(&group->paths, compile, node, "paths");
	compile->group_count++;
	return r < 0 ? r : load_rules(compile, group, node);
}

int compile_load_groups(struct guard_compile *compile, struct compile_source *source,
			const struct compile_node *node)
{
	int r = 0;

	for (const struct compile_node *element = node->value.first; r == 0 && element; element = element->next) {
		if (element->type == COMPILE_GROUP)
			r = load_group(compile, source, element);
		else
			compile_error(&compile->diagnostics, compile_node_place(element),
				      "write { name = \"...\"; rules = ( ... ); }",
				      "a group of rules must be a group { }, not %s", compile_type_name(element->type));
	}
	return r < 0 ? r : compile_check_group_names(compile, node);
}
