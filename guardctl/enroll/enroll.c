/* SPDX-License-Identifier: MIT
 *
 * enroll/enroll.c - `guardctl enroll`: options, the fingerprint that is read aloud,
 * and the order of the steps.
 */
#include "enroll.h"

#include <getopt.h>
#include <libconfig.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

enum { OPTION_OFFICE = 256, OPTION_PROFILE, OPTION_CA, OPTION_CERTIFICATE, OPTION_KEY, OPTION_PROXY,
       OPTION_FINGERPRINT, OPTION_CONFIG, OPTION_INTERVAL };

static const struct option table[] = {
	{ "office", required_argument, NULL, OPTION_OFFICE },
	{ "profile", required_argument, NULL, OPTION_PROFILE },
	{ "ca", required_argument, NULL, OPTION_CA },
	{ "certificate", required_argument, NULL, OPTION_CERTIFICATE },
	{ "key", required_argument, NULL, OPTION_KEY },
	{ "proxy", required_argument, NULL, OPTION_PROXY },
	{ "fingerprint", required_argument, NULL, OPTION_FINGERPRINT },
	{ "config", required_argument, NULL, OPTION_CONFIG },
	{ "interval", required_argument, NULL, OPTION_INTERVAL },
	{ NULL, 0, NULL, 0 },
};

static const char **text_option(struct enroll_options *options, int option)
{
	switch (option) {
	case OPTION_OFFICE:
		return &options->office;
	case OPTION_PROFILE:
		return &options->profile;
	case OPTION_CA:
		return &options->ca;
	case OPTION_CERTIFICATE:
		return &options->certificate;
	case OPTION_KEY:
		return &options->key;
	case OPTION_PROXY:
		return &options->proxy;
	case OPTION_FINGERPRINT:
		return &options->fingerprint;
	case OPTION_CONFIG:
		return &options->config;
	default:
		return NULL;
	}
}

/* What is written into a file in quotes must not end them. */
static bool is_plain(const char *text)
{
	return !text || !strpbrk(text, "\"\\\n\r");
}

static bool is_name(const char *text)
{
	size_t length = text ? strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") : 0;

	return length > 0 && length <= 64 && !text[length] && text[0] >= 'a' && text[0] <= 'z';
}

static int check(const struct enroll_options *options)
{
	const char *problem = NULL;

	if (!options->url || strncmp(options->url, "https://", 8) != 0 || options->url[strlen(options->url) - 1] == '/' ||
	    strpbrk(options->url, " ?#@") || strlen(options->url) > 1000)
		problem = _("the repository's address is missing or is none like https://guard.example.org/repository "
			  "(no slash at its end)");
	else if (!is_name(options->office))
		problem = _("--office NAME is missing or no name (a-z, 0-9 and -, beginning with a letter)");
	else if (options->profile && !is_name(options->profile))
		problem = _("--profile is no name (a-z, 0-9 and -, beginning with a letter)");
	else if (!options->ca)
		problem = _("--ca FILE is missing: the certificate authority of headquarters' server, in PEM");
	else if (!options->certificate != !options->key)
		problem = _("--certificate and --key go together");
	else if (!is_plain(options->url) || !is_plain(options->proxy))
		problem = _("an address must not hold quotes or backslashes");
	if (!problem)
		return GUARDCTL_DONE;
	guardctl_error("enroll: %s", problem);
	return GUARDCTL_USAGE;
}

static int read_options(struct enroll_options *options, int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
		const char **text = text_option(options, option);

		if (text)
			*text = optarg;
		else if (option == OPTION_INTERVAL && atoi(optarg) >= 1 && atoi(optarg) <= 86400)
			options->interval = (unsigned)atoi(optarg);
		else
			return guardctl_error("enroll: see guardctl help enroll"), GUARDCTL_USAGE;
	}
	if (argc - optind != 1)
		return guardctl_error("enroll: give one address; see guardctl help enroll"), GUARDCTL_USAGE;
	options->url = argv[optind];
	return check(options);
}

/* An enrolment holds, whatever the configuration says of the folder since then. */
static void find_pinned(struct enroll_options *options)
{
	char path[4200], before[sizeof(options->state_dir)];
	const char *folder;
	config_t tree;

	snprintf(path, sizeof(path), "%s" ENROLL_PIN_SUFFIX, options->config);
	memcpy(before, options->state_dir, sizeof(before));
	config_init(&tree);
	if (config_read_file(&tree, path) == CONFIG_TRUE && config_lookup_string(&tree, "state_dir", &folder) == CONFIG_TRUE) {
		snprintf(options->state_dir, sizeof(options->state_dir), "%s", folder);
		if (!enroll_is_enrolled(options))
			memcpy(options->state_dir, before, sizeof(before));
	}
	config_destroy(&tree);
}

/* Where the daemon keeps its state and what it calls this machine, as its
 * configuration says. */
static int find_machine(struct enroll_options *options)
{
	const char *folder = "/var/lib/guard", *host = NULL;
	config_t tree;
	bool good;

	if (!options->config)
		options->config = ENROLL_CONFIG;
	config_init(&tree);
	good = config_read_file(&tree, options->config) == CONFIG_TRUE;
	if (!good)
		guardctl_error("enroll: %s cannot be read: %s", options->config, config_error_text(&tree));
	(void)!config_lookup_string(&tree, "state_dir", &folder);
	if (config_lookup_string(&tree, "machine.host", &host) == CONFIG_TRUE && is_plain(host))
		snprintf(options->host, sizeof(options->host), "%s", host);
	else if (gethostname(options->host, sizeof(options->host) - 1) < 0 || !is_plain(options->host))
		options->host[0] = '\0';
	snprintf(options->state_dir, sizeof(options->state_dir), "%s", folder);
	config_destroy(&tree);
	if (good)
		find_pinned(options);
	return good ? GUARDCTL_DONE : GUARDCTL_REFUSED;
}

/* Someone at headquarters reads it aloud, someone here compares. */
static bool is_confirmed(const struct enroll_root *root)
{
	char answer[64] = "";

	if (!isatty(STDIN_FILENO)) {
		guardctl_error("enroll: the repository's root has the fingerprint %s: have headquarters read theirs to you "
			       "and give it by --fingerprint",
			       root->fingerprint);
		return false;
	}
	fputs(_("Ask headquarters for the fingerprint of their root and type what they read to you: "), stdout);
	fflush(stdout);
	if (!fgets(answer, sizeof(answer), stdin))
		return false;
	answer[strcspn(answer, "\n")] = '\0';
	if (enroll_same_fingerprint(answer, root->fingerprint))
		return true;
	guardctl_error("enroll: the repository's root has another fingerprint (%s): this is not headquarters' repository, "
		       "or it was misheard; nothing has changed",
		       root->fingerprint);
	return false;
}

/* The root with the fingerprint that was given: the first, or one after it. */
static int find_root(struct enroll_root *ret_root, const struct enroll_options *options)
{
	for (unsigned version = 1; version <= ENROLL_ROOTS_MAX; version++) {
		struct enroll_root root = {0};
		int r = enroll_fetch(&root, options, version);

		if (r == 0 && enroll_fingerprint(&root) < 0) {
			guardctl_error("enroll: %s/metadata/%u.root.json is no root of a repository", options->url, version);
			r = -GUARD_E_FORMAT;
		}
		if (r == 0 && (options->fingerprint ? enroll_same_fingerprint(options->fingerprint, root.fingerprint) :
						      is_confirmed(&root))) {
			*ret_root = root;
			return GUARDCTL_DONE;
		}
		free(root.bytes);
		if (r == -GUARD_E_NOT_FOUND && version > 1)
			break;
		if (r == -GUARD_E_NOT_FOUND)
			guardctl_error("enroll: %s is no repository: it has no metadata/1.root.json", options->url);
		if (r < 0 || !options->fingerprint)
			return GUARDCTL_REFUSED;
	}
	guardctl_error("enroll: no root of %s has the fingerprint %s: this is not headquarters' repository, or it was "
		       "misheard; nothing has changed",
		       options->url, options->fingerprint);
	return GUARDCTL_REFUSED;
}

static int run(const struct guardctl_options *common, int argc, char **argv)
{
	struct enroll_options options = {0};
	struct enroll_root root = {0};
	int code = read_options(&options, argc, argv);

	if (code)
		return code;
	if (geteuid() != 0)
		return guardctl_error("enroll: only root may enrol a machine: use sudo"), GUARDCTL_REFUSED;
	code = find_machine(&options);
	if (code)
		return code;
	if (enroll_is_enrolled(&options)) {
		guardctl_error("enroll: this machine is managed already (%s/enrolment): another repository is refused until "
			       "headquarters releases it",
			       options.state_dir);
		return GUARDCTL_REFUSED;
	}
	code = find_root(&root, &options);
	if (code == GUARDCTL_DONE && enroll_store(&options, &root) < 0)
		code = GUARDCTL_REFUSED;
	free(root.bytes);
	if (code)
		return code;
	printf(_("This machine belongs to the office %s and follows %s (root %s).\n"), options.office, options.url,
	       root.fingerprint);
	return enroll_tell_daemon(common);
}

const struct guardctl_verb guardctl_enroll = {
	.name = "enroll",
	.summary = N_("let this machine follow headquarters' repository (root)"),
	.usage =
	    N_("Usage: guardctl enroll URL --office NAME --ca FILE [--fingerprint TEXT] [--profile NAME]\n"
	    "                       [--certificate FILE --key FILE] [--proxy URL] [--interval SECONDS]\n"
	    "                       [--config FILE]\n"
	    "\n"
	    "From then on the policy comes from there: local policy files, local relaxations and\n"
	    "other repositories are refused until headquarters releases the machine.\n"
	    "\n"
	    "  --office NAME       the office that the machine belongs to\n"
	    "  --ca FILE           the authority of the server's certificate (PEM); no other is believed\n"
	    "  --fingerprint TEXT  of the repository's root, as headquarters reads it aloud; without\n"
	    "                      it you are asked\n"
	    "  --profile NAME      wished for; headquarters' own list decides\n"
	    "  --certificate, --key  the machine's own, where the server asks for one (PEM)\n"
	    "  --proxy URL         on the way to the server\n"
	    "  --interval SECONDS  between checks, default 60\n"
	    "  --config FILE       of the daemon, default /etc/guard/guardd.conf\n"
	    "\n"
	    "Example: guardctl enroll https://guard.example.org/repo --office osaka --ca hq-ca.pem\n"),
	.run = run,
};
