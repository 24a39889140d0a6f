/* SPDX-License-Identifier: MIT
 *
 * identity/digest.c - SHA-256 (FIPS 180-4) of files and memory by OpenSSL, and
 * its text form.  Reads by pread only: the fd's offset stays where it is.
 */
#include <guard/identity.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/cleanup.h"

/* Small enough to stay in the second-level cache between pread and hash. */
#define DIGEST_BLOCK (256u << 10)

static void free_context(EVP_MD_CTX **context)
{
	EVP_MD_CTX_free(*context);
}
#define AUTO_CONTEXT __attribute__((cleanup(free_context)))

static int begin(EVP_MD_CTX **ret_context)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	if (!context)
		return -GUARD_E_NOMEM;
	if (EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1) {
		EVP_MD_CTX_free(context);
		return -GUARD_E_INTERNAL;
	}
	*ret_context = context;
	return 0;
}

static int finish(struct guard_digest *ret_digest, EVP_MD_CTX *context)
{
	struct guard_digest digest;
	unsigned size = 0;

	if (EVP_DigestFinal_ex(context, digest.bytes, &size) != 1 || size != GUARD_DIGEST_SIZE)
		return -GUARD_E_INTERNAL;
	*ret_digest = digest;
	return 0;
}

static ssize_t read_block(int fd, void *block, uint64_t offset)
{
	ssize_t count;

	do
		count = pread(fd, block, DIGEST_BLOCK, (off_t)offset);
	while (count < 0 && errno == EINTR);
	return count;
}

int guard_digest_fd(struct guard_digest *ret_digest, uint64_t *ret_size, int fd, guard_digest_progress progress,
		    void *context)
{
	EVP_MD_CTX *hash AUTO_CONTEXT = NULL;
	unsigned char *block GUARD_AUTO_FREE = NULL;
	uint64_t done = 0;
	int r = begin(&hash);

	if (r < 0)
		return r;
	block = malloc(DIGEST_BLOCK);
	if (!block)
		return -GUARD_E_NOMEM;
	for (;;) {
		ssize_t count = read_block(fd, block, done);

		if (count < 0)
			return -GUARD_E_IO;
		if (count == 0)
			break;
		if (EVP_DigestUpdate(hash, block, (size_t)count) != 1)
			return -GUARD_E_INTERNAL;
		done += (uint64_t)count;
		r = progress ? progress(context, done) : 0;
		if (r != 0)
			return r < 0 ? r : -GUARD_E_USAGE;
	}
	r = finish(ret_digest, hash);
	if (r == 0 && ret_size)
		*ret_size = done;
	return r;
}

int guard_digest_bytes(struct guard_digest *ret_digest, const void *bytes, size_t size)
{
	EVP_MD_CTX *hash AUTO_CONTEXT = NULL;
	int r = begin(&hash);

	if (r < 0)
		return r;
	if (size > 0 && EVP_DigestUpdate(hash, bytes, size) != 1)
		return -GUARD_E_INTERNAL;
	return finish(ret_digest, hash);
}

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int guard_digest_parse(struct guard_digest *ret_digest, const char *hex, size_t length)
{
	struct guard_digest digest;

	if (length != (size_t)GUARD_DIGEST_SIZE * 2)
		return -GUARD_E_SYNTAX;
	for (size_t i = 0; i < GUARD_DIGEST_SIZE; i++) {
		int high = nibble(hex[2 * i]), low = nibble(hex[2 * i + 1]);

		if (high < 0 || low < 0)
			return -GUARD_E_SYNTAX;
		digest.bytes[i] = (uint8_t)(high << 4 | low);
	}
	*ret_digest = digest;
	return 0;
}

void guard_digest_format(char ret_hex[GUARD_DIGEST_HEX_SIZE], const struct guard_digest *digest)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < GUARD_DIGEST_SIZE; i++) {
		ret_hex[2 * i] = digits[digest->bytes[i] >> 4];
		ret_hex[2 * i + 1] = digits[digest->bytes[i] & 15];
	}
	ret_hex[GUARD_DIGEST_HEX_SIZE - 1] = '\0';
}

int guard_digest_compare(const struct guard_digest *a, const struct guard_digest *b)
{
	return memcmp(a->bytes, b->bytes, GUARD_DIGEST_SIZE);
}
