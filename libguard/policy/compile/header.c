/* SPDX-License-Identifier: MIT
 *
 * compile/header.c - the blocks `policy` and `exception`.
 */
#include <guard/verdict.h>
#include <string.h>

#include "base/text.h"
#include "fields.h"

static bool load_version(uint64_t *ret_version, struct guard_compile *compile, const struct compile_node *node)
{
	const struct compile_node *version = compile_field_typed(compile, node, "version", COMPILE_INTEGER);

	if (version && version->value.integer > 0) {
		*ret_version = (uint64_t)version->value.integer;
		return true;
	}
	if (version || !compile_field(node, "version"))
		compile_error(&compile->diagnostics, compile_node_place(version ? version : node),
			      "begin at version = 1; and raise it with every change that machines are to take",
			      version ? "`version` must be 1 or more" : "`version` is missing");
	return false;
}

static void load_help(struct guard_compile *compile, const struct compile_node *node)
{
	static const char *const names[] = { "phone", "text" };
	const struct compile_node *help = compile_field_typed(compile, node, "help", COMPILE_GROUP);

	if (!help)
		return;
	compile_fields_check(compile, help, "`help`", names, COMPILE_COUNT(names));
	compile_field_string(&compile->policy.help_phone, compile, help, "phone");
	compile_field_string(&compile->policy.help_text, compile, help, "text");
}

static void load_words(struct guard_compile *compile, const struct compile_node *node)
{
	static const char *const modes[] = { [GUARD_MODE_AUDIT] = "audit", [GUARD_MODE_ENFORCE] = "enforce" };
	static const char *const actions[] = { [GUARD_DENY] = "deny", [GUARD_ALLOW] = "allow" };
	static const char *const running[] = { "record", "end" };

	compile_field_word(&compile->policy.mode, compile, node, "mode", modes, COMPILE_COUNT(modes));
	compile_field_word(&compile->policy.default_action, compile, node, "default", actions,
			   COMPILE_COUNT(actions));
	compile_field_word(&compile->policy.running, compile, node, "running", running, COMPILE_COUNT(running));
}

int compile_load_policy(struct guard_compile *compile, const struct compile_node *node)
{
	static const char *const names[] = { "id", "version", "mode", "default", "expires", "running", "help",
					     "exceptions", "unlock", "maintenance" };
	struct compile_policy *policy = &compile->policy;

	compile_fields_check(compile, node, "`policy`", names, COMPILE_COUNT(names));
	if (policy->given) {
		compile_error(&compile->diagnostics, compile_node_place(node),
			      "keep one: take this block out; `guardctl scan --fragment` writes none",
			      "a second `policy` block; the first is at %s:%u", policy->place.file,
			      policy->place.line);
		return 0;
	}
	*policy = (struct compile_policy){
		.given = true, .place = compile_node_place(node), .id = "", .help_phone = "", .help_text = "",
		.expires = INT64_MAX, .mode = GUARD_MODE_AUDIT, .default_action = GUARD_DENY
	};
	if (compile_field_required(&policy->id, compile, node, "id", "hq-desktop"))
		compile_name_check(compile, compile_node_place(compile_field(node, "id")), "id", policy->id);
	load_version(&policy->version, compile, node);
	compile_field_time(&policy->expires, compile, node, "expires");
	if (policy->expires <= compile->options.now)
		compile_warning(&compile->diagnostics, compile_node_place(compile_field(node, "expires")),
				"renew it", "this policy is over: exceptions no longer match");
	load_words(compile, node);
	load_help(compile, node);
	compile_load_limits(compile, node);
	compile_load_unlock(compile, node);
	compile_load_maintenance(compile, node);
	return 0;
}

/* What an exception must say for itself. */
static void load_exception_fields(struct guard_compile *compile, struct compile_source *source,
				  const struct compile_node *node)
{
	const char *text;
	uint64_t version;

	if (compile_field_required(&source->id, compile, node, "id", "osaka-accounting"))
		compile_name_check(compile, compile_node_place(compile_field(node, "id")), "id", source->id);
	if (compile_field_required(&source->office, compile, node, "office", "osaka"))
		compile_name_check(compile, compile_node_place(compile_field(node, "office")), "office name",
				   source->office);
	load_version(&version, compile, node);
	if (compile_field(node, "expires"))
		compile_field_time(&source->expires, compile, node, "expires");
	else
		compile_field_required(&text, compile, node, "expires", "2027-01-31T00:00:00Z");
	compile_field_time(&source->from, compile, node, "from");
	if (source->from >= source->expires)
		compile_error(&compile->diagnostics, compile_node_place(compile_field(node, "from")),
			      "exchange the two", "`expires` is not later than `from`");
	compile_field_string(&text, compile, node, "reason");
	compile_field_string(&text, compile, node, "ticket");
}

int compile_load_exception(struct guard_compile *compile, struct compile_source *source,
			   const struct compile_node *node)
{
	static const char *const names[] = { "id",      "version", "office", "from",
					     "expires", "reason",  "ticket" };

	source->is_exception = true;
	source->from = INT64_MIN;
	source->expires = INT64_MAX;
	source->place = compile_node_place(node);
	source->id = source->office = "";
	compile->exception_count++;
	compile_fields_check(compile, node, "`exception`", names, COMPILE_COUNT(names));
	load_exception_fields(compile, source, node);
	if (source->expires <= compile->options.now)
		compile_warning(&compile->diagnostics, source->place, "renew it, or take the file out of the build",
				"the exception \"%.80s\" is over: none of its rules matches", source->id);
	return 0;
}
