/* SPDX-License-Identifier: MIT
 *
 * policy/image_map.c - get the bytes of an image to where nobody can change
 * them, and compare the checksum.  A memfd sealed against writing and shrinking
 * is mapped as it is; any other file could be written or truncated after the
 * check (and would then raise SIGBUS in the gate), so it is copied.
 */
#include "policy/policy.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/io.h"

#define MAP_BLOCK (1u << 20)
#define HUGE_PAGE ((size_t)2 << 20)
#ifndef MADV_COLLAPSE /* Linux 6.1 */
#define MADV_COLLAPSE 25
#endif

static void free_context(EVP_MD_CTX **context)
{
	EVP_MD_CTX_free(*context);
}
#define AUTO_CONTEXT __attribute__((cleanup(free_context)))

static bool is_sealed(int fd)
{
	const int needed = F_SEAL_WRITE | F_SEAL_SHRINK;
	int seals = fcntl(fd, F_GET_SEALS);

	return seals >= 0 && (seals & needed) == needed;
}

int guard_image_file_size(uint64_t *ret_size, int fd)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return -GUARD_E_IO;
	if (!S_ISREG(status.st_mode))
		return -GUARD_E_FORMAT;
	if (status.st_size < (off_t)GUARD_IMAGE_HEADER_SIZE)
		return -GUARD_E_FORMAT;
	if ((uint64_t)status.st_size > GUARD_POLICY_IMAGE_MAX)
		return -GUARD_E_LIMIT;
	*ret_size = (uint64_t)status.st_size;
	return 0;
}

/* What can be said before the rest is worth reading. */
static int check_header(const struct guard_image_header *header, size_t size)
{
	static const uint8_t zero[sizeof(header->zero)];

	if (memcmp(header->magic, GUARD_IMAGE_MAGIC, sizeof(header->magic)) != 0)
		return -GUARD_E_FORMAT;
	if (header->version > GUARD_IMAGE_VERSION)
		return -GUARD_E_VERSION;
	if (header->version == 0 || header->header_size != GUARD_IMAGE_HEADER_SIZE || header->size != size ||
	    memcmp(header->zero, zero, sizeof(zero)) != 0)
		return -GUARD_E_FORMAT;
	return 0;
}

/* Hash, and if `fd` is not -1 first fill, all bytes behind the header. */
static int fill_and_hash(uint8_t ret_sum[GUARD_DIGEST_SIZE], uint8_t *bytes, size_t size, int fd,
			 uint64_t offset)
{
	EVP_MD_CTX *hash AUTO_CONTEXT = EVP_MD_CTX_new();
	unsigned length = 0;

	if (!hash)
		return -GUARD_E_NOMEM;
	if (EVP_DigestInit_ex(hash, EVP_sha256(), NULL) != 1)
		return -GUARD_E_INTERNAL;
	for (size_t at = GUARD_IMAGE_HEADER_SIZE; at < size;) {
		size_t count = size - at < MAP_BLOCK ? size - at : MAP_BLOCK;
		int r = fd < 0 ? 0 : guard_read_whole(&bytes[at], count, fd, offset + at);

		if (r < 0)
			return r;
		if (EVP_DigestUpdate(hash, &bytes[at], count) != 1)
			return -GUARD_E_INTERNAL;
		at += count;
	}
	if (EVP_DigestFinal_ex(hash, ret_sum, &length) != 1 || length != GUARD_DIGEST_SIZE)
		return -GUARD_E_INTERNAL;
	return 0;
}

static int map_and_check(uint8_t *bytes, int fd, struct guard_image_range range, bool sealed)
{
	const size_t size = (size_t)range.size;
	struct guard_image_header header;
	uint8_t sum[GUARD_DIGEST_SIZE];
	int r = sealed ? 0 : guard_read_whole(bytes, sizeof(header), fd, range.offset);

	if (r < 0)
		return r;
	memcpy(&header, bytes, sizeof(header));
	r = check_header(&header, size);
	if (r < 0)
		return r;
	r = fill_and_hash(sum, bytes, size, sealed ? -1 : fd, range.offset);
	if (r < 0)
		return r;
	if (memcmp(sum, header.sha256, sizeof(sum)) != 0)
		return -GUARD_E_CHECKSUM;
	if (!sealed && mprotect(bytes, size, PROT_READ) < 0)
		return -GUARD_E_IO;
	return 0;
}

/* An address with room for `size` bytes where huge pages can lie. */
static void *reserve(size_t size)
{
	size_t room = size + HUGE_PAGE, page = (size_t)sysconf(_SC_PAGESIZE);
	uint8_t *start = mmap(NULL, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	size_t before, used = (size + page - 1) / page * page;

	if (start == MAP_FAILED)
		return NULL;
	before = (HUGE_PAGE - (uintptr_t)start % HUGE_PAGE) % HUGE_PAGE;
	if (before > 0)
		munmap(start, before);
	if (room - before > used)
		munmap(&start[before + used], room - before - used);
	return &start[before];
}

/* A lookup in a large image costs a page walk with every cache miss: huge pages
 * make it three times as fast.  Where the kernel has none to give, nothing is
 * lost but time. */
static int map(uint8_t **ret_bytes, int fd, struct guard_image_range range, bool sealed)
{
	const size_t size = (size_t)range.size;
	const bool large = size >= HUGE_PAGE;
	void *where = large ? reserve(size) : NULL;
	int flags = MAP_PRIVATE | (where ? MAP_FIXED : 0);
	void *bytes = sealed ? mmap(where, size, PROT_READ, flags, fd, (off_t)range.offset) :
			       mmap(where, size, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);

	if (bytes == MAP_FAILED) {
		int r = errno == ENOMEM ? -GUARD_E_NOMEM : -GUARD_E_IO;

		if (where)
			munmap(where, size);
		return r;
	}
	if (large)
		(void)madvise(bytes, size / HUGE_PAGE * HUGE_PAGE, sealed ? MADV_COLLAPSE : MADV_HUGEPAGE);
	*ret_bytes = bytes;
	return 0;
}

int guard_image_map(const uint8_t **ret_bytes, int fd, struct guard_image_range range)
{
	bool sealed = is_sealed(fd);
	uint8_t *bytes;
	int r = range.size < GUARD_IMAGE_HEADER_SIZE ? -GUARD_E_FORMAT : map(&bytes, fd, range, sealed);

	if (r < 0)
		return r;
	r = map_and_check(bytes, fd, range, sealed);
	if (r < 0) {
		munmap(bytes, (size_t)range.size);
		return r;
	}
	*ret_bytes = bytes;
	return 0;
}

void guard_image_unmap(const uint8_t *bytes, size_t size)
{
	if (bytes)
		munmap((void *)(uintptr_t)bytes, size);
}
