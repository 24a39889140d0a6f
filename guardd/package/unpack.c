/* SPDX-License-Identifier: MIT
 *
 * package/unpack.c - see unpack.h.
 */
#include "package/unpack.h"

#include <archive_entry.h>
#include <stdlib.h>

#include "base/cleanup.h"

#define BLOCK (1u << 16)

struct archive *package_module_archive(void)
{
	struct archive *archive = archive_read_new();

	if (!archive)
		return NULL;
	archive_read_support_format_raw(archive);
	archive_read_support_filter_xz(archive);
	archive_read_support_filter_zstd(archive);
	archive_read_support_filter_gzip(archive);
	return archive;
}

int package_module_digest(struct guard_digest *ret_digest, struct archive *archive)
{
	EVP_MD_CTX *context AUTO_CONTEXT = EVP_MD_CTX_new();
	GUARD_AUTO_FREE uint8_t *block = malloc(BLOCK);
	struct archive_entry *entry;
	size_t total = 0;
	la_ssize_t n;

	if (!context || !block || EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1)
		return -GUARD_E_NOMEM;
	if (archive_read_next_header(archive, &entry) != ARCHIVE_OK)
		return -GUARD_E_FORMAT;
	while ((n = archive_read_data(archive, block, BLOCK)) > 0) {
		total += (size_t)n;
		if (total > PACKAGE_MODULE_MAX)
			return -GUARD_E_LIMIT;
		if (EVP_DigestUpdate(context, block, (size_t)n) != 1)
			return -GUARD_E_INTERNAL;
	}
	if (n < 0 || total == 0)
		return -GUARD_E_FORMAT;
	return EVP_DigestFinal_ex(context, ret_digest->bytes, NULL) == 1 ? 0 : -GUARD_E_INTERNAL;
}
