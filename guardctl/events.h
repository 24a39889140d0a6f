/* SPDX-License-Identifier: MIT
 *
 * guardctl/events.h - the options of `guardctl events`.
 */
#ifndef GUARDCTL_EVENTS_H
#define GUARDCTL_EVENTS_H

#include "guardctl.h"
#include "wire/wire.h"

struct events_options {
	struct guard_event_filter filter;
	bool json;
};

/* events_options_parse: an exit code; what is wrong has been said.  `now` in
 * Unix seconds. */
int events_options_parse(struct events_options *ret_options, const struct guardctl_options *options, int argc,
			 char **argv, int64_t now);

/* events_time_parse: "90s", "15m", "2h", "7d" (before `now`) or RFC 3339. */
int events_time_parse(int64_t *ret_ns, const char *text, int64_t now) GUARD_WARN_UNUSED;
#endif
