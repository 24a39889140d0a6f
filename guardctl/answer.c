/* SPDX-License-Identifier: MIT
 *
 * guardctl/answer.c - `guardctl answer`: the operator's side of one call.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "answer.h"
#include "ask.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "desk.h"
#include "i18n.h"
#include "output.h"

enum {
	OPTION_KEY = 256, OPTION_MACHINE, OPTION_USER, OPTION_NUMBER, OPTION_REASON, OPTION_TICKET, OPTION_OPERATOR,
	OPTION_EPOCH, OPTION_KNOWN, OPTION_POLICY, OPTION_PASSPHRASE, OPTION_TOKEN, OPTION_LEDGER, OPTION_AGAIN, OPTION_YES, OPTION_ONLINE,
	OPTION_FILE, OPTION_CATALOGS, OPTION_STATE, OPTION_CALLED
};

static const struct option table[] = {
    {"key", required_argument, NULL, OPTION_KEY},
    {"machine", required_argument, NULL, OPTION_MACHINE},
    {"user", required_argument, NULL, OPTION_USER},
    {"number", required_argument, NULL, OPTION_NUMBER},
    {"reason", required_argument, NULL, OPTION_REASON},
    {"ticket", required_argument, NULL, OPTION_TICKET},
    {"operator", required_argument, NULL, OPTION_OPERATOR},
    {"epoch", required_argument, NULL, OPTION_EPOCH},
    {"called", required_argument, NULL, OPTION_CALLED},
    {"known", required_argument, NULL, OPTION_KNOWN},
    {"file", required_argument, NULL, OPTION_FILE},
    {"catalogs", required_argument, NULL, OPTION_CATALOGS},
    {"state", required_argument, NULL, OPTION_STATE},
    {"policy", required_argument, NULL, OPTION_POLICY},
    {"passphrase-file", required_argument, NULL, OPTION_PASSPHRASE},
    {"token", required_argument, NULL, OPTION_TOKEN},
    {"ledger", required_argument, NULL, OPTION_LEDGER},
    {"online", required_argument, NULL, OPTION_ONLINE},
    {"again", no_argument, NULL, OPTION_AGAIN},
    {"yes", no_argument, NULL, OPTION_YES},
    {NULL, 0, NULL, 0},
};

/* ---- what the operator is asked and told --------------------------------------------- */

/* A question at the terminal for what the command line does not say. */
static int ask_line(char *ret_text, size_t capacity, const char *given, const char *prompt, const char *option)
{
	if (given) {
		if (strlen(given) >= capacity) {
			guardctl_error(_("answer: %s is too long"), option);
			return GUARDCTL_USAGE;
		}
		memcpy(ret_text, given, strlen(given) + 1);
		return 0;
	}
	if (!isatty(STDIN_FILENO)) {
		guardctl_error(_("answer: give %s"), option);
		return GUARDCTL_USAGE;
	}
	return guardctl_read_line(ret_text, capacity, stderr, prompt);
}

/* Until it is right or the operator gives up: a wrong group is asked for again. */
static int ask_number(struct guard_unlock_number *ret_number, const char *given)
{
	char typed[GUARD_UNLOCK_INPUT_MAX + 1], text[512];
	struct guard_unlock_flaw flaw = {0};
	int code;

	for (;;) {
		code = ask_line(typed, sizeof(typed), given, _("Request number: "), "--number");
		if (code)
			return code;
		if (guard_unlock_number_parse(ret_number, &flaw, typed, strlen(typed)) == 0)
			return 0;
		guardctl_flaw_text(text, sizeof(text), &flaw);
		guardctl_error("%s", text);
		if (given)
			return GUARDCTL_REFUSED;
	}
}

/* What the caller calls the file; nobody has to know it. */
static int ask_called(struct answer *answer, const struct answer_options *given)
{
	guard_unlock_number_fields(&answer->fields, &answer->number);
	if (!given->called && (!isatty(STDIN_FILENO) || !GUARD_UNLOCK_HAS_FILE(answer->fields.scope)))
		return 0;
	return ask_line(answer->called, sizeof(answer->called), given->called, _("File, as the caller calls it: "), "--called");
}

static int gather(struct answer *answer, const struct answer_options *given)
{
	char typed[GUARD_UNLOCK_USER_MAX + 1];
	int code = ask_line(typed, sizeof(typed), given->machine, _("Machine: "), "--machine");

	if (code)
		return code;
	if (guard_unlock_machine_normalise(answer->machine, typed) < 0) {
		guardctl_error(_("answer: a machine's name has letters, digits, dots and dashes, at most %u"),
			       GUARD_UNLOCK_MACHINE_MAX);
		return GUARDCTL_USAGE;
	}
	code = ask_line(answer->user, sizeof(answer->user), given->user, _("User: "), "--user");
	if (code == 0)
		code = ask_number(&answer->number, given->number);
	if (code == 0)
		code = ask_called(answer, given);
	if (code == 0)
		code = ask_line(answer->reason, sizeof(answer->reason), given->reason, _("Reason: "), "--reason");
	if (code == 0)
		code = ask_line(answer->ticket, sizeof(answer->ticket), given->ticket, _("Ticket: "), "--ticket");
	if (code == 0 && (!answer->reason[0] || !answer->ticket[0])) {
		guardctl_error(_("answer: a reason and a ticket are wanted: they are recorded"));
		code = GUARDCTL_USAGE;
	}
	return code;
}

static int open_call(struct answer *answer, const struct desk_ledger *ledger, const struct answer_options *given,
		     const struct guard_unlock_key *key)
{
	unsigned epoch = given->epoch ? given->epoch : desk_ledger_epoch(ledger, answer->machine);
	int r;

	/* An operator's own ledger: the number itself says how its epoch ends. */
	if (epoch == 0 && !desk_ledger_issues(ledger))
		epoch = ANSWER_EPOCHS_UNKNOWN;
	if (epoch == 0) {
		guardctl_error(_("answer: this help desk's ledger knows no verifiers for the machine \"%s\": was its name "
				 "heard right? Else give --epoch"),
			       answer->machine);
		return GUARDCTL_REFUSED;
	}
	r = guard_unlock_call_open(&answer->call, key, answer->machine, answer->user, epoch, &answer->number);
	if (r == 0)
		return 0;
	if (r == -GUARD_E_SIGNATURE)
		guardctl_error(_("answer: machine, user and request number do not belong together: was the machine's or "
				 "the user's name misheard? Nothing was given"));
	else
		guardctl_error("answer: %s", guardctl_error_text(r));
	return GUARDCTL_REFUSED;
}

static void show(const struct answer *answer, const struct guardctl_options *options)
{
	char digits[16];

	if (options->json)
		return;
	snprintf(digits, sizeof(digits), "%08u", answer->fields.file_digits);
	printf(_("Machine, user and number belong together.\nAsked for: %s\n"),
	       guardctl_scope_text(answer->fields.scope));
	if (!GUARD_UNLOCK_HAS_FILE(answer->fields.scope))
		return;
	printf(_("File digits: %s\n"), digits);
	if (answer->known[0]) {
		printf(_("The file is: "));
		guard_text_put_escaped(stdout, answer->known);
		putchar('\n');
		guardctl_put_digest_begin(&answer->digest);
		if (answer->called[0]) {
			printf(_("The caller calls it: "));
			guard_text_put_escaped(stdout, answer->called);
			putchar('\n');
		}
		puts(_("Let the caller say what is on the screen: it must be that."));
		answer_show_signers(answer);
		answer_show_policies(answer);
	} else {
		puts(_("Nobody here knows this file. Get it from its vendor and give it with --file, or its hash with "
		       "--known; else do not answer."));
	}
}

static int confirm(const struct answer_options *given)
{
	char typed[16];

	if (given->yes || !isatty(STDIN_FILENO))
		return 0;
	fputs(_("Give the answer? [y/N] "), stderr);
	if (fgets(typed, sizeof(typed), stdin) && (typed[0] == 'y' || typed[0] == 'Y'))
		return 0;
	guardctl_error(_("answer: nothing was given"));
	return GUARDCTL_REFUSED;
}

/* ---- giving ----------------------------------------------------------------------------- */

static int give_online(const struct answer *answer, const char *folder, const struct desk_ledger *ledger,
		       const struct guard_unlock_key *key, const struct guard_unlock_answer *code_number,
		       const struct guardctl_options *options)
{
	int code = answer_online(answer, folder, ledger, key, code_number);

	if (code)
		return code;
	if (options->json)
		return guardctl_print_json(answer_line(answer));
	puts(_("\nApproved. It reaches the machine with the next `guardctl repo publish`; the caller types: guardctl unlock "
	       "--online"));
	return 0;
}

static int give(struct answer *answer, const struct answer_options *given, struct desk_ledger *ledger,
		const struct guard_unlock_key *key, const struct guardctl_options *options)
{
	char text[GUARD_UNLOCK_TEXT_SIZE];
	struct guard_unlock_answer code_number;
	json_t *object;
	int r = guard_unlock_call_answer(&code_number, answer->call), code;

	if (r < 0) {
		guardctl_error("%s", r == -GUARD_E_DENIED
					     ? _("answer: your key file may not answer for this kind of unlock: ask "
						 "a colleague who may")
					     : guardctl_error_text(r));
		return GUARDCTL_REFUSED;
	}
	code = desk_ledger_append(ledger, answer_line(answer)); /* before it is shown */
	if (code)
		return code;
	if (given->online)
		return give_online(answer, given->online, ledger, key, &code_number, options);
	guard_unlock_answer_format(text, &code_number);
	if (!options->json) {
		printf(_("\nRead out this answer code:\n\n    %s\n"), text);
		guardctl_put_readings(text);
		puts(_("\nIt works once, on that machine, for that user and that file."));
		return 0;
	}
	object = answer_line(answer);
	json_object_set_new(object, "answer", json_string(text));
	json_object_set(object, "policies", answer->policies);
	if (answer->signers)
		json_object_set_new(object, "signatures", signers_json_all(answer->signers));
	return guardctl_print_json(object);
}

static int answer_one(struct answer *answer, const struct answer_options *given, const struct guardctl_options *options,
		      const struct guard_unlock_key *key, struct desk_ledger *ledger)
{
	int code = gather(answer, given);

	if (code == 0)
		code = open_call(answer, ledger, given, key);
	if (code)
		return code;
	snprintf(answer->operator_name, sizeof(answer->operator_name), "%s",
		 given->operator_name ? given->operator_name : getenv("USER") ? getenv("USER") : "");
	code = answer_find_known(answer, given);
	if (code)
		return code;
	show(answer, options);
	code = answer_check_again(answer, given, ledger);
	if (code == 0)
		code = confirm(given);
	return code ? code : give(answer, given, ledger, key, options);
}

/* ---- the verb ----------------------------------------------------------------------------- */

static int take_option(struct answer_options *given, int option)
{
	uint64_t epoch;

	switch (option) {
	case OPTION_KEY: given->key = optarg; return 0;
	case OPTION_MACHINE: given->machine = optarg; return 0;
	case OPTION_USER: given->user = optarg; return 0;
	case OPTION_NUMBER: given->number = optarg; return 0;
	case OPTION_REASON: given->reason = optarg; return 0;
	case OPTION_TICKET: given->ticket = optarg; return 0;
	case OPTION_OPERATOR: given->operator_name = optarg; return 0;
	case OPTION_PASSPHRASE: given->lock.passphrase_file = optarg; return 0;
	case OPTION_TOKEN: given->lock.token = optarg; return 0;
	case OPTION_LEDGER: given->ledger = optarg; return 0;
	case OPTION_ONLINE: given->online = optarg; return 0;
	case OPTION_AGAIN: given->again = true; return 0;
	case OPTION_YES: given->yes = true; return 0;
	case OPTION_KNOWN:
		if (given->known_count == ANSWER_KNOWN_MAX)
			return GUARDCTL_USAGE;
		given->known[given->known_count++] = optarg;
		return 0;
	case OPTION_CALLED: given->called = optarg; return 0;
	case OPTION_CATALOGS: given->places.catalogs = optarg; return 0;
	case OPTION_STATE: given->places.state = optarg; return 0;
	case OPTION_FILE:
		if (given->file_count == ANSWER_KNOWN_MAX)
			return GUARDCTL_USAGE;
		given->files[given->file_count++] = optarg;
		return 0;
	case OPTION_POLICY:
		if (given->policy_count == ANSWER_KNOWN_MAX)
			return GUARDCTL_USAGE;
		given->policies[given->policy_count++] = optarg;
		return 0;
	case OPTION_EPOCH:
		if (guard_text_parse_u64(&epoch, optarg, strlen(optarg), UINT32_MAX) == 0 && epoch > 0) {
			given->epoch = (unsigned)epoch;
			return 0;
		}
		guardctl_error(_("answer: --epoch is a number above 0"));
		return GUARDCTL_USAGE;
	default:
		return GUARDCTL_USAGE;
	}
}

static int run(const struct guardctl_options *options, int argc, char **argv)
{
	struct answer_options given = {0};
	struct answer answer = {.file = -1};
	struct guard_unlock_key *key = NULL;
	struct desk_ledger ledger = {.fd = -1};
	int option, code = 0;

	while (code == 0 && (option = getopt_long(argc, argv, "", table, NULL)) != -1)
		code = take_option(&given, option);
	if (code == 0 && (!given.key || optind < argc)) {
		guardctl_error(_("answer: give the help desk's key file with --key; see `guardctl help answer`"));
		code = GUARDCTL_USAGE;
	}
	if (code == 0)
		code = desk_ledger_open(&ledger, given.ledger, given.key);
	if (code == 0)
		code = desk_key_load(&key, given.key, &given.lock);
	if (code == 0)
		code = answer_one(&answer, &given, options, key, &ledger);
	answer_clear(&answer);
	guard_unlock_key_free(key);
	desk_ledger_close(&ledger);
	return code;
}

const struct guardctl_verb guardctl_answer = {
    .name = "answer",
    .summary = N_("help desk: answer a request number"),
    .usage = N_("Usage: guardctl [--json] answer --key FILE [--machine NAME] [--user NAME] [--number DIGITS]\n"
	     "                [--called NAME] [--reason TEXT] [--ticket TEXT] [--known LIST]...\n"
	     "                [--file FILE]... [--policy IMAGE]... [--catalogs DIR] [--state DIR]\n"
	     "                [--operator NAME] [--epoch N] [--ledger FILE] [--passphrase-file FILE]\n"
	     "                [--token URI] [--online FOLDER] [--again] [--yes]\n"
	     "\n"
	     "Asks for what the command line does not say, checks that machine, user and number\n"
	     "belong together, says what is known of the file, and gives the answer code.  What\n"
	     "it gives is in the help desk's ledger (KEY.ledger, or --ledger) before it is shown.\n"
	     "\n"
	     "  --called NAME    what the caller says the file is called; it is recorded\n"
	     "  --known LIST     SHA-256 sums with names (as sha256sum writes them), to name the file\n"
	     "  --file FILE      a copy of it, e.g. from its vendor: is it that, and who signed it\n"
	     "  --policy IMAGE   a policy or an office's exceptions: names the file if it lists it, and\n"
	     "                   says who allows it; what headquarters denies is not answered; its\n"
	     "                   keys say which signatures are good\n"
	     "  --catalogs DIR, --state DIR\n"
	     "                   signed lists, and a machine's table of attributed packages\n"
	     "                   (DIR/attributions): they name the file, and vouch for it; default\n"
	     "                   /etc/guard/catalogs and, for root, /var/lib/guard\n"
	     "  --epoch N        of the machine's verifiers, when the ledger does not know it and it\n"
	     "                   is above 100\n"
	     "  --token URI      the PKCS #11 token that opens the key file; --passphrase-file then\n"
	     "                   has its PIN\n"
	     "  --online FOLDER  approve by the signed channel instead of reading a code out: write\n"
	     "                   FOLDER/MACHINE.sealed (the folder `unlock` of the administrator's\n"
	     "                   folder), which `guardctl repo publish` carries there\n"
	     "  --again          answer for a one-time code that was asked for before\n"
	     "  --yes            do not ask before the answer is given\n"
	     "\n"
	     "Example: guardctl answer --key desk.key --machine pc-0042.osaka --user tanaka \\\n"
	     "             --number \"510797 471194 456132 925973 673261\" --reason invoice --ticket T-17\n"),
    .run = run,
};
