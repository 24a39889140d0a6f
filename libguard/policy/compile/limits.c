/* SPDX-License-Identifier: MIT
 *
 * compile/limits.c - `exceptions = { ... }` of a policy: what headquarters lets
 * its offices except.  The machine holds to it; nothing is decided here.
 */
#include <guard/verdict.h>
#include <string.h>

#include "fields.h"

#define SECONDS_OF_DAY 86400
#define DAYS_MAX 3660 /* ten years: longer is no exception */

static void load_flag(bool *ret_flag, struct guard_compile *compile, const struct compile_node *node,
		      const char *name)
{
	const struct compile_node *flag = compile_field_typed(compile, node, name, COMPILE_BOOLEAN);

	if (flag)
		*ret_flag = flag->value.integer != 0;
}

static void load_number(uint32_t *ret_number, struct guard_compile *compile, const struct compile_node *node,
			const char *name, int64_t max)
{
	const struct compile_node *number = compile_field_typed(compile, node, name, COMPILE_INTEGER);

	if (!number)
		return;
	if (number->value.integer >= 1 && number->value.integer <= max)
		*ret_number = (uint32_t)number->value.integer;
	else
		compile_error(&compile->diagnostics, compile_node_place(number), "policy/README.md shows an example",
			      "`%s` must be 1 to %lld", name, (long long)max);
}

void compile_load_limits(struct guard_compile *compile, const struct compile_node *policy)
{
	static const char *const names[] = { "longest_days", "digests", "kinds", "signers", "paths" };
	const struct compile_node *node = compile_field_typed(compile, policy, "exceptions", COMPILE_GROUP);
	struct guard_exception_limits *limits = &compile->policy.limits;
	bool signers = false, paths = false;
	uint32_t days = 0;

	*limits = (struct guard_exception_limits){ 0 };
	if (!node)
		return;
	compile_fields_check(compile, node, "`exceptions`", names, COMPILE_COUNT(names));
	load_number(&days, compile, node, "longest_days", DAYS_MAX);
	load_number(&limits->digests, compile, node, "digests", GUARD_COMPILE_DIGESTS_MAX);
	compile_load_kinds(&limits->kinds, compile, node);
	load_flag(&signers, compile, node, "signers");
	load_flag(&paths, compile, node, "paths");
	limits->longest = days * SECONDS_OF_DAY;
	limits->signers = signers;
	limits->paths = paths;
}
