/* SPDX-License-Identifier: MIT
 *
 * repo/repo.c - the verb `repo` and the verbs below it.  Works on files alone.
 */
#include <stdio.h>
#include <string.h>

#include "repo.h"

static const char usage[] =
	N_("guardctl repo init       [--key FILE...]            the first root, from repo.conf\n"
	"guardctl repo publish    [--key FILE...] [--dry-run] [--log ACCESS-LOG]\n"
	"guardctl repo refresh    [--key FILE...]            a new timestamp; once a day\n"
	"guardctl repo verify                                each file, and all as a machine would\n"
	"guardctl repo rotate     [--key FILE...]            a new root, after keys changed\n"
	"guardctl repo delegate OFFICE --key FILE.pub [--hosts PATTERN] [--type PROFILE]\n"
	"                       [--within OFFICE...]         below a member of a federation\n"
	"guardctl repo seen       ACCESS-LOG... [--json]     which machine has which version\n"
	"guardctl repo recover                               signed/ from the published folder\n"
	"\n"
	"A repository is a folder of static files that any web server serves.  It is made\n"
	"from a folder of text that you keep in git: repo.conf, policy sources, offices/.\n"
	"\n"
	"--repo FOLDER           that folder (default: the current one)\n"
	"--key FILE              a private key, or pkcs11:token=LABEL;object=LABEL\n"
	"--passphrase-file FILE  its first line is the passphrase; else it is asked for\n"
	"--dry-run               say in programs and offices what would change\n"
	"--allow-lock-out        publish what would lock machines up, by what they have listed or by\n"
	"                        the reference machine\n"
	"\n"
	"Example:\n"
	"  guardctl repo publish --key hq.key --key online.key --dry-run\n"
	"\n"
	"Exit: 0 done, 1 refused or signatures are missing, 2 usage.\n"
	"docs/distribution.md has the formats, README.md an administrator's day.\n");

static const struct {
	const char *name;
	int (*run)(const struct repo_options *options);
} subverbs[] = {
	{ "init", repo_init },     { "publish", repo_publish },   { "refresh", repo_refresh }, { "verify", repo_verify },
	{ "rotate", repo_rotate }, { "delegate", repo_delegate }, { "seen", repo_seen },       { "recover", repo_recover },
};

static int run_one(const struct guardctl_options *global, int (*verb)(const struct repo_options *), int argc, char **argv)
{
	struct repo_options options = { .json = global->json, .folder = "." };
	int code = repo_options_parse(&options, argc, argv);

	if (code == GUARDCTL_DONE)
		code = verb(&options);
	repo_options_free(&options);
	return code;
}

static int run(const struct guardctl_options *options, int argc, char **argv)
{
	if (argc < 2) {
		fputs(_(usage), stderr);
		return GUARDCTL_USAGE;
	}
	for (size_t i = 0; i < sizeof(subverbs) / sizeof(subverbs[0]); i++)
		if (strcmp(argv[1], subverbs[i].name) == 0)
			return run_one(options, subverbs[i].run, argc - 1, &argv[1]);
	guardctl_error("`repo %s` is not known: it is init, publish, refresh, verify, rotate, delegate, seen or recover", argv[1]);
	return GUARDCTL_USAGE;
}

const struct guardctl_verb guardctl_repo = {
	.name = "repo",
	.summary = N_("publish a policy to many machines"),
	.usage = usage,
	.run = run,
};
