/* SPDX-License-Identifier: MIT
 *
 * guardnotify/terminal.c - the line on the terminal that tried.  A program that
 * was refused has often ended already; then its parent, the shell, is asked.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "notify.h"

#define PTS_MAJOR 136u /* to 143: Unix98 pseudo terminals (Documentation/admin-guide/devices.txt) */
#define PTS_MAJORS 8u
#define TTY_MAJOR 4u

/* Field 7, counted from behind the name, which may hold anything. */
static unsigned long tty_of(uint32_t pid)
{
	char path[64], text[1024], *at;
	GUARD_AUTO_CLOSE int fd = -1;
	unsigned long tty = 0;
	ssize_t size;

	snprintf(path, sizeof(path), "/proc/%u/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	size = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (size <= 0)
		return 0;
	text[size] = '\0';
	at = strrchr(text, ')');
	if (!at || sscanf(at, ") %*c %*d %*d %*d %lu", &tty) != 1)
		return 0;
	return tty;
}

bool notify_terminal_path(char *ret_path, size_t capacity, unsigned long tty)
{
	/* As the kernel packs it: minor in bits 0 to 7 and 20 to 31, major between. */
	unsigned long number = (tty & 0xffu) | (tty >> 12 & 0xfff00u), kind = tty >> 8 & 0xfffu;

	if (kind >= PTS_MAJOR && kind < PTS_MAJOR + PTS_MAJORS)
		snprintf(ret_path, capacity, "/dev/pts/%lu", number + (kind - PTS_MAJOR) * 256);
	else if (kind == TTY_MAJOR && number > 0 && number < 64)
		snprintf(ret_path, capacity, "/dev/tty%lu", number);
	else
		return false;
	return true;
}

static bool is_ours(int fd, unsigned long tty)
{
	struct stat status;

	return fstat(fd, &status) == 0 && S_ISCHR(status.st_mode) && status.st_uid == getuid() &&
	       major(status.st_rdev) == (tty >> 8 & 0xfffu);
}

void notify_terminal(const struct guard_event *event, const char *line)
{
	unsigned long tty = tty_of(event->pid);
	GUARD_AUTO_CLOSE int fd = -1;
	GUARD_AUTO_FREE char *text = NULL;
	char path[64];

	if (tty == 0)
		tty = tty_of(event->ppid);
	if (!notify_terminal_path(path, sizeof(path), tty))
		return;
	fd = open(path, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || !is_ours(fd, tty) || asprintf(&text, "\r\n%s\r\n", line) < 0)
		return;
	/* A terminal that is full misses it; the desktop and `why` do not. */
	(void)!write(fd, text, strlen(text));
}
