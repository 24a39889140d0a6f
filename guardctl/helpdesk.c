/* SPDX-License-Identifier: MIT
 *
 * guardctl/helpdesk.c - `guardctl helpdesk`: the help desk's keys, and verifier
 * sets for machines.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "desk.h"
#include "helpdesk.h"
#include "i18n.h"

enum {
	OPTION_KEY = 256, OPTION_OUTPUT, OPTION_SCOPES, OPTION_EPOCH, OPTION_MACHINES, OPTION_PASSPHRASE,
	OPTION_NEW_PASSPHRASE, OPTION_LEDGER, OPTION_LOG2_N
};

static const struct option table[] = {
    {"key", required_argument, NULL, OPTION_KEY},
    {"output", required_argument, NULL, OPTION_OUTPUT},
    {"scopes", required_argument, NULL, OPTION_SCOPES},
    {"epoch", required_argument, NULL, OPTION_EPOCH},
    {"machines", required_argument, NULL, OPTION_MACHINES},
    {"passphrase-file", required_argument, NULL, OPTION_PASSPHRASE},
    {"new-passphrase-file", required_argument, NULL, OPTION_NEW_PASSPHRASE},
    {"ledger", required_argument, NULL, OPTION_LEDGER},
    {"log2-n", required_argument, NULL, OPTION_LOG2_N},
    {NULL, 0, NULL, 0},
};

struct given {
	const char *key, *output, *scopes, *machines, *passphrase_file, *new_passphrase_file, *ledger;
	unsigned epoch, log2_n;
	int count; /* of names behind the options */
	char **names;
};

/* ---- key ---------------------------------------------------------------------------------- */

static int make_key(const struct given *given)
{
	struct guard_unlock_key *key = NULL;
	int code = GUARDCTL_REFUSED;

	if (guard_unlock_key_new(&key) < 0)
		guardctl_error("%s", guardctl_error_text(-GUARD_E_NOMEM));
	else
		code = desk_key_save(given->key, key, given->passphrase_file);
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
			guardctl_error(_("helpdesk: --scopes is a list of file, day, install and audit, not \"%s\""), word);
			return GUARDCTL_USAGE;
		}
		scopes |= GUARD_UNLOCK_BIT(scope);
	}
	*ret_scopes = scopes;
	return 0;
}

static int make_operator(const struct given *given)
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
		code = desk_key_load(&key, given->key, given->passphrase_file);
	if (code == 0) {
		r = guard_unlock_key_limit(&limited, key, scopes);
		if (r < 0) {
			guardctl_error(_("helpdesk operator: %s holds no key for one of these"), given->key);
			code = GUARDCTL_REFUSED;
		} else {
			code = desk_key_save(given->output, limited, given->new_passphrase_file);
		}
	}
	guard_unlock_key_free(limited);
	guard_unlock_key_free(key);
	return code;
}

/* ---- verifiers ------------------------------------------------------------------------------ */

static int put_set(const char *folder, const char *machine, const void *bytes, size_t size)
{
	GUARD_AUTO_FREE char *path = NULL, *partial = NULL;
	GUARD_AUTO_CLOSE int fd = -1;

	if (asprintf(&path, "%s/%s.verifiers", folder, machine) < 0 || asprintf(&partial, "%s.new", path) < 0)
		return GUARDCTL_REFUSED;
	fd = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || fchmod(fd, 0600) < 0 || write(fd, bytes, size) != (ssize_t)size || fsync(fd) < 0 ||
	    rename(partial, path) < 0) {
		guardctl_error("%s: %s", path, strerror(errno));
		return GUARDCTL_REFUSED;
	}
	return 0;
}

/* The ledger first: answers need to know the epoch, and a set that nobody
 * recorded could not be told from a forged one. */
static int make_one(const struct given *given, const struct guard_unlock_key *key, struct desk_ledger *ledger,
		    const char *name)
{
	struct guard_unlock_plan plan = GUARD_UNLOCK_PLAN_DEFAULT;
	char machine[GUARD_UNLOCK_MACHINE_MAX + 1];
	unsigned epoch = given->epoch;
	GUARD_AUTO_FREE void *bytes = NULL;
	size_t size;
	json_t *line;
	int r, code;

	if (guard_unlock_machine_normalise(machine, name) < 0) {
		guardctl_error(_("helpdesk verifiers: \"%s\" cannot be a machine's name"), name);
		return GUARDCTL_USAGE;
	}
	if (given->log2_n)
		plan.log2_n = (uint8_t)given->log2_n;
	if (epoch == 0)
		epoch = desk_ledger_epoch(ledger, machine) + 1;
	r = guard_unlock_set_make(&bytes, &size, key, machine, epoch, &plan);
	if (r < 0) {
		guardctl_error("helpdesk verifiers: %s: %s", machine, guardctl_error_text(r));
		return GUARDCTL_REFUSED;
	}
	line = json_pack("{s:s, s:i, s:b}", "machine", machine, "epoch", (int)epoch, "verifiers", 1);
	code = desk_ledger_append(ledger, line);
	return code ? code : put_set(given->output, machine, bytes, size);
}

static int make_listed(const struct given *given, const struct guard_unlock_key *key, struct desk_ledger *ledger)
{
	GUARD_AUTO_FCLOSE FILE *file = given->machines ? fopen(given->machines, "re") : NULL;
	GUARD_AUTO_FREE char *line = NULL;
	size_t capacity = 0;
	int code = 0;

	if (given->machines && !file) {
		guardctl_error("%s: %s", given->machines, strerror(errno));
		return GUARDCTL_REFUSED;
	}
	while (code == 0 && file && getline(&line, &capacity, file) > 0) {
		line[strcspn(line, "\r\n")] = '\0';
		if (line[0] && line[0] != '#')
			code = make_one(given, key, ledger, line);
	}
	for (int i = 0; i < given->count && code == 0; i++)
		code = make_one(given, key, ledger, given->names[i]);
	return code;
}

static int make_verifiers(const struct given *given)
{
	struct guard_unlock_key *key = NULL;
	struct desk_ledger ledger = {.fd = -1};
	int code;

	if (!given->output || (given->count == 0 && !given->machines)) {
		guardctl_error(_("helpdesk verifiers: give --output FOLDER and the machines' names, or a file of them with "
				 "--machines"));
		return GUARDCTL_USAGE;
	}
	code = desk_ledger_open(&ledger, given->ledger, given->key);
	if (code == 0)
		code = desk_key_load(&key, given->key, given->passphrase_file);
	if (code == 0)
		code = make_listed(given, key, &ledger);
	guard_unlock_key_free(key);
	desk_ledger_close(&ledger);
	return code;
}

/* ---- the verb ------------------------------------------------------------------------------- */

static int take_number(unsigned *ret_number, const char *option, unsigned max)
{
	uint64_t value;

	if (guard_text_parse_u64(&value, optarg, strlen(optarg), max) < 0 || value == 0) {
		guardctl_error(_("helpdesk: %s is a number from 1 to %u"), option, max);
		return GUARDCTL_USAGE;
	}
	*ret_number = (unsigned)value;
	return 0;
}

static int take_option(struct given *given, int option)
{
	switch (option) {
	case OPTION_KEY: given->key = optarg; return 0;
	case OPTION_OUTPUT: given->output = optarg; return 0;
	case OPTION_SCOPES: given->scopes = optarg; return 0;
	case OPTION_MACHINES: given->machines = optarg; return 0;
	case OPTION_PASSPHRASE: given->passphrase_file = optarg; return 0;
	case OPTION_NEW_PASSPHRASE: given->new_passphrase_file = optarg; return 0;
	case OPTION_LEDGER: given->ledger = optarg; return 0;
	case OPTION_EPOCH: return take_number(&given->epoch, "--epoch", INT32_MAX);
	case OPTION_LOG2_N: return take_number(&given->log2_n, "--log2-n", 15);
	default: return GUARDCTL_USAGE;
	}
}

static int run_verb(const struct given *given, const char *verb)
{
	if (strcmp(verb, "compare") == 0)
		return helpdesk_compare(given->ledger, given->key, given->count, given->names);
	if (!given->key) {
		guardctl_error(_("helpdesk: give the key file with --key"));
		return GUARDCTL_USAGE;
	}
	if (strcmp(verb, "key") == 0)
		return make_key(given);
	if (strcmp(verb, "operator") == 0)
		return make_operator(given);
	if (strcmp(verb, "verifiers") == 0)
		return make_verifiers(given);
	guardctl_error(_("helpdesk: there is key, operator, verifiers and compare, not \"%s\""), verb);
	return GUARDCTL_USAGE;
}

static int run(const struct guardctl_options *options, int argc, char **argv)
{
	struct given given = {0};
	int option, code = 0;

	(void)options;
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
	return run_verb(&given, argv[optind]);
}

const struct guardctl_verb guardctl_helpdesk = {
    .name = "helpdesk",
    .summary = N_("help desk: keys, verifiers for machines, both sides compared"),
    .usage = N_("Usage: guardctl helpdesk key --key FILE\n"
	     "       guardctl helpdesk operator --key FILE --scopes file,day --output FILE\n"
	     "       guardctl helpdesk verifiers --key FILE --output FOLDER [--epoch N] MACHINE...\n"
	     "       guardctl helpdesk compare --ledger FILE UNLOCKS...\n"
	     "\n"
	     "  key        a new key of the help desk, under a pass phrase\n"
	     "  operator   a copy that can answer for some kinds of unlock alone\n"
	     "  verifiers  FOLDER/MACHINE.verifiers: what a machine needs to check answers.\n"
	     "             Install it as root's, mode 0600, where guardd.conf's unlock.verifiers says.\n"
	     "             Each run is a new epoch (or --epoch N): all codes are fresh.\n"
	     "  compare    what machines report as used (guardctl --json unlocks) against what was\n"
	     "             given; ends with 1 when an answer was used that nobody gave\n"
	     "\n"
	     "  --machines FILE            names of machines, one a line\n"
	     "  --log2-n N                 12 to 15: dearer guesses, slower checks (default 12)\n"
	     "  --passphrase-file FILE     instead of asking; --new-passphrase-file for `operator`\n"
	     "  --ledger FILE              instead of KEY.ledger\n"
	     "\n"
	     "Example: guardctl helpdesk verifiers --key desk.key --output sets pc-0042.osaka\n"),
    .run = run,
};
