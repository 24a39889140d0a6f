/* SPDX-License-Identifier: MIT
 *
 * policy/option_string.c - take an option string apart, item by item.  It comes
 * from a policy: checked once when the image is opened, trusted afterwards.
 */
#include "policy/option_string.h"

#include <string.h>

#include "policy/cmdline.h"

/* One item of the string: a letter with its argument, a word or a face in braces,
 * or a bare `-`, `+` or `!`. */
struct item {
	char letter; /* '{' for a word, '%' for a face */
	struct guard_option option;
	size_t word_start, word_size;
	bool word_is_prefix;
};

static bool is_letter(char c)
{
	return c > ' ' && c < 0x7F && !strchr("{}:;!=[]^@<&~%", c);
}

/* What a single byte behind a letter or a word says of it; false: nothing. */
static bool read_effect(enum guard_option_argument *ret_argument, char c)
{
	switch (c) {
	case '!':
		*ret_argument = GUARD_OPTION_INLINE;
		return true;
	case '^':
		*ret_argument = GUARD_OPTION_CODE;
		return true;
	case '@':
		*ret_argument = GUARD_OPTION_FILE;
		return true;
	case '<':
		*ret_argument = GUARD_OPTION_INPUT;
		return true;
	case '&':
		*ret_argument = GUARD_OPTION_ALSO;
		return true;
	case '~':
		*ret_argument = GUARD_OPTION_ENDS;
		return true;
	default:
		return false;
	}
}

/* `{%NAME}`. */
static size_t read_face(struct item *ret_item, const char *options, size_t at)
{
	size_t start = at + 2, size = strcspn(&options[start], "}");

	if (options[start + size] != '}' || size == 0 || strcspn(&options[start], "{%/") < size)
		return 0;
	ret_item->letter = '%';
	ret_item->word_start = start;
	ret_item->word_size = size;
	return start + size + 1;
}

/* `{WORD}`, `{WORD.}`, `{WORD!}` and its like, `{WORD*...}`.  Returns the offset
 * behind it, 0 when malformed. */
static size_t read_word(struct item *ret_item, const char *options, size_t at)
{
	size_t start = at + 1, size = strcspn(&options[start], "}");
	size_t end = start + size;

	if (options[end] != '}' || size == 0)
		return 0;
	ret_item->option.argument = GUARD_OPTION_ARGUMENT;
	if (options[end - 1] == '.') {
		ret_item->option.argument = GUARD_OPTION_FLAG;
		size--;
	} else if (read_effect(&ret_item->option.argument, options[end - 1])) {
		size--;
	}
	if (size > 0 && options[start + size - 1] == '*') {
		ret_item->word_is_prefix = true;
		size--;
	}
	if (size < 2 || (options[start] != '-' && options[start] != '+') || memchr(&options[start], '{', size))
		return 0;
	ret_item->word_start = start;
	ret_item->word_size = size;
	return end + 1;
}

static size_t read_set(struct item *ret_item, const char *options, size_t at)
{
	size_t size = strcspn(&options[at + 1], "]");

	if (size == 0 || options[at + 1 + size] != ']')
		return 0;
	ret_item->option.argument = GUARD_OPTION_SET;
	ret_item->option.set_start = at + 1;
	ret_item->option.set_size = size;
	return at + 1 + size + 1;
}

static size_t read_letter(struct item *ret_item, const char *options, size_t at)
{
	if (options[at] == '!' && at == 0) /* elsewhere it belongs to a letter */
		return 1;
	if (!is_letter(options[at]))
		return 0;
	if (options[at] == '-' || options[at] == '+')
		return at + 1;
	at++;
	if (read_effect(&ret_item->option.argument, options[at]))
		return at + 1;
	switch (options[at]) {
	case ':':
		ret_item->option.argument = options[at + 1] == ':' ? GUARD_OPTION_ATTACHED : GUARD_OPTION_ARGUMENT;
		return options[at + 1] == ':' ? at + 2 : at + 1;
	case ';':
		ret_item->option.argument = GUARD_OPTION_NEXT;
		return at + 1;
	case '=':
		ret_item->option.argument = GUARD_OPTION_VALUE;
		return at + 1;
	case '[':
		return read_set(ret_item, options, at);
	default:
		return at;
	}
}

/* The item at `at`; returns the offset behind it, 0 when malformed. */
static size_t read_item(struct item *ret_item, const char *options, size_t at)
{
	*ret_item = (struct item){ .letter = options[at] };
	if (options[at] == '{' && options[at + 1] == '%')
		return read_face(ret_item, options, at);
	return options[at] == '{' ? read_word(ret_item, options, at) : read_letter(ret_item, options, at);
}

/* The next item of a string that is valid; false: there is none. */
static bool next_item(struct item *ret_item, const char *options, size_t *at)
{
	if (options[*at] == '\0')
		return false;
	*at = read_item(ret_item, options, *at);
	return *at != 0;
}

bool guard_cmdline_options_are_valid(const char *options)
{
	bool seen[256] = { false };
	struct item item;
	size_t at = 0;

	if (strnlen(options, GUARD_CMDLINE_OPTIONS_MAX + 1) > GUARD_CMDLINE_OPTIONS_MAX)
		return false;
	while (options[at] != '\0') {
		at = read_item(&item, options, at);
		if (at == 0 || (item.letter != '{' && item.letter != '%' && seen[(unsigned char)item.letter]))
			return false;
		seen[(unsigned char)item.letter] = true;
	}
	return true;
}

bool guard_option_find_letter(struct guard_option *ret_option, const char *options, char letter)
{
	struct item item;
	size_t at = 0;

	if (!is_letter(letter) || letter == '-' || letter == '+')
		return false;
	while (next_item(&item, options, &at)) {
		if (item.letter == letter) {
			*ret_option = item.option;
			return true;
		}
	}
	return false;
}

bool guard_option_find_word(struct guard_option *ret_option, const char *options, const char *word, size_t size)
{
	struct item item;
	size_t at = 0;

	while (next_item(&item, options, &at)) {
		if (item.letter != '{' || size < item.word_size || (size > item.word_size && !item.word_is_prefix))
			continue;
		if (memcmp(&options[item.word_start], word, item.word_size) == 0) {
			*ret_option = item.option;
			return true;
		}
	}
	return false;
}

bool guard_option_has_mark(const char *options, char mark)
{
	struct item item;
	size_t at = 0;

	while (next_item(&item, options, &at)) {
		if (item.letter == mark)
			return true;
	}
	return false;
}

bool guard_option_has_faces(const char *options)
{
	return guard_option_has_mark(options, '%');
}

bool guard_option_is_face(const char *options, const char *name, size_t size)
{
	struct item item;
	size_t at = 0;

	while (next_item(&item, options, &at)) {
		if (item.letter == '%' && item.word_size == size && memcmp(&options[item.word_start], name, size) == 0)
			return true;
	}
	return false;
}
