/* SPDX-License-Identifier: MIT
 *
 * guardctl/request.c - `guardctl request PATH`: a number to read out to the help
 * desk.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "ask.h"
#include "base/text.h"
#include "i18n.h"
#include "output.h"
#include "query.h"
#include "told.h"

enum { OPTION_REASON = 256, OPTION_SCOPE, OPTION_CANCEL };

static const struct option table[] = {
    {"reason", required_argument, NULL, OPTION_REASON},
    {"scope", required_argument, NULL, OPTION_SCOPE},
    {"cancel", no_argument, NULL, OPTION_CANCEL},
    {NULL, 0, NULL, 0},
};

/* ---- what is shown ------------------------------------------------------------------- */

static void put_help_desk(const struct guardctl_options *options)
{
	struct guard_status status;

	if (guardctl_query_status(&status, options) || (!status.help_phone[0] && !status.help_text[0]))
		return;
	printf(_("Help desk: "));
	guard_text_put_escaped(stdout, status.help_phone);
	if (status.help_phone[0] && status.help_text[0])
		putchar(' ');
	guard_text_put_escaped(stdout, status.help_text);
	putchar('\n');
}

static void put_number(const struct guardctl_options *options, const struct guard_told *told)
{
	char span[GUARDCTL_SPAN_SIZE];

	guardctl_span_text(span, told->seconds);
	if (told->path[0]) {
		printf(_("Asked for: "));
		guard_text_put_escaped(stdout, told->path);
		putchar('\n');
		guardctl_put_digest_begin(&told->digest);
	}
	printf(_("Kind of unlock: %s\n"), guardctl_scope_text(told->scope));
	put_help_desk(options);
	printf(_("\nPhone the help desk and read out this request number:\n\n    %s\n"), told->number);
	guardctl_put_readings(told->number);
	printf(_("\nThe operator will ask for:\n"
		 "  - this machine's name:  %s\n"
		 "  - your user name:       %s\n"
		 "  - the request number above, group by group\n"
		 "  - what the file is, and why you need it now\n"
		 "\nType the answer code that you are told: guardctl unlock CODE\n"
		 "The number is good for %s.\n"),
	       told->machine, told->user, span);
}

struct show {
	const struct guardctl_options *options;
	int code;
};

static void take(void *context, const struct guard_told *told)
{
	struct show *show = context;

	if (show->options->json)
		show->code = guardctl_print_json(guardctl_told_json(told));
	else if (told->what == GUARD_TOLD_DONE)
		puts(_("The request was cancelled."));
	else
		put_number(show->options, told);
}

/* ---- the verb -------------------------------------------------------------------------- */

static int parse(struct guard_ask *ask, int argc, char **argv)
{
	int option;

	ask->verb = GUARD_ASK_REQUEST;
	ask->scope = GUARD_UNLOCK_SHORT;
	while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
		switch (option) {
		case OPTION_REASON:
			if (strlen(optarg) >= sizeof(ask->reason)) {
				guardctl_error(_("request: the reason is longer than %zu bytes: shorten it"),
					       sizeof(ask->reason) - 1);
				return GUARDCTL_USAGE;
			}
			memcpy(ask->reason, optarg, strlen(optarg) + 1);
			break;
		case OPTION_SCOPE:
			if (guardctl_ask_scope(&ask->scope, "request", optarg))
				return GUARDCTL_USAGE;
			break;
		case OPTION_CANCEL:
			ask->verb = GUARD_ASK_CANCEL;
			break;
		default:
			return GUARDCTL_USAGE;
		}
	}
	return 0;
}

static int check(const struct guard_ask *ask, int paths)
{
	bool wants_path = ask->verb == GUARD_ASK_REQUEST && GUARD_UNLOCK_HAS_FILE(ask->scope);

	if (paths != wants_path && ask->verb != GUARD_ASK_CANCEL) {
		guardctl_error(wants_path ? _("request: give one file, e.g. `guardctl request ./tool --reason \"invoice\"`")
					  : _("request: --scope audit and maintenance are for the whole machine and take no file"));
		return GUARDCTL_USAGE;
	}
	if (ask->verb == GUARD_ASK_REQUEST && !ask->reason[0]) {
		guardctl_error(_("request: say why with --reason TEXT: the help desk will ask, and it is recorded"));
		return GUARDCTL_USAGE;
	}
	return 0;
}

static int run(const struct guardctl_options *options, int argc, char **argv)
{
	struct guard_ask ask = {0};
	struct show show = {options, 0};
	int code = parse(&ask, argc, argv);

	if (code == 0)
		code = check(&ask, argc - optind);
	if (code == 0 && ask.verb == GUARD_ASK_REQUEST && optind < argc)
		code = guardctl_ask_about(&ask, options, argv[optind]);
	if (code == 0 && ask.verb == GUARD_ASK_CANCEL && optind < argc)
		snprintf(ask.number, sizeof(ask.number), "%s", argv[optind]);
	if (code == 0)
		code = guardctl_ask(options, &ask, take, &show);
	return code ? code : show.code;
}

const struct guardctl_verb guardctl_request = {
    .name = "request",
    .summary = N_("a number to read out to the help desk, to unlock a file"),
    .usage = N_("Usage: guardctl [--json] request PATH --reason TEXT [--scope file|day|install]\n"
	     "       guardctl [--json] request --scope audit|maintenance --reason TEXT\n"
	     "       guardctl request --cancel [NUMBER]\n"
	     "\n"
	     "Makes a request number for a file that guard does not let you run.  Phone the help\n"
	     "desk, read it out, and type the answer code with `guardctl unlock`.  The number is\n"
	     "for this file, this user and this machine, and good for 15 minutes; asking again\n"
	     "shows the same one.\n"
	     "\n"
	     "  --reason TEXT  why; it is recorded\n"
	     "  --scope        file: for a short time (default); day: for the working day;\n"
	     "                 install: an installer with what it starts and writes;\n"
	     "                 audit: the whole machine records instead of refusing;\n"
	     "                 maintenance: root may stop, upgrade or remove guard (`guardctl help maintenance`)\n"
	     "  --cancel       take back one request, or all of yours\n"
	     "\n"
	     "Example: guardctl request ./setup.run --scope install --reason \"tax software\"\n"),
    .run = run,
};
