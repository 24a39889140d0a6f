/* SPDX-License-Identifier: MIT
 *
 * policy/glob.c - path patterns.  A `*` or a `**` is retried from its latest
 * occurrence only: components match independently of each other, so an earlier
 * one never has to be tried again, and the work stays within pattern length
 * times text length whatever the pattern is.
 */
#include "policy/glob.h"

#include <string.h>

/* One element of a component: a byte, a quoted byte, `?` or a class.
 * Returns the offset behind it, 0 when malformed. */
static size_t element_end(const char *pattern, size_t at)
{
	size_t i;

	if (pattern[at] == '\\')
		return pattern[at + 1] && pattern[at + 1] != '/' ? at + 2 : 0;
	if (pattern[at] != '[')
		return at + 1;
	i = at + 1;
	if (pattern[i] == '!')
		i++;
	do { /* a `]` that comes first stands for itself */
		if (pattern[i] == '\\')
			i++;
		if (pattern[i] == '\0' || pattern[i] == '/')
			return 0;
		i++;
	} while (pattern[i] != ']');
	return i + 1;
}

static unsigned char class_byte(const char *pattern, size_t *at)
{
	if (pattern[*at] == '\\')
		*at += 1;
	*at += 1;
	return (unsigned char)pattern[*at - 1];
}

/* Is `byte` in the class at [at, end)?  The class is well formed. */
static bool in_class(const char *pattern, size_t at, size_t end, unsigned char byte)
{
	bool negated = pattern[at + 1] == '!', found = false;
	size_t i = negated ? at + 2 : at + 1;

	while (i < end - 1) {
		unsigned char low = class_byte(pattern, &i), high = low;

		if (pattern[i] == '-' && i + 1 < end - 1) {
			i++;
			high = class_byte(pattern, &i);
		}
		if (byte >= low && byte <= high)
			found = true;
	}
	return found != negated;
}

/* Does the element at [at, end) take `byte`, which is not a slash? */
static bool element_takes(const char *pattern, size_t at, size_t end, char byte)
{
	switch (pattern[at]) {
	case '?':
		return true;
	case '[':
		return in_class(pattern, at, end, (unsigned char)byte);
	case '\\':
		return pattern[at + 1] == byte;
	default:
		return pattern[at] == byte;
	}
}

/* Match one component: pattern[p, p_end) against text[t, t_end). */
static bool component_match(const char *pattern, size_t p, size_t p_end, const char *text, size_t t, size_t t_end)
{
	size_t star = SIZE_MAX, resume = 0;

	for (;;) {
		if (p < p_end && pattern[p] == '*') {
			star = ++p;
			resume = t;
			continue;
		}
		if (p < p_end && t < t_end) {
			size_t end = element_end(pattern, p);

			if (end == 0)
				return false;
			if (element_takes(pattern, p, end, text[t])) {
				p = end;
				t++;
				continue;
			}
		} else if (p == p_end && t == t_end) {
			return true;
		}
		if (star == SIZE_MAX || resume >= t_end)
			return false;
		p = star;
		t = ++resume;
	}
}

/* End of the component that starts at `at`; a class never holds a slash. */
static size_t component_end(const char *text, size_t at)
{
	return at + (size_t)(strchrnul(&text[at], '/') - &text[at]);
}

static bool is_double_star(const char *pattern, size_t at, size_t end)
{
	return end - at == 2 && pattern[at] == '*' && pattern[at + 1] == '*';
}

/* Offset of the next component, or of the terminating NUL plus one. */
static size_t next_component(size_t end)
{
	return end + 1;
}

bool guard_glob_match(const char *pattern, const char *text)
{
	size_t p = 0, t = 0, star = SIZE_MAX, resume = 0;
	const size_t p_size = strlen(pattern) + 1, t_size = strlen(text) + 1;

	for (;;) {
		if (p < p_size) {
			size_t p_end = component_end(pattern, p), t_end;

			if (is_double_star(pattern, p, p_end)) {
				star = p = next_component(p_end);
				resume = t;
				continue;
			}
			t_end = t < t_size ? component_end(text, t) : 0;
			if (t < t_size && component_match(pattern, p, p_end, text, t, t_end)) {
				p = next_component(p_end);
				t = next_component(t_end);
				continue;
			}
		} else if (t >= t_size) {
			return true;
		}
		if (star == SIZE_MAX || resume >= t_size)
			return false;
		p = star;
		t = resume = next_component(component_end(text, resume));
	}
}

bool guard_glob_is_valid(const char *pattern)
{
	size_t at = 0;

	if (strnlen(pattern, GUARD_GLOB_MAX + 1) > GUARD_GLOB_MAX)
		return false;
	while (pattern[at] != '\0') {
		at = element_end(pattern, at);
		if (at == 0)
			return false;
	}
	return true;
}

size_t guard_glob_prefix(const char *pattern)
{
	size_t special = strcspn(pattern, "*?[\\"), length = 0;

	for (size_t i = 0; i < special; i++)
		if (pattern[i] == '/')
			length = i;
	return length;
}
