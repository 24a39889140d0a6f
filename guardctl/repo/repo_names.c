/* SPDX-License-Identifier: MIT
 *
 * repo/repo_names.c - what lies in a folder of the administrator's, by name and in
 * order, so that the same sources are always read the same way.
 */
#include "repo.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void repo_names_free(struct repo_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->items[i]);
	free(names->items);
	*names = (struct repo_names){ 0 };
}

static bool add_name(struct repo_names *names, const char *text, size_t length)
{
	char **items = reallocarray(names->items, names->count + 1, sizeof(*items));

	if (!items)
		return false;
	names->items = items;
	items[names->count] = strndup(text, length);
	return items[names->count++] != NULL;
}

bool repo_names_read(struct repo_names *ret_names, int folder, const char *path, const char *suffix)
{
	int fd = openat(folder, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
	struct repo_names names = { 0 };
	bool good = true;

	if (!directory) {
		if (fd >= 0)
			close(fd);
		*ret_names = names;
		return errno == ENOENT;
	}
	for (struct dirent *entry; good && (entry = readdir(directory));) {
		size_t length = strlen(entry->d_name), tail = strlen(suffix);

		if (entry->d_name[0] != '.' && length > tail && strcmp(&entry->d_name[length - tail], suffix) == 0)
			good = add_name(&names, entry->d_name, length - tail);
	}
	closedir(directory);
	if (names.count)
		qsort(names.items, names.count, sizeof(*names.items), compare_names);
	*ret_names = names;
	return good;
}
