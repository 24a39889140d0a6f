/* SPDX-License-Identifier: MIT
 *
 * compile_memory_test.c - memory runs out at every allocation of a build, one
 * after the other: the build ends with GUARD_E_NOMEM or as it should, and never
 * with an image that says something else.  The allocations of the program are
 * taken over by the linker's --wrap (compile.cmake).
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy/compile/compile.h"
#include "unit.h"

static long until_failure = -1; /* allocations until one fails; below 0: none does */

static bool fails(void)
{
	return until_failure >= 0 && until_failure-- == 0;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__real_reallocarray(void *memory, size_t count, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_reallocarray(void *memory, size_t count, size_t size);

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
	return fails() ? NULL : __real_realloc(memory, size);
}

void *__wrap_reallocarray(void *memory, size_t count, size_t size)
{
	return fails() ? NULL : __real_reallocarray(memory, count, size);
}

struct image {
	uint8_t *bytes;
	size_t size;
};

static int build(struct image *image, const char *const *paths, size_t count, size_t *errors)
{
	struct guard_compile_options options = { .now = 1795000000, .need_policy = true };
	struct guard_compile *compile = NULL;
	int r = guard_compile_sources(&compile, paths, count, &options);

	if (r < 0)
		return r;
	*errors = guard_compile_error_count(compile);
	r = guard_compile_image(&image->bytes, &image->size, compile);
	guard_compile_free(compile);
	return r;
}

static void run_out(const char *const *paths, size_t count, int expected)
{
	struct image whole = { 0 };
	size_t errors = 0, all_errors = 0, failures = 0;

	until_failure = -1;
	CU_ASSERT_EQUAL_FATAL(build(&whole, paths, count, &all_errors), expected);
	for (long n = 0;; n++) {
		struct image image = { 0 };
		bool failed;
		int r;

		until_failure = n;
		r = build(&image, paths, count, &errors);
		failed = until_failure < 0;
		until_failure = -1;
		if (failed && r == -GUARD_E_NOMEM) {
			failures++;
			continue;
		}
		/* No allocation failed, or the build could do without it. */
		CU_ASSERT_EQUAL(r, expected);
		CU_ASSERT_EQUAL(errors, all_errors);
		CU_ASSERT_EQUAL_FATAL(image.size, whole.size);
		CU_ASSERT(image.size == 0 || memcmp(image.bytes, whole.bytes, image.size) == 0);
		free(image.bytes);
		if (!failed)
			break;
	}
	CU_ASSERT(failures > 10);
	free(whole.bytes);
}

static void test_good(void)
{
	static const char *const paths[] = { "policy/examples/hq.conf", "policy/presets/desktop.conf",
					     "policy/examples/osaka.conf", "policy/examples/tokyo.conf" };

	run_out(paths, 4, 0);
}

static void test_bad(void)
{
	static const char *const paths[] = { "tests/data/policy/bad/digest_twice.conf",
					     "tests/data/policy/bad/pattern_stars.conf",
					     "tests/data/policy/bad/group_twice.conf" };

	run_out(paths, 3, -GUARD_E_SYNTAX);
}

static void test_set_up(void)
{
	struct guard_digest digest;

	CU_ASSERT_EQUAL_FATAL(chdir(TEST_SOURCE_DIR), 0);
	CU_ASSERT_EQUAL(guard_digest_bytes(&digest, "", 0), 0); /* OpenSSL sets itself up */
}

static CU_TestInfo tests[] = { { "set up", test_set_up },
			       { "good sources", test_good },
			       { "bad sources", test_bad },
			       CU_TEST_INFO_NULL };
UNIT_MAIN("compile_memory", tests)
