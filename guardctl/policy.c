/* SPDX-License-Identifier: MIT
 *
 * guardctl/policy.c - the verb `policy`: its options and the verbs below it.
 * Works on files alone; asks no daemon.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "policy_verbs.h"

enum { OPTION_OUTPUT = 'o', OPTION_WHOLE = 256, OPTION_JSON, OPTION_LEDGER, OPTION_FILES, OPTION_AGAINST,
       OPTION_DIGESTS, OPTION_OFFICE, OPTION_HOST };

/* Options that a verb takes, by letter. */
#define TAKES(option) (1u << ((option) == OPTION_OUTPUT ? 0 : (option)-OPTION_WHOLE + 1))

struct subverb {
	const char *name;
	int (*run)(const struct policy_arguments *arguments);
	unsigned takes;
	size_t operands; /* at least so many */
};

static const struct subverb subverbs[] = {
	{ "check", policy_check, TAKES(OPTION_JSON) | TAKES(OPTION_WHOLE), 1 },
	{ "build", policy_build, TAKES(OPTION_JSON) | TAKES(OPTION_WHOLE) | TAKES(OPTION_OUTPUT), 1 },
	{ "test", policy_test,
	  TAKES(OPTION_JSON) | TAKES(OPTION_LEDGER) | TAKES(OPTION_FILES) | TAKES(OPTION_AGAINST) |
		  TAKES(OPTION_OFFICE) | TAKES(OPTION_HOST),
	  1 },
	{ "diff", policy_diff, TAKES(OPTION_JSON) | TAKES(OPTION_DIGESTS), 2 },
};

static const char usage[] =
	N_("guardctl policy check SOURCE... [--whole-machine] [--json]\n"
	"guardctl policy build SOURCE... --output IMAGE [--whole-machine] [--json]\n"
	"guardctl policy test (IMAGE | SOURCE...) [--ledger FILE | --files LIST | -- PATH...]\n"
	"                     [--against OLD] [--office NAME] [--host NAME] [--json]\n"
	"guardctl policy diff OLD NEW [--digests] [--json]\n"
	"\n"
	"check   says what is wrong with policy sources, as FILE:LINE and what to do.\n"
	"build   compiles them into the image that guardd reads.\n"
	"test    says what a policy would change: for what a machine recorded\n"
	"        (`guardctl --json events` output), or for files.\n"
	"diff    says in programs how two policies (images or sources) differ.\n"
	"\n"
	"--ledger FILE    one event per line, as `guardctl --json events` prints them\n"
	"--files LIST     one file name per line, `-` reads them from standard input\n"
	"--against OLD    compare with the answers of another policy\n"
	"--office, --host judge as on that machine\n"
	"--whole-machine  an enforcing policy that does not allow init, the shell, the\n"
	"                 package manager and guard itself is an error, not a warning\n"
	"--digests        name the digests, too\n"
	"\n"
	"Example:\n"
	"  guardctl scan / --fragment --output scan.conf\n"
	"  guardctl policy build hq.conf scan.conf --output /etc/guard/policy.image\n"
	"\n"
	"Exit: 0 done, 1 refused (for test: something would be denied), 2 usage.\n"
	"The language is described in policy/README.md.\n");

static const struct option long_options[] = {
	{ "output", required_argument, NULL, OPTION_OUTPUT },
	{ "whole-machine", no_argument, NULL, OPTION_WHOLE },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "ledger", required_argument, NULL, OPTION_LEDGER },
	{ "files", required_argument, NULL, OPTION_FILES },
	{ "against", required_argument, NULL, OPTION_AGAINST },
	{ "digests", no_argument, NULL, OPTION_DIGESTS },
	{ "office", required_argument, NULL, OPTION_OFFICE },
	{ "host", required_argument, NULL, OPTION_HOST },
	{ NULL, 0, NULL, 0 },
};

static void take_option(struct policy_arguments *arguments, int option)
{
	switch (option) {
	case OPTION_OUTPUT:
		arguments->output = optarg;
		break;
	case OPTION_WHOLE:
		arguments->whole_machine = true;
		break;
	case OPTION_JSON:
		arguments->json = true;
		break;
	case OPTION_LEDGER:
		arguments->ledger = optarg;
		break;
	case OPTION_FILES:
		arguments->files = optarg;
		break;
	case OPTION_AGAINST:
		arguments->against = optarg;
		break;
	case OPTION_OFFICE:
		arguments->office = optarg;
		break;
	case OPTION_HOST:
		arguments->host = optarg;
		break;
	default:
		arguments->digests = true;
	}
}

static int parse(struct policy_arguments *arguments, const struct subverb *subverb, int argc, char **argv)
{
	int option;

	/* What stands behind `--` are files to judge; getopt would mix them in. */
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--") != 0)
			continue;
		arguments->paths = &argv[i + 1];
		arguments->path_count = (size_t)(argc - i - 1);
		argc = i;
	}
	optind = 0; /* start anew: main has parsed its own options */
	while ((option = getopt_long(argc, argv, "o:", long_options, NULL)) != -1) {
		if (option == '?')
			return GUARDCTL_USAGE;
		if (!(subverb->takes & TAKES(option))) {
			guardctl_error("`policy %s` does not take this option; see `guardctl help policy`",
				       subverb->name);
			return GUARDCTL_USAGE;
		}
		take_option(arguments, option);
	}
	arguments->operands = &argv[optind];
	arguments->count = (size_t)(argc - optind);
	if (arguments->path_count && !(subverb->takes & TAKES(OPTION_FILES))) {
		guardctl_error("`policy %s` takes nothing behind `--`", subverb->name);
		return GUARDCTL_USAGE;
	}
	if (arguments->count >= subverb->operands)
		return GUARDCTL_DONE;
	guardctl_error("`policy %s` needs %s; see `guardctl help policy`", subverb->name,
		       subverb->operands == 1 ? _("a policy source") : _("two policies"));
	return GUARDCTL_USAGE;
}

static int run(const struct guardctl_options *options, int argc, char **argv)
{
	struct policy_arguments arguments = { .json = options->json };

	if (argc < 2) {
		fputs(_(usage), stderr);
		return GUARDCTL_USAGE;
	}
	for (size_t i = 0; i < sizeof(subverbs) / sizeof(subverbs[0]); i++) {
		int code;

		if (strcmp(argv[1], subverbs[i].name) != 0)
			continue;
		code = parse(&arguments, &subverbs[i], argc - 1, &argv[1]);
		return code == GUARDCTL_DONE ? subverbs[i].run(&arguments) : code;
	}
	guardctl_error("`policy %s` is not known: it is check, build, test or diff", argv[1]);
	return GUARDCTL_USAGE;
}

const struct guardctl_verb guardctl_policy = {
	.name = "policy",
	.summary = N_("check, build, test and compare policies"),
	.usage = usage,
	.run = run,
};
