/* SPDX-License-Identifier: MIT
 *
 * compile/fields.c - typed access to settings.  Owns the sentences about wrong
 * keys, types and words; knows no particular key.
 */
#include "fields.h"

#include <string.h>

#include "base/text.h"
#include "pattern.h"

void compile_fields_check(struct guard_compile *compile, const struct compile_node *group, const char *what,
			  const char *const *names, size_t count)
{
	for (const struct compile_node *node = group->value.first; node; node = node->next) {
		const char *near;
		char hint[160];
		size_t i = 0;

		while (i < count && strcmp(names[i], node->name) != 0)
			i++;
		if (i < count)
			continue;
		near = compile_suggest(node->name, names, count);
		if (near)
			snprintf(hint, sizeof(hint), "did you mean `%s`?", near);
		else
			snprintf(hint, sizeof(hint), "policy/README.md lists the keys of %s", what);
		compile_error(&compile->diagnostics, compile_node_place(node), hint, "unknown key `%.80s` in %s",
			      node->name, what);
	}
}

const struct compile_node *compile_field(const struct compile_node *group, const char *name)
{
	for (const struct compile_node *node = group->value.first; node; node = node->next)
		if (strcmp(node->name, name) == 0)
			return node;
	return NULL;
}

const struct compile_node *compile_field_typed(struct guard_compile *compile, const struct compile_node *group,
					       const char *name, enum compile_type type)
{
	const struct compile_node *node = compile_field(group, name);

	if (!node || node->type == (uint32_t)type)
		return node;
	compile_error(&compile->diagnostics, compile_node_place(node), "policy/README.md shows an example",
		      "`%s` must be %s, not %s", name, compile_type_name(type), compile_type_name(node->type));
	return NULL;
}

/* Well-formed UTF-8 (RFC 3629) without control characters: the escaped form
 * differs from it in nothing but backslashes. */
static bool is_one_line(const char *text)
{
	char escaped[4 * (GUARD_COMPILE_STRING_MAX + 1)];
	size_t length = strlen(text), at = 0;

	guard_text_escape(escaped, sizeof(escaped), text, length);
	for (size_t i = 0; i < length; i++) {
		if (text[i] != escaped[at])
			return false;
		at += text[i] == '\\' && escaped[at + 1] == '\\' ? 2 : 1;
	}
	return escaped[at] == '\0';
}

bool compile_string_check(struct guard_compile *compile, const struct compile_node *node)
{
	struct compile_place place = compile_node_place(node);

	if (node->count == 0)
		compile_error(&compile->diagnostics, place, "take it out, or say something", "an empty string");
	else if (node->count > GUARD_COMPILE_STRING_MAX)
		compile_error(&compile->diagnostics, place, "shorten it", "a string of %u bytes; at most %u",
			      node->count, GUARD_COMPILE_STRING_MAX);
	else if (!is_one_line(node->value.string))
		compile_error(&compile->diagnostics, place, "write one line of UTF-8 text",
			      "a string with a control character or invalid UTF-8");
	else
		return true;
	return false;
}

bool compile_field_string(const char **ret_string, struct guard_compile *compile,
			  const struct compile_node *group, const char *name)
{
	const struct compile_node *node = compile_field_typed(compile, group, name, COMPILE_STRING);

	if (!node || !compile_string_check(compile, node))
		return false;
	*ret_string = node->value.string;
	return true;
}

bool compile_field_required(const char **ret_string, struct guard_compile *compile,
			    const struct compile_node *group, const char *name, const char *example)
{
	char hint[160];

	if (compile_field(group, name))
		return compile_field_string(ret_string, compile, group, name);
	snprintf(hint, sizeof(hint), "add %s = \"%s\";", name, example);
	compile_error(&compile->diagnostics, compile_node_place(group), hint, "`%s` is missing", name);
	return false;
}

bool compile_field_time(int64_t *ret_seconds, struct guard_compile *compile, const struct compile_node *group,
			const char *name)
{
	const struct compile_node *node = compile_field(group, name);
	const char *text;

	if (!node || !compile_field_string(&text, compile, group, name))
		return false;
	if (guard_time_parse(ret_seconds, text) == 0)
		return true;
	compile_error(&compile->diagnostics, compile_node_place(node),
		      "write it as \"2027-03-31T00:00:00Z\" or with an offset as \"2027-03-31T09:00:00+09:00\"",
		      "`%s` is not a time: \"%.60s\"", name, text);
	return false;
}

static bool word_index(uint8_t *ret_index, struct guard_compile *compile, const struct compile_node *node,
		       const char *name, const char *const *words, size_t count)
{
	const char *near;
	char hint[200] = "one of";

	for (size_t i = 0; i < count; i++) {
		if (strcmp(words[i], node->value.string) != 0)
			continue;
		*ret_index = (uint8_t)i;
		return true;
	}
	near = compile_suggest(node->value.string, words, count);
	if (near)
		snprintf(hint, sizeof(hint), "did you mean \"%s\"?", near);
	for (size_t i = 0; i < count && !near; i++)
		snprintf(&hint[strlen(hint)], sizeof(hint) - strlen(hint), "%s \"%s\"", i ? "," : "", words[i]);
	compile_error(&compile->diagnostics, compile_node_place(node), hint, "unknown word \"%.60s\" for `%s`",
		      node->value.string, name);
	return false;
}

bool compile_field_word(uint8_t *ret_index, struct guard_compile *compile, const struct compile_node *group,
			const char *name, const char *const *words, size_t count)
{
	const struct compile_node *node = compile_field_typed(compile, group, name, COMPILE_STRING);

	return node && word_index(ret_index, compile, node, name, words, count);
}

/* The array or list of strings called `name`, checked, or NULL. */
static const struct compile_node *field_array(struct guard_compile *compile, const struct compile_node *group,
					      const char *name)
{
	const struct compile_node *node = compile_field(group, name);
	struct compile_place place;
	bool good = true;

	if (!node)
		return NULL;
	place = compile_node_place(node);
	if (node->type != COMPILE_ARRAY && node->type != COMPILE_LIST) {
		compile_error(&compile->diagnostics, place, "write it as [ \"...\", \"...\" ], also for one",
			      "`%s` must be an array [ ] of strings, not %s", name, compile_type_name(node->type));
		return NULL;
	}
	if (node->count > GUARD_COMPILE_LIST_MAX) {
		compile_error(&compile->diagnostics, place, "split the rule", "`%s` has more than %u entries", name,
			      GUARD_COMPILE_LIST_MAX);
		return NULL;
	}
	if (node->count == 0) {
		compile_error(&compile->diagnostics, place, "take it out: without it the rule is not narrowed",
			      "`%s` is empty", name);
		return NULL;
	}
	for (const struct compile_node *element = node->value.first; element; element = element->next) {
		if (element->type != COMPILE_STRING) {
			compile_error(&compile->diagnostics, compile_node_place(element),
				      "put it into \"quotes\"", "`%s` holds strings, not %s", name,
				      compile_type_name(element->type));
			good = false;
		} else {
			good = compile_string_check(compile, element) && good;
		}
	}
	return good ? node : NULL;
}

bool compile_field_mask(uint8_t *ret_mask, struct guard_compile *compile, const struct compile_node *group,
			const char *name, const char *const *words, size_t count)
{
	const struct compile_node *node = field_array(compile, group, name);
	uint8_t mask = 0, index;

	if (!node)
		return false;
	for (const struct compile_node *element = node->value.first; element; element = element->next) {
		if (!word_index(&index, compile, element, name, words, count))
			return false;
		mask = (uint8_t)(mask | 1u << index);
	}
	*ret_mask = mask;
	return true;
}

int compile_field_strings(struct compile_strings *strings, struct guard_compile *compile,
			  const struct compile_node *group, const char *name)
{
	const struct compile_node *node = field_array(compile, group, name);
	const char **items;
	uint32_t count = 0;

	if (!node)
		return 0;
	items = compile_arena_alloc(&compile->arena, node->count * sizeof(*items));
	if (!items)
		return -GUARD_E_NOMEM;
	for (const struct compile_node *element = node->value.first; element; element = element->next)
		items[count++] = element->value.string;
	*strings = (struct compile_strings){ items, count };
	return 0;
}

int compile_field_patterns(struct compile_strings *strings, struct guard_compile *compile,
			   const struct compile_node *group, const char *name)
{
	struct compile_strings found = { 0 };
	int r = compile_field_strings(&found, compile, group, name);
	const struct compile_node *array = compile_field(group, name);
	const struct compile_node *element;

	if (r < 0 || !found.count)
		return r;
	for (element = array->value.first; element; element = element->next)
		compile_pattern_check(&compile->diagnostics, compile_node_place(element), element->value.string);
	*strings = found;
	return 0;
}

bool compile_name_check(struct guard_compile *compile, struct compile_place place, const char *what,
			const char *name)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

	if (strspn(name, good) == strlen(name) && strlen(name) < 128)
		return true;
	compile_error(&compile->diagnostics, place, "use letters, digits, `.`, `_` and `-`, at most 127",
		      "\"%.80s\" is not a good %s", name, what);
	return false;
}
