/* SPDX-License-Identifier: MIT
 *
 * compile_bad_test.c - every sentence of the compiler has a source that brings
 * it out: tests/data/policy/bad/NAME.conf says itself what is expected,
 * `# expect [FILE] LINE: SEVERITY: MESSAGE; HINT` (the beginning of it), no
 * more and no less.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy/compile/compile.h"
#include "unit.h"

#define NOW 1795000000 /* November 2026 */
#define EXPECTED_MAX 16u
#define LINE_SIZE 1024u

struct expected {
	char lines[EXPECTED_MAX][LINE_SIZE];
	size_t count;
};

static void read_expected(struct expected *expected, const char *path)
{
	FILE *file = fopen(path, "re");
	char line[LINE_SIZE], other[LINE_SIZE];

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	expected->count = 0;
	while (fgets(line, sizeof(line), file) && expected->count < EXPECTED_MAX) {
		char *rest = &line[9];

		if (strncmp(line, "# expect ", 9) != 0)
			continue;
		line[strcspn(line, "\n")] = '\0';
		snprintf(other, sizeof(other), "%s", path);
		if (rest[0] < '0' || rest[0] > '9') {
			size_t length = strcspn(rest, " ");

			snprintf(other, sizeof(other), "bad/%.*s", (int)length, rest);
			rest = &rest[length + 1];
		}
		snprintf(expected->lines[expected->count++], LINE_SIZE, "%.200s:%.800s", other, rest);
	}
	fclose(file);
}

static bool is_expected(struct expected *expected, const char *text)
{
	for (size_t i = 0; i < expected->count; i++) {
		if (!expected->lines[i][0] || strncmp(text, expected->lines[i], strlen(expected->lines[i])) != 0)
			continue;
		expected->lines[i][0] = '\0';
		return true;
	}
	return false;
}

static void check_source(const char *path)
{
	struct guard_compile_options options = { .now = NOW, .need_policy = !strstr(path, "exception_") ||
									    strstr(path, "exception_over") };
	struct guard_compile *compile = NULL;
	struct expected expected;
	uint8_t *bytes = NULL;
	size_t size = 0;

	read_expected(&expected, path);
	CU_ASSERT_FATAL(expected.count > 0);
	CU_ASSERT_EQUAL_FATAL(guard_compile_sources(&compile, &path, 1, &options), 0);
	for (size_t i = 0; i < guard_compile_diagnostic_count(compile); i++) {
		const struct guard_diagnostic *diagnostic = guard_compile_diagnostic(compile, i);
		char text[LINE_SIZE];

		snprintf(text, sizeof(text), "%s:%u: %s: %s; %s", diagnostic->file, diagnostic->line,
			 diagnostic->severity == GUARD_SEVERITY_ERROR ? "error" : "warning", diagnostic->message,
			 diagnostic->hint);
		CU_ASSERT(diagnostic->hint[0] != '\0');
		if (!is_expected(&expected, text)) {
			fprintf(stderr, "%s: not expected: %s\n", path, text);
			CU_FAIL("a diagnostic that was not expected");
		}
	}
	for (size_t i = 0; i < expected.count; i++) {
		if (!expected.lines[i][0])
			continue;
		fprintf(stderr, "%s: missing: %s\n", path, expected.lines[i]);
		CU_FAIL("a diagnostic is missing");
	}
	if (guard_compile_error_count(compile))
		CU_ASSERT_EQUAL(guard_compile_image(&bytes, &size, compile), -GUARD_E_SYNTAX);
	CU_ASSERT_PTR_NULL(bytes);
	guard_compile_free(compile);
}

static void test_bad_sources(void)
{
	size_t count = 0;
	DIR *folder;

	CU_ASSERT_EQUAL_FATAL(chdir(TEST_SOURCE_DIR "/tests/data/policy"), 0);
	folder = opendir("bad");
	CU_ASSERT_PTR_NOT_NULL_FATAL(folder);
	for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
		size_t length = strlen(entry->d_name);
		char path[512];

		if (length < 5 || strcmp(&entry->d_name[length - 5], ".conf") != 0)
			continue;
		snprintf(path, sizeof(path), "bad/%s", entry->d_name);
		check_source(path);
		count++;
	}
	closedir(folder);
	CU_ASSERT(count >= 60);
}

static void test_missing_and_odd_files(void)
{
	static const char *const paths[] = { "bad/does-not-exist.conf", "/dev/null", "bad" };
	struct guard_compile_options options = { .now = NOW, .need_policy = true };

	for (size_t i = 0; i < 3; i++) {
		struct guard_compile *compile = NULL;

		CU_ASSERT_EQUAL_FATAL(guard_compile_sources(&compile, &paths[i], 1, &options), 0);
		CU_ASSERT_EQUAL(guard_compile_error_count(compile), 1);
		CU_ASSERT_EQUAL(guard_compile_diagnostic_count(compile), 1);
		CU_ASSERT_STRING_EQUAL(guard_compile_diagnostic(compile, 0)->file, paths[i]);
		guard_compile_free(compile);
	}
}

static CU_TestInfo tests[] = { { "each bad source gets its sentences", test_bad_sources },
			       { "what is no source", test_missing_and_odd_files },
			       CU_TEST_INFO_NULL };
UNIT_MAIN("compile_bad", tests)
