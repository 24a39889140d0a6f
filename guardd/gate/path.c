/* SPDX-License-Identifier: MIT
 *
 * gate/path.c - the name of an inode, believed only when that name, looked up
 * from the gate's own root without following a symlink, is this very inode.
 * Opens nothing but O_PATH, which asks nobody.
 */
#include "gate/gate.h"

#include <errno.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "gate/patience.h"

static int open_step(int directory, const char *path, uint64_t resolve)
{
	return gate_patience_open(directory, path, O_NOFOLLOW, resolve);
}

static bool names_inode(const char *path, const struct gate_key *key)
{
	struct gate_file file;
	GUARD_AUTO_CLOSE int fd = open_step(AT_FDCWD, path, RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);

	return fd >= 0 && gate_file_stat(&file, fd) == 0 && gate_key_same_inode(&file.key, key);
}

/* Root's, and nobody else may write. */
static bool is_roots(int fd)
{
	struct gate_file file;

	return gate_file_stat(&file, fd) == 0 && gate_file_is_sealed(&file);
}

bool gate_path_is_protected(const char *path)
{
	GUARD_AUTO_FREE char *copy = strdup(path);
	GUARD_AUTO_CLOSE int at = open("/", O_PATH | O_CLOEXEC);
	char *rest = NULL;

	if (!copy || at < 0 || path[0] != '/' || !is_roots(at))
		return false;
	for (char *name = strtok_r(copy, "/", &rest); name; name = strtok_r(NULL, "/", &rest)) {
		int next = open_step(at, name, RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_BENEATH);
		if (next < 0)
			return false;
		close(at);
		at = next;
		if (!is_roots(at))
			return false;
	}
	return true;
}

void gate_path_read_link(struct gate_path *ret_path, const char *link, const struct gate_key *key)
{
	char name[GUARD_WIRE_PATH_MAX];
	ssize_t length = readlink(link, name, sizeof(name) - 1);

	*ret_path = (struct gate_path){ 0 };
	if (length <= 0 || (size_t)length >= sizeof(name) - 1)
		return;
	name[length] = '\0';
	ret_path->claimed = strdup(name);
	ret_path->verified = ret_path->claimed && name[0] == '/' && names_inode(name, key);
}

void gate_path_read(struct gate_path *ret_path, int fd, const struct gate_key *key)
{
	char link[64];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	gate_path_read_link(ret_path, link, key);
}
