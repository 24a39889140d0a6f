/* SPDX-License-Identifier: MIT
 *
 * compile/diagnostic.h - what is wrong with the sources: where, what, what to
 * do about it.
 */
#ifndef GUARD_COMPILE_DIAGNOSTIC_H
#define GUARD_COMPILE_DIAGNOSTIC_H

#include "arena.h"
#include "compile.h"

struct compile_diagnostics {
	struct compile_arena *arena;
	struct guard_diagnostic *items;
	size_t count, capacity;
	size_t errors, warnings; /* all, also those that were not kept */
	bool out_of_memory;      /* the build fails with GUARD_E_NOMEM */
};

/* Where something stands in the sources. */
struct compile_place {
	const char *file;
	uint32_t line;
};

/* `hint` is what to do next, or "". */
void compile_error(struct compile_diagnostics *list, struct compile_place place, const char *hint,
		   const char *format, ...) __attribute__((format(printf, 4, 5)));
void compile_warning(struct compile_diagnostics *list, struct compile_place place, const char *hint,
		     const char *format, ...) __attribute__((format(printf, 4, 5)));
/* By file in the order in which they came up, then by line. */
void compile_diagnostics_sort(struct compile_diagnostics *list);
void compile_diagnostics_free(struct compile_diagnostics *list);

/* The word of `words` nearest to `word`, or NULL when none is near. */
const char *compile_suggest(const char *word, const char *const *words, size_t count);

#endif
