/* SPDX-License-Identifier: MIT
 *
 * unit/policy_glob_test.c - path patterns, also those made to take long.
 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "policy/glob.h"

struct match_case {
	const char *pattern, *text;
	bool matches;
};

static const struct match_case cases[] = {
	/* literal */
	{ "/usr/bin/ls", "/usr/bin/ls", true },
	{ "/usr/bin/ls", "/usr/bin/lsx", false },
	{ "/usr/bin/ls", "/usr/bin/l", false },
	{ "/usr/bin/ls", "/usr/bin/ls/", false },
	{ "/usr/bin/ls", "usr/bin/ls", false },
	{ "/usr/bin/ls", "/USR/bin/ls", false },
	{ "", "", true },
	{ "", "/", false },
	/* star: any bytes but a slash */
	{ "/usr/bin/*", "/usr/bin/ls", true },
	{ "/usr/bin/*", "/usr/bin/", true },
	{ "/usr/bin/*", "/usr/bin/sub/ls", false },
	{ "/usr/*/ls", "/usr/bin/ls", true },
	{ "/usr/*/ls", "/usr/bin/sub/ls", false },
	{ "/usr/bin/python3*", "/usr/bin/python3.11", true },
	{ "/usr/bin/python3*", "/usr/bin/python3", true },
	{ "/usr/bin/python3*", "/usr/bin/python2", false },
	{ "/a/*.so.*", "/a/libc.so.6", true },
	{ "/a/*.so.*", "/a/libc.so", false },
	{ "/a/*b*c", "/a/xbxbxc", true },
	{ "/a/*b*c", "/a/xbxbx", false },
	{ "/a/a**b", "/a/axxb", true }, /* not a whole component: two stars */
	{ "/a/a**b", "/a/ax/xb", false },
	{ "/a/.*", "/a/.bashrc", true },
	{ "/a/*", "/a/.bashrc", true }, /* a dot is a byte as any other */
	/* question mark */
	{ "/a/?", "/a/b", true },
	{ "/a/?", "/a/", false },
	{ "/a/?", "/a/bc", false },
	{ "/a?b", "/a/b", false },
	/* classes */
	{ "/a/[bc]", "/a/b", true },
	{ "/a/[bc]", "/a/d", false },
	{ "/a/[a-c]x", "/a/bx", true },
	{ "/a/[a-c]x", "/a/dx", false },
	{ "/a/[!a-c]x", "/a/dx", true },
	{ "/a/[!a-c]x", "/a/bx", false },
	{ "/a[!b]c", "/a/c", false }, /* a complement takes no slash */
	{ "/a/[]x]", "/a/]", true },
	{ "/a/[!]x]", "/a/]", false },
	{ "/a/[!]x]", "/a/y", true },
	{ "/a/[a-]", "/a/-", true },
	{ "/a/[\\]]", "/a/]", true },
	{ "/a/[\\a-c]", "/a/b", true },
	{ "/a/[0-9][0-9]", "/a/42", true },
	{ "/a/[0-9][0-9]", "/a/4x", false },
	{ "/a/[c-a]", "/a/b", false }, /* an empty range */
	{ "/a/[\xc0-\xff]", "/a/\xe9", true },
	{ "/a/*[0-9]", "/a/x1y2", true },
	/* quoting */
	{ "/a/\\*", "/a/*", true },
	{ "/a/\\*", "/a/b", false },
	{ "/a/\\[b]", "/a/[b]", true },
	{ "/a/\\\\", "/a/\\", true },
	{ "/a/*\\?", "/a/what?", true },
	{ "/a/*\\?", "/a/whatx", false },
	/* double star: whole components */
	{ "/a/**", "/a/b", true },
	{ "/a/**", "/a/b/c/d", true },
	{ "/a/**", "/a", true }, /* also none */
	{ "/a/**", "/ab", false },
	{ "/a/**", "/ab/c", false },
	{ "/**", "/", true },
	{ "/**", "/a/b/c", true },
	{ "/**/x", "/x", true },
	{ "/**/x", "/a/b/x", true },
	{ "/**/x", "/a/b/y", false },
	{ "/a/**/x", "/a/x", true },
	{ "/a/**/x", "/a/b/x", true },
	{ "/a/**/x", "/a/b/c/x", true },
	{ "/a/**/x", "/a/b/c/x/y", false },
	{ "/a/**/b/**/c", "/a/b/c", true },
	{ "/a/**/b/**/c", "/a/x/b/y/b/z/c", true },
	{ "/a/**/b/**/c", "/a/x/c", false },
	{ "/a/**/*.py", "/a/b/c.py", true },
	{ "/a/**/*.py", "/a/c.py", true },
	{ "/a/**/*.py", "/a/c.pyc", false },
	{ "/a/**/**/x", "/a/x", true },
	{ "/home/*/.ssh/**", "/home/me/.ssh/id", true },
	/* hosts */
	{ "pc-0*", "pc-01", true },
	{ "pc-0*", "pc-1", false },
	{ "*", "anything", true },
	/* malformed ones match nothing */
	{ "/a/[b", "/a/b", false },
	{ "/a/[b", "/a/[b", false },
	{ "/a/b\\", "/a/b", false },
	{ "/a/[b/c]", "/a/b", false },
	{ "/a/[]", "/a/]", false },
	{ "/a/b\\/c", "/a/b/c", false },
};

static void patterns_match_as_written(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool got = guard_glob_match(cases[i].pattern, cases[i].text);

		if (got != cases[i].matches)
			printf("\n    %s against %s\n", cases[i].pattern, cases[i].text);
		CU_ASSERT_EQUAL(got, cases[i].matches);
	}
}

static void malformed_patterns_are_found(void)
{
	static const char *const bad[] = { "/a/[", "/a/[b", "/a/[!", "/a/[]", "/a/[!]", "/a/\\", "/a/[\\", "/a/[a/]",
					   "/\\/", "[a\\" };
	static const char *const good[] = { "", "/", "/a/[]]", "/a/[!]]", "/a/]", "/**", "/a/\\[", "/a/[\\]]", "/a/[a-]" };
	char *large = malloc(GUARD_GLOB_MAX + 2);

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_FALSE(guard_glob_is_valid(bad[i]));
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		CU_ASSERT_TRUE(guard_glob_is_valid(good[i]));
	memset(large, 'a', GUARD_GLOB_MAX + 1);
	large[GUARD_GLOB_MAX + 1] = '\0';
	CU_ASSERT_FALSE(guard_glob_is_valid(large));
	large[GUARD_GLOB_MAX] = '\0';
	CU_ASSERT_TRUE(guard_glob_is_valid(large));
	free(large);
}

static void prefixes_are_whole_literal_directories(void)
{
	static const struct {
		const char *pattern;
		size_t length;
	} prefixes[] = {
		{ "/usr/share/**", 10 },  { "/usr/bin/python3*", 8 }, { "/usr/bin/ls", 8 }, { "/ls", 0 },
		{ "/*", 0 },              { "/**/x", 0 },             { "/a/b?/c", 2 },     { "/a/[b]/c", 2 },
		{ "/a/b\\*/c/d", 2 },     { "/a/b/", 4 },             { "", 0 },            { "*", 0 },
	};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		CU_ASSERT_EQUAL(guard_glob_prefix(prefixes[i].pattern), prefixes[i].length);
}

/* CPU seconds of one match of a text and a pattern that do not fit. */
static double seconds_of(const char *pattern, const char *text)
{
	clock_t start = clock();

	CU_ASSERT_FALSE(guard_glob_match(pattern, text));
	return (double)(clock() - start) / CLOCKS_PER_SEC;
}

static char *repeat(const char *unit, size_t size, const char *end)
{
	size_t length = strlen(unit), count = (size - strlen(end)) / length;
	char *text = malloc(size + 1);

	for (size_t i = 0; i < count; i++)
		memcpy(&text[i * length], unit, length);
	strcpy(&text[count * length], end);
	return text;
}

/* An exponential matcher would not return within the age of the universe; the
 * bound is generous, because a sanitizer build on a busy machine is slow. */
static void pathological_patterns_take_no_time(void)
{
	static const struct {
		const char *pattern_unit, *pattern_end, *text_unit, *text_end;
	} worst[] = {
		{ "*a", "*b", "a", "" },       { "a*", "b", "a", "" },       { "**", "b", "a", "" },
		{ "/**", "/b", "/a", "" },     { "/**/a", "/b", "/a", "" },  { "/**/*a*a*", "/b", "/aaaaaaaaaa", "" },
		{ "?*", "b", "a", "" },        { "[a-z]*", "!", "a", "" },   { "/*/**", "/b", "/a", "" },
	};

	for (size_t i = 0; i < sizeof(worst) / sizeof(worst[0]); i++) {
		char *pattern = repeat(worst[i].pattern_unit, 4000, worst[i].pattern_end);
		char *text = repeat(worst[i].text_unit, 4000, worst[i].text_end);

		CU_ASSERT_TRUE(seconds_of(pattern, text) < 5.0);
		free(pattern);
		free(text);
	}
}

/* The true worst case: every start is tried to its far end. */
static void long_tails_stay_within_the_product(void)
{
	char *tail = repeat("a", 2000, "b"), *text = repeat("a", 4000, "");
	char *folders = repeat("/a", 2000, "/b"), *path = repeat("/a", 4000, "");
	char pattern[4100];

	snprintf(pattern, sizeof(pattern), "*%s", tail);
	CU_ASSERT_TRUE(seconds_of(pattern, text) < 5.0);
	snprintf(pattern, sizeof(pattern), "/**%s", folders);
	CU_ASSERT_TRUE(seconds_of(pattern, path) < 5.0);
	free(tail);
	free(text);
	free(folders);
	free(path);
}

static CU_TestInfo tests[] = {
	{ "malformed patterns are found", malformed_patterns_are_found },
	{ "patterns match as written", patterns_match_as_written },
	{ "prefixes are whole literal directories", prefixes_are_whole_literal_directories },
	{ "pathological patterns take no time", pathological_patterns_take_no_time },
	{ "long tails stay within the product", long_tails_stay_within_the_product },
	CU_TEST_INFO_NULL,
};

UNIT_MAIN("policy/glob", tests)
