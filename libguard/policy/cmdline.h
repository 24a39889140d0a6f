/* SPDX-License-Identifier: MIT
 *
 * policy/cmdline.h - which word of a command line names the script.  The
 * option language is defined in policy/README.md, "Interpreters".
 */
#ifndef GUARD_POLICY_CMDLINE_H
#define GUARD_POLICY_CMDLINE_H

#include <stdbool.h>
#include <stddef.h>

#define GUARD_CMDLINE_OPTIONS_MAX 4096u /* bytes of an option string */

/* Is every item of an option string understood, and no letter there twice? */
bool guard_cmdline_options_are_valid(const char *options);

/* Offset of the script's name in `cmdline` (NUL-separated words), or
 * GUARD_ARGUMENT_NONE or GUARD_ARGUMENT_ANY.  `options` is valid. */
ptrdiff_t guard_cmdline_script(const char *options, const char *cmdline, size_t size);
#endif
