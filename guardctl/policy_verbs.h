/* SPDX-License-Identifier: MIT
 *
 * guardctl/policy_verbs.h - what `guardctl policy check|build|test|diff` share.
 */
#ifndef GUARDCTL_POLICY_VERBS_H
#define GUARDCTL_POLICY_VERBS_H

#include <jansson.h>
#include <stddef.h>

#include <guard/policy.h>

#include "guardctl.h"
#include "policy/compile/compile.h"

/* The command line of all four; what a verb does not take is refused. */
struct policy_arguments {
	bool json, whole_machine, digests;
	const char *output, *ledger, *files, *against, *office, *host;
	char **operands;
	size_t count;
	char **paths; /* behind `--` */
	size_t path_count;
};

int policy_build(const struct policy_arguments *arguments);
int policy_check(const struct policy_arguments *arguments);
int policy_test(const struct policy_arguments *arguments);
int policy_diff(const struct policy_arguments *arguments);

/* ---- policy_print.c ------------------------------------------------------------ */

/* Every diagnostic as `FILE:LINE: error: ... ; hint` to standard error. */
void policy_print_diagnostics(const struct guard_compile *compile);
/* The same as a JSON array. */
json_t *policy_json_diagnostics(const struct guard_compile *compile);
/* The policy in one paragraph. */
void policy_print_summary(FILE *out, const struct guard_compile *compile);
json_t *policy_json_summary(const struct guard_compile *compile);
/* Print `object` on one line and release it; an exit code. */
int policy_put_json(json_t *object, int code);

/* ---- policy_input.c ------------------------------------------------------------- */

/* An image or sources, opened. */
struct policy_input {
	uint8_t *bytes; /* the image */
	size_t size;
	struct guard_policy *policy;
};
/* true when the file begins as an image does. */
bool policy_input_is_image(const char *path);
/* Read the operands: one image, or sources that are compiled in memory, as the
 * machine `machine` would.  What is wrong is printed; then false. */
bool policy_input_open(struct policy_input *ret_input, const char *const *paths, size_t count,
		       const struct guard_machine *machine);
void policy_input_close(struct policy_input *input);

/* Compile with this machine's facts; NULL when memory is exhausted (said). */
struct guard_compile *policy_compile(const char *const *paths, size_t count, bool need_policy, bool whole_machine);

#endif
