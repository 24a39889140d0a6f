/* SPDX-License-Identifier: MIT
 *
 * unit/scan_classify_test.c - what is listed and what is plain data.
 */
#include "scan.h"
#include "scan_presets.h"
#include "unit.h"

static void test_table(void)
{
	static const struct {
		enum guard_format format;
		mode_t mode;
		const char *path;
		bool wanted;
	} cases[] = {
		{ GUARD_FORMAT_BINARY, 0644, "/usr/share/icons/a.png", false },
		{ GUARD_FORMAT_BINARY, 0644, "/usr/lib/locale/C.utf8/LC_CTYPE", false },
		{ GUARD_FORMAT_BINARY, 0644, "/x/.py", true },   /* the suffix rule of the gate sees it so */
		{ GUARD_FORMAT_BINARY, 0644, "/x/pyc", false },
		{ GUARD_FORMAT_BINARY, 0644, "/x/kopy", false },
		{ GUARD_FORMAT_EMPTY, 0644, "/x/empty", false },
		{ GUARD_FORMAT_BINARY, 0744, "/x/odd", true },   /* an x bit of the owner */
		{ GUARD_FORMAT_BINARY, 0641, "/x/odd", true },   /* of anybody */
		{ GUARD_FORMAT_BINARY, 0644, "/x/a.pyc", true },
		{ GUARD_FORMAT_BINARY, 0644, "/x/a.jar", true },
		{ GUARD_FORMAT_BINARY, 0644, "/lib/modules/6.1/a.ko.xz", true },
		{ GUARD_FORMAT_BINARY, 0644, "/lib/modules/6.1/a.ko.zst", true },
		{ GUARD_FORMAT_ELF_DYN, 0644, "/usr/lib/a.so.1", true },
		{ GUARD_FORMAT_ELF_EXEC, 0600, "/x/a", true },
		{ GUARD_FORMAT_ELF_REL, 0644, "/x/a.o", true },
		{ GUARD_FORMAT_ELF_OTHER, 0644, "/x/core", true },
		{ GUARD_FORMAT_SHEBANG, 0600, "/x/a", true },
		{ GUARD_FORMAT_TEXT, 0600, "/home/a/notes", true }, /* a shell could read it */
		{ GUARD_FORMAT_BYTECODE, 0600, "/x/a", true },
	};
	struct scan_presets *presets = NULL;

	CU_ASSERT_EQUAL_FATAL(scan_presets_load(&presets), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool wanted = scan_is_wanted(cases[i].format, cases[i].mode, cases[i].path, presets);
		if (wanted != cases[i].wanted)
			printf("case %zu (%s)\n", i, cases[i].path);
		CU_ASSERT_EQUAL(wanted, cases[i].wanted);
	}
	scan_presets_free(presets);
	scan_presets_free(NULL);
}

static void test_suffix(void)
{
	CU_ASSERT(!scan_has_suffix("py", ".py"));
	CU_ASSERT(!scan_has_suffix(".py", ".py"));
	CU_ASSERT(!scan_has_suffix("/x/a.PY", ".py"));
	CU_ASSERT(scan_has_suffix("/x/.py", ".py"));
	CU_ASSERT(scan_has_suffix("/x/a.py", ".py"));
}

static CU_TestInfo tests[] = {
	{ "formats, modes and names", test_table },
	{ "suffix", test_suffix },
	CU_TEST_INFO_NULL,
};

UNIT_MAIN("scan_classify", tests)
