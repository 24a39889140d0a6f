/* SPDX-License-Identifier: MIT
 *
 * repo/deny.c - the verb `deny`: what must not run any more, anywhere, from the
 * machines' next check on.  Kept as deny/ID.conf; taken over into the policy in
 * good time.
 */
#include <string.h>

#include "base/text.h"
#include "exception.h"

static const char usage[] =
	N_("guardctl deny (--file F | --sha256 HEX | --from-ledger ID | --signer PROVIDER:FILE | --path PATTERN)\n"
	"              --now --reason TEXT [--id NAME] [--allow-lock-out] [--key FILE...]\n"
	"guardctl deny --list\n"
	"guardctl deny --remove ID [--key FILE...]\n"
	"\n"
	"Machines look at this list first.  It beats every rule and exception, and ends\n"
	"what already runs.  What would stop a machine from working is refused.\n"
	"With the keys of deny, snapshot and timestamp at hand it is published at once.\n"
	"\n"
	"Example:\n"
	"  guardctl deny --sha256 5b1d... --now --reason \"remote tool, CERT notice 12\" --key hq.key\n"
	"\n"
	"Exit: 0 done, 1 refused, 2 usage.\n");

static char *make_source(size_t *ret_size, const struct repo_options *options, const struct exception_subject *subject,
			 const char *id)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, ret_size);

	if (!out)
		return NULL;
	fputs("# Written by `guardctl deny`.\ngroups = (\n  { name = ", out);
	exception_put_string(out, id);
	fputs(";\n    note = ", out);
	exception_put_string(out, options->reason);
	fputs(";\n", out);
	exception_put_rule(out, subject, "deny", NULL);
	fputs("  }\n);\n", out);
	fclose(out);
	return text;
}

static int sign_and_publish(struct repo *repo)
{
	enum repo_result result;

	if (!repo_can_sign(repo, &repo->tops[REPO_DENY])) {
		guardctl_error("the key of deny is not at hand: nothing is denied yet; give it with --key");
		return GUARDCTL_REFUSED;
	}
	result = repo_deny_update(repo);
	return result >= REPO_PENDING ? GUARDCTL_REFUSED : repo_publish_one(repo, "deny");
}

static int add(struct repo *repo, const struct repo_options *options, struct exception_subject *subject)
{
	GUARD_AUTO_FREE char *text = NULL;
	char id[REPO_NAME_MAX + 1];
	size_t size = 0;
	int code;

	if (!exception_make_id(id, options, subject) || !exception_take_signer(subject, repo, "deny", id))
		return GUARDCTL_REFUSED;
	text = make_source(&size, options, subject, id);
	if (!text || !exception_save(repo, "deny", id, text, size))
		return GUARDCTL_REFUSED;
	code = sign_and_publish(repo);
	if (code == GUARDCTL_DONE || repo->pending)
		printf(_("deny/%s.conf was written\n"), id);
	else
		exception_remove(repo, "deny", id);
	return code;
}

static int list(const struct repo *repo)
{
	struct repo_names names = { 0 };

	if (!repo_names_read(&names, repo->folder, "deny", ".conf"))
		return GUARDCTL_REFUSED;
	for (size_t i = 0; i < names.count; i++) {
		GUARD_AUTO_JSON json_t *conf = NULL;
		GUARD_AUTO_FREE char *path = NULL;
		const char *note;

		if (asprintf(&path, "deny/%s.conf", names.items[i]) < 0) {
			path = NULL;
			continue;
		}
		if (!repo_conf_read(&conf, repo->folder, path))
			continue;
		note = json_string_value(json_object_get(json_array_get(json_object_get(conf, "groups"), 0), "note"));
		printf("%-32s ", names.items[i]);
		guard_text_put_escaped(stdout, note ? note : "");
		putchar('\n');
	}
	repo_names_free(&names);
	return GUARDCTL_DONE;
}

static int work(const struct repo_options *options, struct exception_subject *subject)
{
	struct repo repo;
	int code = GUARDCTL_REFUSED;

	if (repo_open(&repo, options, NULL) && repo_load_signers(&repo, options) &&
	    (options->list || repo_lock(&repo))) {
		if (options->list)
			code = list(&repo);
		else if (!options->remove)
			code = add(&repo, options, subject);
		else if (exception_remove(&repo, "deny", options->remove))
			code = sign_and_publish(&repo);
	}
	repo_close(&repo);
	return code;
}

static int run(const struct guardctl_options *global, int argc, char **argv)
{
	struct repo_options options = { .json = global->json, .folder = "." };
	struct exception_subject subject = { 0 };
	int code;

	if (argc < 2) {
		fputs(_(usage), stderr);
		return GUARDCTL_USAGE;
	}
	code = repo_options_parse(&options, argc, argv);
	if (code == GUARDCTL_DONE && !options.list && !options.remove) {
		if (!options.now || !options.reason) {
			guardctl_error("`deny` needs --now and --reason; what may wait for the next policy is a deny rule "
				       "in its source");
			code = GUARDCTL_USAGE;
		} else {
			code = exception_subject_read(&subject, &options, global);
		}
	}
	if (code == GUARDCTL_DONE)
		code = work(&options, &subject);
	exception_subject_free(&subject);
	repo_options_free(&options);
	return code;
}

const struct guardctl_verb guardctl_deny = {
	.name = "deny",
	.summary = N_("stop a program on every machine, at once"),
	.usage = usage,
	.run = run,
};
