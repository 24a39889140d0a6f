/* SPDX-License-Identifier: MIT
 *
 * package/lines.c - deb822(5) text, line by line, within its bounds.
 */
#include "package/package.h"

#include <string.h>
#include <strings.h>

bool package_line(struct package_lines *lines, const char **ret_line, size_t *ret_length)
{
	const char *start = &lines->text[lines->at], *end;
	size_t left = lines->size - lines->at;

	if (lines->at >= lines->size)
		return false;
	end = memchr(start, '\n', left);
	*ret_line = start;
	*ret_length = end ? (size_t)(end - start) : left;
	lines->at += *ret_length + 1;
	if (*ret_length > 0 && start[*ret_length - 1] == '\r')
		(*ret_length)--;
	return true;
}

const char *package_field(const char *line, size_t length, const char *name, size_t *ret_length)
{
	size_t at = strlen(name);

	if (length <= at || line[at] != ':' || strncasecmp(line, name, at) != 0)
		return NULL;
	at++;
	while (at < length && (line[at] == ' ' || line[at] == '\t'))
		at++;
	while (length > at && (line[length - 1] == ' ' || line[length - 1] == '\t'))
		length--;
	*ret_length = length - at;
	return &line[at];
}

bool package_word(char *ret_word, size_t capacity, const char *text, size_t length)
{
	if (length == 0 || length >= capacity)
		return false;
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)text[i] <= ' ' || (unsigned char)text[i] > '~')
			return false;
	memcpy(ret_word, text, length);
	ret_word[length] = '\0';
	return true;
}
