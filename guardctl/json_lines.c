/* SPDX-License-Identifier: MIT
 *
 * guardctl/json_lines.c - files that `guardctl --json` wrote on another machine:
 * one object a line.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "guardctl.h"
#include "i18n.h"
#include "output.h"

static int take_line(const char *path, unsigned number, const char *line, const char *writer,
		     guardctl_json_take take, void *context)
{
	json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
	int code = GUARDCTL_REFUSED;

	if (json_is_object(object))
		code = take(context, object);
	else
		guardctl_error(_("%s:%u: this is not what `%s` writes, or it was cut off"), path, number, writer);
	json_decref(object);
	return code;
}

int guardctl_json_lines(const char *path, const char *writer, guardctl_json_take take, void *context)
{
	GUARD_AUTO_FCLOSE FILE *file = fopen(path, "re");
	GUARD_AUTO_FREE char *line = NULL;
	size_t capacity = 0;
	unsigned number = 0;
	int code = GUARDCTL_DONE;

	if (!file) {
		guardctl_error("%s: %s", path, strerror(errno));
		return GUARDCTL_REFUSED;
	}
	while (code == GUARDCTL_DONE && getline(&line, &capacity, file) > 0) {
		number++;
		if (line[strspn(line, " \t\r\n")])
			code = take_line(path, number, line, writer, take, context);
	}
	if (code == GUARDCTL_DONE && ferror(file)) {
		guardctl_error("%s: %s", path, strerror(errno));
		code = GUARDCTL_REFUSED;
	}
	return code;
}
