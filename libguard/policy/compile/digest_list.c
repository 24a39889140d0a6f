/* SPDX-License-Identifier: MIT
 *
 * compile/digest_list.c - digests as sha256sum(1) prints them, given in place
 * or in files of a million lines.  Owns the sentences about bad lines.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "fields.h"

#define HEX_LENGTH (GUARD_DIGEST_HEX_SIZE - 1)
/* Bad lines reported of one file; it may be the wrong file altogether. */
#define BAD_LINES_MAX 20u

static void bad_digest(struct guard_compile *compile, const char *text, size_t length, struct compile_place place)
{
	size_t digits = strspn(text, "0123456789abcdefABCDEF");
	const char *hint = "a line is: 64 hex digits, two spaces, the name; as sha256sum(1) prints it";

	if (strncmp(text, "SHA256 (", 8) == 0)
		hint = "make the list with sha256sum without --tag";
	if (digits == HEX_LENGTH && text[digits] == ' ')
		compile_error(&compile->diagnostics, place, hint,
			      "two spaces (or a space and `*`) stand between digest and name: \"%.80s\"", text);
	else if (digits < length && text[digits] != ' ' && text[digits] != '\0' && digits < HEX_LENGTH)
		compile_error(&compile->diagnostics, place, hint, "not a SHA-256 digest: \"%.80s\"", text);
	else
		compile_error(&compile->diagnostics, place, hint, "a SHA-256 digest has 64 hex digits, this has %zu: \"%.80s\"",
			      digits, text);
}

/* The value of a hex digit, plus one; 0 for any other byte. */
static const uint8_t digit_values[256] = {
	['0'] = 1,  ['1'] = 2,	['2'] = 3,  ['3'] = 4,	['4'] = 5,  ['5'] = 6,	['6'] = 7,  ['7'] = 8,
	['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
	['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

/* guard_digest_parse without a branch per digit: lists have a million lines. */
static bool parse_digest(struct guard_digest *digest, const char *hex)
{
	unsigned bad = 0;

	for (size_t i = 0; i < GUARD_DIGEST_SIZE; i++) {
		unsigned high = digit_values[(unsigned char)hex[2 * i]] - 1u;
		unsigned low = digit_values[(unsigned char)hex[2 * i + 1]] - 1u;

		bad |= high | low;
		digest->bytes[i] = (uint8_t)(high << 4 | low);
	}
	return bad < 16;
}

static bool is_plain(const char *name)
{
	for (size_t i = 0; name[i]; i++)
		if (name[i] < 0x20 || name[i] > 0x7e)
			return false;
	return true;
}

/* sha256sum(1) begins a line with `\` when it had to escape the name: \n, \r
 * and \\.  Such a name stays as it is printed; other bytes that are not text
 * are escaped, since a name is there to be read only. */
static const char *clean_name(struct guard_compile *compile, const char *name)
{
	char escaped[4 * (GUARD_COMPILE_STRING_MAX + 1)];

	if (is_plain(name))
		return name;
	guard_text_escape(escaped, sizeof(escaped), name, strlen(name));
	return compile_arena_copy(&compile->arena, escaped, strlen(escaped));
}

bool compile_digest_line(struct compile_digest_line *ret_line, struct guard_compile *compile, const char *text,
			 size_t length, struct compile_place place)
{
	size_t start = text[0] == '\\' ? 1 : 0, name;
	struct compile_digest_line line = { .name = NULL };

	if (length < start + HEX_LENGTH || !parse_digest(&line.digest, &text[start])) {
		bad_digest(compile, text, length, place);
		return false;
	}
	name = start + HEX_LENGTH;
	if (name < length) {
		if (length - name < 3 || text[name] != ' ' || (text[name + 1] != ' ' && text[name + 1] != '*')) {
			bad_digest(compile, text, length, place);
			return false;
		}
		line.name = clean_name(compile, &text[name + 2]);
		compile->diagnostics.out_of_memory |= !line.name;
	}
	*ret_line = line;
	return true;
}

static int add_digest(struct guard_compile *compile, uint32_t rule, const struct compile_digest_line *line,
		      struct compile_place place)
{
	struct compile_digest *digests =
		compile_grow(&compile->digest_array, compile->digests, 1, sizeof(*digests));

	if (!digests)
		return -GUARD_E_NOMEM;
	compile->digests = digests;
	digests[compile->digest_array.count++] = (struct compile_digest){
		.digest = line->digest, .rule = rule, .line = place.line, .file = place.file, .name = line->name
	};
	return 0;
}

/* true when one more digest fits; false is reported. */
static bool has_room(struct guard_compile *compile, struct compile_place place)
{
	if (compile->digest_array.count < GUARD_COMPILE_DIGESTS_MAX)
		return true;
	compile_error(&compile->diagnostics, place, "allow the software by its signer instead",
		      "more than %u digests", GUARD_COMPILE_DIGESTS_MAX);
	return false;
}

int compile_load_digests(struct guard_compile *compile, uint32_t rule, const struct compile_node *array)
{
	struct compile_digest_line line;
	int r = 0;

	if (array->type != COMPILE_ARRAY && array->type != COMPILE_LIST) {
		compile_error(&compile->diagnostics, compile_node_place(array),
			      "write it as [ \"<64 hex digits>  NAME\", ... ], also for one",
			      "`sha256` must be an array [ ] of strings, not %s", compile_type_name(array->type));
		return 0;
	}
	if (!array->count)
		compile_error(&compile->diagnostics, compile_node_place(array), "take it out, or list a digest",
			      "`sha256` is empty");
	for (const struct compile_node *element = array->value.first; r == 0 && element; element = element->next) {
		struct compile_place place = compile_node_place(element);

		if (!has_room(compile, place))
			return 0;
		if (element->type != COMPILE_STRING)
			compile_error(&compile->diagnostics, place, "put it into \"quotes\"",
				      "`sha256` holds strings, not %s", compile_type_name(element->type));
		else if (element->count > GUARD_COMPILE_STRING_MAX)
			compile_error(&compile->diagnostics, place, "shorten the name", "a string of %u bytes; at most %u",
				      element->count, GUARD_COMPILE_STRING_MAX);
		else if (compile_digest_line(&line, compile, element->value.string, element->count, place))
			r = add_digest(compile, rule, &line, place);
	}
	return r;
}

/* One line of a list; empty lines and those that begin with `#` say nothing. */
static int load_line(struct guard_compile *compile, uint32_t rule, const char *text, size_t length,
		     struct compile_place place)
{
	struct compile_digest_line line;

	if (length == 0 || text[0] == '#')
		return 0;
	if (length > GUARD_COMPILE_STRING_MAX || strlen(text) != length)
		compile_error(&compile->diagnostics, place, "is it a list made by sha256sum(1)?",
			      "a line that is too long or has a NUL byte");
	else if (compile_digest_line(&line, compile, text, length, place))
		return add_digest(compile, rule, &line, place);
	return 0;
}

static int load_lines(struct guard_compile *compile, uint32_t rule, const struct compile_text *text,
		      const char *file)
{
	size_t errors = compile->diagnostics.errors;
	struct compile_place place = { file, 1 };
	int r = 0;

	for (size_t at = 0; r == 0 && at < text->size; place.line++) {
		char *end = memchr(&text->bytes[at], '\n', text->size - at);
		size_t length = end ? (size_t)(end - &text->bytes[at]) : text->size - at;
		size_t next = at + length + 1;

		if (length && text->bytes[at + length - 1] == '\r')
			length--;
		text->bytes[at + length] = '\0';
		if (!has_room(compile, place))
			return 0;
		r = load_line(compile, rule, &text->bytes[at], length, place);
		if (compile->diagnostics.errors - errors == BAD_LINES_MAX) {
			compile_error(&compile->diagnostics, place, "is it a list made by sha256sum(1)?",
				      "too many bad lines; the rest of this file was not read");
			return 0;
		}
		at = next;
	}
	return r;
}

int compile_load_digest_file(struct guard_compile *compile, uint32_t rule, const struct compile_node *name)
{
	struct compile_place place = compile_node_place(name);
	const char *path = compile_text_relative(&compile->arena, name->file, name->value.string);
	struct compile_text text;
	size_t before = compile->digest_array.count;
	int r;

	if (!path)
		return -GUARD_E_NOMEM;
	if (++compile->files > GUARD_COMPILE_FILES_MAX) {
		compile_error(&compile->diagnostics, place, "join some of them", "more than %u files",
			      GUARD_COMPILE_FILES_MAX);
		return 0;
	}
	r = compile_text_read(&text, &compile->diagnostics, path, place);
	if (r < 0)
		return r == -GUARD_E_NOMEM ? r : 0;
	r = load_lines(compile, rule, &text, path);
	if (r == 0 && compile->digest_array.count == before)
		compile_warning(&compile->diagnostics, place, "was it made with an empty list of files?",
				"%s lists no digest", path);
	return r;
}
