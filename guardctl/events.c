/* SPDX-License-Identifier: MIT
 *
 * guardctl/events.c - `guardctl events`: what was decided, and what the daemon
 * did.
 */
#include <stdio.h>
#include <time.h>

#include "events.h"
#include "output.h"
#include "query.h"

struct printer {
	bool json, colours, follow;
	uint64_t count;
};

static int print(void *context, const struct guard_event *event)
{
	struct printer *printer = context;

	printer->count++;
	if (printer->json) {
		int code = guardctl_print_json(guardctl_event_json(event));
		if (code)
			return code;
	} else {
		guardctl_print_event(stdout, event, printer->colours);
	}
	if ((printer->follow && fflush(stdout) != 0) || ferror(stdout)) {
		guardctl_error("events: standard output cannot be written");
		return GUARDCTL_REFUSED;
	}
	return 0;
}

static int run(const struct guardctl_options *options, int argc, char **argv)
{
	struct events_options wanted;
	struct printer printer = {0};
	int code = events_options_parse(&wanted, options, argc, argv, (int64_t)time(NULL));

	if (code)
		return code;
	printer.json = wanted.json;
	printer.colours = guardctl_colours();
	printer.follow = wanted.filter.follow;
	code = guardctl_query_events(options, &wanted.filter, print, &printer);
	if (code == GUARDCTL_DONE && printer.count == 0 && !printer.json)
		fputs(_("No events match.\n"), stderr);
	return code;
}

const struct guardctl_verb guardctl_events = {
    .name = "events",
    .summary = N_("what was denied, allowed, or done by the daemon"),
    .usage = N_("Usage: guardctl [--json] events [OPTION...]\n"
	     "\n"
	     "  --since TIME    not older: 90s, 15m, 2h, 7d ago, or 2027-03-31T12:00:00Z\n"
	     "  --until TIME    not newer\n"
	     "  --denied        denied, or in audit mode would have been\n"
	     "  --allowed       allowed\n"
	     "  --program GLOB  path of the file or of the program that used it (* and ?)\n"
	     "  --user NAME     name or number; users see their own events, root sees all\n"
	     "  --reason WORD   e.g. not-listed; a wrong word lists them\n"
	     "  --limit N       the newest N (1000; with --follow 10)\n"
	     "  --follow        then what comes, until interrupted\n"
	     "  --json          one JSON object a line\n"
	     "\n"
	     "Example: guardctl events --denied --since 2h --program '/home/*'\n"),
    .run = run,
};
