/* SPDX-License-Identifier: MIT
 *
 * guardctl/output.c - what is said to people: errors, and bytes from the system
 * made safe for a terminal.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "base/text.h"
#include "guardctl.h"
#include "output.h"

void guardctl_error(const char *format, ...)
{
	va_list arguments;

	fflush(stdout);
	fputs("guardctl: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, _(format), arguments);
	va_end(arguments);
	fputc('\n', stderr);
}

void guardctl_put_escaped(const char *bytes)
{
	guard_text_put_escaped(stdout, bytes);
}

/* Bytes that are no character of this locale count as one column each. */
static size_t columns_of(const char *text)
{
	size_t columns = 0, length = strlen(text);
	mbstate_t state = {0};

	for (size_t i = 0; i < length;) {
		wchar_t character;
		size_t size = mbrtowc(&character, &text[i], length - i, &state);

		if (size == 0 || size > length - i) {
			state = (mbstate_t){0};
			size = 1;
			character = L' ';
		}
		columns += wcwidth(character) > 0 ? (size_t)wcwidth(character) : 0;
		i += size;
	}
	return columns;
}

void guardctl_put_padded(FILE *out, const char *text, size_t columns)
{
	size_t used = columns_of(text);

	fprintf(out, "%s%*s", text, used < columns ? (int)(columns - used) : 0, "");
}

bool guardctl_colours(void)
{
	return isatty(STDOUT_FILENO);
}
