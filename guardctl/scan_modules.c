/* SPDX-License-Identifier: MIT
 *
 * guardctl/scan_modules.c - compressed kernel modules: what is in them is listed as well
 * as the file.  Tools that unpack a module themselves (kmod before 31) hand the kernel
 * memory, and what comes so is known by its content alone.
 *
 * Only what root owns and nobody else may write is unpacked: whoever can change it has the
 * machine already.  libarchive does it.
 */
#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/cleanup.h"
#include "scan.h"

#define UNPACKED_MAX (256u << 20) /* as the kernel layer hashes (bpf/abi.h) */
#define BLOCK (1u << 16)
#define OTHERS_WRITE (S_IWGRP | S_IWOTH)

static void free_archive(struct archive **archive)
{
	if (*archive)
		archive_read_free(*archive);
}
static void free_context(EVP_MD_CTX **context)
{
	EVP_MD_CTX_free(*context);
}
#define AUTO_ARCHIVE __attribute__((cleanup(free_archive)))
#define AUTO_CONTEXT __attribute__((cleanup(free_context)))

bool scan_is_packed_module(const char *path, const struct stat *facts)
{
	return (scan_has_suffix(path, ".ko.xz") || scan_has_suffix(path, ".ko.zst") || scan_has_suffix(path, ".ko.gz")) &&
	       facts->st_uid == 0 && !(facts->st_mode & OTHERS_WRITE);
}

/* Opened, at the first byte of what is in it. */
static int begin(struct archive **ret_archive, int fd)
{
	struct archive *archive AUTO_ARCHIVE = archive_read_new();
	struct archive_entry *entry;

	if (!archive)
		return -GUARD_E_NOMEM;
	archive_read_support_format_raw(archive);
	archive_read_support_filter_xz(archive);
	archive_read_support_filter_zstd(archive);
	archive_read_support_filter_gzip(archive);
	if (lseek(fd, 0, SEEK_SET) < 0 || archive_read_open_fd(archive, fd, BLOCK) != ARCHIVE_OK ||
	    archive_read_next_header(archive, &entry) != ARCHIVE_OK)
		return -GUARD_E_FORMAT;
	*ret_archive = archive;
	archive = NULL;
	return 0;
}

int scan_unpacked_digest(struct guard_digest *ret_digest, int fd)
{
	struct archive *archive AUTO_ARCHIVE = NULL;
	EVP_MD_CTX *context AUTO_CONTEXT = EVP_MD_CTX_new();
	GUARD_AUTO_FREE uint8_t *block = malloc(BLOCK);
	la_ssize_t n;
	size_t total = 0;
	int r = begin(&archive, fd);

	if (r < 0)
		return r;
	if (!context || !block || EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1)
		return -GUARD_E_NOMEM;
	while ((n = archive_read_data(archive, block, BLOCK)) > 0) {
		total += (size_t)n;
		if (total > UNPACKED_MAX)
			return -GUARD_E_LIMIT;
		if (EVP_DigestUpdate(context, block, (size_t)n) != 1)
			return -GUARD_E_INTERNAL;
	}
	if (n < 0 || total == 0)
		return -GUARD_E_FORMAT;
	return EVP_DigestFinal_ex(context, ret_digest->bytes, NULL) == 1 ? 0 : -GUARD_E_INTERNAL;
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
