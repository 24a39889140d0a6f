/* SPDX-License-Identifier: MIT
 *
 * compile/lint_inline.c - what an interpreter may run without a file: mistakes by
 * which a machine would lose its shell, or a rule would say more than is meant.
 */
#include <guard/policy.h>
#include <string.h>

#include "model.h"
#include "policy/glob.h"

static const char *const shells[] = { "/usr/bin/bash", "/bin/bash", "/usr/bin/dash", "/bin/dash" };

/* A shell that logs people in and starts what others ask for, or NULL. */
static const char *shell_of(const struct compile_interpreter *interpreter)
{
	for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++)
		for (uint32_t j = 0; j < interpreter->programs.count; j++)
			if (guard_glob_match(interpreter->programs.items[j], shells[i]))
				return shells[i];
	return NULL;
}

static void check(struct guard_compile *compile, const struct compile_interpreter *interpreter)
{
	const char *shell = shell_of(interpreter);

	if (interpreter->inline_code == GUARD_INLINE_ALLOW && interpreter->standard_input == GUARD_INLINE_ALLOW)
		return;
	if (!interpreter->options[0])
		compile_warning(&compile->diagnostics, interpreter->place,
				"say with `options` which options it has (policy/README.md, \"the option string\")",
				"the interpreter \"%.80s\" has no `options`: each command line of it with an option counts as inline code",
				interpreter->name);
	if (shell && interpreter->inline_code == GUARD_INLINE_DENY)
		compile_warning(&compile->diagnostics, interpreter->place, "begin with \"log\" and look at `guardctl events`",
				"inline = \"deny\" for %s: services, cron, make and many programs start `sh -c`, which is refused then",
				shell);
	if (shell && interpreter->standard_input == GUARD_INLINE_DENY)
		compile_warning(&compile->diagnostics, interpreter->place, "begin with \"log\" and look at `guardctl events`",
				"standard_input = \"deny\" for %s: a shell that somebody types into reads standard input, so nobody whose shell it is could log in",
				shell);
}

void compile_lint_inline(struct guard_compile *compile)
{
	for (size_t i = 0; i < compile->interpreter_array.count; i++)
		check(compile, &compile->interpreters[i]);
}
