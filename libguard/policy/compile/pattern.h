/* SPDX-License-Identifier: MIT
 *
 * compile/pattern.h - path patterns as an author writes them: are they well
 * formed, and how far do they reach.
 */
#ifndef GUARD_COMPILE_PATTERN_H
#define GUARD_COMPILE_PATTERN_H

#include "diagnostic.h"

/* Report what is wrong with it; true when nothing is. */
bool compile_pattern_check(struct compile_diagnostics *list, struct compile_place place, const char *pattern);

/* true when the pattern could match something below `directory`. */
bool compile_pattern_reaches(const char *pattern, const char *directory);

/* true when every path that `narrow` matches is surely matched by `wide`.
 * false is no proof of the contrary. */
bool compile_pattern_covers(const char *wide, const char *narrow);

#endif
