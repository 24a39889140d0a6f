/* SPDX-License-Identifier: MIT
 *
 * guardctl/maintenance.c - `guardctl maintenance`: may root stop, upgrade or remove
 * guard now; begin and end that; and, in the administrator's folder, grant it.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ask.h"
#include "base/text.h"
#include "i18n.h"
#include "output.h"
#include "query.h"
#include "repo/repo.h"
#include "told.h"

static const struct option table[] = {
	{ "reason", required_argument, NULL, 'r' },
	{ NULL, 0, NULL, 0 },
};

/* ---- what is so ------------------------------------------------------------------------ */

static uint32_t seconds_left(const struct guard_status *status)
{
	int64_t left = status->maintenance_until - (int64_t)time(NULL);

	return status->maintenance_until && left > 0 ? (uint32_t)left : 0;
}

static void put_state(const struct guard_status *status)
{
	char span[GUARDCTL_SPAN_SIZE];

	guardctl_span_text(span, seconds_left(status));
	if (seconds_left(status))
		printf(_("A maintenance is open for another %s: root may stop, upgrade or remove guard.\n"), span);
	else if (status->self_protection)
		puts(_("No maintenance is open: nobody may stop, change or remove guard, root included."));
	else
		puts(_("guard does not hold root off (self_protection = false): no maintenance is needed."));
}

struct show {
	const struct guardctl_options *options;
	unsigned grants;
	int code;
};

static void put_grant(void *context, const struct guard_told *told)
{
	char span[GUARDCTL_SPAN_SIZE], from[GUARDCTL_TIME_SIZE], until[GUARDCTL_TIME_SIZE];
	struct show *show = context;

	show->grants++;
	if (show->options->json) {
		show->code = guardctl_print_json(guardctl_told_json(told));
		return;
	}
	guardctl_span_text(span, told->seconds);
	guardctl_local_time(from, told->from);
	guardctl_local_time(until, told->until);
	printf(_("Signed by headquarters: %s, from %s until %s, once, for %s%s\n"), told->path, from, until, span,
	       told->wrong ? _(" - used up on this machine") : "");
}

static void put_ways(const struct guard_status *status, unsigned grants)
{
	if (!status->self_protection || seconds_left(status))
		return;
	if (!grants)
		puts(_("Headquarters has signed none for this machine."));
	puts(_("Begin a signed one:  guardctl maintenance begin --reason TEXT\n"
	       "By phone:            guardctl request --scope maintenance --reason TEXT, then guardctl unlock CODE"));
}

static int print_state_json(const struct guard_status *status)
{
	json_t *object = json_object();

	json_object_set_new(object, "what", json_string("maintenance"));
	json_object_set_new(object, "self_protection", json_boolean(status->self_protection));
	json_object_set_new(object, "open_until", status->maintenance_until ? guardctl_json_time(status->maintenance_until)
									     : json_null());
	json_object_set_new(object, "seconds", json_integer(seconds_left(status)));
	return guardctl_print_json(object);
}

static int show_state(const struct guardctl_options *options)
{
	const struct guard_ask ask = { .verb = GUARD_ASK_PERMITS };
	struct show show = { .options = options };
	struct guard_status status;
	int code = guardctl_query_status(&status, options);

	if (code)
		return code;
	if (options->json)
		code = print_state_json(&status);
	else
		put_state(&status);
	if (code == 0)
		code = guardctl_ask(options, &ask, put_grant, &show);
	if (code == 0 && !options->json)
		put_ways(&status, show.grants);
	return code ? code : show.code;
}

/* For package scripts: may guard be stopped, upgraded, removed? */
static int check(const struct guardctl_options *options)
{
	struct guard_status status;
	int code = guardctl_query_status(&status, options);

	if (code)
		return code;
	if (!status.self_protection || seconds_left(&status))
		return GUARDCTL_DONE;
	guardctl_error(_("guard may not be stopped, upgraded or removed now: it protects itself (self_protection) and no "
			 "maintenance is open. `guardctl maintenance` shows what headquarters signed for this machine and how "
			 "to ask the help desk"));
	return GUARDCTL_REFUSED;
}

/* ---- begin and end ----------------------------------------------------------------------- */

static void take(void *context, const struct guard_told *told)
{
	char span[GUARDCTL_SPAN_SIZE];
	struct show *show = context;

	guardctl_span_text(span, told->seconds);
	if (show->options->json)
		show->code = guardctl_print_json(guardctl_told_json(told));
	else if (told->what == GUARD_TOLD_DONE)
		puts(_("The maintenance is over."));
	else
		printf(_("Maintenance for %s: root may stop, upgrade or remove guard. What the policy does not list is still "
			 "refused.\nEverything is recorded. End it early with: guardctl maintenance end\n"),
		       span);
}

static int begin(const struct guardctl_options *options, int argc, char **argv)
{
	struct guard_ask ask = { .verb = GUARD_ASK_BEGIN, .scope = GUARD_UNLOCK_MAINTENANCE };
	struct show show = { .options = options };
	int option, code;

	while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
		if (option != 'r' || strlen(optarg) >= sizeof(ask.reason)) {
			guardctl_error(_("maintenance begin: --reason takes one text of at most %zu bytes"),
				       sizeof(ask.reason) - 1);
			return GUARDCTL_USAGE;
		}
		memcpy(ask.reason, optarg, strlen(optarg) + 1);
	}
	if (!ask.reason[0] || argc - optind > 2 ||
	    (argc - optind == 2 && strlen(argv[optind + 1]) >= GUARD_PERMIT_ID_MAX)) {
		guardctl_error(_("maintenance begin: say why with --reason TEXT, and which one by its name if there are "
				 "several"));
		return GUARDCTL_USAGE;
	}
	if (argc - optind == 2)
		memcpy(ask.path, argv[optind + 1], strlen(argv[optind + 1]) + 1);
	code = guardctl_ask(options, &ask, take, &show);
	return code ? code : show.code;
}

static int end(const struct guardctl_options *options)
{
	const struct guard_ask ask = { .verb = GUARD_ASK_END, .scope = GUARD_UNLOCK_MAINTENANCE };
	struct show show = { .options = options };
	int code = guardctl_ask(options, &ask, take, &show);

	return code ? code : show.code;
}

/* ---- the verb ------------------------------------------------------------------------------ */

static int in_repository(const struct guardctl_options *global, int argc, char **argv)
{
	struct repo_options options = { .json = global->json, .folder = "." };
	int code = repo_options_parse(&options, argc, argv);

	if (code == GUARDCTL_DONE)
		code = repo_maintenance(&options, options.operands[0]);
	repo_options_free(&options);
	return code;
}

static int run(const struct guardctl_options *options, int argc, char **argv)
{
	const char *action = argc > 1 ? argv[1] : "";

	if (!action[0])
		return show_state(options);
	if (strcmp(action, "begin") == 0)
		return begin(options, argc, argv);
	if (strcmp(action, "end") == 0 && argc == 2)
		return end(options);
	if (strcmp(action, "check") == 0 && argc == 2)
		return check(options);
	if (strcmp(action, "grant") == 0 || strcmp(action, "grants") == 0 || strcmp(action, "withdraw") == 0)
		return in_repository(options, argc, argv);
	guardctl_error(_("maintenance: there is begin, end and check on a machine, and grant, grants and withdraw in the "
			 "administrator's folder; see `guardctl help maintenance`"));
	return GUARDCTL_USAGE;
}

const struct guardctl_verb guardctl_maintenance = {
	.name = "maintenance",
	.summary = N_("let root stop, upgrade or remove guard for a while"),
	.usage = N_("Usage: guardctl [--json] maintenance\n"
		    "       guardctl [--json] maintenance begin [NAME] --reason TEXT\n"
		    "       guardctl [--json] maintenance end\n"
		    "       guardctl maintenance check\n"
		    "       guardctl maintenance grant --office NAME (--hosts PATTERN | --machine ID) --id NAME\n"
		    "                --until WHEN [--from WHEN] [--for 1h] --reason TEXT [--repo FOLDER]\n"
		    "       guardctl [--json] maintenance grants [--office NAME] [--repo FOLDER]\n"
		    "       guardctl maintenance withdraw NAME --office NAME [--repo FOLDER]\n"
		    "\n"
		    "Where guard protects itself (self_protection in guardd.conf) root cannot stop, change or\n"
		    "remove it, but in a maintenance: one that headquarters signed for this machine, or one by\n"
		    "phone (`guardctl request --scope maintenance`).  Meanwhile what the policy does not list\n"
		    "is refused as ever, and all that root does to guard is recorded.  It ends by itself, and\n"
		    "with a reboot.\n"
		    "\n"
		    "  (nothing)  is one open, which ones has headquarters signed, how to ask\n"
		    "  begin      begin a signed one; each can be begun once on each machine\n"
		    "  end        end it before its time\n"
		    "  check      for scripts: exit 0 when guard may be stopped now, else 1\n"
		    "  grant      in the administrator's folder: let machines begin one; then `repo publish`\n"
		    "  grants     what is granted;  withdraw  takes one back\n"
		    "\n"
		    "  --hosts PATTERN  machines by host name;  --machine ID  one by its key (`repo seen --json`)\n"
		    "  --until WHEN     when it can be begun last, and is over: 2027-01-31, 2d, 12h\n"
		    "  --for TIME       how long one lasts, 30m or 2h (default 1h; the policy may allow less)\n"
		    "\n"
		    "Example: guardctl maintenance begin --reason \"guard 1.2\" && apt-get install ./guardd_1.2_amd64.deb &&\n"
		    "         guardctl maintenance end\n"),
	.run = run,
};
