/* SPDX-License-Identifier: MIT
 *
 * guardctl/policy_print.c - diagnostics and summaries for people and as JSON.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "output.h"
#include "told_text.h"
#include "i18n.h"
#include "policy_verbs.h"

static const char *severity_name(enum guard_severity severity)
{
	return severity == GUARD_SEVERITY_ERROR ? N_("error") : N_("warning");
}

/* Sources are UTF-8 that the terminal may see, file names are not. */
static void put_diagnostic(const struct guard_diagnostic *diagnostic)
{
	guard_text_put_escaped(stderr, diagnostic->file);
	if (diagnostic->line)
		fprintf(stderr, ":%" PRIu32, diagnostic->line);
	fprintf(stderr, ": %s: ", _(severity_name(diagnostic->severity)));
	guardctl_put_told(stderr, diagnostic->message);
	if (diagnostic->hint[0]) {
		fputs("; ", stderr);
		guardctl_put_told(stderr, diagnostic->hint);
	}
	fputc('\n', stderr);
}

void policy_print_diagnostics(const struct guard_compile *compile)
{
	size_t kept = guard_compile_diagnostic_count(compile);
	size_t all = guard_compile_error_count(compile) + guard_compile_warning_count(compile);

	for (size_t i = 0; i < kept; i++)
		put_diagnostic(guard_compile_diagnostic(compile, i));
	if (all > kept)
		fprintf(stderr, _("guardctl: and %zu more\n"), all - kept);
}

json_t *policy_json_diagnostics(const struct guard_compile *compile)
{
	json_t *array = json_array();

	for (size_t i = 0; i < guard_compile_diagnostic_count(compile); i++) {
		const struct guard_diagnostic *diagnostic = guard_compile_diagnostic(compile, i);

		json_array_append_new(array, json_pack("{s:o, s:I, s:s, s:o, s:o}", "file",
						       guardctl_json_text(diagnostic->file), "line",
						       (json_int_t)diagnostic->line, "severity",
						       severity_name(diagnostic->severity), "message",
						       guardctl_json_text(diagnostic->message), "hint",
						       guardctl_json_text(diagnostic->hint)));
	}
	return array;
}

/* Whole sentences: their words stand elsewhere in other languages. */
static void put_header(FILE *out, const struct guard_compile_summary *summary)
{
	fprintf(out,
		summary->mode && summary->default_action ? _("Policy %s, version %" PRIu64 ", enforced: what no rule lists is allowed. ")
		: summary->mode		  ? _("Policy %s, version %" PRIu64 ", enforced: what no rule lists is denied. ")
		: summary->default_action ? _("Policy %s, version %" PRIu64 ", audit only: what no rule lists is allowed. ")
					  : _("Policy %s, version %" PRIu64
					      ", audit only: what no rule lists is denied (recorded, not refused). "),
		summary->id, summary->version);
}

void policy_print_summary(FILE *out, const struct guard_compile *compile)
{
	struct guard_compile_summary summary;
	char expires[GUARD_TIME_TEXT_SIZE];

	guard_compile_summary(compile, &summary);
	guard_time_format(expires, summary.expires);
	if (summary.id[0])
		put_header(out, &summary);
	fprintf(out, _("Programs listed by content: %zu, in groups: %zu; rules that allow: %zu, that deny: %zu."), summary.digests,
		summary.groups, summary.allow_rules, summary.deny_rules);
	if (summary.signers)
		fprintf(out, _(" Rules by signer: %zu."), summary.signers);
	if (summary.exceptions)
		fprintf(out, _(" Exceptions of offices: %zu."), summary.exceptions);
	fprintf(out, _(" Interpreters: %zu, readers: %zu."), summary.interpreters, summary.readers);
	if (summary.id[0] && summary.expires == INT64_MAX)
		fputs(_(" It does not expire."), out);
	else if (summary.id[0])
		fprintf(out, _(" It expires %s."), expires);
	putc('\n', out);
}

json_t *policy_json_summary(const struct guard_compile *compile)
{
	struct guard_compile_summary s;
	char expires[GUARD_TIME_TEXT_SIZE];

	guard_compile_summary(compile, &s);
	guard_time_format(expires, s.expires);
	return json_pack("{s:s, s:I, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "id", s.id, "version",
			 (json_int_t)s.version, "mode", guard_mode_name(s.mode), "default",
			 guard_action_name(s.default_action), "expires", expires, "groups", (json_int_t)s.groups,
			 "rules", (json_int_t)s.rules, "allow_rules", (json_int_t)s.allow_rules, "deny_rules",
			 (json_int_t)s.deny_rules, "exceptions", (json_int_t)s.exceptions, "digests",
			 (json_int_t)s.digests, "interpreters", (json_int_t)s.interpreters, "readers",
			 (json_int_t)s.readers);
}

int policy_put_json(json_t *object, int code)
{
	int printed = guardctl_print_json(object);

	return printed == GUARDCTL_DONE ? code : printed;
}
