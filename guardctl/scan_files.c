/* SPDX-License-Identifier: MIT
 *
 * guardctl/scan_files.c - the growing lists of a scan: files and notes.  Owns
 * their memory; does not touch the file system.
 */
#include <stdlib.h>
#include <string.h>

#include "scan.h"

static int grow(void **items, size_t *capacity, size_t count, size_t item_size)
{
	if (count < *capacity)
		return 0;

	size_t wanted = *capacity ? *capacity * 2 : 1024;
	void *bigger = reallocarray(*items, wanted, item_size);
	if (!bigger)
		return -GUARD_E_NOMEM;
	*items = bigger;
	*capacity = wanted;
	return 0;
}

int scan_add_file(struct scan *scan, const char *path, mode_t mode, uint64_t size)
{
	if (scan->file_count >= SCAN_FILES_MAX)
		return -GUARD_E_LIMIT;
	int r = grow((void **)&scan->files, &scan->file_capacity, scan->file_count, sizeof(*scan->files));
	if (r < 0)
		return r;

	char *copy = strdup(path);
	if (!copy)
		return -GUARD_E_NOMEM;
	scan->files[scan->file_count++] = (struct scan_file){
		.path = copy, .mode = mode, .size = size, .package = SCAN_NO_PACKAGE
	};
	return 0;
}

int scan_add_note(struct scan *scan, enum scan_note_kind kind, const char *path, int system_error)
{
	int r = grow((void **)&scan->notes, &scan->note_capacity, scan->note_count, sizeof(*scan->notes));
	if (r < 0)
		return r;

	char *copy = strdup(path);
	if (!copy)
		return -GUARD_E_NOMEM;
	scan->notes[scan->note_count++] =
		(struct scan_note){ .kind = kind, .path = copy, .system_error = system_error };
	scan->note_counts[kind]++;
	return 0;
}

static int compare_paths(const void *a, const void *b)
{
	const struct scan_file *left = a, *right = b;

	return strcmp(left->path, right->path);
}

void scan_sort_files(struct scan *scan)
{
	if (scan->file_count == 0)
		return;
	qsort(scan->files, scan->file_count, sizeof(*scan->files), compare_paths);

	size_t kept = 1;
	for (size_t i = 1; i < scan->file_count; i++) {
		if (strcmp(scan->files[i].path, scan->files[kept - 1].path) == 0)
			free(scan->files[i].path);
		else
			scan->files[kept++] = scan->files[i];
	}
	scan->file_count = kept;
}

static int compare_key(const void *path, const void *item)
{
	const struct scan_file *file = item;

	return strcmp(path, file->path);
}

struct scan_file *scan_find_file(const struct scan *scan, const char *path)
{
	if (scan->file_count == 0)
		return NULL;
	return bsearch(path, scan->files, scan->file_count, sizeof(*scan->files), compare_key);
}

void scan_free(struct scan *scan)
{
	for (size_t i = 0; i < scan->file_count; i++)
		free(scan->files[i].path);
	for (size_t i = 0; i < scan->note_count; i++)
		free(scan->notes[i].path);
	for (size_t i = 0; i < scan->signer_count; i++)
		free(scan->signers[i].file);
	free(scan->files);
	free(scan->notes);
}
