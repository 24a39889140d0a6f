/* SPDX-License-Identifier: MIT
 *
 * keeper/settings.c - what headquarters signed of this machine's settings: written
 * into the enrolment, from where the next start takes it, and that start comes at
 * once and without a gap.  Believes trust that it was signed, and nothing of how it
 * looks.
 */
#include "settings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "internal.h"

#define PATH "enrolment/" GUARDD_SETTINGS_FILE
#define PATH_NEW PATH ".new"

static bool is_written(int state_dir, const char *text)
{
	GUARD_AUTO_CLOSE int fd = openat(state_dir, PATH, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	static char found[GUARDD_SETTINGS_TEXT_MAX];
	ssize_t size = fd < 0 ? 0 : read(fd, found, sizeof(found));

	if (fd < 0 && errno != ENOENT)
		return false;
	return size == (ssize_t)strlen(text) && memcmp(found, text, (size_t)size) == 0;
}

static int sync_folder(int state_dir)
{
	GUARD_AUTO_CLOSE int folder = openat(state_dir, "enrolment", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return folder < 0 || fsync(folder) < 0 ? -GUARD_E_IO : 0;
}

static int write_new(int state_dir, const char *text)
{
	GUARD_AUTO_CLOSE int fd = -1;
	const size_t size = strlen(text);

	if (unlinkat(state_dir, PATH_NEW, 0) < 0 && errno != ENOENT)
		return -GUARD_E_IO;
	fd = openat(state_dir, PATH_NEW, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, text, size) != (ssize_t)size || fsync(fd) < 0 ||
	    renameat(state_dir, PATH_NEW, state_dir, PATH) < 0)
		return -GUARD_E_IO;
	return sync_folder(state_dir);
}

static int replace(int state_dir, const char *text)
{
	if (text[0])
		return write_new(state_dir, text);
	return unlinkat(state_dir, PATH, 0) < 0 ? -GUARD_E_IO : sync_folder(state_dir);
}

bool keeper_settings_take(struct keeper *keeper, const struct guardd_settings *settings)
{
	static char text[GUARDD_SETTINGS_TEXT_MAX];

	if (guardd_settings_format(text, settings) < 0) {
		keeper_say("what was signed of this machine's settings cannot be written down");
		return false;
	}
	if (is_written(keeper->state_dir, text))
		return false;
	if (replace(keeper->state_dir, text) < 0) {
		keeper_note(keeper, GUARD_DAEMON_UPDATE_REFUSED,
			    "Headquarters changed this machine's settings, but %s/" PATH " cannot be written: %s; they stay "
			    "as they were.",
			    keeper->config->state_dir, strerror(errno));
		return false;
	}
	keeper_note(keeper, GUARD_DAEMON_UPDATE_TAKEN, "Headquarters changed this machine's settings: %s",
		    text[0] ? "guardd starts with them now." : "those of its enrolment hold again.");
	keeper_upgrade(keeper);
	return true;
}
