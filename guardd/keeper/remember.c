/* SPDX-License-Identifier: MIT
 *
 * keeper/remember.c - writes and reads what the machine remembers of its
 * policy.  Believes only root's own files in the state directory.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "keeper/remember.h"

static int open_own(int *ret_fd, int state_dir, const char *name)
{
	GUARD_AUTO_CLOSE int fd = openat(state_dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return errno == ENOENT ? -GUARD_E_NOT_FOUND : -GUARD_E_IO;
	if (!S_ISREG(status.st_mode) || status.st_uid != 0 || (status.st_mode & 022))
		return -GUARD_E_UNSAFE;
	*ret_fd = guard_steal_fd(&fd);
	return 0;
}

uint64_t keeper_remembered_version(int state_dir)
{
	GUARD_AUTO_CLOSE int fd = -1;
	unsigned long long version;
	char text[64];
	ssize_t n;

	if (open_own(&fd, state_dir, KEEPER_VERSION_FILE) < 0)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	return sscanf(text, "%20llu", &version) == 1 ? version : 0;
}

int keeper_remembered_image(int *ret_fd, int state_dir)
{
	return open_own(ret_fd, state_dir, KEEPER_LAST_FILE);
}

static int begin(int *ret_fd, int state_dir, const char *temporary)
{
	if (unlinkat(state_dir, temporary, 0) < 0 && errno != ENOENT)
		return -GUARD_E_IO;
	*ret_fd = openat(state_dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return *ret_fd < 0 ? -GUARD_E_IO : 0;
}

static int commit(int fd, int state_dir, const char *temporary, const char *name)
{
	if (fsync(fd) == 0 && renameat(state_dir, temporary, state_dir, name) == 0 && fsync(state_dir) == 0)
		return 0;
	(void)!unlinkat(state_dir, temporary, 0);
	return -GUARD_E_IO;
}

static int copy(int to, int from)
{
	struct stat status;
	off_t offset = 0;

	if (fstat(from, &status) < 0)
		return -GUARD_E_IO;
	while (offset < status.st_size) {
		if (sendfile(to, from, &offset, 1u << 24) <= 0)
			return -GUARD_E_IO;
	}
	return 0;
}

int keeper_remembered_file(int *ret_fd, int state_dir, const char *name)
{
	return open_own(ret_fd, state_dir, name);
}

int keeper_remember_bytes(int state_dir, const char *name, const void *bytes, size_t size)
{
	GUARD_AUTO_CLOSE int file = -1;
	char temporary[64];

	snprintf(temporary, sizeof(temporary), "%s.new", name);
	if (begin(&file, state_dir, temporary) < 0 || guard_write_whole(file, bytes, size) < 0)
		return -GUARD_E_IO;
	return commit(file, state_dir, temporary, name);
}

int keeper_remembered_attributions(int *ret_fd, int state_dir)
{
	return open_own(ret_fd, state_dir, KEEPER_ATTRIBUTIONS_FILE);
}

int keeper_remember_attributions(int state_dir, int table)
{
	GUARD_AUTO_CLOSE int file = -1;

	if (begin(&file, state_dir, KEEPER_ATTRIBUTIONS_FILE ".new") < 0 || copy(file, table) < 0)
		return -GUARD_E_IO;
	return commit(file, state_dir, KEEPER_ATTRIBUTIONS_FILE ".new", KEEPER_ATTRIBUTIONS_FILE);
}

int keeper_remember(int state_dir, uint64_t version, const char *id, int image)
{
	GUARD_AUTO_CLOSE int last = -1;
	GUARD_AUTO_CLOSE int number = -1;

	if (begin(&last, state_dir, KEEPER_LAST_FILE ".new") < 0 || copy(last, image) < 0 ||
	    commit(last, state_dir, KEEPER_LAST_FILE ".new", KEEPER_LAST_FILE) < 0)
		return -GUARD_E_IO;
	if (begin(&number, state_dir, KEEPER_VERSION_FILE ".new") < 0 ||
	    dprintf(number, "%llu %s\n", (unsigned long long)version, id) < 0)
		return -GUARD_E_IO;
	return commit(number, state_dir, KEEPER_VERSION_FILE ".new", KEEPER_VERSION_FILE);
}
