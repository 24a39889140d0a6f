/* SPDX-License-Identifier: MIT
 *
 * trust/pattern.c - shell patterns over target paths (glob(7), without locale
 * and without its exponential cases).  Pure.  A position never passes the NUL.
 */
#include "trust/metadata.h"

#include <string.h>

/* Bytes of the UTF-8 character at `text` (which jansson has validated). */
static size_t character_size(const char *text)
{
	size_t size = 1;

	while (((unsigned char)text[size] & 0xC0) == 0x80)
		size++;
	return size;
}

/* Characters compare like their bytes, since UTF-8 keeps the order. */
static int compare_characters(const char *a, const char *b)
{
	size_t a_size = character_size(a), b_size = character_size(b);
	int order = memcmp(a, b, a_size < b_size ? a_size : b_size);

	if (order)
		return order;
	return a_size < b_size ? -1 : a_size > b_size;
}

/* The bracket expression at `pattern` ("[...]"); returns its length, or 0 when
 * it is not closed and `[` stands for itself. */
static size_t match_bracket(bool *ret_match, const char *pattern, const char *character)
{
	bool negated = pattern[1] == '!', match = false;
	size_t at = negated ? 2 : 1, first = at;

	while (pattern[at] && (pattern[at] != ']' || at == first)) {
		const char *low = &pattern[at], *high = low;

		if (*low == '/')
			return 0;
		at += character_size(low);
		if (pattern[at] == '-' && pattern[at + 1] && pattern[at + 1] != ']') {
			high = &pattern[at + 1];
			at += 1 + character_size(high);
		}
		if (compare_characters(low, character) <= 0 && compare_characters(character, high) <= 0)
			match = true;
	}
	if (pattern[at] != ']')
		return 0;
	*ret_match = match != negated;
	return at + 1;
}

/* One pattern element against one character; returns the element's length, 0
 * when it does not match. */
static size_t match_one(const char *pattern, const char *character)
{
	size_t length = 0;
	bool match = false;

	if (!*pattern || !*character)
		return 0;
	if (*character == '/')
		return *pattern == '/';
	if (*pattern == '?')
		return 1;
	if (*pattern == '[')
		length = match_bracket(&match, pattern, character);
	if (length > 0)
		return match ? length : 0;
	return compare_characters(pattern, character) == 0 ? character_size(pattern) : 0;
}

bool guard_trust_pattern_match(const char *pattern, const char *path)
{
	const char *star = NULL, *resume = NULL;

	while (*path || *pattern) {
		size_t length;

		if (*pattern == '*') {
			star = ++pattern;
			resume = path;
			continue;
		}
		length = match_one(pattern, path);
		if (length > 0) {
			pattern += length;
			path += character_size(path);
			continue;
		}
		/* Let the last star eat one more character, but no slash: stars
		 * before that slash have made their choice already. */
		if (!star || !*resume || *resume == '/')
			return false;
		resume += character_size(resume);
		path = resume;
		pattern = star;
	}
	return true;
}
