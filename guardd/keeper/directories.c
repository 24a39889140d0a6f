/* SPDX-License-Identifier: MIT
 *
 * keeper/directories.c - STATE_DIR, STATE_DIR/ledger and RUN_DIR, with the
 * modes that keep everybody else out, and the lock that one daemon holds.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "internal.h"
#include "problem.h"

/* Make every missing directory of `path`, root's, mode 0755. */
static int make_parents(const char *path)
{
	char partial[GUARDD_PATH_MAX];

	for (size_t i = 1; path[i]; i++) {
		if (path[i] != '/')
			continue;
		memcpy(partial, path, i);
		partial[i] = '\0';
		if (mkdir(partial, 0755) < 0 && errno != EEXIST)
			return -GUARD_E_IO;
	}
	return 0;
}

/* Open a directory that must be root's; make it and correct its mode first. */
static int open_directory(int32_t *ret_fd, const char *path, mode_t mode, const char *setting,
			  char *ret_problem, size_t size)
{
	GUARD_AUTO_CLOSE int fd = -1;
	struct stat status;

	if (make_parents(path) < 0 || (mkdir(path, mode) < 0 && errno != EEXIST))
		return guardd_problem(-GUARD_E_IO, ret_problem, size, "%s %s cannot be made: %s", setting,
				      path, strerror(errno));
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &status) < 0)
		return guardd_problem(-GUARD_E_IO, ret_problem, size, "%s %s cannot be opened: %s", setting,
				      path, strerror(errno));
	if (status.st_uid != 0)
		return guardd_problem(-GUARD_E_UNSAFE, ret_problem, size,
				      "%s %s belongs to user %u and not to root: chown root:root %s", setting,
				      path, (unsigned)status.st_uid, path);
	if (fchmod(fd, mode) < 0)
		return guardd_problem(-GUARD_E_IO, ret_problem, size, "%s %s cannot be given mode %04o: %s",
				      setting, path, (unsigned)mode, strerror(errno));
	*ret_fd = guard_steal_fd(&fd);
	return 0;
}

/* A daemon that was started by an upgrade may change only what is wrong. */
static int give(int fd, const struct stat *status, const struct guardd_config *config)
{
	if ((status->st_mode & 07777) != 0700 && fchmod(fd, 0700) < 0)
		return -GUARD_E_IO;
	if ((status->st_uid != config->record_uid || status->st_gid != config->record_gid) &&
	    fchown(fd, config->record_uid, config->record_gid) < 0)
		return -GUARD_E_IO;
	return 0;
}

static int open_ledger(struct keeper *keeper, char *ret_problem, size_t size)
{
	const struct guardd_config *config = keeper->config;
	GUARD_AUTO_CLOSE int fd = -1;
	struct stat status;

	if (mkdirat(keeper->state_dir, "ledger", 0700) < 0 && errno != EEXIST)
		return guardd_problem(-GUARD_E_IO, ret_problem, size, "%s/ledger cannot be made: %s",
				      config->state_dir, strerror(errno));
	fd = openat(keeper->state_dir, "ledger", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &status) < 0 || give(fd, &status, config) < 0)
		return guardd_problem(-GUARD_E_IO, ret_problem, size,
				      "%s/ledger cannot be given to the user of the record process: %s",
				      config->state_dir, strerror(errno));
	keeper->ledger_dir = guard_steal_fd(&fd);
	return 0;
}

int keeper_directories_open(struct keeper *keeper, char *ret_problem, size_t size)
{
	const struct guardd_config *config = keeper->config;
	int r;

	/* Others may pass through the state directory, the record process must. */
	r = open_directory(&keeper->state_dir, config->state_dir, 0711, "state_dir", ret_problem, size);
	if (r < 0)
		return r;
	r = open_directory(&keeper->run_dir, config->run_dir, 0755, "run_dir", ret_problem, size);
	if (r < 0)
		return r;
	return open_ledger(keeper, ret_problem, size);
}

int keeper_lock(struct keeper *keeper, char *ret_problem, size_t size)
{
	GUARD_AUTO_CLOSE int fd =
	    openat(keeper->run_dir, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);

	if (fd < 0)
		return guardd_problem(-GUARD_E_IO, ret_problem, size, "%s/lock cannot be opened: %s",
				      keeper->config->run_dir, strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return -GUARD_E_BUSY;
	keeper->handles.lock = guard_steal_fd(&fd);
	return 0;
}
