/* SPDX-License-Identifier: MIT
 *
 * compile/lint.c - the order of the checks over the whole model.  A check
 * looks and reports; none changes what will be written.
 */
#include "model.h"
#include "signer.h"

int compile_lint(struct guard_compile *compile)
{
	int r;

	compile_lint_validity(compile);
	compile_lint_paths(compile);
	compile_lint_signers(compile);
	compile_lint_inline(compile);
	r = compile_lint_coverage(compile);
	if (r == 0)
		r = compile_lint_digests(compile);
	if (r == 0)
		r = compile_lint_interpreters(compile);
	if (r == 0)
		r = compile_lint_lockout(compile);
	return r;
}
