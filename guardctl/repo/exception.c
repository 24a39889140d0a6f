/* SPDX-License-Identifier: MIT
 *
 * repo/exception.c - the verb `exception`: an office's own software, always with
 * an end, within what headquarters permits.
 */
#include "exception.h"

#include <string.h>

#include "base/text.h"
#include "output.h"

static const char usage[] =
	N_("guardctl exception add --office NAME (--file F | --sha256 HEX | --from-ledger ID [--ledger EXPORT]\n"
	"                       | --from-unlock ID [--ledger EXPORT] | --signer PROVIDER:FILE | --path PATTERN) --until WHEN --reason TEXT\n"
	"                       [--ticket TEXT] [--hosts PATTERN] [--id NAME] [--broad] [--key FILE...]\n"
	"guardctl exception list [--office NAME] [--json]\n"
	"guardctl exception remove ID --office NAME [--broad] [--key FILE...]\n"
	"guardctl exception sign --office NAME [--key FILE...]\n"
	"\n"
	"An exception reaches the machines of its office, ends by itself and never beats a\n"
	"deny rule.  It is kept as offices/NAME/ID.conf, which may be edited; `sign` signs\n"
	"what stands there.\n"
	"\n"
	"--until WHEN   2027-01-31 (its beginning, UTC), 2027-01-31T17:00:00+09:00, or 30d, 12h from now\n"
	"--broad        by signer or path: takes the signatures of two (offices/NAME/broad)\n"
	"--signer       FILE is the certificate or public key of who signed the program\n"
	"--from-ledger  the number of a line of `guardctl events`; with --ledger that of a\n"
	"               file that `guardctl --json events` wrote on another machine\n"
	"--from-unlock  the number of an unlock that `guardctl unlocks` shows: the file that it\n"
	"               was for and, of an installer, all that ran under it; with --ledger that\n"
	"               of a file that `guardctl --json unlocks show ID` wrote on another machine\n"
	"--repo FOLDER  the administrator's folder (default: the current one)\n"
	"\n"
	"Example:\n"
	"  guardctl exception add --office osaka --file kessan --until 30d \\\n"
	"           --reason \"yearly closing\" --ticket HELP-4711 --key osaka.key\n"
	"\n"
	"Exit: 0 done, 1 refused, 2 usage.\n");

static void put_field(FILE *out, const char *name, const char *text)
{
	fprintf(out, "  %s = ", name);
	exception_put_string(out, text);
	fputs(";\n", out);
}

/* Machines whose clock is some minutes slow are not kept waiting; the whole is no longer
 * than headquarters permits. */
#define CLOCK_SLACK_S 600

static int64_t begin_of(int64_t now, int64_t until, uint32_t longest)
{
	int64_t from = now - CLOCK_SLACK_S;

	if (until - from > longest)
		from = until - longest;
	return from < now ? from : now;
}

static char *make_source(size_t *ret_size, const struct repo_options *options, const struct exception_subject *subject,
			 const char *id, int64_t from, int64_t until)
{
	char from_text[GUARD_TIME_TEXT_SIZE], until_text[GUARD_TIME_TEXT_SIZE], *text = NULL;
	FILE *out = open_memstream(&text, ret_size);

	if (!out)
		return NULL;
	guard_time_format(from_text, from);
	guard_time_format(until_text, until);
	fputs("# Written by `guardctl exception add`.\nexception = {\n", out);
	put_field(out, "id", id);
	fputs("  version = 1;\n", out);
	put_field(out, "office", options->office);
	put_field(out, "from", from_text);
	put_field(out, "expires", until_text);
	put_field(out, "reason", options->reason);
	if (options->ticket)
		put_field(out, "ticket", options->ticket);
	fputs("};\n\ngroups = (\n  { name = ", out);
	exception_put_string(out, id);
	fputs(";\n    note = ", out);
	exception_put_string(out, options->reason);
	fputs(";\n", out);
	exception_put_rule(out, subject, "allow", options->hosts);
	fputs("  }\n);\n", out);
	fclose(out);
	return text;
}

static void folder_of(char ret_folder[REPO_NAME_MAX + 32], const struct repo_options *options)
{
	snprintf(ret_folder, REPO_NAME_MAX + 32, "offices/%.64s%s", options->office, options->broad ? "/broad" : "");
}

/* As whatever it may be: a rule may deny scripts alone. */
static bool is_denied(const struct guard_policy *policy, const char *sha256, int64_t now)
{
	struct guard_identity identity = { .size = 0 };
	const struct guard_subject nobody = { .uid = 0 };
	const struct guard_object object = { .identity = &identity };
	struct guard_verdict verdict;

	if (!sha256[0] || guard_digest_parse(&identity.digest, sha256, 64) < 0)
		return false;
	for (uint8_t kind = 0; kind < GUARD_KIND_MAX_; kind++) {
		identity.kind = kind;
		guard_policy_decide(policy, &verdict, &nobody, &object, now);
		if (verdict.reason == GUARD_REASON_RULE_DENY)
			return true;
	}
	return false;
}

/* Headquarters' deny rules win: an exception against one is a mistake. */
static bool any_is_denied(const struct guard_policy *policy, const struct exception_subject *subject, int64_t now)
{
	bool denied = is_denied(policy, subject->sha256, now);

	for (size_t i = 0; i < subject->more_count; i++)
		denied |= is_denied(policy, subject->more[i].sha256, now);
	return denied;
}

static bool is_denied_at_once(const struct repo *repo, const struct exception_subject *subject)
{
	struct guard_policy *denials = subject ? repo_published_denials(repo) : NULL;
	bool denied = denials && any_is_denied(denials, subject, repo->now);

	guard_policy_free(denials);
	if (denied)
		guardctl_error("headquarters denies this program at once (guardctl deny --list): an exception cannot allow it");
	return denied;
}

/* What the policies of the office's machines say. */
static bool read_limits(struct guard_exception_limits *limits, const struct repo *repo,
			const struct exception_subject *subject)
{
	bool good = !is_denied_at_once(repo, subject);

	for (size_t i = 0; good && i < repo->profile_count; i++) {
		struct guard_policy *policy = repo_published_policy(repo, repo->profiles[i].name);

		if (!policy)
			continue;
		repo_limits_narrow(limits, policy);
		if (subject && any_is_denied(policy, subject, repo->now)) {
			guardctl_error("headquarters' policy %s denies this program: an exception cannot allow it",
				       repo->profiles[i].name);
			good = false;
		}
		guard_policy_free(policy);
	}
	/* Nothing published yet: `publish` looks again. */
	if (limits->longest == UINT32_MAX)
		*limits = (struct guard_exception_limits){ .longest = 3660u * REPO_DAY, .digests = 1000000,
							   .kinds = (1u << GUARD_KIND_MAX_) - 1, .signers = 1, .paths = 1 };
	return good;
}

static int sign_and_publish(struct repo *repo, const struct repo_options *options,
			    const struct guard_exception_limits *limits)
{
	const struct repo_office *office = &repo->offices[0];
	const struct repo_keys *keys = options->broad ? &office->broad : &office->keys;
	char role[REPO_ROLE_MAX];
	enum repo_result result;

	if (!keys->threshold) {
		guardctl_error("offices/%s/office.conf has no `broad` keys: broad = { threshold = 2; keys = [ ... ]; };",
			       office->name);
		return GUARDCTL_REFUSED;
	}
	if (!repo_can_sign(repo, keys)) {
		printf(_("It is not signed yet: guardctl exception sign --office %s%s --key FILE\n"), office->name,
		       options->broad ? " --broad" : "");
		return GUARDCTL_DONE;
	}
	result = repo_office_update(repo, office, options->broad, limits);
	if (result >= REPO_PENDING)
		return GUARDCTL_REFUSED;
	snprintf(role, sizeof(role), "%s%s", office->name, options->broad ? ".broad" : "");
	return repo_publish_one(repo, role);
}

static int add(const struct repo_options *options, struct repo *repo, struct exception_subject *subject)
{
	struct guard_exception_limits limits = REPO_LIMITS_WIDEST;
	GUARD_AUTO_FREE char *text = NULL;
	char id[REPO_NAME_MAX + 1], folder[REPO_NAME_MAX + 32];
	int64_t until;
	size_t size = 0;
	int code;

	if (!exception_time(&until, options->until, repo->now)) {
		guardctl_error("--until %s is no time to come: 2027-01-31, 2027-01-31T17:00:00Z, 30d or 12h", options->until);
		return GUARDCTL_USAGE;
	}
	if (!exception_make_id(id, options, subject) || !read_limits(&limits, repo, subject))
		return GUARDCTL_REFUSED;
	folder_of(folder, options);
	if (!exception_take_signer(subject, repo, folder, id))
		return GUARDCTL_REFUSED;
	text = make_source(&size, options, subject, id, begin_of(repo->now, until, limits.longest), until);
	if (!text || !exception_save(repo, folder, id, text, size))
		return GUARDCTL_REFUSED;
	code = sign_and_publish(repo, options, &limits);
	if (code == GUARDCTL_DONE || repo->pending) {
		char end[GUARD_TIME_TEXT_SIZE], here[GUARDCTL_TIME_SIZE];

		guard_time_format(end, until);
		guardctl_local_time(here, until);
		printf(_("%s/%s.conf was written; it ends at %s (here: %s)\n"), folder, id, end, here);
		return code;
	}
	/* What cannot be signed is not left behind to spoil the next one. */
	exception_remove(repo, folder, id);
	return code;
}

static bool is_complete(const struct repo_options *options)
{
	if (options->office && options->until && options->reason)
		return true;
	guardctl_error("`exception add` needs --office, --until and --reason: an exception always ends, and somebody "
		       "will ask why it is there");
	return false;
}

static int list_verb(const struct repo_options *options, struct repo *repo, struct exception_subject *subject)
{
	(void)subject;
	return exception_list(repo, options);
}

static int with_repo(const struct repo_options *options, struct exception_subject *subject,
		     int (*work)(const struct repo_options *, struct repo *, struct exception_subject *))
{
	struct repo repo;
	int code = GUARDCTL_REFUSED;

	if (repo_open(&repo, options, options->office) && repo_load_signers(&repo, options) &&
	    (work == list_verb || repo_lock(&repo)))
		code = work(options, &repo, subject);
	repo_close(&repo);
	return code;
}

static int sign_verb(const struct repo_options *options, struct repo *repo, struct exception_subject *subject)
{
	struct guard_exception_limits limits = REPO_LIMITS_WIDEST;

	(void)subject;
	return read_limits(&limits, repo, NULL) ? sign_and_publish(repo, options, &limits) : GUARDCTL_REFUSED;
}

static int remove_verb(const struct repo_options *options, struct repo *repo, struct exception_subject *subject)
{
	char folder[REPO_NAME_MAX + 32];

	folder_of(folder, options);
	if (!exception_remove(repo, folder, options->operands[0]))
		return GUARDCTL_REFUSED;
	printf(_("%s/%s.conf is gone\n"), folder, options->operands[0]);
	return sign_verb(options, repo, subject);
}

static int run(const struct guardctl_options *global, int argc, char **argv)
{
	struct repo_options options = { .json = global->json, .folder = "." };
	struct exception_subject subject = { 0 };
	const char *name = argc > 1 ? argv[1] : "";
	int code = argc > 1 ? repo_options_parse(&options, argc - 1, &argv[1]) : GUARDCTL_USAGE;

	if (argc < 2) {
		fputs(_(usage), stderr);
	} else if (code != GUARDCTL_DONE) {
		/* said */
	} else if (strcmp(name, "list") == 0) {
		code = with_repo(&options, NULL, list_verb);
	} else if (strcmp(name, "add") == 0) {
		code = is_complete(&options) ? exception_subject_read(&subject, &options, global) : GUARDCTL_USAGE;
		if (code == GUARDCTL_DONE)
			code = with_repo(&options, &subject, add);
	} else if (!options.office) {
		guardctl_error("`exception %s` needs --office; see `guardctl help exception`", name);
		code = GUARDCTL_USAGE;
	} else if (strcmp(name, "sign") == 0) {
		code = with_repo(&options, NULL, sign_verb);
	} else if (strcmp(name, "remove") == 0 && options.operand_count == 1) {
		code = with_repo(&options, NULL, remove_verb);
	} else {
		guardctl_error("`exception %s` is not known or lacks an ID; see `guardctl help exception`", name);
		code = GUARDCTL_USAGE;
	}
	exception_subject_free(&subject);
	repo_options_free(&options);
	return code;
}

const struct guardctl_verb guardctl_exception = {
	.name = "exception",
	.summary = N_("let an office run its own software for a time"),
	.usage = usage,
	.run = run,
};
