/* SPDX-License-Identifier: MIT
 *
 * keeper/enrolment.c - what comes into STATE_DIR/enrolment while a machine is managed:
 * settings that headquarters signed, verifiers of the help desk's.  Written whole or not
 * at all; what is in them is not this file's business.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "internal.h"
#include "unlock/unlock.h"

#define FOLDER "enrolment"
#define NEW FOLDER "/incoming"
#define FILE_MAX 16384u

static void path_of(char ret_path[64], const char *name)
{
	snprintf(ret_path, 64, FOLDER "/%s", name);
}

bool keeper_enrolment_has(int state_dir, const char *name, const void *bytes, size_t size)
{
	static char found[FILE_MAX];
	char path[64];
	ssize_t length;

	path_of(path, name);
	GUARD_AUTO_CLOSE int fd = openat(state_dir, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return errno == ENOENT && size == 0;
	length = read(fd, found, sizeof(found));
	return length == (ssize_t)size && memcmp(found, bytes, size) == 0;
}

static int sync_folder(int state_dir)
{
	GUARD_AUTO_CLOSE int folder = openat(state_dir, FOLDER, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return folder < 0 || fsync(folder) < 0 ? -GUARD_E_IO : 0;
}

int keeper_enrolment_put(int state_dir, const char *name, const void *bytes, size_t size)
{
	GUARD_AUTO_CLOSE int fd = -1;
	char path[64];

	path_of(path, name);
	if (size == 0)
		return unlinkat(state_dir, path, 0) < 0 ? -GUARD_E_IO : sync_folder(state_dir);
	if (unlinkat(state_dir, NEW, 0) < 0 && errno != ENOENT)
		return -GUARD_E_IO;
	fd = openat(state_dir, NEW, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, bytes, size) != (ssize_t)size || fsync(fd) < 0 ||
	    renameat(state_dir, NEW, state_dir, path) < 0)
		return -GUARD_E_IO;
	return sync_folder(state_dir);
}

/* Trust opened it; the unlock process looks at what it is. */
bool keeper_verifiers_take(struct keeper *keeper, int set)
{
	static uint8_t bytes[GUARD_UNLOCK_SET_SIZE_MAX + 1];
	char path[GUARDD_PATH_MAX + 64];
	ssize_t size = pread(set, bytes, sizeof(bytes), 0);

	if (size <= 0 || size > (ssize_t)GUARD_UNLOCK_SET_SIZE_MAX ||
	    keeper_enrolment_has(keeper->state_dir, GUARDD_VERIFIERS_FILE, bytes, (size_t)size))
		return false;
	if (keeper_enrolment_put(keeper->state_dir, GUARDD_VERIFIERS_FILE, bytes, (size_t)size) < 0) {
		keeper_note(keeper, GUARD_DAEMON_UPDATE_REFUSED,
			    "Verifiers came for this machine, but %s/" FOLDER "/" GUARDD_VERIFIERS_FILE
			    " cannot be written: %s.",
			    keeper->config->state_dir, strerror(errno));
		return false;
	}
	keeper_note(keeper, GUARD_DAEMON_UPDATE_TAKEN, "The help desk's verifiers came for this machine, by the repository.");
	snprintf(path, sizeof(path), "%s/" FOLDER "/" GUARDD_VERIFIERS_FILE, keeper->config->state_dir);
	if (strcmp(path, keeper->config->unlock_verifiers) == 0) {
		keeper_unlock_renew(keeper);
		return false;
	}
	keeper_upgrade(keeper); /* from here on they come from there */
	return true;
}
