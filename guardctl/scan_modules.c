/* SPDX-License-Identifier: MIT
 *
 * guardctl/scan_modules.c - compressed kernel modules: what is in them is listed as well
 * as the file.  Tools that unpack a module themselves (kmod before 31) hand the kernel
 * memory, and what comes so is known by its content alone.
 *
 * Only what root owns and nobody else may write is unpacked: whoever can change it has the
 * machine already.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "package/unpack.h"
#include "scan.h"

#define BLOCK (1u << 16)
#define OTHERS_WRITE (S_IWGRP | S_IWOTH)

bool scan_is_packed_module(const char *path, const struct stat *facts)
{
	return (scan_has_suffix(path, ".ko.xz") || scan_has_suffix(path, ".ko.zst") || scan_has_suffix(path, ".ko.gz")) &&
	       facts->st_uid == 0 && !(facts->st_mode & OTHERS_WRITE);
}

int scan_unpacked_digest(struct guard_digest *ret_digest, int fd)
{
	struct archive *archive AUTO_ARCHIVE = package_module_archive();

	if (!archive)
		return -GUARD_E_NOMEM;
	if (lseek(fd, 0, SEEK_SET) < 0 || archive_read_open_fd(archive, fd, BLOCK) != ARCHIVE_OK)
		return -GUARD_E_FORMAT;
	return package_module_digest(ret_digest, archive);
}

/* A line of its own, in the group of its file. */
static int add_unpacked(struct scan *scan, size_t index)
{
	GUARD_AUTO_FREE char *path = NULL;
	struct scan_file from = scan->files[index];
	struct scan_file *added;
	int r;

	if (asprintf(&path, "%s, unpacked", from.path) < 0) {
		path = NULL;
		return -GUARD_E_NOMEM;
	}
	r = scan_add_file(scan, path, from.mode, 0);
	if (r < 0)
		return r;
	added = &scan->files[scan->file_count - 1];
	added->digest = from.unpacked;
	added->state = SCAN_LISTED;
	added->format = GUARD_FORMAT_ELF_REL;
	added->package = from.package;
	return 0;
}

int scan_list_unpacked(struct scan *scan)
{
	const size_t found = scan->file_count;
	int r = 0;

	for (size_t i = 0; i < found && r == 0; i++)
		if (scan->files[i].has_unpacked)
			r = add_unpacked(scan, i);
	if (scan->file_count > found)
		scan_sort_files(scan);
	return r;
}
