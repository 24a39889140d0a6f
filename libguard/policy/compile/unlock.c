/* SPDX-License-Identifier: MIT
 *
 * compile/unlock.c - the blocks `unlock` and `maintenance` of a policy: which
 * scopes of unlock by phone there are and how long each lasts, and how long a
 * maintenance may be that headquarters signs.
 */
#include <string.h>

#include "base/text.h"
#include "fields.h"

/* "90s", "30m", "8h" -> seconds. */
static int parse_span(uint32_t *ret_seconds, const char *text)
{
	size_t length = strlen(text);
	uint64_t value, unit;

	if (length < 2 || guard_text_parse_u64(&value, text, length - 1, GUARD_POLICY_UNLOCK_MAX) < 0)
		return -GUARD_E_SYNTAX;
	switch (text[length - 1]) {
	case 's':
		unit = 1;
		break;
	case 'm':
		unit = 60;
		break;
	case 'h':
		unit = 3600;
		break;
	default:
		return -GUARD_E_SYNTAX;
	}
	if (value == 0 || value * unit > GUARD_POLICY_UNLOCK_MAX)
		return -GUARD_E_LIMIT;
	*ret_seconds = (uint32_t)(value * unit);
	return 0;
}

static void load_span(uint32_t *ret_seconds, struct guard_compile *compile, const struct compile_node *unlock,
		      const char *name)
{
	const struct compile_node *node = compile_field_typed(compile, unlock, name, COMPILE_STRING);
	const char *text;

	if (!node || !compile_field_string(&text, compile, unlock, name))
		return;
	if (parse_span(ret_seconds, text) < 0)
		compile_error(&compile->diagnostics, compile_node_place(node),
			      "write a number with s, m or h behind it, at most \"24h\"; leave the scope out if "
			      "nobody may give it",
			      "`%s` is not a length of time: \"%.40s\"", name, text);
}

void compile_load_unlock(struct guard_compile *compile, const struct compile_node *policy)
{
	/* In the order of enum guard_unlock_scope, then what is no scope. */
	static const char *const names[] = { "file", "day", "install", "audit", "maintenance", "end" };
	static const char *const ends[] = { "end", "record" };
	const struct compile_node *unlock = compile_field_typed(compile, policy, "unlock", COMPILE_GROUP);

	if (!unlock)
		return;
	compile_fields_check(compile, unlock, "`unlock`", names, COMPILE_COUNT(names));
	for (size_t i = 0; i < GUARD_POLICY_UNLOCK_SCOPES; i++)
		load_span(&compile->policy.unlock_seconds[i], compile, unlock, names[i]);
	compile_field_word(&compile->policy.unlock_end, compile, unlock, "end", ends, COMPILE_COUNT(ends));
}

void compile_load_maintenance(struct guard_compile *compile, const struct compile_node *policy)
{
	static const char *const names[] = { "longest" };
	const struct compile_node *maintenance = compile_field_typed(compile, policy, "maintenance", COMPILE_GROUP);

	if (!maintenance)
		return;
	compile_fields_check(compile, maintenance, "`maintenance`", names, COMPILE_COUNT(names));
	load_span(&compile->policy.maintenance_longest, compile, maintenance, names[0]);
}
