/* SPDX-License-Identifier: MIT
 *
 * fuzz/fuzz_cmdline.c - option string, NUL, command line.  The answer is one of
 * the two constants or the start of a word behind the first; of an option that
 * names a file it may begin within one.
 */
#include "fuzz.h"

#include <string.h>

#include <guard/policy.h>

#include "policy/cmdline.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t length = strnlen((const char *)data, size);
	char *options = malloc(length + 1), *cmdline;
	size_t cmdline_size = length < size ? size - length - 1 : 0;
	struct guard_command command;
	ptrdiff_t at;

	memcpy(options, data, length);
	options[length] = '\0';
	cmdline = malloc(cmdline_size + 1);
	cmdline = realloc(cmdline, cmdline_size ? cmdline_size : 1);
	if (cmdline_size)
		memcpy(cmdline, &data[length + 1], cmdline_size);
	if (guard_cmdline_options_are_valid(options)) {
		at = guard_cmdline_script(options, cmdline, cmdline_size);
		FUZZ_REQUIRE(at == GUARD_ARGUMENT_NONE || at == GUARD_ARGUMENT_ANY ||
			     (at > 0 && (size_t)at < cmdline_size &&
			      (cmdline[at - 1] == '\0' || strchr(options, '@'))));
		guard_command_read(&command, options, cmdline, cmdline_size);
		FUZZ_REQUIRE(command.script == at && command.word < (ptrdiff_t)cmdline_size);
		FUZZ_REQUIRE(!(command.runs & GUARD_RUNS_SCRIPT) == (at == GUARD_ARGUMENT_NONE) ||
			     (command.runs & GUARD_RUNS_UNKNOWN));
	}
	free(options);
	free(cmdline);
	return 0;
}
