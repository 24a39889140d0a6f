/* SPDX-License-Identifier: MIT
 *
 * keeper/say.c - tells people: standard error, the ledger, the service manager.
 * Never waits for a reader: the keeper must not hang on a log that hangs on the
 * gate.
 */
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

int64_t keeper_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void put_line(const char *sentence)
{
	struct pollfd room = {STDERR_FILENO, POLLOUT, 0};
	char line[1200];
	int length = snprintf(line, sizeof(line), "guardd: %.1100s\n", sentence);

	if (poll(&room, 1, 0) == 1 && (room.revents & POLLOUT) && length > 0 &&
	    write(STDERR_FILENO, line, (size_t)length) < 0)
		return; /* nobody is left to tell */
}

void keeper_say(const char *format, ...)
{
	char sentence[1100];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(sentence, sizeof(sentence), format, arguments);
	va_end(arguments);
	put_line(sentence);
}

void keeper_note(struct keeper *keeper, enum guard_daemon_event what, const char *format, ...)
{
	struct guard_event event = {.source = GUARD_EVENT_DAEMON, .what = (uint8_t)what, .count = 1};
	struct guard_writer writer;
	struct timespec now;
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(event.text, sizeof(event.text), format, arguments);
	va_end(arguments);
	put_line(event.text);

	clock_gettime(CLOCK_REALTIME, &now);
	event.time_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
	event.pid = (uint32_t)getpid();
	event.action = GUARD_ALLOW;
	event.mode = keeper->policy.mode;
	event.rule = GUARD_NO_RULE;
	event.policy_version = keeper->policy.version;
	guard_writer_init(&writer);
	guard_wire_begin(&writer, GUARD_WIRE_EVENT, 0);
	if (guard_event_encode(&writer, &event) < 0 ||
	    guard_wire_send(keeper->handles.events_send, &writer) < 0)
		atomic_fetch_add(&keeper->shared->counters.records_lost, 1);
	guard_writer_free(&writer);
}

void keeper_tell(const struct keeper *keeper, const char *state)
{
	if (!keeper->options.foreground)
		sd_notify(0, state);
}

void keeper_tell_status(const struct keeper *keeper)
{
	char state[900];
	const char *problem = keeper->gate_problem[0] ? keeper->gate_problem : keeper->problem;

	/* Whoever stops it without a maintenance sees a unit that failed, and this. */
	snprintf(state, sizeof(state), "STATUS=%s policy %s version %llu%s%s%s",
		 keeper->policy.mode == GUARD_MODE_ENFORCE ? "enforcing" : "auditing", keeper->policy.id,
		 (unsigned long long)keeper->policy.version,
		 keeper->config->self_protection ? "; protects itself: a stop is refused and guardd runs on, whatever "
						   "becomes of its unit (guardctl maintenance)" :
						   "",
		 problem[0] ? "; " : "", problem);
	keeper_tell(keeper, state);
}
