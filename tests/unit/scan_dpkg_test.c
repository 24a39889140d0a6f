/* SPDX-License-Identifier: MIT
 *
 * unit/scan_dpkg_test.c - dpkg's database: broken texts, merged /usr,
 * diversions, several architectures.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "scan_dpkg.h"
#include "unit.h"

static const char status_text[] =
	"Package: coreutils\nStatus: install ok installed\nArchitecture: amd64\nVersion: 9.1-1\n"
	"Homepage: http://gnu.org/software/coreutils\nDescription: GNU core utilities\n Package: not-a-field\n\n"
	"Package: libc6\nStatus: install ok installed\nArchitecture: i386\nVersion: 2.36-9\n\n"
	"Package: gone\nStatus: deinstall ok config-files\nArchitecture: all\nVersion: 1\n\n"
	"Package: never\nStatus: unknown ok not-installed\nArchitecture: all\nVersion: 1\n\n"
	"Package: no-version\nStatus: install ok installed\nArchitecture: all\n\n"
	"\n\nnonsense without a colon\n\n"
	"Package: libc6\nStatus: install ok half-configured\nArchitecture: amd64\nVersion: 2.36-9\n"; /* no last newline pair */

static void parse_status(struct scan_dpkg *dpkg, const char *text)
{
	FILE *stream = fmemopen((void *)(uintptr_t)text, strlen(text) + 1, "r");

	CU_ASSERT_PTR_NOT_NULL_FATAL(stream);
	CU_ASSERT_EQUAL(scan_dpkg_parse_status(dpkg, stream), 0);
	fclose(stream);
	scan_dpkg_sort(dpkg);
}

static void test_status(void)
{
	struct scan_dpkg dpkg = { 0 };
	char label[64];

	parse_status(&dpkg, status_text);
	CU_ASSERT_EQUAL_FATAL(dpkg.package_count, 3);
	CU_ASSERT_STRING_EQUAL(dpkg.packages[0].name, "coreutils");
	CU_ASSERT_STRING_EQUAL(dpkg.packages[0].version, "9.1-1");
	CU_ASSERT_STRING_EQUAL(dpkg.packages[0].homepage, "http://gnu.org/software/coreutils");
	CU_ASSERT_PTR_NULL(dpkg.packages[1].homepage);
	scan_dpkg_label(label, sizeof(label), &dpkg.packages[0]);
	CU_ASSERT_STRING_EQUAL(label, "coreutils");
	scan_dpkg_label(label, sizeof(label), &dpkg.packages[1]);
	CU_ASSERT_STRING_EQUAL(label, "libc6:amd64");
	scan_dpkg_label(label, sizeof(label), &dpkg.packages[2]);
	CU_ASSERT_STRING_EQUAL(label, "libc6:i386");
	scan_dpkg_clear(&dpkg);
	CU_ASSERT_EQUAL(dpkg.package_count, 0);
}

/* Every cut of the text is read without harm. */
static void test_truncated(void)
{
	for (size_t length = 1; length < sizeof(status_text) - 1; length++) {
		GUARD_AUTO_FREE char *text = strndup(status_text, length);
		struct scan_dpkg dpkg = { 0 };
		parse_status(&dpkg, text);
		CU_ASSERT(dpkg.package_count <= 3);
		scan_dpkg_clear(&dpkg);
	}
}

static void test_locate(void)
{
	static const char text[] = "/bin/sh\n/bin/sh.distrib\ndash\n"
				   "/usr/bin/tool\n/usr/bin/tool.real\n:\n"
				   "/cut/off\n/half\n";
	static const char *const cases[][3] = {
		/* listed, package, where it lies */
		{ "/bin/sh", "bash", "/usr/bin/sh.distrib" },
		{ "/bin/sh", "dash", "/usr/bin/sh" },
		{ "/usr/bin/tool", "tool", "/usr/bin/tool.real" },
		{ "/bin/ls", "coreutils", "/usr/bin/ls" },
		{ "/binary/x", "odd", "/binary/x" },
		{ "/bin", "base-files", "/bin" },
		{ "/lib/x86_64-linux-gnu/libc.so.6", "libc6", "/usr/lib/x86_64-linux-gnu/libc.so.6" },
		{ "/cut/off", "other", "/cut/off" },
		{ "", "empty", "" },
	};
	struct scan_dpkg dpkg = { 0 };
	FILE *stream = fmemopen((void *)(uintptr_t)text, sizeof(text) - 1, "r");
	char path[256];

	CU_ASSERT_EQUAL(scan_dpkg_parse_diversions(&dpkg, stream), 0);
	fclose(stream);
	CU_ASSERT_EQUAL(dpkg.diversion_count, 2);
	CU_ASSERT_EQUAL(scan_dpkg_add_alias(&dpkg, "/bin", "/usr/bin"), 0);
	CU_ASSERT_EQUAL(scan_dpkg_add_alias(&dpkg, "/lib", "/usr/lib"), 0);
	scan_dpkg_sort(&dpkg);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scan_dpkg_locate(path, sizeof(path), &dpkg, cases[i][0], cases[i][1]);
		CU_ASSERT_STRING_EQUAL(path, cases[i][2]);
	}
	scan_dpkg_locate(path, 6, &dpkg, "/usr/bin/long", "x");
	CU_ASSERT_STRING_EQUAL(path, "/usr/");
	scan_dpkg_clear(&dpkg);
}

static void put(const char *directory, const char *name, const char *text)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	FILE *stream = fopen(path, "we");
	CU_ASSERT_PTR_NOT_NULL_FATAL(stream);
	fputs(text, stream);
	fclose(stream);
}

static const char *package_of(const struct scan_dpkg *dpkg, const struct scan *scan, const char *path)
{
	const struct scan_file *file = scan_find_file(scan, path);

	if (!file || file->package == SCAN_NO_PACKAGE)
		return "";
	return dpkg->packages[file->package].name;
}

static void test_assign(void)
{
	char directory[] = "/tmp/guard-dpkg.XXXXXX", info[64], script[128];
	struct scan_dpkg dpkg = { 0 };
	struct scan scan = { 0 };

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(directory));
	snprintf(info, sizeof(info), "%s/info", directory);
	snprintf(script, sizeof(script), "%s/coreutils.postinst", info);
	CU_ASSERT_EQUAL_FATAL(mkdir(info, 0755), 0);
	put(directory, "status", status_text);
	put(info, "coreutils.list", "/.\n/opt/core/ls\n/opt/core/mod.py\n");
	put(info, "libc6:amd64.list", "/opt/core/libc.so\n/opt/core/ls\n");
	const char *paths[] = { "/opt/core/ls", "/opt/core/libc.so", "/opt/core/stray", "/opt/core/mod.py",
				"/opt/core/__pycache__/mod.cpython-311.pyc", "/opt/core/__pycache__/other.cpython-311.pyc",
				"/opt/core/ls", script };
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		CU_ASSERT_EQUAL(scan_add_file(&scan, paths[i], 0644, 1), 0);
	scan_sort_files(&scan);
	CU_ASSERT_EQUAL(scan.file_count, 7);
	CU_ASSERT_EQUAL(scan_dpkg_assign(&dpkg, &scan, directory), 0);
	CU_ASSERT_STRING_EQUAL(package_of(&dpkg, &scan, "/opt/core/ls"), "coreutils");
	CU_ASSERT_STRING_EQUAL(package_of(&dpkg, &scan, "/opt/core/libc.so"), "libc6");
	CU_ASSERT_STRING_EQUAL(package_of(&dpkg, &scan, "/opt/core/stray"), "");
	CU_ASSERT_STRING_EQUAL(package_of(&dpkg, &scan, paths[4]), "coreutils");
	CU_ASSERT_STRING_EQUAL(package_of(&dpkg, &scan, paths[5]), "");
	CU_ASSERT_STRING_EQUAL(package_of(&dpkg, &scan, script), "coreutils");
	scan_dpkg_clear(&dpkg);
	CU_ASSERT_EQUAL(scan_dpkg_assign(&dpkg, &scan, "/nonexistent"), 0);
	CU_ASSERT_EQUAL(dpkg.package_count, 0);
	scan_free(&scan);

	char command[64];
	snprintf(command, sizeof(command), "rm -r %s", directory);
	CU_ASSERT_EQUAL(system(command), 0);
}

static CU_TestInfo tests[] = {
	{ "status: broken and removed packages are passed over", test_status },
	{ "status: every truncation", test_truncated },
	{ "diversions and merged directories", test_locate },
	{ "files get their package", test_assign },
	CU_TEST_INFO_NULL,
};

UNIT_MAIN("scan_dpkg", tests)
