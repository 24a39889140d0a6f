/* SPDX-License-Identifier: MIT
 *
 * record/filter.c - see filter.h.
 */
#include <string.h>

#include "record/filter.h"
#include "record/row.h"

int filter_check(const struct guard_event_filter *filter)
{
	if (strchr(filter->program, '*') && strlen(filter->program) > FILTER_GLOB_MAX)
		return -GUARD_E_LIMIT;
	return 0;
}

/* One pattern element against one byte; `ret_width` gets the element's length. */
static bool matches_byte(const char *pattern, char byte, size_t *ret_width)
{
	bool quoted = pattern[0] == '\\' && pattern[1];

	*ret_width = quoted ? 2 : 1;
	if (!pattern[0] || !byte)
		return false;
	return quoted ? pattern[1] == byte : pattern[0] == '?' || pattern[0] == byte;
}

bool filter_glob(const char *pattern, const char *text)
{
	size_t p = 0, t = 0, star = SIZE_MAX, star_text = 0, width;

	while (text[t]) {
		if (pattern[p] == '*') {
			star = ++p;
			star_text = t;
		} else if (matches_byte(&pattern[p], text[t], &width)) {
			p += width;
			t++;
		} else if (star != SIZE_MAX) {
			p = star; /* the last star takes one byte more */
			t = ++star_text;
		} else {
			return false;
		}
	}
	while (pattern[p] == '*')
		p++;
	return pattern[p] == '\0';
}

static bool is_about_unlock(const struct guard_event *event)
{
	return event->source == GUARD_EVENT_DAEMON &&
	       (event->what == GUARD_DAEMON_UNLOCK_OPENED || event->what == GUARD_DAEMON_UNLOCK_ENDED);
}

bool filter_matches(const struct guard_event_filter *filter, const struct guard_event *event)
{
	bool refused = ledger_row_refused(event);

	if (filter->since_ns && event->time_ns < filter->since_ns)
		return false;
	if (filter->until_ns && event->time_ns > filter->until_ns)
		return false;
	if (filter->after_id && event->id <= filter->after_id)
		return false;
	if (filter->only_denied && !refused && !(filter->unlocks && is_about_unlock(event)))
		return false;
	if (filter->only_allowed && (refused || event->source == GUARD_EVENT_DAEMON))
		return false;
	if (filter->has_uid && event->uid != filter->uid)
		return false;
	if (filter->has_reason && event->reason != filter->reason)
		return false;
	return !filter->program[0] || filter_glob(filter->program, event->path) ||
	       filter_glob(filter->program, event->program);
}
