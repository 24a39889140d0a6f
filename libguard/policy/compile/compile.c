/* SPDX-License-Identifier: MIT
 *
 * compile/compile.c - one build from end to end: load every source, order the
 * digests, lint.  Owns struct guard_compile.
 */
#include "compile.h"

#include <guard/verdict.h>
#include <stdlib.h>

#include "model.h"

/* Exceptions or denials that are distributed beside a policy: enforced as that
 * policy says. */
static void begin_layer(struct guard_compile *compile)
{
	if (!compile->options.layer_id)
		return;
	compile->policy = (struct compile_policy){
		.given = true, .place = { compile->options.layer_id, 0 }, .id = compile->options.layer_id,
		.version = compile->options.layer_version, .help_phone = "", .help_text = "", .expires = INT64_MAX,
		.mode = GUARD_MODE_ENFORCE, .default_action = GUARD_DENY, .running = 1
	};
}

static int load_all(struct guard_compile *compile, const char *const *paths, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int r = compile_load_source(compile, paths[i]);

		if (r < 0)
			return r;
	}
	if (!compile->policy.given && compile->options.need_policy && !compile->diagnostics.errors)
		compile_error(&compile->diagnostics, (struct compile_place){ count ? paths[0] : "", 0 },
			      "add a source with policy = { id = \"...\"; version = 1; };",
			      "no source has a `policy` block");
	return 0;
}

int guard_compile_sources(struct guard_compile **ret_compile, const char *const *paths, size_t count,
			  const struct guard_compile_options *options)
{
	struct guard_compile *compile = calloc(1, sizeof(*compile));
	int r;

	if (!compile)
		return -GUARD_E_NOMEM;
	compile->options = *options;
	compile->diagnostics.arena = &compile->arena;
	begin_layer(compile);
	r = load_all(compile, paths, count);
	compile_apply_refinements(compile);
	if (r == 0)
		r = compile_order_digests(compile);
	if (r == 0)
		r = compile_lint(compile);
	if (r == 0 && compile->diagnostics.out_of_memory)
		r = -GUARD_E_NOMEM;
	if (r < 0) {
		guard_compile_free(compile);
		return r;
	}
	compile_diagnostics_sort(&compile->diagnostics);
	*ret_compile = compile;
	return 0;
}

void guard_compile_free(struct guard_compile *compile)
{
	if (!compile)
		return;
	compile_diagnostics_free(&compile->diagnostics);
	compile_arena_free(&compile->arena);
	free(compile->rules);
	free(compile->digests);
	free(compile->digest_order);
	free(compile->interpreters);
	free(compile->refinements);
	free(compile->containments);
	free(compile->interpreter_digests);
	free(compile->openpgp_keys);
	free(compile->certificates);
	free(compile);
}

size_t guard_compile_error_count(const struct guard_compile *compile)
{
	return compile->diagnostics.errors;
}

size_t guard_compile_warning_count(const struct guard_compile *compile)
{
	return compile->diagnostics.warnings;
}

size_t guard_compile_diagnostic_count(const struct guard_compile *compile)
{
	return compile->diagnostics.count;
}

const struct guard_diagnostic *guard_compile_diagnostic(const struct guard_compile *compile, size_t index)
{
	return index < compile->diagnostics.count ? &compile->diagnostics.items[index] : NULL;
}

void guard_compile_summary(const struct guard_compile *compile, struct guard_compile_summary *ret_summary)
{
	*ret_summary = (struct guard_compile_summary){
		.id = compile->policy.id ? compile->policy.id : "",
		.version = compile->policy.version,
		.mode = compile->policy.mode,
		.default_action = compile->policy.default_action,
		.expires = compile->policy.given ? compile->policy.expires : INT64_MAX,
		.files = compile->files,
		.groups = compile->group_count,
		.rules = compile->rule_array.count,
		.exceptions = compile->exception_count,
		.digests = compile->digest_unique,
		.interpreters = compile->interpreter_array.count,
		.readers = compile->reader_array.count,
	};
	for (size_t i = 0; i < compile->rule_array.count; i++) {
		ret_summary->signers += compile->rules[i].signer_count;
		if (compile->rules[i].action == GUARD_ALLOW)
			ret_summary->allow_rules++;
		else
			ret_summary->deny_rules++;
	}
}
