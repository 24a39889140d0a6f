/* SPDX-License-Identifier: MIT
 *
 * fuzz/fuzz_glob.c - pattern, NUL, text: the matcher against a second one that
 * is written from the definition, slow and simple.
 */
#include "fuzz.h"

#include <string.h>

#include "policy/glob.h"

#define SLOW_MAX 48u /* bytes that the slow matcher is asked for */

/* One element at pattern[*p] takes `byte`; *p moves behind it. */
static bool slow_element(const char *pattern, size_t *p, unsigned char byte)
{
	bool negated, found = false;
	size_t start;

	if (pattern[*p] == '?') {
		*p += 1;
		return byte != '/';
	}
	if (pattern[*p] == '\\') {
		*p += 2;
		return (unsigned char)pattern[*p - 1] == byte;
	}
	if (pattern[*p] != '[') {
		*p += 1;
		return (unsigned char)pattern[*p - 1] == byte;
	}
	*p += 1;
	negated = pattern[*p] == '!';
	*p += negated;
	for (start = *p; *p == start || pattern[*p] != ']';) {
		unsigned char low, high;

		*p += pattern[*p] == '\\';
		low = high = (unsigned char)pattern[*p];
		*p += 1;
		if (pattern[*p] == '-' && pattern[*p + 1] != ']') {
			*p += 1;
			*p += pattern[*p] == '\\';
			high = (unsigned char)pattern[*p];
			*p += 1;
		}
		found |= byte >= low && byte <= high;
	}
	*p += 1;
	return byte != '/' && found != negated;
}

/* What did not match once does not match again: else the slow one is slower
 * than any fuzzer waits. */
static bool hopeless[SLOW_MAX + 1][SLOW_MAX + 1];

static bool slow_match(const char *pattern, size_t p, const char *text, size_t t);

/* `**` as a whole component, which begins at p. */
static bool slow_components(const char *pattern, size_t p, const char *text, size_t t)
{
	bool last = pattern[p + 2] == '\0';

	/* none, then one component more each time */
	for (;;) {
		if (last && text[t] == '\0')
			return true;
		if (!last && slow_match(pattern, p + 3, text, t))
			return true;
		while (text[t] != '/' && text[t] != '\0')
			t++;
		if (text[t] == '\0')
			return last;
		t++;
	}
}

static bool slow_rest(const char *pattern, size_t p, const char *text, size_t t)
{
	bool at_start = p == 0 || pattern[p - 1] == '/';

	if (at_start && strncmp(&pattern[p], "**", 2) == 0 && (pattern[p + 2] == '/' || pattern[p + 2] == '\0'))
		return slow_components(pattern, p, text, t);
	/* "/" and `**` at the end: the slash goes with "none" */
	if (pattern[p] == '/' && text[t] == '\0' && strcmp(&pattern[p], "/**") == 0)
		return true;
	if (pattern[p] == '/' && text[t] == '\0' && strncmp(&pattern[p], "/**/", 4) == 0)
		return slow_match(pattern, p + 3, text, t);
	if (pattern[p] == '\0')
		return text[t] == '\0';
	if (pattern[p] == '*') {
		for (;; t++) {
			if (slow_match(pattern, p + 1, text, t))
				return true;
			if (text[t] == '\0' || text[t] == '/')
				return false;
		}
	}
	if (text[t] == '\0' || !slow_element(pattern, &p, (unsigned char)text[t]))
		return false;
	return slow_match(pattern, p, text, t + 1);
}

static bool slow_match(const char *pattern, size_t p, const char *text, size_t t)
{
	if (!hopeless[p][t] && slow_rest(pattern, p, text, t))
		return true;
	hopeless[p][t] = true;
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t length = strnlen((const char *)data, size);
	char *pattern = malloc(length + 1), *text;
	bool valid, matches;

	memcpy(pattern, data, length);
	pattern[length] = '\0';
	text = length < size ? strndup((const char *)&data[length + 1], size - length - 1) : strdup("");
	valid = guard_glob_is_valid(pattern);
	matches = guard_glob_match(pattern, text);
	FUZZ_REQUIRE(guard_glob_prefix(pattern) <= length);
	FUZZ_REQUIRE(length == 0 || guard_glob_prefix(pattern) < length);
	memset(hopeless, 0, sizeof(hopeless));
	if (valid && length <= SLOW_MAX && strlen(text) <= SLOW_MAX)
		FUZZ_REQUIRE(matches == slow_match(pattern, 0, text, 0));
	free(pattern);
	free(text);
	return 0;
}
