/* SPDX-License-Identifier: MIT
 *
 * compile/refine.c - an entry of `interpreters` with a name and `inline` or
 * `standard_input` alone: it says of an interpreter that another source describes
 * (a preset, a scan) what it may run without a file.  It can only tighten.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "fields.h"

bool compile_is_refinement(const struct compile_node *node)
{
	return (compile_field(node, "inline") || compile_field(node, "standard_input")) &&
	       !compile_field(node, "programs") && !compile_field(node, "sha256") && !compile_field(node, "scripts");
}

void compile_load_inline(struct compile_interpreter *interpreter, struct guard_compile *compile,
			 const struct compile_node *node)
{
	static const char *const words[] = { [GUARD_INLINE_ALLOW] = "allow",
					     [GUARD_INLINE_LOG] = "log",
					     [GUARD_INLINE_DENY] = "deny" };

	compile_field_word(&interpreter->inline_code, compile, node, "inline", words, COMPILE_COUNT(words));
	compile_field_word(&interpreter->standard_input, compile, node, "standard_input", words,
			   COMPILE_COUNT(words));
}

void compile_tighten(struct compile_interpreter *into, const struct compile_interpreter *other)
{
	if (into->inline_code < other->inline_code)
		into->inline_code = other->inline_code;
	if (into->standard_input < other->standard_input)
		into->standard_input = other->standard_input;
}

int compile_load_refinement(struct guard_compile *compile, const struct compile_node *node)
{
	static const char *const names[] = { "name", "inline", "standard_input", "note" };
	struct compile_interpreter refinement = { .place = compile_node_place(node), .name = "", .options = "" };
	struct compile_interpreter *refinements =
		compile_grow(&compile->refinement_array, compile->refinements, 1, sizeof(*refinements));
	const char *note;

	if (!refinements)
		return -GUARD_E_NOMEM;
	compile->refinements = refinements;
	compile_fields_check(compile, node, "an interpreter that is described elsewhere", names,
			     COMPILE_COUNT(names));
	compile_field_string(&note, compile, node, "note");
	compile_field_required(&refinement.name, compile, node, "name", "python");
	compile_load_inline(&refinement, compile, node);
	refinements[compile->refinement_array.count++] = refinement;
	return 0;
}

static void say_unknown(struct guard_compile *compile, const struct compile_interpreter *refinement)
{
	size_t count = compile->interpreter_array.count;
	GUARD_AUTO_FREE const char **names = calloc(count + 1, sizeof(*names));
	const char *near = NULL;

	for (size_t i = 0; names && i < count; i++)
		names[i] = compile->interpreters[i].name;
	if (names)
		near = compile_suggest(refinement->name, names, count);
	if (near)
		compile_error(&compile->diagnostics, refinement->place, "put the name right",
			      "no source describes an interpreter \"%.80s\"; is \"%.80s\" meant?", refinement->name, near);
	else
		compile_error(&compile->diagnostics, refinement->place,
			      "build it with presets/common.conf, or say its `programs` and `scripts` here",
			      "no source describes an interpreter \"%.80s\"", refinement->name);
}

void compile_apply_refinements(struct guard_compile *compile)
{
	for (size_t i = 0; i < compile->refinement_array.count; i++) {
		const struct compile_interpreter *refinement = &compile->refinements[i];
		struct compile_interpreter *interpreter = compile_find_interpreter(compile, refinement->name);

		if (interpreter)
			compile_tighten(interpreter, refinement);
		else
			say_unknown(compile, refinement);
	}
}
