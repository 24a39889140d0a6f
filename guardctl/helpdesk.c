/* SPDX-License-Identifier: MIT
 *
 * guardctl/helpdesk.c - `guardctl helpdesk`: the help desk's keys, and verifier
 * sets for machines.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "desk.h"
#include "helpdesk.h"
#include "i18n.h"

enum {
	OPTION_KEY = 256, OPTION_OUTPUT, OPTION_SCOPES, OPTION_EPOCH, OPTION_MACHINES, OPTION_PASSPHRASE,
	OPTION_NEW_PASSPHRASE, OPTION_TOKEN, OPTION_NEW_TOKEN, OPTION_LEDGER, OPTION_LOG2_N, OPTION_SEALED, OPTION_SEEN
};

static const struct option table[] = {
    {"key", required_argument, NULL, OPTION_KEY},
    {"output", required_argument, NULL, OPTION_OUTPUT},
    {"scopes", required_argument, NULL, OPTION_SCOPES},
    {"epoch", required_argument, NULL, OPTION_EPOCH},
    {"machines", required_argument, NULL, OPTION_MACHINES},
    {"passphrase-file", required_argument, NULL, OPTION_PASSPHRASE},
    {"new-passphrase-file", required_argument, NULL, OPTION_NEW_PASSPHRASE},
    {"token", required_argument, NULL, OPTION_TOKEN},
    {"new-token", required_argument, NULL, OPTION_NEW_TOKEN},
    {"ledger", required_argument, NULL, OPTION_LEDGER},
    {"log2-n", required_argument, NULL, OPTION_LOG2_N},
    {"sealed", no_argument, NULL, OPTION_SEALED},
    {"seen", required_argument, NULL, OPTION_SEEN},
    {NULL, 0, NULL, 0},
};

/* ---- key ---------------------------------------------------------------------------------- */

static int make_key(const struct helpdesk_given *given)
{
	struct guard_unlock_key *key = NULL;
	int code = GUARDCTL_REFUSED;

	if (guard_unlock_key_new(&key) < 0)
		guardctl_error("%s", guardctl_error_text(-GUARD_E_NOMEM));
	else
		code = desk_key_save(given->key, key, &given->lock);
	guard_unlock_key_free(key);
	if (code == 0)
		printf(_("%s: a new key for all kinds of unlock. Keep a copy offline; give operators limited ones "
			 "(`guardctl helpdesk operator`).\n"),
		       given->key);
	return code;
}

static int parse_scopes(unsigned *ret_scopes, const char *list)
{
	GUARD_AUTO_FREE char *copy = strdup(list);
	enum guard_unlock_scope scope;
	char *at = copy, *word;
	unsigned scopes = 0;

	while (at && (word = strsep(&at, ","))) {
		if (guard_unlock_scope_parse(&scope, word) < 0) {
			guardctl_error(_("helpdesk: --scopes is a list of file, day, install, audit and maintenance, not \"%s\""), word);
			return GUARDCTL_USAGE;
		}
		scopes |= GUARD_UNLOCK_BIT(scope);
	}
	*ret_scopes = scopes;
	return 0;
}

static int make_operator(const struct helpdesk_given *given)
{
	struct guard_unlock_key *key = NULL, *limited = NULL;
	unsigned scopes = 0;
	int code, r;

	if (!given->scopes || !given->output) {
		guardctl_error(_("helpdesk operator: give --scopes and --output"));
		return GUARDCTL_USAGE;
	}
	code = parse_scopes(&scopes, given->scopes);
	if (code == 0)
		code = desk_key_load(&key, given->key, &given->lock);
	if (code == 0) {
		r = guard_unlock_key_limit(&limited, key, scopes);
		if (r < 0) {
			guardctl_error(_("helpdesk operator: %s holds no key for one of these"), given->key);
			code = GUARDCTL_REFUSED;
		} else {
			code = desk_key_save(given->output, limited, &given->new_lock);
		}
	}
	guard_unlock_key_free(limited);
	guard_unlock_key_free(key);
	return code;
}

/* ---- the verb ------------------------------------------------------------------------------- */

static int take_number(unsigned *ret_number, const char *option, unsigned min, unsigned max)
{
	uint64_t value;

	if (guard_text_parse_u64(&value, optarg, strlen(optarg), max) < 0 || value < min) {
		guardctl_error(_("helpdesk: %s is a number from %u to %u"), option, min, max);
		return GUARDCTL_USAGE;
	}
	*ret_number = (unsigned)value;
	return 0;
}

static int take_ledger(struct helpdesk_given *given)
{
	if (given->ledger_count == HELPDESK_LEDGERS_MAX) {
		guardctl_error(_("helpdesk: more than %u --ledger"), HELPDESK_LEDGERS_MAX);
		return GUARDCTL_USAGE;
	}
	given->ledgers[given->ledger_count++] = optarg;
	return 0;
}

static int take_option(struct helpdesk_given *given, int option)
{
	switch (option) {
	case OPTION_KEY: given->key = optarg; return 0;
	case OPTION_OUTPUT: given->output = optarg; return 0;
	case OPTION_SCOPES: given->scopes = optarg; return 0;
	case OPTION_MACHINES: given->machines = optarg; return 0;
	case OPTION_PASSPHRASE: given->lock.passphrase_file = optarg; return 0;
	case OPTION_NEW_PASSPHRASE: given->new_lock.passphrase_file = optarg; return 0;
	case OPTION_TOKEN: given->lock.token = optarg; return 0;
	case OPTION_NEW_TOKEN: given->new_lock.token = optarg; return 0;
	case OPTION_LEDGER: return take_ledger(given);
	case OPTION_EPOCH: return take_number(&given->epoch, "--epoch", 1, INT32_MAX);
	case OPTION_LOG2_N: return take_number(&given->log2_n, "--log2-n", 12, 15);
	case OPTION_SEALED: given->sealed = true; return 0;
	case OPTION_SEEN: given->seen = optarg; return 0;
	default: return GUARDCTL_USAGE;
	}
}

static int compare(const struct guardctl_options *options, const struct helpdesk_given *given)
{
	struct helpdesk_sides sides = {.ledger_count = given->ledger_count,
				       .key = given->key,
				       .files = given->names,
				       .file_count = given->count};

	memcpy(sides.ledgers, given->ledgers, sizeof(sides.ledgers));
	return helpdesk_compare(options, &sides);
}

static int run_verb(const struct guardctl_options *options, const struct helpdesk_given *given, const char *verb)
{
	if (strcmp(verb, "compare") == 0)
		return compare(options, given);
	if (!given->key) {
		guardctl_error(_("helpdesk: give the key file with --key"));
		return GUARDCTL_USAGE;
	}
	if (strcmp(verb, "key") == 0)
		return make_key(given);
	if (strcmp(verb, "operator") == 0)
		return make_operator(given);
	if (strcmp(verb, "verifiers") == 0)
		return helpdesk_verifiers(given);
	guardctl_error(_("helpdesk: there is key, operator, verifiers and compare, not \"%s\""), verb);
	return GUARDCTL_USAGE;
}

static int run(const struct guardctl_options *options, int argc, char **argv)
{
	struct helpdesk_given given = {0};
	int option, code = 0;

	while (code == 0 && (option = getopt_long(argc, argv, "", table, NULL)) != -1)
		code = take_option(&given, option);
	if (code)
		return code;
	if (optind == argc) {
		fputs(_(guardctl_helpdesk.usage), stderr);
		return GUARDCTL_USAGE;
	}
	given.names = &argv[optind + 1];
	given.count = argc - optind - 1;
	return run_verb(options, &given, argv[optind]);
}

const struct guardctl_verb guardctl_helpdesk = {
    .name = "helpdesk",
    .summary = N_("help desk: keys, verifiers for machines, both sides compared"),
    .usage = N_("Usage: guardctl helpdesk key --key FILE\n"
	     "       guardctl helpdesk operator --key FILE --scopes file,day --output FILE\n"
	     "       guardctl helpdesk verifiers --key FILE --output FOLDER [--epoch N] MACHINE...\n"
	     "       guardctl helpdesk compare --ledger FILE... UNLOCKS...\n"
	     "\n"
	     "  key        a new key of the help desk, under a pass phrase or a token\n"
	     "  operator   a copy that can answer for some kinds of unlock alone\n"
	     "  verifiers  FOLDER/MACHINE.verifiers: what a machine needs to check answers.\n"
	     "             Install it as root's, mode 0600, where guardd.conf's unlock.verifiers says.\n"
	     "             Each run is a new epoch (or --epoch N): all codes are fresh.\n"
	     "  compare    what machines report as used (guardctl --json unlocks) against what was\n"
	     "             given; ends with 1 when an answer was used that nobody gave, was used\n"
	     "             twice, or by another user\n"
	     "\n"
	     "  --sealed                   FOLDER/MACHINE.sealed instead, for a managed machine that has\n"
	     "                             verifiers already: into the folder `unlock` of the\n"
	     "                             administrator's folder, then `guardctl repo publish`\n"
	     "  --seen FILE                FOLDER/MACHINE.box instead, sealed for the key by which\n"
	     "                             headquarters knows a managed machine: its first verifiers\n"
	     "                             come by the repository, too. FILE: what `guardctl --json repo\n"
	     "                             seen ACCESS-LOG` says; without names, all machines in it\n"
	     "  --machines FILE            names of machines, one a line\n"
	     "  --log2-n N                 12 to 15: dearer guesses, slower checks (default 12)\n"
	     "  --passphrase-file FILE     instead of asking; --new-passphrase-file for `operator`\n"
	     "  --token URI                an RSA key in a PKCS #11 token opens the key file:\n"
	     "                             pkcs11:token=LABEL;object=LABEL[?module-path=FILE];\n"
	     "                             --passphrase-file then has its PIN; --new-token likewise\n"
	     "  --ledger FILE              instead of KEY.ledger; for `compare` one of each operator\n"
	     "\n"
	     "Example: guardctl helpdesk verifiers --key desk.key --output sets pc-0042.osaka\n"),
    .run = run,
};
