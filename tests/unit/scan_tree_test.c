/* SPDX-License-Identifier: MIT
 *
 * unit/scan_tree_test.c - a whole scan over a small tree of odd things: what
 * comes out is a libconfig text with exactly the digests expected.
 */
#include <libconfig.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "scan.h"
#include "scan_dpkg.h"
#include "scan_presets.h"
#include "unit.h"

static char root[64];

static void put(const char *name, const void *bytes, size_t size, mode_t mode)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	FILE *stream = fopen(path, "we");
	CU_ASSERT_PTR_NOT_NULL_FATAL(stream);
	CU_ASSERT_EQUAL(fwrite(bytes, 1, size, stream), size);
	fclose(stream);
	CU_ASSERT_EQUAL(chmod(path, mode), 0);
}

static void make_tree(void)
{
	char path[512], other[512];

	snprintf(root, sizeof(root), "/tmp/guard-scan.XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(root));
	put("plain.sh", "#!/bin/sh\n", 10, 0755);
	put("copy of plain", "#!/bin/sh\n", 10, 0644);
	put("new\nline \"quoted\" \xff\xfe", "text\n", 5, 0644);
	put("data.bin", "\0\1\2\3", 4, 0644);
	put("data.exe", "\0\1\2\4", 4, 0755);
	put("empty", "", 0, 0644);
	put("skip.me", "skipped\n", 8, 0644);
	snprintf(path, sizeof(path), "%s/plain.sh", root);
	snprintf(other, sizeof(other), "%s/hard link", root);
	CU_ASSERT_EQUAL(link(path, other), 0);
	snprintf(other, sizeof(other), "%s/symlink", root);
	CU_ASSERT_EQUAL(symlink("plain.sh", other), 0);
	snprintf(other, sizeof(other), "%s/loop", root);
	CU_ASSERT_EQUAL(symlink(".", other), 0);
	snprintf(other, sizeof(other), "%s/fifo", root);
	CU_ASSERT_EQUAL(mkfifo(other, 0644), 0);
}

static void remove_tree(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", root);
	CU_ASSERT_EQUAL(system(command), 0);
}

static char *scan_text(struct scan *scan)
{
	struct scan_presets *presets = NULL;
	struct scan_dpkg dpkg = { 0 };
	char *text = NULL;
	size_t size = 0;

	CU_ASSERT_EQUAL_FATAL(scan_presets_load(&presets), 0);
	CU_ASSERT_EQUAL(scan_walk(scan, root), 0);
	scan_sort_files(scan);
	CU_ASSERT_EQUAL(scan_identify_all(scan, presets), 0);
	FILE *stream = open_memstream(&text, &size);
	CU_ASSERT_EQUAL(scan_write(stream, scan, &dpkg, presets), 0);
	fclose(stream);
	scan_presets_free(presets);
	return text;
}

/* All digest lines of the text's groups, in one string. */
static char *digest_lines(const char *text, size_t *ret_count)
{
	char *lines = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&lines, &size);
	config_t config;

	*ret_count = 0;
	config_init(&config);
	CU_ASSERT_FATAL(config_read_string(&config, text));
	const config_setting_t *groups = config_lookup(&config, "groups");
	for (int g = 0; g < config_setting_length(groups); g++) {
		const config_setting_t *rules = config_setting_get_member(config_setting_get_elem(groups, (unsigned)g), "rules");
		const config_setting_t *list = config_setting_get_member(config_setting_get_elem(rules, 0), "sha256");
		for (int i = 0; i < config_setting_length(list); i++, (*ret_count)++)
			fprintf(stream, "%s\n", config_setting_get_string_elem(list, i));
	}
	config_destroy(&config);
	fclose(stream);
	return lines;
}

static void test_tree(void)
{
	struct scan_options options = { .directories = { root }, .directory_count = 1, .excludes = { "skip.*" },
					.exclude_count = 1, .jobs = 3 };
	struct scan scan = { .options = &options };
	size_t count;

	make_tree();
	GUARD_AUTO_FREE char *text = scan_text(&scan);
	GUARD_AUTO_FREE char *lines = digest_lines(text, &count);
	/* plain.sh with its twins, the odd name, data.exe, the empty one. */
	CU_ASSERT_EQUAL(count, 4);
	CU_ASSERT_PTR_NOT_NULL(strstr(lines, "/new\nline \"quoted\" \xff\xfe\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(lines, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
	CU_ASSERT_PTR_NOT_NULL(strstr(lines, "/data.exe\n"));
	CU_ASSERT_PTR_NULL(strstr(lines, "data.bin"));
	CU_ASSERT_PTR_NULL(strstr(lines, "skip.me"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "# the same: "));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\n  mode = \"enforce\";\n"));
	CU_ASSERT_EQUAL(scan.note_counts[SCAN_NOTE_SPECIAL], 1);
	CU_ASSERT_EQUAL(scan.note_counts[SCAN_NOTE_EXCLUDED], 1);
	CU_ASSERT_EQUAL(scan.note_counts[SCAN_NOTE_UNREADABLE], 0);
	CU_ASSERT_EQUAL(scan.symlinks, 2);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "/fifo\n"));
	remove_tree();
	scan_free(&scan);
}

static void test_all_and_same_bytes(void)
{
	struct scan_options options = { .directories = { root }, .directory_count = 1, .jobs = 1, .all = true, .audit = true };
	struct scan first = { .options = &options }, second = { .options = &options };
	size_t count;

	make_tree();
	GUARD_AUTO_FREE char *one = scan_text(&first);
	options.jobs = 8;
	GUARD_AUTO_FREE char *two = scan_text(&second);
	CU_ASSERT_STRING_EQUAL(one, two);
	GUARD_AUTO_FREE char *lines = digest_lines(one, &count);
	CU_ASSERT_EQUAL(count, 6);
	CU_ASSERT_PTR_NOT_NULL(strstr(lines, "data.bin"));
	CU_ASSERT_PTR_NOT_NULL(strstr(one, "\n  mode = \"audit\";\n"));
	remove_tree();
	scan_free(&first);
	scan_free(&second);
}

static void test_missing(void)
{
	struct scan_options options = { .jobs = 1 };
	struct scan scan = { .options = &options };

	CU_ASSERT_EQUAL(scan_walk(&scan, "/nonexistent/guard"), 0);
	CU_ASSERT_EQUAL(scan.note_counts[SCAN_NOTE_UNREADABLE], 1);
	CU_ASSERT_EQUAL(scan_walk(&scan, "/proc/self"), 0);
	CU_ASSERT_EQUAL(scan.note_counts[SCAN_NOTE_PSEUDO], 1);
	CU_ASSERT_EQUAL(scan.file_count, 0);
	scan_free(&scan);
}

/* Went away, and became a FIFO, between the walk and the reading. */
static void test_swapped(void)
{
	struct scan_options options = { .jobs = 2 };
	struct scan scan = { .options = &options };
	struct scan_presets *presets = NULL;
	char path[512];

	make_tree();
	CU_ASSERT_EQUAL_FATAL(scan_presets_load(&presets), 0);
	CU_ASSERT_EQUAL(scan_walk(&scan, root), 0);
	scan_sort_files(&scan);
	snprintf(path, sizeof(path), "%s/data.exe", root);
	CU_ASSERT_EQUAL(unlink(path), 0);
	CU_ASSERT_EQUAL(mkfifo(path, 0644), 0);
	snprintf(path, sizeof(path), "%s/skip.me", root);
	CU_ASSERT_EQUAL(unlink(path), 0);
	CU_ASSERT_EQUAL(scan_identify_all(&scan, presets), 0);
	CU_ASSERT_EQUAL(scan.note_counts[SCAN_NOTE_CHANGED], 2);
	CU_ASSERT_EQUAL(scan.note_counts[SCAN_NOTE_UNREADABLE], 0);
	scan_presets_free(presets);
	remove_tree();
	scan_free(&scan);
}

/* "module" and a line feed, by xz. */
static const unsigned char packed[] = {
	0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 0x00, 0x04, 0xe6, 0xd6, 0xb4, 0x46, 0x02, 0x00, 0x21, 0x01,
	0x0c, 0x00, 0x00, 0x00, 0x8f, 0x98, 0x41, 0x9c, 0x01, 0x00, 0x06, 0x6d, 0x6f, 0x64, 0x75, 0x6c,
	0x65, 0x0a, 0x00, 0x00, 0xdc, 0xe4, 0xe4, 0x4d, 0x1d, 0x4c, 0x49, 0xe1, 0x00, 0x01, 0x1f, 0x07,
	0x16, 0x2e, 0xb8, 0x73, 0x1f, 0xb6, 0xf3, 0x7d, 0x01, 0x00, 0x00, 0x00, 0x00, 0x04, 0x59, 0x5a,
};

/* What others may write is not unpacked, nor what only has the name. */
static void test_packed_modules(void)
{
	struct scan_options options = { .directories = { root }, .directory_count = 1, .jobs = 2 };
	struct scan scan = { .options = &options };
	struct scan_presets *presets = NULL;
	const struct scan_file *file;
	char path[512];

	make_tree();
	put("others.ko.xz", packed, sizeof(packed), 0666);
	put("cut.ko.xz", packed, sizeof(packed) / 2, 0644);
	put("real.ko.xz", packed, sizeof(packed), 0644);
	CU_ASSERT_EQUAL_FATAL(scan_presets_load(&presets), 0);
	CU_ASSERT_EQUAL(scan_walk(&scan, root), 0);
	scan_sort_files(&scan);
	CU_ASSERT_EQUAL(scan_identify_all(&scan, presets), 0);
	const size_t before = scan.file_count;
	CU_ASSERT_EQUAL(scan_list_unpacked(&scan), 0);
	CU_ASSERT_EQUAL(scan.file_count, before + (getuid() == 0 ? 1 : 0));
	snprintf(path, sizeof(path), "%s/real.ko.xz, unpacked", root);
	file = scan_find_file(&scan, path);
	if (getuid() == 0) {
		struct guard_digest wanted;

		CU_ASSERT_EQUAL(guard_digest_bytes(&wanted, "module\n", 7), 0);
		CU_ASSERT_PTR_NOT_NULL_FATAL(file);
		CU_ASSERT_EQUAL(file->state, SCAN_LISTED);
		CU_ASSERT_EQUAL(guard_digest_compare(&file->digest, &wanted), 0);
	}
	scan_presets_free(presets);
	remove_tree();
	scan_free(&scan);
}

static CU_TestInfo tests[] = {
	{ "what is not there or not real", test_missing },
	{ "files swapped under the scan", test_swapped },
	{ "a tree of odd names", test_tree },
	{ "compressed kernel modules", test_packed_modules },
	{ "--all, audit, the same bytes on any number of threads", test_all_and_same_bytes },
	CU_TEST_INFO_NULL,
};

UNIT_MAIN("scan_tree", tests)
