/* SPDX-License-Identifier: MIT
 *
 * guardctl/report.c - `guardctl report PATH`: somebody wanted me to run this.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "ask.h"
#include "i18n.h"

static const struct option table[] = {
    {"reason", required_argument, NULL, 'r'},
    {NULL, 0, NULL, 0},
};

static void take(void *context, const struct guard_told *told)
{
	const struct guardctl_options *options = context;

	(void)told;
	puts(options->json ? "{\"reported\":true}" : _("Thank you. It is recorded, and your administrator will see it."));
}

static int run(const struct guardctl_options *options, int argc, char **argv)
{
	struct guard_ask ask = {.verb = GUARD_ASK_REPORT};
	int option, code;

	while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
		if (option != 'r')
			return GUARDCTL_USAGE;
		snprintf(ask.reason, sizeof(ask.reason), "%.255s", optarg);
	}
	if (optind + 1 != argc) {
		guardctl_error(_("report: give one file, e.g. `guardctl report ~/Downloads/invoice.pdf.exe`"));
		return GUARDCTL_USAGE;
	}
	code = guardctl_ask_about(&ask, options, argv[optind]);
	return code ? code : guardctl_ask(options, &ask, take, (void *)(uintptr_t)options);
}

const struct guardctl_verb guardctl_report = {
    .name = "report",
    .summary = N_("tell the administrator of a program that looks wrong"),
    .usage = N_("Usage: guardctl [--json] report PATH [--reason TEXT]\n"
	     "\n"
	     "Records that you were sent, or told to run, a program that looks wrong to you.\n"
	     "\n"
	     "Example: guardctl report ~/Downloads/update --reason \"came by mail from nobody I know\"\n"),
    .run = run,
};
