/* SPDX-License-Identifier: MIT
 *
 * guardctl/query.h - questions to the daemon, each a connection of its own.
 * They return an exit code; what went wrong has been said.
 */
#ifndef GUARDCTL_QUERY_H
#define GUARDCTL_QUERY_H

#include "guardctl.h"
#include "wire/wire.h"

int guardctl_query_status(struct guard_status *ret_status, const struct guardctl_options *options);

/* Each event in order; `take` returns 0, or an exit code to stop with. */
typedef int (*guardctl_take_event)(void *context, const struct guard_event *event);
int guardctl_query_events(const struct guardctl_options *options, const struct guard_event_filter *filter,
			  guardctl_take_event take, void *context);

struct guardctl_explained {
	uint8_t action, mode, reason;
	uint32_t rule;
	char *text; /* the caller frees it */
};
int guardctl_query_explain(struct guardctl_explained *ret_explained, const struct guardctl_options *options,
			   const struct guard_question *question);
#endif
