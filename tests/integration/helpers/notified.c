/* SPDX-License-Identifier: MIT
 *
 * notified.c - in the place of a notification daemon (Desktop Notifications
 * Specification 1.2) on the session bus: `notified NOTES PRESSES` writes a line
 * for each notification to NOTES, "ID<tab>SUMMARY<tab>BODY<tab>ACTIONS", and takes
 * lines "ID ACTION" from the FIFO PRESSES, as if somebody pressed that button.
 * The first line is "ready".  Shows nothing to anybody.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#define SERVICE "org.freedesktop.Notifications"
#define OBJECT "/org/freedesktop/Notifications"

static FILE *notes;
static uint32_t newest;

static void put(const char *text)
{
	for (; *text; text++)
		if (*text == '\n')
			fputs("\\n", notes);
		else
			putc(*text, notes);
	putc('\t', notes);
}

static int on_notify(sd_bus_message *message, void *context, sd_bus_error *error)
{
	const char *name, *icon, *summary, *body, *action;
	uint32_t replaces;
	int r;

	(void)context;
	(void)error;
	r = sd_bus_message_read(message, "susss", &name, &replaces, &icon, &summary, &body);
	if (r < 0)
		return r;
	newest++;
	fprintf(notes, "%u\t", replaces ? replaces : newest);
	put(summary);
	put(body);
	r = sd_bus_message_enter_container(message, 'a', "s");
	while (r >= 0 && (r = sd_bus_message_read(message, "s", &action)) > 0)
		fprintf(notes, "%s,", action);
	putc('\n', notes);
	fflush(notes);
	return sd_bus_reply_method_return(message, "u", replaces ? replaces : newest);
}

static int on_capabilities(sd_bus_message *message, void *context, sd_bus_error *error)
{
	(void)context;
	(void)error;
	return sd_bus_reply_method_return(message, "as", 2, "body", "actions");
}

static const sd_bus_vtable table[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("Notify", "susssasa{sv}i", "u", on_notify, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("GetCapabilities", "", "as", on_capabilities, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_SIGNAL("ActionInvoked", "us", 0),
    SD_BUS_VTABLE_END,
};

static void press(sd_bus *bus, FILE *presses)
{
	char action[64];
	unsigned id;

	if (fscanf(presses, "%u %63s", &id, action) == 2)
		(void)sd_bus_emit_signal(bus, OBJECT, SERVICE, "ActionInvoked", "us", (uint32_t)id, action);
}

int main(int argc, char **argv)
{
	sd_bus *bus = NULL;
	FILE *presses;

	if (argc != 3 || mkfifo(argv[2], 0666) < 0 || chmod(argv[2], 0666) < 0)
		return 2;
	notes = fopen(argv[1], "we");
	presses = fopen(argv[2], "r+e"); /* never at its end */
	if (!notes || !presses || sd_bus_open_user(&bus) < 0 ||
	    sd_bus_add_object_vtable(bus, NULL, OBJECT, SERVICE, table, NULL) < 0 ||
	    sd_bus_request_name(bus, SERVICE, 0) < 0)
		return 1;
	setvbuf(presses, NULL, _IONBF, 0);
	fputs("ready\n", notes);
	fflush(notes);
	for (;;) {
		struct pollfd polls[] = {{sd_bus_get_fd(bus), POLLIN, 0}, {fileno(presses), POLLIN, 0}};
		int r;

		while ((r = sd_bus_process(bus, NULL)) > 0)
			;
		if (r < 0)
			return 0; /* the session has ended */
		sd_bus_flush(bus);
		if (poll(polls, 2, -1) > 0 && polls[1].revents)
			press(bus, presses);
	}
}
