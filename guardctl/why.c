/* SPDX-License-Identifier: MIT
 *
 * guardctl/why.c - `guardctl why`: the last denial of the caller in plain words,
 * for somebody who is blocked and in a hurry.
 */
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "output.h"
#include "query.h"
#include "told_text.h"
#include "why.h"

#define LOOKED_AT 10000u /* newest denials that are searched for the wanted one */
#define LAST_FEW 16u	 /* when any will do */
#define ECHO_NS 2000000000ll
#define AGE_SIZE 64u
#define LABEL_WIDTH 9u /* columns, the space behind it included */

enum { OPTION_PID = 256, OPTION_JSON };

static const struct option table[] = {
    {"pid", required_argument, NULL, OPTION_PID},
    {"json", no_argument, NULL, OPTION_JSON},
    {NULL, 0, NULL, 0},
};

struct wanted {
	bool has_pid, json, found;
	uint32_t pid;
	char *path; /* NULL: any */
	char self[PATH_MAX]; /* guardctl's own; "" unknown */
	struct guard_event event;
};

static int parse(struct wanted *wanted, int argc, char **argv)
{
	uint64_t pid;
	int option;

	while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
		if (option == OPTION_JSON) {
			wanted->json = true;
			continue;
		}
		if (option != OPTION_PID)
			return GUARDCTL_USAGE;
		if (guard_text_parse_u64(&pid, optarg, strlen(optarg), UINT32_MAX) < 0) {
			guardctl_error("why: --pid takes a process number, not \"%s\"", optarg);
			return GUARDCTL_USAGE;
		}
		wanted->has_pid = true;
		wanted->pid = (uint32_t)pid;
	}
	if (argc - optind > 1) {
		guardctl_error("why: at most one file can be asked about; try `guardctl events --denied`");
		return GUARDCTL_USAGE;
	}
	if (optind == argc)
		return 0;
	wanted->path = realpath(argv[optind], NULL);
	if (!wanted->path)
		wanted->path = strdup(argv[optind]);
	return wanted->path ? 0 : GUARDCTL_REFUSED;
}

/* A shell that was refused to start a file then opens it to see what it is: the
 * same denial once more, and the less telling one. */
static bool is_echo(const struct guard_event *event, const struct guard_event *of)
{
	return of->access_exec && !event->access_exec && event->pid == of->pid &&
	       strcmp(event->path, of->path) == 0 && event->time_ns - of->time_ns < ECHO_NS;
}

/* What `explain` and this verb were refused to read when they looked at a file. */
static bool is_own(const struct wanted *wanted, const struct guard_event *event)
{
	return !event->access_exec && wanted->self[0] && strcmp(event->program, wanted->self) == 0;
}

static int take(void *context, const struct guard_event *event)
{
	struct wanted *wanted = context;

	if (is_own(wanted, event))
		return 0;
	if (wanted->found && is_echo(event, &wanted->event))
		return 0;
	if (wanted->has_pid && event->pid != wanted->pid && event->ppid != wanted->pid)
		return 0;
	if (wanted->path && strcmp(event->path, wanted->path) != 0)
		return 0;
	wanted->event = *event;
	wanted->found = true;
	return 0;
}

/* The path as a pattern that matches itself alone. */
static void quote(char *ret_pattern, size_t capacity, const char *path)
{
	size_t length = 0;

	for (size_t i = 0; path[i] && length + 2 < capacity; i++) {
		if (strchr("*?\\", path[i]))
			ret_pattern[length++] = '\\';
		ret_pattern[length++] = path[i];
	}
	ret_pattern[length] = '\0';
}

static int find(struct wanted *wanted, const struct guardctl_options *options)
{
	struct guard_event_filter filter = {.only_denied = 1, .limit = LAST_FEW};

	if (wanted->has_pid || wanted->path)
		filter.limit = LOOKED_AT;
	if (wanted->path && !strchr(wanted->path, '*'))
		quote(filter.program, sizeof(filter.program), wanted->path);
	if (getuid() != 0) {
		filter.has_uid = 1;
		filter.uid = getuid();
	}
	return guardctl_query_events(options, &filter, take, wanted);
}

/* ---- in words ---------------------------------------------------------------------------- */

static void age_text(char ret_text[AGE_SIZE], int64_t seconds)
{
	ret_text[0] = '\0';
	if (seconds < 0)
		return;
	if (seconds < 120)
		snprintf(ret_text, AGE_SIZE, _(" (%" PRId64 " seconds ago)"), seconds);
	else if (seconds < 7200)
		snprintf(ret_text, AGE_SIZE, _(" (%" PRId64 " minutes ago)"), seconds / 60);
	else if (seconds < 172800)
		snprintf(ret_text, AGE_SIZE, _(" (%" PRId64 " hours ago)"), seconds / 3600);
	else
		snprintf(ret_text, AGE_SIZE, _(" (%" PRId64 " days ago)"), seconds / 86400);
}

/* "  When:    ": what follows stands in one column, in any language. */
static void put_label(const char *text)
{
	fputs("  ", stdout);
	guardctl_put_padded(stdout, text, LABEL_WIDTH);
}

static void print_when(const struct guard_event *event)
{
	char when[GUARDCTL_TIME_SIZE], age[AGE_SIZE];

	guardctl_local_time(when, event->time_ns / 1000000000);
	age_text(age, (int64_t)time(NULL) - event->time_ns / 1000000000);
	put_label(_("When:"));
	printf("%s%s", when, age);
	if (event->count > 1)
		printf(_(", %" PRIu64 " times"), event->count);
	putchar('\n');
}

static void print_who(const struct guard_event *event)
{
	char name[GUARDCTL_USER_SIZE], user[GUARDCTL_USER_SIZE * 4], program[1024];

	guardctl_user_name(name, event->uid);
	guard_text_escape(user, sizeof(user), name, strlen(name));
	guard_text_escape(program, sizeof(program), event->program, strlen(event->program));
	put_label(_("Who:"));
	printf(event->access_exec ? _("%s, with %s (process %" PRIu32 "), which tried to start it\n")
				  : _("%s, with %s (process %" PRIu32 "), which tried to open it\n"),
	       user, program[0] ? program : _("a program that could not be verified"), event->pid);
}

/* Then the record says what was found, else whose signature the file has. */
static bool is_about_use(uint8_t reason)
{
	return reason == GUARD_REASON_INLINE || reason == GUARD_REASON_STANDARD_INPUT || reason == GUARD_REASON_CONTAINED;
}

static void print_what(const struct guard_event *event)
{
	char hex[GUARD_DIGEST_HEX_SIZE];

	snprintf(hex, sizeof(hex), "%s", _("unknown"));
	if (event->has_digest) {
		guard_digest_format(hex, &event->digest);
		snprintf(&hex[16], sizeof(hex) - 16, "...");
	}
	put_label(_("What:"));
	printf(_("%s, %" PRIu64 " bytes, SHA-256 %s\n"), guardctl_told(guard_kind_name(event->kind)), event->size, hex);
	put_label(_("Why:"));
	puts(guardctl_told(guard_reason_text(event->reason)));
	if (event->text[0]) {
		put_label(is_about_use(event->reason) ? _("Found:") : _("Signed:"));
		guardctl_put_escaped(event->text);
		putchar('\n');
	}
	if (event->rule_text[0]) {
		put_label(_("Rule:"));
		guardctl_put_escaped(event->rule_text);
		putchar('\n');
	}
}

static const char *advice(const struct guard_event *event, bool allowed_now)
{
	switch (event->reason) {
	case GUARD_REASON_WRITER_OPEN:
	case GUARD_REASON_CHANGED:
		return _("wait until whatever writes the file has closed it, then try again");
	case GUARD_REASON_TIMEOUT:
	case GUARD_REASON_OVERLOAD:
		return _("try again in a moment");
	case GUARD_REASON_BARRED:
		return _("run a copy that the policy lists, from where it was installed; or ask the help desk to unlock this "
			 "file (guardctl request)");
	case GUARD_REASON_RULE_DENY:
		return _("use another program: this one is forbidden on purpose");
	case GUARD_REASON_INLINE:
	case GUARD_REASON_STANDARD_INPUT:
		return _("put the code into a file and ask for that file to be listed");
	case GUARD_REASON_SERVED:
	case GUARD_REASON_UNWATCHED:
		return _("copy it to a disk of this machine and start it from there");
	case GUARD_REASON_CONTAINED:
		return _("if you need it for your work, ask for it to be named in the policy's containment");
	default:
		return allowed_now ? _("the policy in force now allows it: try again")
				   : _("if you need it for your work, ask for it to be listed and give the "
				       "SHA-256 above");
	}
}

static void print_advice(const struct guard_event *event, const struct guard_status *told, bool allowed_now)
{
	put_label(_("Next:"));
	puts(advice(event, allowed_now));
	if (!told->help_phone[0] && !told->help_text[0])
		return;
	put_label(_("Help:"));
	guardctl_put_escaped(told->help_phone);
	fputs(told->help_phone[0] && told->help_text[0] ? ", " : "", stdout);
	guardctl_put_escaped(told->help_text);
	putchar('\n');
}

static void print_words(const struct guard_event *event, const struct guardctl_options *options)
{
	bool allowed_now = false;
	char path[PATH_MAX];
	struct guard_status told = {0};
	GUARD_AUTO_FREE char *text =
	    guardctl_query_status(&told, options) == 0 ? guardctl_why_again(&allowed_now, event, options, &told) : NULL;

	guard_text_escape(path, sizeof(path), event->path, strlen(event->path));
	printf(event->denied ? _("Denied: %s\n") : _("Would be denied (audit mode: nothing was refused): %s\n"),
	       path[0] ? path : _("(a file without a name)"));
	print_when(event);
	print_who(event);
	print_what(event);
	print_advice(event, &told, allowed_now);
	if (!text)
		return;
	puts(_("\nThe policy in force now says:"));
	guardctl_put_told_lines(stdout, text);
}

static int run(const struct guardctl_options *options, int argc, char **argv)
{
	GUARD_AUTO_FREE struct wanted *wanted = calloc(1, sizeof(*wanted));
	int code;

	if (!wanted)
		return GUARDCTL_REFUSED;
	wanted->json = options->json;
	if (readlink("/proc/self/exe", wanted->self, sizeof(wanted->self) - 1) < 0)
		wanted->self[0] = '\0';
	code = parse(wanted, argc, argv);
	if (code == 0)
		code = find(wanted, options);
	free(wanted->path);
	if (code)
		return code;
	if (!wanted->found) {
		guardctl_error("why: no such denial is recorded: the cause may be another (file permissions, "
			       "a missing file)");
		return GUARDCTL_REFUSED;
	}
	if (wanted->json)
		return guardctl_print_json(guardctl_event_json(&wanted->event));
	print_words(&wanted->event, options);
	return GUARDCTL_DONE;
}

const struct guardctl_verb guardctl_why = {
    .name = "why",
    .summary = N_("why was I denied? The last denial in plain words"),
    .usage = N_("Usage: guardctl [--json] why [--pid N] [PATH]\n"
	     "\n"
	     "Your last denial (root: anybody's): which file, which program tried, which rule\n"
	     "decided or that none lists it, and what to do next.\n"
	     "\n"
	     "  --pid N  the last one by this process or its children\n"
	     "  PATH     the last one of this file\n"
	     "\n"
	     "Example: guardctl why ./setup.sh\n"),
    .run = run,
};
