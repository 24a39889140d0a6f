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
#include "wire/wire.h"

#define NOTIFY_SAME_NS (10ll * 1000000000) /* the same file is told of once in so long */
#define NOTIFY_REMEMBERED 64u
#define NOTIFY_RETRY_MS 5000		   /* until the daemon, or the session bus, is tried again */

/* sentences.c: what is said, in the user's language; `help` is the help desk. */
void notify_body(char *ret_text, size_t capacity, const struct guard_event *event, const char *help);
void notify_line(char *ret_text, size_t capacity, const struct guard_event *event, const char *help);

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
/* Take what came over the bus: a button.  Negative when the bus is gone. */
int notify_desktop_process(struct notify_desktop *desktop) GUARD_WARN_UNUSED;
#endif
