/* SPDX-License-Identifier: MIT
 *
 * guardnotify/notify.h - tells one user of his own denials: on the desktop
 * (freedesktop.org notifications over D-Bus) and with a line on the terminal that
 * tried.  Runs as that user, knows what the daemon tells any user about himself,
 * and writes to no terminal but his.
 */
#ifndef GUARDNOTIFY_H
#define GUARDNOTIFY_H

#include "guardctl.h"
#include "wire/unlock.h"
#include "wire/wire.h"

#define NOTIFY_SAME_NS (10ll * 1000000000) /* the same file is told of once in so long */
#define NOTIFY_REMEMBERED 64u
#define NOTIFY_RETRY_MS 1000		   /* until the daemon, or the session bus, is tried again */
#define NOTIFY_FLOOD_NS (10ll * 1000000000) /* in so long one more is told of */
#define NOTIFY_DESKTOP_BURST 5u		   /* notifications at once; then one for all the rest */
#define NOTIFY_TERMINAL_BURST 20u	   /* lines at once */

struct notify_end;

/* sentences.c: what is said, in the user's language; `help` is the help desk. */
void notify_body(char *ret_text, size_t capacity, const struct guard_event *event, const char *help);
void notify_line(char *ret_text, size_t capacity, const struct guard_event *event, const char *help);
/* Of an unlock: what it is for, and what comes; `left_ms` 0: it has ended. */
void notify_end_body(char *ret_text, size_t capacity, const struct notify_end *end, int64_t left_ms);

/* flood.c: of a storm of denials some are told of, and then how many more there were.
 * take: false: not this one.  wait: milliseconds until settle has something to say, -1:
 * nothing is withheld.  settle: how many were withheld, 0 not yet. */
struct notify_flood {
	unsigned used, withheld;
	int64_t since_ns;
};
bool notify_flood_take(struct notify_flood *flood, unsigned burst, int64_t now_ns);
int notify_flood_wait(const struct notify_flood *flood, int64_t now_ns);
unsigned notify_flood_settle(struct notify_flood *flood, unsigned burst, int64_t now_ns);

/* ends.c: unlocks of this user's that are open.  open: one that the daemon lists.  due:
 * one that is about to end and was not told of yet.  close: it has ended, *ret_end is it.
 * wait: milliseconds until one is due, -1 none is. */
#define NOTIFY_ENDS_MAX 16u
#define NOTIFY_END_MS 120000	  /* so long before its end its user is told */
#define NOTIFY_EARLY_MS 2000	  /* who ends an unlock so long before its end did so himself */
#define NOTIFY_WAIT_MAX_MS 600000 /* then the clock is looked at again */
struct notify_end {
	uint32_t id;
	uint8_t scope;
	bool warned;
	int64_t warn_ms, until_ms;
	char path[GUARD_WIRE_PATH_MAX];
};
struct notify_ends {
	unsigned count;
	struct notify_end all[NOTIFY_ENDS_MAX];
};
void notify_ends_open(struct notify_ends *ends, const struct guard_told *told, int64_t now_ms);
bool notify_ends_due(struct notify_end *ret_end, struct notify_ends *ends, int64_t now_ms);
bool notify_ends_close(struct notify_end *ret_end, struct notify_ends *ends, uint32_t id);
int notify_ends_wait(const struct notify_ends *ends, int64_t now_ms);

/* terminal.c: one line on the terminal of the process that tried, or of its
 * parent, if it is this user's. */
void notify_terminal(const struct guard_event *event, const char *line);
/* Pure: the device's path for a tty number of proc_pid_stat(5); false: none that
 * users have. */
bool notify_terminal_path(char *ret_path, size_t capacity, unsigned long tty);

/* desktop.c */
struct notify_desktop;
int notify_desktop_open(struct notify_desktop **ret_desktop, const struct guardctl_options *options) GUARD_WARN_UNUSED;
void notify_desktop_close(struct notify_desktop *desktop); /* NULL-safe */
int notify_desktop_fd(const struct notify_desktop *desktop);
/* Show it, with buttons to ask the help desk and to report. */
int notify_desktop_show(struct notify_desktop *desktop, const struct guard_event *event, const char *body) GUARD_WARN_UNUSED;
/* One for all that were not told of one by one. */
int notify_desktop_show_count(struct notify_desktop *desktop, unsigned count) GUARD_WARN_UNUSED;
/* Something without buttons. */
int notify_desktop_say(struct notify_desktop *desktop, const char *title, const char *body) GUARD_WARN_UNUSED;
/* Take what came over the bus: a button.  Negative when the bus is gone. */
int notify_desktop_process(struct notify_desktop *desktop) GUARD_WARN_UNUSED;
#endif
