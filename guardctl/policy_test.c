/* SPDX-License-Identifier: MIT
 *
 * guardctl/policy_test.c - `policy test`: puts recorded accesses or files to a
 * policy and says what would change.  Decides nothing by itself.
 */
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "output.h"
#include "policy_sample.h"
#include "policy_verbs.h"

#define ACCOUNTS_MAX (16u << 20)

/* passwd(5) or group(5) of this machine, for rules by user. */
static char *read_accounts(const char *path)
{
	GUARD_AUTO_FCLOSE FILE *file = fopen(path, "re");
	char *text = calloc(1, ACCOUNTS_MAX + 1);

	if (file && text)
		text[fread(text, 1, ACCOUNTS_MAX, file)] = '\0';
	return text;
}

/* ---- the question ------------------------------------------------------------------ */

static uint32_t groups_of(uint32_t *gids, uint32_t uid)
{
	const struct passwd *entry = getpwuid(uid);
	gid_t found[GUARD_GROUPS_MAX];
	int count = (int)GUARD_GROUPS_MAX;

	if (!entry)
		return 0;
	if (getgrouplist(entry->pw_name, entry->pw_gid, found, &count) < 0)
		count = (int)GUARD_GROUPS_MAX + 1; /* there are more */
	for (int i = 0; i < count && i < (int)GUARD_GROUPS_MAX; i++)
		gids[i] = found[i];
	return (uint32_t)count;
}

static struct guard_verdict decide(const struct guard_policy *policy, const struct policy_sample *sample,
				   const struct guard_identity *identity, int64_t now)
{
	uint32_t gids[GUARD_GROUPS_MAX];
	struct guard_subject subject = { .uid = sample->uid, .gids = gids, .program = sample->program };
	struct guard_object object = { .identity = identity, .path = sample->path,
				       .claimed_path = sample->path, .path_protected = sample->path_protected,
				       .medium = sample->medium };
	struct guard_verdict verdict;

	subject.gid_count = groups_of(gids, sample->uid);
	guard_policy_decide(policy, &verdict, &subject, &object, now);
	return verdict;
}

static void decide_all(struct policy_samples *samples, const struct guard_policy *policy,
		       const struct guard_policy *old)
{
	int64_t now = (int64_t)time(NULL);

	for (size_t i = 0; i < samples->count; i++) {
		struct policy_sample *sample = &samples->items[i];
		struct guard_verdict verdict = decide(policy, sample, &sample->identity, now);

		sample->after = verdict.action;
		sample->after_reason = verdict.reason;
		sample->rule = verdict.rule;
		if (!old)
			continue;
		sample->has_before = 1;
		sample->before = decide(old, sample, sample->old_identity ? sample->old_identity : &sample->identity, now).action;
	}
}

/* ---- joining what is alike ----------------------------------------------------------- */

static int alike(const struct policy_sample *a, const struct policy_sample *b)
{
	int order = strcmp(a->path, b->path);

	if (order == 0)
		order = guard_digest_compare(&a->identity.digest, &b->identity.digest);
	if (order == 0)
		order = a->has_before * 4 + a->before * 2 + a->after - (b->has_before * 4 + b->before * 2 + b->after);
	return order;
}

static int by_file(const void *a, const void *b)
{
	const struct policy_sample *const *x = a, *const *y = b;
	int order = alike(*x, *y);

	return order ? order : (*x > *y) - (*x < *y);
}

struct report {
	const struct guard_policy *policy;
	json_t *changes; /* NULL: print text */
	size_t now_denied, now_allowed, denied, allowed, unsure;
};

/* "would be denied now: ..." */
static const char *headline(const struct policy_sample *sample)
{
	if (!sample->has_before)
		return sample->after ? _("would be allowed") : _("would be denied");
	return sample->after ? _("would be allowed now") : _("would be denied now");
}

static void print_change(const struct report *report, const struct policy_sample *sample, uint64_t count)
{
	char hex[GUARD_DIGEST_HEX_SIZE];
	struct guard_rule_info rule;

	guard_digest_format(hex, &sample->identity.digest);
	printf("%s: ", headline(sample));
	guard_text_put_escaped(stdout, sample->path);
	printf(_(" (sha256 %.12s.."), hex);
	if (sample->has_before && sample->user) {
		printf(_(", %" PRIu64 " time%s, last by "), count, count == 1 ? "" : "s");
		guard_text_put_escaped(stdout, sample->user);
	}
	printf("): ");
	if (guard_policy_rule_info(report->policy, sample->rule, &rule) == 0)
		printf(_("rule \"%s\" at %s\n"), rule.group, rule.location);
	else
		printf("%s\n", guard_reason_text((enum guard_reason)sample->after_reason));
}

static json_t *json_change(const struct report *report, const struct policy_sample *sample, uint64_t count)
{
	char hex[GUARD_DIGEST_HEX_SIZE];
	struct guard_rule_info rule = { .group = "", .location = "" };

	guard_digest_format(hex, &sample->identity.digest);
	if (guard_policy_rule_info(report->policy, sample->rule, &rule) < 0)
		rule = (struct guard_rule_info){ .group = "", .location = "" };
	return json_pack("{s:o, s:s, s:s, s:s?, s:s, s:s, s:I, s:o, s:o, s:o}", "path",
			 guardctl_json_text(sample->path), "sha256", hex, "kind",
			 guard_kind_name((enum guard_kind)sample->identity.kind), "before",
			 sample->has_before ? guard_action_name((enum guard_action)sample->before) : NULL, "after",
			 guard_action_name((enum guard_action)sample->after), "reason",
			 guard_reason_name((enum guard_reason)sample->after_reason), "count", (json_int_t)count,
			 "last_user", sample->user ? guardctl_json_text(sample->user) : json_null(), "group",
			 guardctl_json_text(rule.group), "rule", guardctl_json_text(rule.location));
}

static void add(struct report *report, const struct policy_sample *sample, uint64_t count)
{
	bool changed = !sample->has_before || sample->before != sample->after;

	report->unsure += sample->unsure && !sample->after && sample->rule == GUARD_NO_RULE;
	report->denied += !sample->after;
	report->allowed += sample->after;
	if (!changed)
		return;
	report->now_denied += !sample->after;
	report->now_allowed += sample->after;
	if (report->changes)
		json_array_append_new(report->changes, json_change(report, sample, count));
	else
		print_change(report, sample, count);
}

static bool report_all(struct report *report, const struct policy_samples *samples)
{
	GUARD_AUTO_FREE const struct policy_sample **order = calloc(samples->count + 1, sizeof(struct policy_sample *));

	if (!order)
		return false;
	for (size_t i = 0; i < samples->count; i++)
		order[i] = &samples->items[i];
	qsort(order, samples->count, sizeof(order[0]), by_file);
	for (size_t i = 0, next; i < samples->count; i = next) {
		uint64_t count = 0;

		for (next = i; next < samples->count && alike(order[i], order[next]) == 0; next++)
			count += order[next]->count;
		add(report, order[next - 1], count);
	}
	return true;
}

static int finish(const struct report *report, const struct policy_samples *samples, bool compared)
{
	int code = report->now_denied ? GUARDCTL_REFUSED : GUARDCTL_DONE;

	if (report->changes)
		return policy_put_json(json_pack("{s:b, s:O, s:I, s:I, s:I, s:I, s:I}", "ok", !report->now_denied, "changes",
						 report->changes, "files", (json_int_t)(report->denied + report->allowed),
						 "now_denied", (json_int_t)report->now_denied, "now_allowed",
						 (json_int_t)report->now_allowed, "skipped",
						 (json_int_t)samples->skipped, "unsure", (json_int_t)report->unsure),
				       code);
	if (compared)
		printf(_("%zu files: %zu would be denied now, %zu would be allowed now, %zu as before.\n"),
		       report->denied + report->allowed, report->now_denied, report->now_allowed,
		       report->denied + report->allowed - report->now_denied - report->now_allowed);
	else
		printf(_("%zu files: %zu would be denied, %zu would be allowed.\n"), report->denied + report->allowed,
		       report->denied, report->allowed);
	if (samples->skipped)
		printf(_("%zu events were left out: no policy decides about them.\n"), samples->skipped);
	if (report->unsure)
		printf(_("Of what is denied, %zu may be allowed by a signer: the policy has such rules, and who vouches for "
			 "these could not be seen (a record does not tell; packages only as root, where guardd runs).\n"),
		       report->unsure);
	return code;
}

/* ---- the verb ------------------------------------------------------------------------- */

/* How many of the operands are policy sources: an image stands alone, a source
 * is called .conf; what follows are files to judge, unless `--` parts the two. */
static size_t sources_among(const struct policy_arguments *arguments)
{
	size_t count = 1;

	if (policy_input_is_image(arguments->operands[0]))
		return 1;
	if (arguments->path_count)
		return arguments->count;
	while (count < arguments->count && guard_text_ends_with(arguments->operands[count], ".conf"))
		count++;
	return count;
}

static bool collect(struct policy_samples *samples, const struct policy_arguments *arguments, size_t sources)
{
	bool good = true;

	if (arguments->ledger)
		good = policy_samples_from_ledger(samples, arguments->ledger);
	if (good && arguments->files)
		good = policy_samples_from_list(samples, arguments->files);
	for (size_t i = sources; good && i < arguments->count; i++)
		good = policy_samples_from_file(samples, arguments->operands[i]);
	for (size_t i = 0; good && i < arguments->path_count; i++)
		good = policy_samples_from_file(samples, arguments->paths[i]);
	return good;
}

static int judge(const struct policy_arguments *arguments, struct guard_policy *policy, struct guard_policy *old,
		 size_t sources)
{
	struct policy_samples samples = { 0 };
	struct report report = { .policy = policy, .changes = arguments->json ? json_array() : NULL };
	int code = GUARDCTL_REFUSED;

	if (policy_witness_begin(&samples, policy, old) && collect(&samples, arguments, sources)) {
		decide_all(&samples, policy, old);
		if (report_all(&report, &samples))
			code = finish(&report, &samples, old || arguments->ledger);
	}
	json_decref(report.changes);
	policy_samples_free(&samples);
	return code;
}

int policy_test(const struct policy_arguments *arguments)
{
	GUARD_AUTO_FREE char *passwd = read_accounts("/etc/passwd"), *group = read_accounts("/etc/group");
	struct guard_machine machine = { arguments->office, arguments->host, passwd, group };
	struct policy_input policy = { 0 }, old = { 0 };
	size_t sources = sources_among(arguments);
	int code = GUARDCTL_REFUSED;

	if (!arguments->ledger && !arguments->files && !arguments->path_count && sources == arguments->count) {
		guardctl_error("nothing to test: give --ledger FILE, --files LIST, or files behind `--`");
		return GUARDCTL_USAGE;
	}
	if (policy_input_open(&policy, (const char *const *)arguments->operands, sources, &machine) &&
	    (!arguments->against || policy_input_open(&old, &arguments->against, 1, &machine)))
		code = judge(arguments, policy.policy, old.policy, sources);
	policy_input_close(&policy);
	policy_input_close(&old);
	return code;
}
