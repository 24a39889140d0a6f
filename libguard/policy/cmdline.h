/* SPDX-License-Identifier: MIT
 *
 * policy/cmdline.h - what a command line tells an interpreter to run.  The
 * option language is defined in policy/README.md, "Interpreters".
 */
#ifndef GUARD_POLICY_CMDLINE_H
#define GUARD_POLICY_CMDLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GUARD_CMDLINE_OPTIONS_MAX 4096u /* bytes of an option string */

/* Is every item of an option string understood, and no letter there twice? */
bool guard_cmdline_options_are_valid(const char *options);

/* Where the code comes from; mask, 0: nothing is run. */
enum guard_command_runs {
	GUARD_RUNS_SCRIPT = 1u << 0, /* a file that is named */
	GUARD_RUNS_CODE = 1u << 1,   /* the command line itself, or a module by name */
	GUARD_RUNS_INPUT = 1u << 2,  /* standard input, a terminal too */
	GUARD_RUNS_UNKNOWN = 1u << 3 /* the option string does not explain it */
};
struct guard_command {
	uint32_t runs;    /* mask of enum guard_command_runs */
	ptrdiff_t script; /* offset of its name, GUARD_ARGUMENT_NONE or GUARD_ARGUMENT_ANY */
	ptrdiff_t word;   /* offset of the word that brings code or input, or is not
	                   * understood; GUARD_ARGUMENT_NONE: no word does */
};
/* What `cmdline` (NUL-separated words) runs.  `options` is valid; of one with faces,
 * a command line with none of them runs nothing that is known here. */
void guard_command_read(struct guard_command *ret_command, const char *options, const char *cmdline, size_t size);

/* The script of it alone. */
ptrdiff_t guard_cmdline_script(const char *options, const char *cmdline, size_t size);
#endif
