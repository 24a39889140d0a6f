/* SPDX-License-Identifier: MIT
 *
 * signing/sign.c - the verb `sign`: its options.  Needs no daemon and no root.
 */
#include "sign.h"

#include <getopt.h>
#include <string.h>

enum { OPT_KEY = 256, OPT_CERTIFICATE, OPT_PASSPHRASE, OPT_EXCLUDE, OPT_ALL, OPT_ATTACHED };

static int take_option(struct sign_options *options, int option)
{
	switch (option) {
	case OPT_KEY:
		options->key = optarg;
		return 0;
	case OPT_CERTIFICATE:
		options->certificate = optarg;
		return 0;
	case OPT_PASSPHRASE:
		options->passphrase_file = optarg;
		return 0;
	case 'o':
		options->output = optarg;
		return 0;
	case OPT_ALL:
		options->all = true;
		return 0;
	case OPT_ATTACHED:
		options->attached = true;
		return 0;
	case OPT_EXCLUDE:
		if (options->exclude_count == SIGN_DIRECTORIES_MAX) {
			guardctl_error("sign: more than %u --exclude options", SIGN_DIRECTORIES_MAX);
			return -GUARD_E_USAGE;
		}
		options->excludes[options->exclude_count++] = optarg;
		return 0;
	default:
		return -GUARD_E_USAGE;
	}
}

static int check(const struct sign_options *options)
{
	if (!options->directory_count)
		guardctl_error("sign: which folder? e.g. `guardctl sign catalog bin lib --key build.key --certificate "
			       "build.pem --output acme.sha256`");
	else if (!options->key)
		guardctl_error("sign: with which key? give --key FILE or --key pkcs11:token=NAME;object=NAME");
	else if (!options->output)
		guardctl_error("sign: where to? give --output FILE; the signature goes to FILE.p7s");
	else
		return 0;
	return -GUARD_E_USAGE;
}

static int parse(struct sign_options *options, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "key", required_argument, NULL, OPT_KEY },
		{ "certificate", required_argument, NULL, OPT_CERTIFICATE },
		{ "passphrase-file", required_argument, NULL, OPT_PASSPHRASE },
		{ "output", required_argument, NULL, 'o' },
		{ "exclude", required_argument, NULL, OPT_EXCLUDE },
		{ "all", no_argument, NULL, OPT_ALL },
		{ "attached", no_argument, NULL, OPT_ATTACHED },
		{ 0 },
	};
	int option;

	optind = 0;
	while ((option = getopt_long(argc, argv, "o:", longs, NULL)) != -1)
		if (take_option(options, option) < 0)
			return -GUARD_E_USAGE;
	for (; optind < argc; optind++) {
		if (options->directory_count == SIGN_DIRECTORIES_MAX) {
			guardctl_error("sign: more than %u folders", SIGN_DIRECTORIES_MAX);
			return -GUARD_E_USAGE;
		}
		options->directories[options->directory_count++] = argv[optind];
	}
	return check(options);
}

static int run(const struct guardctl_options *global, int argc, char **argv)
{
	static struct sign_options options;

	if (argc < 2 || strcmp(argv[1], "catalog") != 0) {
		guardctl_error("sign: what? `guardctl sign catalog DIR...`; `guardctl help sign` says more");
		return GUARDCTL_USAGE;
	}
	options.json = global->json;
	return parse(&options, argc - 1, &argv[1]) < 0 ? GUARDCTL_USAGE : sign_catalog(&options);
}

const struct guardctl_verb guardctl_sign = {
	.name = "sign",
	.summary = N_("sign a catalog: a list of files that you vouch for"),
	.usage = N_("usage: guardctl sign catalog DIR... --key KEY [--certificate FILE] --output LIST\n"
		 "                     [--all] [--attached] [--exclude GLOB]... [--passphrase-file FILE]\n"
		 "\n"
		 "Lists every file below DIR (or the file DIR) that can be run, as sha256sum(1)\n"
		 "does, in LIST, and signs the list in LIST.p7s (CMS).  Both belong into\n"
		 "/etc/guard/catalogs of a machine; its policy names the certificate:\n"
		 "  signers = ( { provider = \"catalog\"; certificate = \"build.pem\"; } );\n"
		 "\n"
		 "  --key KEY            a private key file (PEM), or a key in a token:\n"
		 "                       \"pkcs11:token=LABEL;object=LABEL[?module-path=FILE]\"\n"
		 "  --certificate FILE   its certificate, then those that issued it (PEM); default:\n"
		 "                       in the key's own file\n"
		 "  --passphrase-file F  the first line is the passphrase or PIN\n"
		 "  --all                every file, also what nobody runs\n"
		 "  --attached           one file: the list inside LIST.p7s, no LIST beside it\n"
		 "  --exclude GLOB       as for `guardctl scan`\n"
		 "\n"
		 "Exit code 1 when a file could not be read: then nothing is signed.\n"
		 "\n"
		 "example: guardctl sign catalog bin lib --key build.key --certificate build.pem \\\n"
		 "                 --output acme-3.2.sha256\n"),
	.run = run,
};
