/* SPDX-License-Identifier: MIT
 *
 * unit/gate_words.c - what the first line of a script says, as the kernel reads it
 * (fs/binfmt_script.c).
 */
#include "gate/words.h"

#include <stdio.h>
#include <string.h>

#include "unit.h"

static const struct {
	const char *head, *interpreter, *argument; /* interpreter NULL: none */
} lines[] = {
	{ "#!/bin/sh\n", "/bin/sh", NULL },
	{ "#! \t/bin/sh \t \nrest", "/bin/sh", NULL },
	{ "#!/usr/bin/awk -f\nBEGIN {}\n", "/usr/bin/awk", "-f" },
	{ "#!/usr/bin/env\tpython3 -u  \n", "/usr/bin/env", "python3 -u" },
	{ "#!/bin/sh", "/bin/sh", NULL },
	{ "#!/bin/sh -e x", "/bin/sh", "-e x" },
	{ "#!\n/bin/sh\n", NULL, NULL },
	{ "#!  \t ", NULL, NULL },
	{ "#!", NULL, NULL },
	{ "x/bin/sh\n", NULL, NULL },
};

static void first_lines_are_the_kernels(void)
{
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		char head[GATE_FIRST_LINE + 1] = { 0 };
		const char *interpreter = NULL, *argument = NULL;
		int r;

		snprintf(head, sizeof(head), "%s", lines[i].head);
		r = gate_words_first_line(head, &interpreter, &argument);
		CU_ASSERT_EQUAL(r, lines[i].interpreter ? 0 : -GUARD_E_SYNTAX);
		if (r < 0 || !lines[i].interpreter)
			continue;
		CU_ASSERT_STRING_EQUAL(interpreter, lines[i].interpreter);
		CU_ASSERT_EQUAL(argument != NULL, lines[i].argument != NULL);
		if (argument && lines[i].argument)
			CU_ASSERT_STRING_EQUAL(argument, lines[i].argument);
	}
}

static CU_TestInfo tests[] = {
	{ "first lines are the kernel's", first_lines_are_the_kernels },
	CU_TEST_INFO_NULL,
};
UNIT_MAIN("the words of a script's interpreter", tests)
