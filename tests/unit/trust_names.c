/* SPDX-License-Identifier: MIT
 *
 * unit/trust_names.c - names in files and URLs, path patterns, hash bins.
 */
#include "unit.h"

#include <string.h>

#include "trust/metadata.h"

static void test_role_files(void)
{
	char file[GUARD_TRUST_FILE_NAME_SIZE], name[GUARD_TRUST_NAME_MAX + 2];

	CU_ASSERT_EQUAL(guard_trust_role_file(file, "../../etc/passwd", 0), 0);
	CU_ASSERT_STRING_EQUAL(file, "..%2F..%2Fetc%2Fpasswd.json");
	CU_ASSERT_EQUAL(guard_trust_role_file(file, "a b%\n\xe5\xa4\xa7", 12), 0);
	CU_ASSERT_STRING_EQUAL(file, "12.a%20b%25%0A%E5%A4%A7.json");
	CU_ASSERT_EQUAL(guard_trust_role_file(file, "root", UINT64_MAX), 0);
	CU_ASSERT_STRING_EQUAL(file, "18446744073709551615.root.json");
	memset(name, 'n', sizeof(name));
	name[GUARD_TRUST_NAME_MAX + 1] = '\0';
	CU_ASSERT_EQUAL(guard_trust_role_file(file, name, 0), -GUARD_E_LIMIT);
	name[GUARD_TRUST_NAME_MAX] = '\0';
	CU_ASSERT_EQUAL(guard_trust_role_file(file, name, UINT64_MAX), 0);
	CU_ASSERT_EQUAL(strlen(file), GUARD_TRUST_NAME_MAX + 26);
}

static void check_url(const char *path, const char *prefix, const char *wanted)
{
	struct guard_writer url;

	guard_writer_init(&url);
	CU_ASSERT_EQUAL(guard_trust_target_url(&url, path, prefix), 0);
	CU_ASSERT_STRING_EQUAL((const char *)url.bytes, wanted);
	guard_writer_free(&url);
}

static void test_target_urls(void)
{
	check_url("file", NULL, "file");
	check_url("file", "ab", "ab.file");
	check_url("a/b/file.txt", "ab", "a/b/ab.file.txt");
	check_url("a/b/", "ab", "a/b/ab.");
	check_url("a b?c#d", NULL, "a%20b%3Fc%23d");
	check_url("100%.txt", NULL, "100%25.txt");
	check_url("a%20b%2", NULL, "a%20b%252");
	check_url("\xc3\xa9\r\n", NULL, "%C3%A9%0D%0A");
}

static void check_pattern(const char *pattern, const char *path, bool wanted)
{
	if (guard_trust_pattern_match(pattern, path) != wanted)
		fprintf(stderr, "pattern %s, path %s\n", pattern, path);
	CU_ASSERT_EQUAL(guard_trust_pattern_match(pattern, path), wanted);
}

static void test_patterns_refuse(void)
{
	check_pattern("*.tgz", "targets/foo.tgz", false);
	check_pattern("*", "a/b", false);
	check_pattern("?", "/", false);
	check_pattern("[!a]", "/", false);
	check_pattern("[/]", "/", false);
	check_pattern("a*/b", "a/x/b", false);
	check_pattern("*", "/", false);
	check_pattern("", "a", false);
	check_pattern("a", "", false);
	check_pattern("?", "", false);
	check_pattern("foo-version-?.tgz", "foo-version-alpha.tgz", false);
	check_pattern("targets/*.tgz", "targets/foo.txt", false);
	check_pattern("office/osaka/*", "office/osaka", false);
	check_pattern("office/osaka/*", "office/osaka2/x", false);
	check_pattern("office/osaka/*", "office/osaka/../tokyo", false);
	check_pattern("[a-c]", "d", false);
	check_pattern("[!a-c]", "b", false);
	check_pattern("[ab", "a", false);
	check_pattern("*a", "b", false);
	check_pattern("A", "a", false);
}

static void test_patterns_match(void)
{
	check_pattern("", "", true);
	check_pattern("*", "", true);
	check_pattern("*", ".hidden", true);
	check_pattern("***", "x", true);
	check_pattern("targets/*.tgz", "targets/foo.tgz", true);
	check_pattern("foo-version-?.tgz", "foo-version-a.tgz", true);
	check_pattern("*/*/c", "a/b/c", true);
	check_pattern("a*b*c", "a-b-b-c", true);
	check_pattern("*.tar.gz", "a.tar.tar.gz", true);
	check_pattern("[abc]x", "bx", true);
	check_pattern("[a-c]", "b", true);
	check_pattern("[!a-c]", "d", true);
	check_pattern("[]]", "]", true);
	check_pattern("[a-]", "-", true);
	check_pattern("[ab", "[ab", true);
	check_pattern("?", "\xe5\xa4\xa7", true);
	check_pattern("*\xa4*", "\xe5\xa4\xa7", false);
	check_pattern("[\xe3\x81\x81-\xe3\x82\x93]", "\xe3\x81\x82", true);
}

/* A pattern that costs other matchers more than a lifetime. */
static void test_pattern_cost(void)
{
	char pattern[1024], path[2048];

	for (size_t i = 0; i + 1 < sizeof(pattern); i++)
		pattern[i] = i % 2 ? 'a' : '*';
	pattern[sizeof(pattern) - 2] = 'b';
	pattern[sizeof(pattern) - 1] = '\0';
	memset(path, 'a', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	check_pattern(pattern, path, false);
}

static void test_bins(void)
{
	char name[GUARD_TRUST_NAME_MAX + 1], prefix[GUARD_TRUST_NAME_MAX + 1];

	CU_ASSERT_EQUAL(guard_trust_bin_name(name, "bin", 1, "80000000"), 0);
	CU_ASSERT_STRING_EQUAL(name, "bin-1");
	CU_ASSERT_EQUAL(guard_trust_bin_name(name, "bin", 5, "ff000000"), 0);
	CU_ASSERT_STRING_EQUAL(name, "bin-1f");
	CU_ASSERT_EQUAL(guard_trust_bin_name(name, "bin", 5, "08000000"), 0);
	CU_ASSERT_STRING_EQUAL(name, "bin-01");
	CU_ASSERT_EQUAL(guard_trust_bin_name(name, "bin", 32, "0123abcd"), 0);
	CU_ASSERT_STRING_EQUAL(name, "bin-0123abcd");
	memset(prefix, 'p', sizeof(prefix) - 1);
	prefix[sizeof(prefix) - 1] = '\0';
	CU_ASSERT_EQUAL(guard_trust_bin_name(name, prefix, 8, "0123abcd"), -GUARD_E_LIMIT);
}

static CU_TestInfo tests[] = {
	{ "files of roles", test_role_files },
	{ "URLs of targets", test_target_urls },
	{ "patterns that do not match", test_patterns_refuse },
	{ "patterns that match", test_patterns_match },
	{ "patterns made to cost", test_pattern_cost },
	{ "hash bins", test_bins },
	CU_TEST_INFO_NULL,
};
UNIT_MAIN("trust names and patterns", tests)
