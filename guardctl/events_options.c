/* SPDX-License-Identifier: MIT
 *
 * guardctl/events_options.c - see events.h.
 */
#include <getopt.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "events.h"

#define FOLLOW_LIMIT 10u /* shown before what comes */
#define LIMIT_MAX 100000u

enum {
	OPTION_SINCE = 256,
	OPTION_UNTIL,
	OPTION_DENIED,
	OPTION_ALLOWED,
	OPTION_PROGRAM,
	OPTION_USER,
	OPTION_REASON,
	OPTION_LIMIT,
	OPTION_FOLLOW,
	OPTION_JSON,
};

static const struct option table[] = {
    {"since", required_argument, NULL, OPTION_SINCE},
    {"until", required_argument, NULL, OPTION_UNTIL},
    {"denied", no_argument, NULL, OPTION_DENIED},
    {"allowed", no_argument, NULL, OPTION_ALLOWED},
    {"program", required_argument, NULL, OPTION_PROGRAM},
    {"user", required_argument, NULL, OPTION_USER},
    {"reason", required_argument, NULL, OPTION_REASON},
    {"limit", required_argument, NULL, OPTION_LIMIT},
    {"follow", no_argument, NULL, OPTION_FOLLOW},
    {"json", no_argument, NULL, OPTION_JSON},
    {NULL, 0, NULL, 0},
};

int events_time_parse(int64_t *ret_ns, const char *text, int64_t now)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
	size_t length = strlen(text);
	int64_t seconds;
	uint64_t count;

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (length < 2 || text[length - 1] != units[i].unit)
			continue;
		if (guard_text_parse_u64(&count, text, length - 1, 36500 * 86400u) < 0)
			return -GUARD_E_SYNTAX;
		seconds = now - (int64_t)count * units[i].seconds;
		*ret_ns = seconds > 0 ? seconds * 1000000000 : 1;
		return 0;
	}
	if (guard_time_parse(&seconds, text) < 0 || seconds > INT64_MAX / 1000000000)
		return -GUARD_E_SYNTAX;
	*ret_ns = seconds ? seconds * 1000000000 : 1; /* 0 would be no limit */
	return 0;
}

static int take_time(int64_t *ret_ns, const char *option, int64_t now)
{
	if (events_time_parse(ret_ns, optarg, now) == 0)
		return 0;
	guardctl_error(
	    "events: --%s takes a span like 90s, 15m, 2h, 7d or a time like 2027-03-31T12:00:00Z, not \"%s\"",
	    option, optarg);
	return GUARDCTL_USAGE;
}

static int take_user(struct guard_event_filter *filter)
{
	const struct passwd *user = getpwnam(optarg);
	uint64_t uid;

	if (!user && guard_text_parse_u64(&uid, optarg, strlen(optarg), UINT32_MAX) < 0) {
		guardctl_error("events: --user: there is no user \"%s\" on this machine", optarg);
		return GUARDCTL_USAGE;
	}
	filter->has_uid = 1;
	filter->uid = user ? user->pw_uid : (uint32_t)uid;
	return 0;
}

static int take_reason(struct guard_event_filter *filter)
{
	enum guard_reason reason;

	if (guard_reason_parse(&reason, optarg) < 0) {
		fprintf(stderr, _("guardctl: events: --reason: \"%s\" is none; there are:"), optarg);
		for (unsigned i = GUARD_REASON_NONE + 1; i < GUARD_REASON_MAX_; i++)
			fprintf(stderr, " %s", guard_reason_name((enum guard_reason)i));
		fputc('\n', stderr);
		return GUARDCTL_USAGE;
	}
	filter->has_reason = 1;
	filter->reason = (uint8_t)reason;
	return 0;
}

static int take_program(struct guard_event_filter *filter)
{
	if (strlen(optarg) >= sizeof(filter->program) || !optarg[0]) {
		guardctl_error("events: --program takes a path, with * and ?, of at most %zu bytes",
			       sizeof(filter->program) - 1);
		return GUARDCTL_USAGE;
	}
	memcpy(filter->program, optarg, strlen(optarg) + 1);
	return 0;
}

static int take_limit(struct guard_event_filter *filter)
{
	uint64_t limit;

	if (guard_text_parse_u64(&limit, optarg, strlen(optarg), LIMIT_MAX) < 0 || limit == 0) {
		guardctl_error("events: --limit takes a number from 1 to %u, not \"%s\"", LIMIT_MAX, optarg);
		return GUARDCTL_USAGE;
	}
	filter->limit = (uint32_t)limit;
	return 0;
}

static int take_option(struct events_options *options, int option, int64_t now)
{
	struct guard_event_filter *filter = &options->filter;

	switch (option) {
	case OPTION_SINCE:
		return take_time(&filter->since_ns, "since", now);
	case OPTION_UNTIL:
		return take_time(&filter->until_ns, "until", now);
	case OPTION_DENIED:
		filter->only_denied = 1;
		return 0;
	case OPTION_ALLOWED:
		filter->only_allowed = 1;
		return 0;
	case OPTION_PROGRAM:
		return take_program(filter);
	case OPTION_USER:
		return take_user(filter);
	case OPTION_REASON:
		return take_reason(filter);
	case OPTION_LIMIT:
		return take_limit(filter);
	case OPTION_FOLLOW:
		filter->follow = 1;
		return 0;
	case OPTION_JSON:
		options->json = true;
		return 0;
	default:
		return GUARDCTL_USAGE; /* getopt has said why */
	}
}

int events_options_parse(struct events_options *ret_options, const struct guardctl_options *options, int argc,
			 char **argv, int64_t now)
{
	struct events_options parsed = {.json = options->json};
	int option, code;

	while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
		code = take_option(&parsed, option, now);
		if (code)
			return code;
	}
	if (optind < argc) {
		guardctl_error("events: \"%s\" is no option; a program is given with --program",
			       argv[optind]);
		return GUARDCTL_USAGE;
	}
	if (parsed.filter.only_denied && parsed.filter.only_allowed) {
		guardctl_error("events: --denied and --allowed exclude each other");
		return GUARDCTL_USAGE;
	}
	if (parsed.filter.since_ns && parsed.filter.until_ns && parsed.filter.since_ns >= parsed.filter.until_ns) {
		guardctl_error("events: --since is not before --until: nothing lies between them");
		return GUARDCTL_USAGE;
	}
	if (parsed.filter.follow && !parsed.filter.limit)
		parsed.filter.limit = FOLLOW_LIMIT;
	*ret_options = parsed;
	return 0;
}
