/* SPDX-License-Identifier: MIT
 *
 * guardnotify/desktop.c - org.freedesktop.Notifications (Desktop Notifications
 * Specification 1.2) on the session bus.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>

#include "ask.h"
#include "i18n.h"
#include "notify.h"

#define SERVICE "org.freedesktop.Notifications"
#define OBJECT "/org/freedesktop/Notifications"
#define SHOWN 16u		  /* whose buttons still work */
#define CALL_US (2ull * 1000000) /* for the notification daemon to answer */

struct shown {
	uint32_t id;
	uint8_t medium;
	struct guard_digest digest;
	char path[GUARD_WIRE_PATH_MAX];
};
struct notify_desktop {
	const struct guardctl_options *options;
	sd_bus *bus;
	struct shown shown[SHOWN];
	unsigned next;
};

/* Body text may be taken for markup. */
static void escape_markup(char *ret_text, size_t capacity, const char *text)
{
	size_t used = 0;

	for (; *text && used + 6 < capacity; text++) {
		const char *entity = *text == '&' ? "&amp;" : *text == '<' ? "&lt;" : *text == '>' ? "&gt;" : NULL;

		if (entity)
			used += (size_t)snprintf(&ret_text[used], capacity - used, "%s", entity);
		else
			ret_text[used++] = *text;
	}
	ret_text[used] = '\0';
}

/* `buttons`: with what to do about a denial. */
static int send_notification(uint32_t *ret_id, struct notify_desktop *desktop, const char *title, const char *body,
			     bool buttons)
{
	sd_bus_message *call = NULL, *reply = NULL;
	char escaped[2048];
	int r = sd_bus_message_new_method_call(desktop->bus, &call, SERVICE, OBJECT, SERVICE, "Notify");

	escape_markup(escaped, sizeof(escaped), body);
	if (r >= 0)
		r = sd_bus_message_append(call, "susss", "guard", 0u, "dialog-warning", title, escaped);
	if (r >= 0 && buttons)
		r = sd_bus_message_append(call, "as", 4, "request", _("Ask the help desk"), "report", _("Report it"));
	else if (r >= 0)
		r = sd_bus_message_append(call, "as", 0);
	if (r >= 0)
		r = sd_bus_message_append(call, "a{sv}i", 1, "urgency", "y", 2, -1);
	if (r >= 0)
		r = sd_bus_call(desktop->bus, call, CALL_US, NULL, &reply);
	if (r >= 0)
		r = sd_bus_message_read(reply, "u", ret_id);
	sd_bus_message_unref(call);
	sd_bus_message_unref(reply);
	return r < 0 ? -GUARD_E_UNREACHABLE : 0;
}

int notify_desktop_show(struct notify_desktop *desktop, const struct guard_event *event, const char *body)
{
	struct shown *shown = &desktop->shown[desktop->next % SHOWN];
	uint32_t id = 0;
	int r = send_notification(&id, desktop,
				  event->denied ? _("guard did not let a program run")
						: _("guard would not have let a program run"),
				  body, event->has_digest);

	if (r < 0)
		return r;
	*shown = (struct shown){.id = id, .medium = event->medium, .digest = event->digest};
	memcpy(shown->path, event->path, sizeof(shown->path));
	desktop->next++;
	return 0;
}

int notify_desktop_show_count(struct notify_desktop *desktop, unsigned count)
{
	char body[512];
	uint32_t id;

	snprintf(body, sizeof(body), _("Programs that were refused besides: %u\nTo see them: guardctl events --denied"), count);
	return send_notification(&id, desktop, _("guard did not let programs run"), body, false);
}

int notify_desktop_say(struct notify_desktop *desktop, const char *title, const char *body)
{
	uint32_t id;

	return send_notification(&id, desktop, title, body, false);
}

/* ---- buttons ------------------------------------------------------------------------ */

static void take_told(void *context, const struct guard_told *told)
{
	struct notify_desktop *desktop = context;
	char body[1024];
	uint32_t id;

	if (told->what == GUARD_TOLD_REQUEST) {
		snprintf(body, sizeof(body), _("%s\nMachine: %s, user: %s\nThen type: guardctl unlock CODE"), told->number,
			 told->machine, told->user);
		(void)!send_notification(&id, desktop, _("Request number for the help desk"), body, false);
	} else {
		(void)!send_notification(&id, desktop, _("Reported"), "", false);
	}
}

static void take_refused(void *context, const char *sentence)
{
	struct notify_desktop *desktop = context;
	uint32_t id;

	(void)!send_notification(&id, desktop, _("That could not be done"), sentence, false);
}

static void act(struct notify_desktop *desktop, const struct shown *shown, bool report)
{
	struct guard_ask ask = {.verb = report ? GUARD_ASK_REPORT : GUARD_ASK_REQUEST,
				.scope = report ? 0 : GUARD_UNLOCK_SHORT,
				.medium = shown->medium,
				.digest = shown->digest};

	memcpy(ask.path, shown->path, sizeof(ask.path));
	snprintf(ask.reason, sizeof(ask.reason), "%s",
		 report ? _("reported from the notification") : _("asked from the notification"));
	if (guardctl_ask_for(desktop->options, &ask, take_told, take_refused, desktop) == GUARDCTL_UNREACHABLE)
		take_refused(desktop, _("guard's daemon cannot be reached; try again in a moment"));
}

static int on_action(sd_bus_message *message, void *context, sd_bus_error *error)
{
	struct notify_desktop *desktop = context;
	const char *action;
	uint32_t id;

	(void)error;
	if (sd_bus_message_read(message, "us", &id, &action) < 0)
		return 0;
	for (unsigned i = 0; i < SHOWN; i++)
		if (desktop->shown[i].id == id && id != 0 &&
		    (strcmp(action, "request") == 0 || strcmp(action, "report") == 0)) {
			act(desktop, &desktop->shown[i], strcmp(action, "report") == 0);
			break;
		}
	return 0;
}

/* ---- the bus ---------------------------------------------------------------------------- */

int notify_desktop_open(struct notify_desktop **ret_desktop, const struct guardctl_options *options)
{
	struct notify_desktop *desktop = calloc(1, sizeof(*desktop));

	if (!desktop)
		return -GUARD_E_NOMEM;
	desktop->options = options;
	if (sd_bus_open_user(&desktop->bus) < 0 ||
	    sd_bus_match_signal(desktop->bus, NULL, SERVICE, OBJECT, SERVICE, "ActionInvoked", on_action, desktop) < 0) {
		notify_desktop_close(desktop);
		return -GUARD_E_UNREACHABLE;
	}
	*ret_desktop = desktop;
	return 0;
}

void notify_desktop_close(struct notify_desktop *desktop)
{
	if (!desktop)
		return;
	sd_bus_flush_close_unref(desktop->bus);
	free(desktop);
}

int notify_desktop_fd(const struct notify_desktop *desktop)
{
	return desktop ? sd_bus_get_fd(desktop->bus) : -1;
}

int notify_desktop_process(struct notify_desktop *desktop)
{
	int r;

	while ((r = sd_bus_process(desktop->bus, NULL)) > 0)
		;
	return r < 0 ? -GUARD_E_UNREACHABLE : 0;
}
