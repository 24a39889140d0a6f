/* SPDX-License-Identifier: MIT
 *
 * guardctl/event_text.c - an event as one line for people.
 */
#include <inttypes.h>
#include <pwd.h>
#include <limits.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "i18n.h"
#include "output.h"
#include "record/sentence.h"
#include "told_text.h"

#define COLOUR_DENIED "\033[31m"
#define COLOUR_WOULD "\033[33m"
#define COLOUR_DAEMON "\033[36m"
#define COLOUR_END "\033[0m"

void guardctl_user_name(char ret_name[GUARDCTL_USER_SIZE], uint32_t uid)
{
	/* Events of one user come in runs: a name service is asked once for each. */
	static char last_name[GUARDCTL_USER_SIZE];
	static uint32_t last_uid;
	const struct passwd *user = NULL;

	if (!last_name[0] || uid != last_uid) {
		user = getpwuid(uid);
		last_uid = uid;
		if (user)
			snprintf(last_name, sizeof(last_name), "%s", user->pw_name);
		else
			snprintf(last_name, sizeof(last_name), "%" PRIu32, uid);
	}
	memcpy(ret_name, last_name, sizeof(last_name));
}

void guardctl_local_time(char ret_text[GUARDCTL_TIME_SIZE], int64_t seconds)
{
	time_t value = (time_t)seconds;
	struct tm local;

	if (!localtime_r(&value, &local) ||
	    !strftime(ret_text, GUARDCTL_TIME_SIZE, "%Y-%m-%d %H:%M:%S", &local))
		snprintf(ret_text, GUARDCTL_TIME_SIZE, "%" PRId64, seconds);
}

static const char *colour(const struct guard_event *event)
{
	if (event->source == GUARD_EVENT_DAEMON)
		return sentence_is_alarm(event) ? COLOUR_WOULD : COLOUR_DAEMON;
	if (event->denied)
		return COLOUR_DENIED;
	return event->action == GUARD_DENY ? COLOUR_WOULD : "";
}

static void put_access(FILE *out, const struct guard_event *event, const char *name)
{
	char path[PATH_MAX], rule[1024] = "", text[900], program[PATH_MAX], user[GUARDCTL_USER_SIZE * 4];

	guard_text_escape(path, sizeof(path), event->path, strlen(event->path));
	guard_text_escape(program, sizeof(program), event->program, strlen(event->program));
	guard_text_escape(user, sizeof(user), name, strlen(name));
	guard_text_escape(text, sizeof(text), event->rule_text, strlen(event->rule_text));
	if (text[0])
		snprintf(rule, sizeof(rule), _(", rule %s"), text);
	/* Whole sentences: their words stand elsewhere in other languages. */
	fprintf(out,
		event->source == GUARD_EVENT_SWEEP ? _("%s: %s (%s%s), %s, already in use by %s (pid %" PRIu32 "), user %s")
		: event->access_exec		   ? _("%s: %s (%s%s), %s, started by %s (pid %" PRIu32 "), user %s")
						   : _("%s: %s (%s%s), %s, opened by %s (pid %" PRIu32 "), user %s"),
		_(sentence_verdict(event)), path[0] ? path : _("(a file without a name)"),
		_(guard_reason_name(event->reason)), rule, _(guard_kind_name(event->kind)),
		program[0] ? program : _("an unknown program"), event->pid, user);
	if (event->count > 1)
		fprintf(out, _(", %" PRIu64 " times"), event->count);
	if (event->reason >= GUARD_REASON_INLINE && event->text[0]) {
		fputs(": ", out);
		guard_text_put_escaped(out, event->text);
	}
}

static void put_daemon(FILE *out, const struct guard_event *event)
{
	guardctl_put_told(out, event->text[0] ? event->text : sentence_of_daemon(event));
	if (!event->path[0])
		return;
	fputs(": ", out);
	guard_text_put_escaped(out, event->path);
}

void guardctl_print_event(FILE *out, const struct guard_event *event, bool colours)
{
	char time[GUARDCTL_TIME_SIZE], user[GUARDCTL_USER_SIZE];
	const char *begin = colours ? colour(event) : "";

	guardctl_local_time(time, event->time_ns / 1000000000);
	guardctl_user_name(user, event->uid);
	fprintf(out, "%s  %s", time, begin);
	if (event->source == GUARD_EVENT_DAEMON)
		put_daemon(out, event);
	else
		put_access(out, event, user);
	fprintf(out, "%s\n", *begin ? COLOUR_END : "");
}
