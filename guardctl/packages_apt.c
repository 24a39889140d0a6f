/* SPDX-License-Identifier: MIT
 *
 * guardctl/packages_apt.c - reads what apt tells a DPkg::Pre-Install-Pkgs hook.
 */
#include <errno.h>
#include <guard/error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "packages.h"

#define INPUT_MAX (64u << 20)

int packages_list_add(struct packages_list *list, const char *path, size_t length)
{
	if (list->count == list->capacity) {
		size_t capacity = list->capacity ? 2 * list->capacity : 32;
		char **grown = realloc(list->paths, capacity * sizeof(*grown));

		if (!grown)
			return -GUARD_E_NOMEM;
		list->paths = grown;
		list->capacity = capacity;
	}
	list->paths[list->count] = strndup(path, length);
	if (!list->paths[list->count])
		return -GUARD_E_NOMEM;
	list->count++;
	return 0;
}

void packages_list_free(struct packages_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->paths[i]);
	free(list->paths);
	*list = (struct packages_list){ 0 };
}

/* The path at the end of a line: behind `fields` words, since it may hold spaces.
 * What is only configured or removed has a word in asterisks there. */
static int take_line(struct packages_list *list, const char *line, size_t length, unsigned fields)
{
	size_t at = 0;

	for (unsigned i = 0; i < fields; i++) {
		while (at < length && line[at] != ' ')
			at++;
		at++;
	}
	if (at >= length)
		return fields == 0 ? 0 : -GUARD_E_SYNTAX;
	if (line[at] != '/')
		return line[at] == '*' ? 0 : -GUARD_E_SYNTAX;
	return packages_list_add(list, &line[at], length - at);
}

static unsigned fields_of(const char *line, size_t length)
{
	if (length == 9 && memcmp(line, "VERSION 2", 9) == 0)
		return 4; /* name, old version, direction, new version */
	if (length == 9 && memcmp(line, "VERSION 3", 9) == 0)
		return 8; /* besides, architecture and multi-arch of both */
	return 0;
}

int packages_parse_apt(struct packages_list *list, const char *text, size_t size)
{
	unsigned fields = 0;
	bool first = true, in_configuration = false;
	int r = 0;

	for (size_t at = 0; r == 0 && at < size;) {
		const char *line = &text[at], *end = memchr(line, '\n', size - at);
		size_t length = end ? (size_t)(end - line) : size - at;

		at += length + 1;
		if (first && length >= 8 && memcmp(line, "VERSION ", 8) == 0) {
			fields = fields_of(line, length);
			in_configuration = true;
			r = fields ? 0 : -GUARD_E_VERSION;
		} else if (in_configuration) {
			in_configuration = length > 0;
		} else if (length > 0) {
			r = take_line(list, line, length, fields);
		}
		first = false;
	}
	return r;
}

int packages_read_apt(struct packages_list *list, int fd)
{
	GUARD_AUTO_FREE char *text = malloc(INPUT_MAX);
	size_t size = 0;

	if (!text)
		return -GUARD_E_NOMEM;
	while (size < INPUT_MAX) {
		ssize_t n = read(fd, &text[size], INPUT_MAX - size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -GUARD_E_IO;
		if (n == 0)
			return packages_parse_apt(list, text, size);
		size += (size_t)n;
	}
	return -GUARD_E_LIMIT;
}
