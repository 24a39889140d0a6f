/* SPDX-License-Identifier: MIT
 *
 * compile/interpreter.c - the blocks `interpreters` and `readers`.  The same
 * interpreter in two files (a preset and a scan) is one, if they agree.
 */
#include <guard/policy.h>
#include <string.h>

#include "fields.h"
#include "policy/cmdline.h"

static int load_digest(struct guard_compile *compile, uint32_t interpreter, const struct compile_node *element)
{
	struct compile_interpreter_digest *digests;
	struct compile_place place = compile_node_place(element);
	struct compile_digest_line line;

	if (element->type != COMPILE_STRING) {
		compile_error(&compile->diagnostics, place, "put it into \"quotes\"",
			      "`sha256` holds strings, not %s", compile_type_name(element->type));
		return 0;
	}
	if (!compile_digest_line(&line, compile, element->value.string, element->count, place))
		return 0;
	digests = compile_grow(&compile->interpreter_digest_array, compile->interpreter_digests, 1,
			       sizeof(*digests));
	if (!digests)
		return -GUARD_E_NOMEM;
	compile->interpreter_digests = digests;
	digests[compile->interpreter_digest_array.count++] = (struct compile_interpreter_digest){
		.digest = line.digest, .interpreter = interpreter, .place = place
	};
	return 0;
}

static int load_digests(struct guard_compile *compile, uint32_t interpreter, const struct compile_node *node)
{
	const struct compile_node *array = compile_field(node, "sha256");
	int r = 0;

	if (!array)
		return 0;
	if (array->type != COMPILE_ARRAY && array->type != COMPILE_LIST) {
		compile_error(&compile->diagnostics, compile_node_place(array),
			      "write it as [ \"<64 hex digits>  NAME\" ]",
			      "`sha256` must be an array [ ] of strings, not %s", compile_type_name(array->type));
		return 0;
	}
	if (!array->count)
		compile_error(&compile->diagnostics, compile_node_place(array), "take it out, or list a digest",
			      "`sha256` is empty");
	for (const struct compile_node *element = array->value.first; r == 0 && element; element = element->next)
		r = load_digest(compile, interpreter, element);
	return r;
}

static void load_words(struct compile_interpreter *interpreter, struct guard_compile *compile,
		       const struct compile_node *node)
{
	static const char *const scripts[] = { "argument", "text", "suffix", "module" };

	_Static_assert(GUARD_SCRIPTS_ARGUMENT == 1 && GUARD_SCRIPTS_TEXT == 2 && GUARD_SCRIPTS_SUFFIX == 4 &&
			       GUARD_SCRIPTS_MODULE == 8,
		       "the words' order is that of the bits");
	compile_field_mask(&interpreter->scripts, compile, node, "scripts", scripts, COMPILE_COUNT(scripts));
	compile_load_inline(interpreter, compile, node);
	if (compile_field_string(&interpreter->options, compile, node, "options") &&
	    !guard_cmdline_options_are_valid(interpreter->options))
		compile_error(&compile->diagnostics, compile_node_place(compile_field(node, "options")),
			      "policy/README.md explains the options of an interpreter",
			      "`options` has an item that is not understood, or one letter twice: \"%.120s\"",
			      interpreter->options);
}

static int load_lists(struct compile_interpreter *interpreter, struct guard_compile *compile,
		      const struct compile_node *node)
{
	int r = compile_field_patterns(&interpreter->programs, compile, node, "programs");

	if (r == 0)
		r = compile_field_strings(&interpreter->suffixes, compile, node, "suffixes");
	if (r == 0)
		r = compile_field_patterns(&interpreter->data, compile, node, "data");
	return r;
}

static void check(struct guard_compile *compile, const struct compile_interpreter *interpreter,
		  const struct compile_node *node)
{
	if (!compile_field(node, "programs") && !compile_field(node, "sha256"))
		compile_error(&compile->diagnostics, interpreter->place, "add programs = [ \"/usr/bin/...\" ];",
			      "the interpreter \"%.80s\" names no program", interpreter->name);
	if (!compile_field(node, "scripts"))
		compile_error(&compile->diagnostics, interpreter->place, "add scripts = [ \"argument\" ];",
			      "`scripts` is missing: how are the scripts of \"%.80s\" recognised?", interpreter->name);
	if ((interpreter->scripts & GUARD_SCRIPTS_SUFFIX) && !interpreter->suffixes.count)
		compile_error(&compile->diagnostics, interpreter->place, "add suffixes = [ \".py\" ];",
			      "`scripts` has \"suffix\", but there are no `suffixes`");
	if (interpreter->data.count && !(interpreter->scripts & GUARD_SCRIPTS_TEXT))
		compile_warning(&compile->diagnostics, interpreter->place, "take `data` out",
				"`data` has no effect without \"text\" in `scripts`");
}

/* ---- one interpreter in two places -------------------------------------------- */

static int append(struct compile_strings *list, struct guard_compile *compile, const struct compile_strings *more)
{
	const char **items = compile_arena_alloc(&compile->arena, (list->count + more->count) * sizeof(*items));
	uint32_t count = list->count;

	if (!items)
		return -GUARD_E_NOMEM;
	if (list->count)
		memcpy(items, list->items, list->count * sizeof(*items));
	for (uint32_t i = 0; i < more->count; i++) {
		uint32_t j = 0;

		while (j < count && strcmp(items[j], more->items[i]) != 0)
			j++;
		if (j == count)
			items[count++] = more->items[i];
	}
	*list = (struct compile_strings){ items, count };
	return 0;
}

/* `data` loosens: the two must name the same. */
static bool same_strings(const struct compile_strings *a, const struct compile_strings *b)
{
	if (a->count != b->count)
		return false;
	for (uint32_t i = 0; i < a->count; i++)
		if (strcmp(a->items[i], b->items[i]) != 0)
			return false;
	return true;
}

static int merge(struct compile_interpreter *into, struct guard_compile *compile,
		 const struct compile_interpreter *other)
{
	int r;

	if (into->scripts != other->scripts || strcmp(into->options, other->options) != 0 ||
	    !same_strings(&into->data, &other->data)) {
		compile_error(&compile->diagnostics, other->place, "make them alike, or keep one",
			      "the interpreter \"%.80s\" is defined differently at %s:%u", other->name,
			      into->place.file, into->place.line);
		return 0;
	}
	compile_tighten(into, other);
	r = append(&into->programs, compile, &other->programs);
	return r < 0 ? r : append(&into->suffixes, compile, &other->suffixes);
}

struct compile_interpreter *compile_find_interpreter(struct guard_compile *compile, const char *name)
{
	for (size_t i = 0; i < compile->interpreter_array.count; i++)
		if (strcmp(compile->interpreters[i].name, name) == 0)
			return &compile->interpreters[i];
	return NULL;
}

static int load_interpreter(struct guard_compile *compile, const struct compile_node *node)
{
	static const char *const names[] = { "name",	 "programs", "sha256", "scripts",	  "suffixes",
					     "options", "data",	     "inline", "standard_input", "note" };
	struct compile_interpreter interpreter = { .place = compile_node_place(node), .name = "", .options = "" };
	struct compile_interpreter *same;
	const char *note;
	int r;

	if (compile_is_refinement(node))
		return compile_load_refinement(compile, node);
	compile_fields_check(compile, node, "an interpreter", names, COMPILE_COUNT(names));
	compile_field_string(&note, compile, node, "note");
	compile_field_required(&interpreter.name, compile, node, "name", "python");
	load_words(&interpreter, compile, node);
	r = load_lists(&interpreter, compile, node);
	if (r < 0)
		return r;
	check(compile, &interpreter, node);
	same = compile_find_interpreter(compile, interpreter.name);
	if (same) {
		r = load_digests(compile, (uint32_t)(same - compile->interpreters), node);
		return r < 0 ? r : merge(same, compile, &interpreter);
	}
	compile->interpreters[compile->interpreter_array.count] = interpreter;
	return load_digests(compile, (uint32_t)compile->interpreter_array.count++, node);
}

int compile_load_interpreters(struct guard_compile *compile, const struct compile_node *node)
{
	int r = 0;

	if (node->count > GUARD_COMPILE_INTERPRETERS_MAX - compile->interpreter_array.count) {
		compile_error(&compile->diagnostics, compile_node_place(node), "one takes any number of programs",
			      "more than %u interpreters", GUARD_COMPILE_INTERPRETERS_MAX);
		return 0;
	}
	for (const struct compile_node *element = node->value.first; r == 0 && element; element = element->next) {
		struct compile_interpreter *interpreters = compile_grow(&compile->interpreter_array,
									compile->interpreters, 1, sizeof(*interpreters));

		if (!interpreters)
			return -GUARD_E_NOMEM;
		compile->interpreters = interpreters;
		if (element->type == COMPILE_GROUP)
			r = load_interpreter(compile, element);
		else
			compile_error(&compile->diagnostics, compile_node_place(element),
				      "write { name = \"...\"; programs = [ ... ]; scripts = [ ... ]; }",
				      "an interpreter must be a group { }, not %s", compile_type_name(element->type));
	}
	return r;
}

int compile_load_readers(struct guard_compile *compile, const struct compile_node *node)
{
	struct compile_strings found = { 0 }, all = { compile->readers, (uint32_t)compile->reader_array.count };
	int r = compile_field_patterns(&found, compile, node, "readers");

	if (r == 0 && found.count) {
		const struct compile_node *element = compile_field(node, "readers")->value.first;

		for (; element; element = element->next)
			compile_lint_reader(compile, compile_node_place(element), element->value.string);
		r = append(&all, compile, &found);
	}
	if (r < 0)
		return r;
	compile->readers = all.items;
	compile->reader_array.count = all.count;
	return 0;
}
