/* SPDX-License-Identifier: MIT
 *
 * compile/save.c - puts an image in place as a whole or not at all.  What the
 * reader refuses never gets its final name.
 */
#include <fcntl.h>
#include <guard/policy.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "compile.h"

static int check(int fd)
{
	struct guard_policy *policy = NULL;
	int r = guard_policy_open(&policy, fd, NULL);

	guard_policy_free(policy);
	return r;
}

/* The folder's entry is on the disk, too. */
static int sync_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
	GUARD_AUTO_CLOSE int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	free(folder);
	return fd < 0 || (fsync(fd) < 0 && errno != EINVAL) ? -GUARD_E_IO : 0;
}

static int fill(int fd, const uint8_t *bytes, size_t size)
{
	int r = guard_write_whole(fd, bytes, size);

	if (r < 0)
		return r;
	if (fchmod(fd, 0644) < 0 || fsync(fd) < 0)
		return -GUARD_E_IO;
	return check(fd);
}

bool guard_is_place_for_file(const char *path)
{
	struct stat status;

	if (lstat(path, &status) < 0)
		return true; /* what is wrong with the name will be seen */
	if (!S_ISLNK(status.st_mode))
		return S_ISREG(status.st_mode);
	/* Such a link stands for what it leads to: /dev/stdout. */
	if (strncmp(path, "/dev/", 5) == 0 || strncmp(path, "/proc/", 6) == 0)
		return false;
	return stat(path, &status) < 0 || S_ISREG(status.st_mode);
}

int guard_image_save(const char *path, const uint8_t *bytes, size_t size)
{
	GUARD_AUTO_FREE char *temporary = NULL;
	GUARD_AUTO_CLOSE int fd = -1;
	int r, saved;

	if (!guard_is_place_for_file(path))
		return -GUARD_E_USAGE;
	if (asprintf(&temporary, "%s.XXXXXX", path) < 0) {
		temporary = NULL;
		return -GUARD_E_NOMEM;
	}
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return -GUARD_E_IO;
	r = fill(fd, bytes, size);
	if (r == 0 && rename(temporary, path) < 0)
		r = -GUARD_E_IO;
	if (r == 0)
		return sync_folder(path);
	saved = errno;
	unlink(temporary);
	errno = saved;
	return r;
}
