/* SPDX-License-Identifier: MIT
 *
 * guardd/trusted.c - walks to a file through directories that only root can
 * write.  Owns the rule what "only root" means; reads no content.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "problem.h"
#include "trusted.h"

struct walk {
	const char *what, *path;
	char *ret_problem;
	size_t problem_size;
};

static int unsafe(const struct walk *walk, const char *place, const struct stat *status, const char *kind)
{
	if (status->st_uid != 0)
		return guardd_problem(
		    -GUARD_E_UNSAFE, walk->ret_problem, walk->problem_size,
		    "%s: %s: the %s %s belongs to user %u and not to root, so that user could "
		    "change it: chown root:root %s",
		    walk->path, walk->what, kind, place, (unsigned)status->st_uid, place);
	return guardd_problem(
	    -GUARD_E_UNSAFE, walk->ret_problem, walk->problem_size,
	    "%s: %s: the %s %s can be written by others than root (mode %04o): chmod go-w %s", walk->path,
	    walk->what, kind, place, (unsigned)(status->st_mode & 07777), place);
}

static int failed(const struct walk *walk, const char *place)
{
	int error = errno == ENOENT ? -GUARD_E_NOT_FOUND : -GUARD_E_IO;

	return guardd_problem(error, walk->ret_problem, walk->problem_size, "%s: %s cannot be opened: %s: %s",
			      walk->path, walk->what, place, strerror(errno));
}

static int check_directory(const struct walk *walk, int fd, const char *place)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return failed(walk, place);
	if (status.st_uid != 0 || ((status.st_mode & 022) && !(status.st_mode & S_ISVTX)))
		return unsafe(walk, place, &status, "directory");
	return 0;
}

static int check_file(const struct walk *walk, int fd, const char *place)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return failed(walk, place);
	if (!S_ISREG(status.st_mode))
		return guardd_problem(-GUARD_E_UNSAFE, walk->ret_problem, walk->problem_size,
				      "%s: %s must be a regular file", walk->path, walk->what);
	if (status.st_uid != 0 || (status.st_mode & 022))
		return unsafe(walk, place, &status, "file");
	return 0;
}

/* `path` is absolute and has no symbolic link, "." or "..". */
static int open_below(int *ret_fd, const struct walk *walk, char *path)
{
	GUARD_AUTO_CLOSE int directory = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char *name = path + 1, *slash;
	int r;

	if (directory < 0)
		return failed(walk, "/");
	while ((slash = strchr(name, '/'))) {
		int next;

		*slash = '\0';
		next = openat(directory, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (next < 0)
			return failed(walk, path);
		close(directory);
		directory = next;
		r = check_directory(walk, directory, path);
		if (r < 0)
			return r;
		*slash = '/';
		name = slash + 1;
	}
	/* Non-blocking, so that a FIFO in its place cannot hold us. */
	*ret_fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	return *ret_fd < 0 ? failed(walk, path) : 0;
}

int guardd_trusted_open(int *ret_fd, const char *path, const char *what, char *ret_problem,
			size_t problem_size)
{
	const struct walk walk = {what, path, ret_problem, problem_size};
	GUARD_AUTO_FREE char *resolved = realpath(path, NULL);
	GUARD_AUTO_CLOSE int fd = -1;
	int r;

	if (!resolved)
		return failed(&walk, path);
	r = open_below(&fd, &walk, resolved);
	if (r < 0)
		return r;
	r = check_file(&walk, fd, resolved);
	if (r < 0)
		return r;
	*ret_fd = guard_steal_fd(&fd);
	return 0;
}
