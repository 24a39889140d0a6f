/* SPDX-License-Identifier: MIT
 *
 * compile/syntax.h - the libconfig syntax, read into a tree.
 *
 * Why not libconfig itself: it takes 1.5 s for a million digests, follows
 * @include to any file of any size, names one column-less "syntax error", and
 * its releases differ (1.5 of Debian 12 resolves @include against the working
 * directory).  tests/unit/compile_syntax.c holds this reader to libconfig's
 * answers.  Beyond it: @include is relative to the file that has it.
 */
#ifndef GUARD_COMPILE_SYNTAX_H
#define GUARD_COMPILE_SYNTAX_H

#include "text.h"

enum compile_type {
	COMPILE_GROUP,   /* { name = value; } */
	COMPILE_LIST,    /* ( anything, ... ) */
	COMPILE_ARRAY,   /* [ scalars of one type, ... ] */
	COMPILE_STRING,
	COMPILE_INTEGER,
	COMPILE_FLOAT,
	COMPILE_BOOLEAN,
};

struct compile_node {
	const char *name; /* NULL in lists and arrays */
	const char *file;
	uint32_t line;
	uint32_t type;  /* enum compile_type */
	uint32_t count; /* children, or bytes of the string */
	union {
		struct compile_node *first; /* children */
		const char *string;         /* no NUL inside */
		int64_t integer;            /* also 0 or 1 of a boolean */
		double number;
	} value;
	struct compile_node *next;
};

/* compile_syntax_read: the tree of one source (a COMPILE_GROUP) with its
 * includes.  Errors: -GUARD_E_SYNTAX or -GUARD_E_IO, reported;
 * -GUARD_E_NOMEM. */
int compile_syntax_read(struct compile_node **ret_root, struct compile_diagnostics *list, const char *path,
			size_t *files) GUARD_WARN_UNUSED;

static inline struct compile_place compile_node_place(const struct compile_node *node)
{
	return (struct compile_place){ node->file, node->line };
}
const char *compile_type_name(uint32_t type);

#endif
