/* SPDX-License-Identifier: MIT
 *
 * guardnotify/sentences.c - what the user reads.
 */
#include <libintl.h>
#include <stdio.h>
#include <string.h>

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
