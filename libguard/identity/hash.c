/* SPDX-License-Identifier: MIT
 *
 * identity/hash.c - the hashes (FIPS 180-4) that signatures are made over, of
 * memory and of a range of a file.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/cleanup.h"
#include "identity/signature.h"

#define HASH_BLOCK (256u << 10)

static void free_context(EVP_MD_CTX **context)
{
	EVP_MD_CTX_free(*context);
}

const EVP_MD *guard_hash_algorithm(enum guard_hash hash)
{
	switch (hash) {
	case GUARD_HASH_SHA256:
		return EVP_sha256();
	case GUARD_HASH_SHA384:
		return EVP_sha384();
	case GUARD_HASH_SHA512:
		return EVP_sha512();
	default:
		return NULL;
	}
}

size_t guard_hash_size(enum guard_hash hash)
{
	static const uint8_t sizes[GUARD_HASH_MAX_] = { 0, 32, 48, 64 };

	return hash < GUARD_HASH_MAX_ ? sizes[hash] : 0;
}

const char *guard_hash_name(enum guard_hash hash)
{
	static const char *const names[GUARD_HASH_MAX_] = { "", "sha256", "sha384", "sha512" };

	return hash < GUARD_HASH_MAX_ ? names[hash] : "";
}

int guard_hash_bytes(struct guard_hash_value *ret_value, enum guard_hash hash, const void *bytes, size_t size)
{
	struct guard_hash_value value = { .hash = (uint8_t)hash };
	const EVP_MD *digest = guard_hash_algorithm(hash);

	if (!digest)
		return -GUARD_E_UNSUPPORTED;
	if (EVP_Digest(bytes, size, value.bytes, NULL, digest, NULL) != 1)
		return -GUARD_E_NOMEM;
	*ret_value = value;
	return 0;
}

static int add_block(EVP_MD_CTX *context, unsigned char *block, int fd, uint64_t at, uint64_t left, size_t *ret_count)
{
	size_t wanted = left < HASH_BLOCK ? (size_t)left : HASH_BLOCK;
	ssize_t count;

	do
		count = pread(fd, block, wanted, (off_t)at);
	while (count < 0 && errno == EINTR);
	if (count <= 0)
		return count < 0 ? -GUARD_E_IO : -GUARD_E_CHANGED;
	*ret_count = (size_t)count;
	return EVP_DigestUpdate(context, block, (size_t)count) == 1 ? 0 : -GUARD_E_INTERNAL;
}

int guard_hash_range(struct guard_hash_value *ret_value, enum guard_hash hash, int fd, uint64_t offset, uint64_t size,
		     guard_digest_progress progress, void *progress_context)
{
	__attribute__((cleanup(free_context))) EVP_MD_CTX *context = EVP_MD_CTX_new();
	unsigned char *block GUARD_AUTO_FREE = malloc(HASH_BLOCK);
	struct guard_hash_value value = { .hash = (uint8_t)hash };
	const EVP_MD *digest = guard_hash_algorithm(hash);
	int r = 0;

	if (!digest)
		return -GUARD_E_UNSUPPORTED;
	if (!context || !block || EVP_DigestInit_ex(context, digest, NULL) != 1)
		return -GUARD_E_NOMEM;
	for (uint64_t done = 0; done < size;) {
		size_t count = 0;

		r = add_block(context, block, fd, offset + done, size - done, &count);
		done += count;
		if (r == 0 && progress)
			r = progress(progress_context, done);
		if (r != 0)
			return r < 0 ? r : -GUARD_E_USAGE;
	}
	if (EVP_DigestFinal_ex(context, value.bytes, NULL) != 1)
		return -GUARD_E_INTERNAL;
	*ret_value = value;
	return 0;
}
