/* SPDX-License-Identifier: MIT
 *
 * identity/hash.c - the hashes (FIPS 180-4) that signatures are made over, of
 * memory and of the beginning of a file.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "identity/content.h"

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

/* ---- is it still the same file? ------------------------------------------------------- */

struct guard_witness {
	EVP_MD_CTX *context;
	uint64_t seen;
};

static void free_witness(struct guard_witness **witness)
{
	guard_witness_free(*witness);
}

int guard_witness_new(struct guard_witness **ret_witness)
{
	__attribute__((cleanup(free_witness))) struct guard_witness *witness = calloc(1, sizeof(*witness));

	if (witness)
		witness->context = EVP_MD_CTX_new();
	if (!witness || !witness->context || EVP_DigestInit_ex(witness->context, EVP_sha256(), NULL) != 1)
		return -GUARD_E_NOMEM;
	*ret_witness = guard_steal_pointer(&witness);
	return 0;
}

void guard_witness_free(struct guard_witness *witness)
{
	if (!witness)
		return;
	EVP_MD_CTX_free(witness->context);
	free(witness);
}

int guard_witness_add(struct guard_witness *witness, const void *bytes, size_t size)
{
	if (!witness)
		return 0;
	witness->seen += size;
	return EVP_DigestUpdate(witness->context, bytes, size) == 1 ? 0 : -GUARD_E_INTERNAL;
}

int guard_witness_agree(struct guard_witness *witness, int fd, const struct guard_content *content)
{
	unsigned char *block GUARD_AUTO_FREE = malloc(HASH_BLOCK);
	struct guard_digest digest;
	int r = block ? 0 : -GUARD_E_NOMEM;

	while (r == 0 && witness->seen < content->size) {
		const uint64_t left = content->size - witness->seen;
		const size_t count = left < HASH_BLOCK ? (size_t)left : HASH_BLOCK;

		r = guard_read_whole(block, count, fd, witness->seen);
		if (r == 0)
			r = guard_witness_add(witness, block, count);
	}
	if (r == 0 && EVP_DigestFinal_ex(witness->context, digest.bytes, NULL) != 1)
		r = -GUARD_E_INTERNAL;
	if (r == 0 && (witness->seen != content->size || guard_digest_compare(&digest, &content->digest) != 0))
		r = -GUARD_E_CHANGED;
	return r;
}

/* ---- the beginning of a file ------------------------------------------------------------------ */

int guard_hash_front(struct guard_hash_value *ret_value, enum guard_hash hash, int fd, uint64_t size,
		     struct guard_witness *witness)
{
	__attribute__((cleanup(free_context))) EVP_MD_CTX *context = EVP_MD_CTX_new();
	unsigned char *block GUARD_AUTO_FREE = malloc(HASH_BLOCK);
	struct guard_hash_value value = { .hash = (uint8_t)hash };
	const EVP_MD *digest = guard_hash_algorithm(hash);

	if (!digest)
		return -GUARD_E_UNSUPPORTED;
	if (!context || !block || EVP_DigestInit_ex(context, digest, NULL) != 1)
		return -GUARD_E_NOMEM;
	for (uint64_t done = 0; done < size;) {
		const size_t count = size - done < HASH_BLOCK ? (size_t)(size - done) : HASH_BLOCK;
		int r = guard_read_whole(block, count, fd, done);

		if (r == 0)
			r = guard_witness_add(witness, block, count);
		if (r == 0 && EVP_DigestUpdate(context, block, count) != 1)
			r = -GUARD_E_INTERNAL;
		if (r < 0)
			return r;
		done += count;
	}
	if (EVP_DigestFinal_ex(context, value.bytes, NULL) != 1)
		return -GUARD_E_INTERNAL;
	*ret_value = value;
	return 0;
}
