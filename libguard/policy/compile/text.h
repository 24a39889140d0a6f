/* SPDX-License-Identifier: MIT
 *
 * compile/text.h - whole files from outside, read once and within a limit.
 */
#ifndef GUARD_COMPILE_TEXT_H
#define GUARD_COMPILE_TEXT_H

#include "diagnostic.h"

struct compile_text {
	char *bytes; /* NUL behind it; belongs to the arena, may be changed in place */
	size_t size;
};

/* Read `path`.  What is wrong with it is reported at `place` (the line that
 * names it, or the file itself); then -GUARD_E_IO, or -GUARD_E_NOMEM. */
int compile_text_read(struct compile_text *ret_text, struct compile_diagnostics *list, const char *path,
		      struct compile_place place) GUARD_WARN_UNUSED;

/* `name` as seen from the folder of `file`; NULL when memory is exhausted. */
const char *compile_text_relative(struct compile_arena *arena, const char *file, const char *name);

#endif
