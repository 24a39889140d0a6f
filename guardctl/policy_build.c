/* SPDX-License-Identifier: MIT
 *
 * guardctl/policy_build.c - `policy check` and `policy build`.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "output.h"
#include "policy_verbs.h"

struct guard_compile *policy_compile(const char *const *paths, size_t count, bool need_policy, bool whole_machine)
{
	struct guard_compile_options options = { .now = (int64_t)time(NULL), .root = "/",
						 .need_policy = need_policy, .whole_machine = whole_machine };
	struct guard_compile *compile = NULL;
	int r = guard_compile_sources(&compile, paths, count, &options);

	if (r < 0)
		guardctl_error("%s", guardctl_error_text(r));
	return compile;
}

/* What check and build say in the end. */
static int say(const struct policy_arguments *arguments, const struct guard_compile *compile, bool done,
	       const char *written)
{
	if (arguments->json) {
		json_t *result = json_pack("{s:b, s:o, s:o}", "ok", done, "diagnostics",
					   policy_json_diagnostics(compile), "summary", policy_json_summary(compile));

		if (result && written)
			json_object_set_new(result, "output", guardctl_json_text(written));
		return policy_put_json(result, done ? GUARDCTL_DONE : GUARDCTL_REFUSED);
	}
	policy_print_diagnostics(compile);
	if (done)
		policy_print_summary(stdout, compile);
	else if (guard_compile_error_count(compile))
		guardctl_error("%zu error%s; nothing was written", guard_compile_error_count(compile),
			       guard_compile_error_count(compile) == 1 ? "" : "s");
	return done ? GUARDCTL_DONE : GUARDCTL_REFUSED;
}

int policy_check(const struct policy_arguments *arguments)
{
	struct guard_compile *compile = policy_compile((const char *const *)arguments->operands, arguments->count,
						       false, arguments->whole_machine);
	int code;

	if (!compile)
		return GUARDCTL_REFUSED;
	code = say(arguments, compile, guard_compile_error_count(compile) == 0, NULL);
	guard_compile_free(compile);
	return code;
}

/* Compile and put in place; the image that was there stays on any failure. */
static bool write_image(const struct guard_compile *compile, const char *output)
{
	uint8_t *bytes = NULL;
	size_t size = 0;
	int r;

	if (guard_compile_error_count(compile))
		return false;
	r = guard_compile_image(&bytes, &size, compile);
	if (r < 0) {
		guardctl_error("the image could not be made: %s", guardctl_error_text(r));
		return false;
	}
	r = guard_image_save(output, bytes, size);
	free(bytes);
	if (r == 0)
		return true;
	if (r == -GUARD_E_USAGE)
		guardctl_error("%s was not written: a folder or a device has that name, and an image is a file of its own",
			       output);
	else
		guardctl_error("%s was not written: %s; what was there before is unchanged", output,
		       r == -GUARD_E_IO ? strerror(errno) : guardctl_error_text(r));
	return false;
}

int policy_build(const struct policy_arguments *arguments)
{
	struct guard_compile *compile;
	bool done;
	int code;

	if (!arguments->output) {
		guardctl_error("`policy build` needs --output IMAGE");
		return GUARDCTL_USAGE;
	}
	compile = policy_compile((const char *const *)arguments->operands, arguments->count, true,
				 arguments->whole_machine);
	if (!compile)
		return GUARDCTL_REFUSED;
	done = write_image(compile, arguments->output);
	code = say(arguments, compile, done, arguments->output);
	guard_compile_free(compile);
	return code;
}
