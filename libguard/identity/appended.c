/* SPDX-License-Identifier: MIT
 *
 * identity/appended.c - finds a module-style signature at the end of a file: fixed
 * places and one length (scripts/sign-file.c and include/linux/module_signature.h
 * of the kernel).  Must not look into it.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "identity/claim.h"

#define MARKER "~Module signature appended~\n"
#define INFO 12	  /* bytes of struct module_signature */
#define TYPE 2	  /* offset of id_type */
#define PKCS7 2	  /* PKEY_ID_PKCS7 */

/* Bytes of the CMS; 0: there is none. */
static uint32_t find(uint64_t *ret_content_size, int fd, uint64_t file_size)
{
	uint8_t end[INFO + sizeof(MARKER) - 1];
	const uint64_t info_at = file_size - sizeof(end);
	uint32_t size;

	if (file_size <= sizeof(end) || pread(fd, end, sizeof(end), (off_t)info_at) != (ssize_t)sizeof(end) ||
	    memcmp(&end[INFO], MARKER, sizeof(MARKER) - 1) != 0 || end[TYPE] != PKCS7)
		return 0;
	size = (uint32_t)end[8] << 24 | (uint32_t)end[9] << 16 | (uint32_t)end[10] << 8 | end[11];
	if (size > GUARD_CMS_MAX || size > info_at)
		return 0;
	*ret_content_size = info_at - size;
	return size;
}

uint64_t guard_appended_find(int fd, uint64_t file_size)
{
	uint64_t content_size = 0;

	return find(&content_size, fd, file_size) ? content_size : 0;
}

int guard_appended_read(uint8_t **ret_cms, size_t *ret_cms_size, uint64_t *ret_content_size, int fd, uint64_t file_size)
{
	GUARD_AUTO_FREE uint8_t *cms = NULL;
	uint64_t content_size = 0;
	const uint32_t size = find(&content_size, fd, file_size);

	cms = size ? malloc(size) : NULL;
	if (!cms || pread(fd, cms, size, (off_t)content_size) != (ssize_t)size)
		return -GUARD_E_NOT_FOUND;
	*ret_cms = guard_steal_pointer(&cms);
	*ret_cms_size = size;
	*ret_content_size = content_size;
	return 0;
}
