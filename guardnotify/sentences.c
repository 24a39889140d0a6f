/* SPDX-License-Identifier: MIT
 *
 * guardnotify/sentences.c - what the user reads.
 */
#include <libintl.h>
#include <stdio.h>
#include <string.h>

#include "ask.h"
#include "base/text.h"
#include "i18n.h"
#include "notify.h"

#define SHOWN_MAX 300u /* bytes of a path */

static void shown_path(char ret_path[SHOWN_MAX], const struct guard_event *event)
{
	guard_text_escape(ret_path, SHOWN_MAX, event->path, strlen(event->path));
}

static const char *help_or_none(const char *help)
{
	return help[0] ? help : _("not given in the policy");
}

void notify_body(char *ret_text, size_t capacity, const struct guard_event *event, const char *help)
{
	char path[SHOWN_MAX];

	shown_path(path, event);
	snprintf(ret_text, capacity, _("%s\n%s\nHelp desk: %s\nTo ask for it: guardctl request FILE --reason WHY"), path,
		 gettext(guard_reason_text(event->reason)), help_or_none(help));
}

void notify_line(char *ret_text, size_t capacity, const struct guard_event *event, const char *help)
{
	char path[SHOWN_MAX];

	shown_path(path, event);
	snprintf(ret_text, capacity,
		 _("guard: %s was refused: %s Help desk: %s. To ask for it: guardctl request FILE --reason WHY"), path,
		 gettext(guard_reason_text(event->reason)), help_or_none(help));
}

void notify_end_body(char *ret_text, size_t capacity, const struct notify_end *end, int64_t left_ms)
{
	char path[SHOWN_MAX], span[GUARDCTL_SPAN_SIZE];
	const char *what = guardctl_scope_text(end->scope);

	guard_text_escape(path, sizeof(path), end->path, strlen(end->path));
	if (path[0])
		what = path;
	if (left_ms <= 0) {
		snprintf(ret_text, capacity, _("%s\nIt does not start any more, and what still ran may have been ended."), what);
		return;
	}
	guardctl_span_text(span, (uint32_t)((left_ms + 999) / 1000));
	snprintf(ret_text, capacity,
		 _("%s\nStill open for %s. Save your work: at the end what still runs may be ended.\nTo end it now: guardctl "
		   "unlock end %u"),
		 what, span, end->id);
}
