/* SPDX-License-Identifier: MIT
 *
 * guardctl/claim.c - see claim.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "claim.h"

#define MAGIC_CIFS 0xff534d42u
#define MAGIC_SMB2 0xfe534d42u
#define MAGIC_FUSE 0x65735546u

/* ---- medium --------------------------------------------------------------------------- */

static int reads_as_one(const char *path)
{
	GUARD_AUTO_FCLOSE FILE *file = fopen(path, "re");

	return file && fgetc(file) == '1';
}

/* A partition has the flag in the directory of its disk; disks on USB have none. */
static int is_removable(dev_t device)
{
	GUARD_AUTO_FREE char *real = NULL;
	char path[128];

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u", major(device), minor(device));
	real = realpath(path, NULL);
	if (real && strstr(real, "/usb"))
		return 1;
	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/removable", major(device), minor(device));
	if (reads_as_one(path))
		return 1;
	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/../removable", major(device), minor(device));
	return reads_as_one(path);
}

static enum guard_medium medium_of(const char *path)
{
	struct statfs filesystem;
	struct stat status;

	if (stat(path, &status) < 0 || statfs(path, &filesystem) < 0)
		return GUARD_MEDIUM_FIXED;
	switch ((uint32_t)filesystem.f_type) {
	case TMPFS_MAGIC:
	case RAMFS_MAGIC:
		return GUARD_MEDIUM_MEMORY;
	case NFS_SUPER_MAGIC:
	case SMB_SUPER_MAGIC:
	case MAGIC_CIFS:
	case MAGIC_SMB2:
	case MAGIC_FUSE:
		return GUARD_MEDIUM_NETWORK;
	default:
		return is_removable(status.st_dev) ? GUARD_MEDIUM_REMOVABLE : GUARD_MEDIUM_FIXED;
	}
}

/* ---- protection --------------------------------------------------------------------------- */

/* Root's, and nobody else may write.  With an ACL the group bits are its mask. */
static bool is_safe(const char *path)
{
	struct stat status;

	return lstat(path, &status) == 0 && status.st_uid == 0 && !S_ISLNK(status.st_mode) &&
	       (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static bool is_protected(const char *path)
{
	char part[GUARD_WIRE_PATH_MAX];

	if (path[0] != '/' || !is_safe("/"))
		return false;
	for (size_t i = 1; path[i]; i++) {
		if (path[i] != '/')
			continue;
		snprintf(part, sizeof(part), "%.*s", (int)i, path);
		if (!is_safe(part))
			return false;
	}
	return is_safe(path);
}

/* ---- question ------------------------------------------------------------------------------- */

int claim_place(struct guard_question *ret_question, const char *path)
{
	GUARD_AUTO_FREE char *resolved = realpath(path, NULL);
	const char *name = resolved ? resolved : path;
	char shell[64];
	ssize_t length;

	if (strlen(name) >= sizeof(ret_question->path))
		return -GUARD_E_LIMIT;
	memcpy(ret_question->path, name, strlen(name) + 1);
	ret_question->path_protected = is_protected(name);
	ret_question->medium = (uint8_t)medium_of(name);
	snprintf(shell, sizeof(shell), "/proc/%d/exe", (int)getppid());
	length = readlink(shell, ret_question->program, sizeof(ret_question->program) - 1);
	ret_question->program[length > 0 ? length : 0] = '\0';
	return 0;
}

static enum guard_kind find_kind(enum guard_format format, mode_t mode)
{
	bool runs = (mode & (S_IXUSR | S_IXGRP | S_IXOTH)) != 0;

	switch (format) {
	case GUARD_FORMAT_ELF_EXEC:
		return GUARD_KIND_EXECUTABLE;
	case GUARD_FORMAT_ELF_DYN:
	case GUARD_FORMAT_ELF_OTHER:
		return runs ? GUARD_KIND_EXECUTABLE : GUARD_KIND_LIBRARY;
	case GUARD_FORMAT_ELF_REL:
		return GUARD_KIND_MODULE;
	case GUARD_FORMAT_SHEBANG:
	case GUARD_FORMAT_TEXT:
	case GUARD_FORMAT_BYTECODE:
		return GUARD_KIND_SCRIPT;
	default:
		return runs ? GUARD_KIND_EXECUTABLE : GUARD_KIND_OTHER;
	}
}

int claim_file(struct guard_question *ret_question, int fd, const char *path, unsigned kind)
{
	struct guard_question question = {0};
	uint8_t head[GUARD_SNIFF_SIZE];
	struct stat status;
	ssize_t size;
	int r;

	if (fstat(fd, &status) < 0)
		return -GUARD_E_IO;
	if (!S_ISREG(status.st_mode))
		return -GUARD_E_USAGE;
	size = pread(fd, head, sizeof(head), 0);
	if (size < 0)
		return -GUARD_E_IO;
	r = guard_digest_fd(&question.identity.digest, &question.identity.size, fd, NULL, NULL);
	if (r == 0)
		r = claim_place(&question, path);
	if (r < 0)
		return r;
	if (kind >= GUARD_KIND_MAX_)
		kind = find_kind(guard_format_sniff(head, (size_t)size), status.st_mode);
	question.identity.kind = (uint8_t)kind;
	*ret_question = question;
	return 0;
}
