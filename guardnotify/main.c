/* SPDX-License-Identifier: MIT
 *
 * guardnotify/main.c - follows this user's denials and unlocks and tells him.  Starts
 * with the session and outlives the daemon and the session bus: it tries again.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ask.h"
#include "base/text.h"
#include "connection.h"
#include "i18n.h"
#include "notify.h"
#include "query.h"

struct remembered {
	uint64_t hash;
	int64_t time_ns;
};
struct notifier {
	struct guardctl_options options;
	struct guardctl_connection connection;
	struct notify_desktop *desktop;
	char help[400];
	int64_t newest_ns; /* of what was told */
	struct remembered remembered[NOTIFY_REMEMBERED];
	struct notify_flood shown, lines;
	struct notify_ends ends;
};

static int64_t now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* ---- one denial -------------------------------------------------------------------------- */

/* guardctl reads files to ask about them: that is no attempt to run them. */
static bool is_worth_telling(const struct guard_event *event)
{
	return event->source == GUARD_EVENT_ACCESS && event->uid == getuid() && event->path[0] &&
	       !guard_text_ends_with(event->program, "/guardctl") && event->reason != GUARD_REASON_IN_USE;
}

static bool was_told(struct notifier *notifier, const struct guard_event *event)
{
	uint64_t hash = guard_text_hash(event->path, strlen(event->path));
	struct remembered *place = &notifier->remembered[hash % NOTIFY_REMEMBERED];
	bool told = place->hash == hash && event->time_ns - place->time_ns < NOTIFY_SAME_NS;

	if (!told)
		*place = (struct remembered){hash, event->time_ns};
	return told;
}

static void read_help(struct notifier *notifier)
{
	struct guard_status status;

	notifier->help[0] = '\0';
	if (guardctl_query_status(&status, &notifier->options) == 0)
		snprintf(notifier->help, sizeof(notifier->help), "%s%s%s", status.help_phone,
			 status.help_phone[0] && status.help_text[0] ? " " : "", status.help_text);
}

static void leave_desktop(struct notifier *notifier)
{
	notify_desktop_close(notifier->desktop);
	notifier->desktop = NULL;
}

static void tell(struct notifier *notifier, const struct guard_event *event)
{
	int64_t now = now_ns(CLOCK_MONOTONIC);
	bool line, shown;
	char text[1024];

	if (!is_worth_telling(event) || was_told(notifier, event))
		return;
	line = notify_flood_take(&notifier->lines, NOTIFY_TERMINAL_BURST, now);
	shown = notify_flood_take(&notifier->shown, NOTIFY_DESKTOP_BURST, now);
	if (line || shown)
		read_help(notifier); /* the policy may have changed */
	if (line) {
		notify_line(text, sizeof(text), event, notifier->help);
		notify_terminal(event, text);
	}
	if (!shown || (!notifier->desktop && notify_desktop_open(&notifier->desktop, &notifier->options) < 0))
		return;
	notify_body(text, sizeof(text), event, notifier->help);
	if (notify_desktop_show(notifier->desktop, event, text) < 0)
		leave_desktop(notifier);
}

/* After a storm: how many there were besides. */
static void tell_withheld(struct notifier *notifier)
{
	unsigned count = notify_flood_settle(&notifier->shown, NOTIFY_DESKTOP_BURST, now_ns(CLOCK_MONOTONIC));

	if (count && notifier->desktop && notify_desktop_show_count(notifier->desktop, count) < 0)
		leave_desktop(notifier);
}

/* ---- unlocks -------------------------------------------------------------------------------- */

static int64_t boot_ms(void)
{
	return now_ns(CLOCK_BOOTTIME) / 1000000;
}

static void take_open(void *context, const struct guard_told *told)
{
	struct notifier *notifier = context;

	if (told->what != GUARD_TOLD_REQUEST && told->uid == getuid())
		notify_ends_open(&notifier->ends, told, boot_ms());
}

static void take_no_list(void *context, const char *sentence)
{
	(void)context; /* no unlock by phone here: nothing ends */
	(void)sentence;
}

static void look_at_unlocks(struct notifier *notifier)
{
	const struct guard_ask ask = {.verb = GUARD_ASK_LIST};

	(void)guardctl_ask_for(&notifier->options, &ask, take_open, take_no_list, notifier);
}

static void say(struct notifier *notifier, const char *title, const struct notify_end *end, int64_t left_ms)
{
	char body[1024];

	notify_end_body(body, sizeof(body), end, left_ms);
	if ((notifier->desktop || notify_desktop_open(&notifier->desktop, &notifier->options) == 0) &&
	    notify_desktop_say(notifier->desktop, title, body) < 0)
		leave_desktop(notifier);
}

static void tell_ends(struct notifier *notifier)
{
	struct notify_end end;

	while (notify_ends_due(&end, &notifier->ends, boot_ms()))
		say(notifier, _("An unlock is about to end"), &end, end.until_ms - boot_ms());
}

/* Whoever ends one early knows. */
static void take_unlock(struct notifier *notifier, const struct guard_event *event)
{
	struct notify_end end;

	if (event->what == GUARD_DAEMON_UNLOCK_OPENED)
		look_at_unlocks(notifier);
	else if (event->what == GUARD_DAEMON_UNLOCK_ENDED && notify_ends_close(&end, &notifier->ends, event->rule) &&
		 boot_ms() + NOTIFY_EARLY_MS >= end.until_ms)
		say(notifier, _("An unlock has ended"), &end, 0);
}

/* Milliseconds; -1: until something comes. */
static int next_wait(const struct notifier *notifier)
{
	const int flood = notify_flood_wait(&notifier->shown, now_ns(CLOCK_MONOTONIC)),
		  end = notify_ends_wait(&notifier->ends, boot_ms());

	if (flood < 0 || end < 0)
		return flood < 0 ? end : flood;
	return flood < end ? flood : end;
}

/* ---- the stream -------------------------------------------------------------------------- */

static int begin(struct notifier *notifier)
{
	const struct guard_event_filter filter = {.since_ns = notifier->newest_ns + 1,
						  .only_denied = 1,
						  .unlocks = 1,
						  .follow = 1,
						  .has_uid = 1,
						  .uid = (uint32_t)getuid()};
	struct guard_writer writer;
	int code = guardctl_connect(&notifier->connection, &notifier->options);

	notifier->options.quiet = code != 0; /* it was said once */
	if (code)
		return code;
	guard_writer_init(&writer);
	guard_wire_begin(&writer, GUARD_WIRE_EVENTS, 1);
	if (guard_event_filter_encode(&writer, &filter) < 0)
		writer.failed = true;
	return guardctl_send(&notifier->connection, &writer);
}

static int take_packet(struct notifier *notifier)
{
	static struct guard_event event; /* large */
	struct guard_reader reader;
	uint16_t type;
	int code = guardctl_receive(&type, &reader, &notifier->connection);

	if (code)
		return code;
	if (type != GUARD_WIRE_EVENT_DATA || guard_event_decode(&event, &reader) < 0)
		return GUARDCTL_UNREACHABLE;
	if (event.time_ns > notifier->newest_ns)
		notifier->newest_ns = event.time_ns;
	if (event.source == GUARD_EVENT_DAEMON)
		take_unlock(notifier, &event);
	else
		tell(notifier, &event);
	return 0;
}

/* Until the daemon ends the stream. */
static void follow(struct notifier *notifier)
{
	look_at_unlocks(notifier); /* what was opened before */
	for (;;) {
		struct pollfd polls[] = {{notifier->connection.socket, POLLIN, 0}, {-1, POLLIN, 0}};

		/* Also without news: what came during a call waits in memory. */
		if (notifier->desktop && notify_desktop_process(notifier->desktop) < 0)
			leave_desktop(notifier);
		tell_withheld(notifier);
		tell_ends(notifier);
		polls[1].fd = notify_desktop_fd(notifier->desktop);
		if (poll(polls, 2, next_wait(notifier)) < 0 && errno != EINTR)
			return;
		if (polls[0].revents && take_packet(notifier))
			return;
	}
}

static int parse(struct guardctl_options *options, int argc, char **argv)
{
	static const struct option table[] = {{"socket", required_argument, NULL, 's'}, {NULL, 0, NULL, 0}};
	int option;

	while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
		if (option != 's')
			break;
		options->socket = optarg;
	}
	if (option == -1 && optind == argc)
		return 0;
	fprintf(stderr, _("guardnotify: usage: guardnotify [--socket PATH]: tells the user who runs it of his own denials\n"));
	return GUARDCTL_USAGE;
}

int main(int argc, char **argv)
{
	static struct notifier notifier = {.options = {.socket = "/run/guard/guard.sock"}};
	int code;

	guardctl_i18n_begin();
	code = parse(&notifier.options, argc, argv);
	if (code)
		return code;
	signal(SIGPIPE, SIG_IGN);
	notifier.newest_ns = now_ns(CLOCK_REALTIME);
	if (notify_desktop_open(&notifier.desktop, &notifier.options) < 0)
		notifier.desktop = NULL; /* a session without a desktop has terminals */
	for (;;) {
		if (begin(&notifier) == 0)
			follow(&notifier);
		guardctl_disconnect(&notifier.connection);
		poll(NULL, 0, NOTIFY_RETRY_MS);
	}
}
