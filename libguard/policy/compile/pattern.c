/* SPDX-License-Identifier: MIT
 *
 * compile/pattern.c - reads path patterns component by component.  Owns the
 * sentences about malformed ones.  Matching a path is the matcher's work
 * (policy/glob.h).
 */
#include "pattern.h"

#include <string.h>

#include "policy/glob.h"

/* One component: bytes and their number. */
struct component {
	const char *bytes;
	size_t length;
};

/* The component that begins at offset `at`, behind a slash. */
static struct component component_at(const char *pattern, size_t at)
{
	return (struct component){ &pattern[at], strcspn(&pattern[at], "/") };
}

static bool component_is(struct component component, const char *word)
{
	return component.length == strlen(word) && memcmp(component.bytes, word, component.length) == 0;
}

/* What is wrong inside one component, or NULL. */
static const char *component_problem(struct component component)
{
	if (component.length == 0)
		return "has an empty component (two slashes, or one at the end)";
	if (component_is(component, ".") || component_is(component, ".."))
		return "has a `.` or `..` component, which no real path has";
	if (component_is(component, "**"))
		return NULL;
	for (size_t i = 1; i < component.length; i++) {
		if (component.bytes[i - 1] == '\\')
			i++;
		else if (component.bytes[i] == '*' && component.bytes[i - 1] == '*')
			return "has `**` together with other text; it stands for whole components, as in /opt/acme/**";
	}
	return NULL;
}

bool compile_pattern_check(struct compile_diagnostics *list, struct compile_place place, const char *pattern)
{
	const char *problem = NULL;
	size_t at = 0;

	if (pattern[0] != '/')
		problem = "is not absolute; begin it with /";
	while (!problem && pattern[at] == '/') {
		struct component component = component_at(pattern, at + 1);

		problem = component_problem(component);
		at += 1 + component.length;
	}
	if (!problem && !guard_glob_is_valid(pattern))
		problem = "has a `[` that is not closed, or a backslash that quotes nothing";
	if (!problem)
		return true;
	compile_error(list, place, "policy/README.md explains path patterns", "the path pattern \"%.200s\" %s",
		      pattern, problem);
	return false;
}

/* true when the component as a pattern matches `name`. */
static bool component_matches(struct component component, struct component name)
{
	char pattern[GUARD_COMPILE_STRING_MAX + 2], path[GUARD_COMPILE_STRING_MAX + 2];

	snprintf(pattern, sizeof(pattern), "/%.*s", (int)component.length, component.bytes);
	snprintf(path, sizeof(path), "/%.*s", (int)name.length, name.bytes);
	return guard_glob_match(pattern, path);
}

bool compile_pattern_reaches(const char *pattern, const char *directory)
{
	size_t at = 0, below = 0;

	while (directory[below] == '/') {
		struct component component, name = component_at(directory, below + 1);

		if (pattern[at] != '/')
			return false;
		component = component_at(pattern, at + 1);
		if (component_is(component, "**"))
			return true;
		if (!component_matches(component, name))
			return false;
		at += 1 + component.length;
		below += 1 + name.length;
	}
	return pattern[at] == '/';
}

bool compile_pattern_covers(const char *wide, const char *narrow)
{
	size_t prefix = guard_glob_prefix(wide);

	if (strcmp(wide, narrow) == 0)
		return true;
	if (strcmp(&wide[prefix], "/**") != 0)
		return strpbrk(narrow, "*?[\\") == NULL && guard_glob_match(wide, narrow);
	return guard_glob_prefix(narrow) >= prefix && strncmp(wide, narrow, prefix) == 0 &&
	       narrow[prefix] == '/';
}
