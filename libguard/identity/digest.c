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
#include "identity/content.h"

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

/* What the context has seen so far, which goes on. */
static int finish_copy(struct guard_digest *ret_digest, const EVP_MD_CTX *context)
{
	EVP_MD_CTX *copy AUTO_CONTEXT = EVP_MD_CTX_new();

	if (!copy || EVP_MD_CTX_copy_ex(copy, context) != 1)
		return -GUARD_E_NOMEM;
	return finish(ret_digest, copy);
}

/* The next bytes of the file; where its front ends, that is noted down. */
static int add(struct guard_content *content, EVP_MD_CTX *hash, const unsigned char *block, size_t count, uint64_t front_size)
{
	const uint64_t to_front = front_size > content->size ? front_size - content->size : 0;
	const size_t first = to_front > 0 && to_front < count ? (size_t)to_front : count;

	if (EVP_DigestUpdate(hash, block, first) != 1)
		return -GUARD_E_INTERNAL;
	content->size += count;
	if (to_front > 0 && to_front <= count) {
		int r = finish_copy(&content->front, hash);

		if (r < 0)
			return r;
		content->front_size = front_size;
	}
	return EVP_DigestUpdate(hash, &block[first], count - first) == 1 ? 0 : -GUARD_E_INTERNAL;
}

int guard_content_read(struct guard_content *ret_content, int fd, uint64_t front_size, guard_digest_progress progress,
		       void *context)
{
	EVP_MD_CTX *hash AUTO_CONTEXT = NULL;
	unsigned char *block GUARD_AUTO_FREE = NULL;
	struct guard_content content = { .size = 0 };
	int r = begin(&hash);

	if (r < 0)
		return r;
	block = malloc(DIGEST_BLOCK);
	if (!block)
		return -GUARD_E_NOMEM;
	for (;;) {
		ssize_t count = read_block(fd, block, content.size);

		if (count < 0)
			return -GUARD_E_IO;
		if (count == 0)
			break;
		r = add(&content, hash, block, (size_t)count, front_size);
		if (r < 0)
			return r;
		r = progress ? progress(context, content.size) : 0;
		if (r != 0)
			return r < 0 ? r : -GUARD_E_USAGE;
	}
	r = finish(&content.digest, hash);
	if (r == 0)
		*ret_content = content;
	return r;
}

int guard_digest_fd(struct guard_digest *ret_digest, uint64_t *ret_size, int fd, guard_digest_progress progress,
		    void *context)
{
	struct guard_content content;
	int r = guard_content_read(&content, fd, 0, progress, context);

	if (r < 0)
		return r;
	*ret_digest = content.digest;
	if (ret_size)
		*ret_size = content.size;
	return 0;
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
