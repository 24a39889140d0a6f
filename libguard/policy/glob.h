/* SPDX-License-Identifier: MIT
 *
 * policy/glob.h - path patterns as docs/policy-image.md defines them.  Shared
 * by the matcher and the compiler.  Work is bounded by pattern length times
 * text length; nothing is allocated.
 */
#ifndef GUARD_POLICY_GLOB_H
#define GUARD_POLICY_GLOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GUARD_GLOB_MAX 4096u /* bytes of a pattern */

/* Does the whole of `text` match?  A malformed pattern matches nothing. */
bool guard_glob_match(const char *pattern, const char *text);

/* Is it well formed: classes closed, no `\` at the end, not too long? */
bool guard_glob_is_valid(const char *pattern);

/* Length of the literal directory prefix, without a slash at its end; 0 when
 * there is none.  `/usr/share/` + `**` has 10, `/ls` and `/` + `*` have 0. */
size_t guard_glob_prefix(const char *pattern);
#endif
