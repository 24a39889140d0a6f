/* SPDX-License-Identifier: MIT
 *
 * keeper/directories.c - STATE_DIR, the helpers' folders in it and RUN_DIR, with the
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
static int give(int fd, const struct stat *status, uint32_t uid, uint32_t gid)
{
	if ((status->st_mode & 07777) != 0700 && fchmod(fd, 0700) < 0)
		return -GUARD_E_IO;
	if ((status->st_uid != uid || status->st_gid != gid) && fchown(fd, uid, gid) < 0)
		return -GUARD_E_IO;
	return 0;
}

struct helper_folder {
	const char *name, *process;
	uint32_t uid, gid;
};

static int open_helper_folder(int32_t *ret_fd, const struct keeper *keeper, const struct helper_folder *folder,
			      char *ret_problem, size_t size)
{
	const char *state_dir = keeper->config->state_dir;
	GUARD_AUTO_CLOSE int fd = -1;
	struct stat status;

	if (mkdirat(keeper->state_dir, folder->name, 0700) < 0 && errno != EEXIST)
		return guardd_problem(-GUARD_E_IO, ret_problem, size, "%s/%s cannot be made: %s", state_dir,
				      folder->name, strerror(errno));
	fd = openat(keeper->state_dir, folder->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &status) < 0 || give(fd, &status, folder->uid, folder->gid) < 0)
		return guardd_problem(-GUARD_E_IO, ret_problem, size,
				      "%s/%s cannot be given to the user of the %s process: %s", state_dir,
				      folder->name, folder->process, strerror(errno));
	*ret_fd = guard_steal_fd(&fd);
	return 0;
}

static int open_helper_folders(struct keeper *keeper, char *ret_problem, size_t size)
{
	const struct guardd_config *config = keeper->config;
	const struct helper_folder ledger = {"ledger", "record", config->record_uid, config->record_gid};
	const struct helper_folder unlock = {"unlock", "unlock", config->unlock_uid, config->unlock_gid};
	const struct helper_folder trust = {"trust", "trust", config->trust_uid, config->trust_gid};
	int r = open_helper_folder(&keeper->ledger_dir, keeper, &ledger, ret_problem, size);

	if (r == 0)
		r = open_helper_folder(&keeper->unlock_dir, keeper, &unlock, ret_problem, size);
	/* Also where there is no repository yet: after an enrolment the daemon starts
	 * its program anew, and could not give a folder away then. */
	if (r == 0)
		r = open_helper_folder(&keeper->trust_dir, keeper, &trust, ret_problem, size);
	return r;
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
	return open_helper_folders(keeper, ret_problem, size);
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
