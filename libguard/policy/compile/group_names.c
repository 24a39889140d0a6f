/* SPDX-License-Identifier: MIT
 *
 * compile/group_names.c - every group of a file has a name of its own, so that
 * a denial names one place.  A scan has thousands of groups: sorted, not
 * compared each with each.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "fields.h"

static int by_name(const void *a, const void *b)
{
	const struct compile_node *const *x = a, *const *y = b;
	int order = strcmp((*x)->value.string, (*y)->value.string);

	return order ? order : ((*x)->line > (*y)->line) - ((*x)->line < (*y)->line);
}

int compile_check_group_names(struct guard_compile *compile, const struct compile_node *groups)
{
	GUARD_AUTO_FREE const struct compile_node **names = calloc(groups->count + 1, sizeof(struct compile_node *));
	size_t count = 0;

	if (!names)
		return -GUARD_E_NOMEM;
	for (const struct compile_node *group = groups->value.first; group; group = group->next) {
		const struct compile_node *name = group->type == COMPILE_GROUP ? compile_field(group, "name") : NULL;

		if (name && name->type == COMPILE_STRING)
			names[count++] = name;
	}
	qsort(names, count, sizeof(names[0]), by_name);
	for (size_t i = 1; i < count; i++)
		if (strcmp(names[i - 1]->value.string, names[i]->value.string) == 0)
			compile_error(&compile->diagnostics, compile_node_place(names[i]),
				      "join the two groups, or give one another name",
				      "a second group \"%.120s\"; the other is at %s:%u", names[i]->value.string,
				      names[i - 1]->file, names[i - 1]->line);
	return 0;
}
