/* SPDX-License-Identifier: MIT
 *
 * policy/digest_table.h - the orders and the bucket number by which an image's
 * tables are sorted and searched.
 */
#ifndef GUARD_POLICY_DIGEST_TABLE_H
#define GUARD_POLICY_DIGEST_TABLE_H

#include <string.h>

#include "policy/policy.h"

/* Eight bytes as a number that sorts as the bytes do. */
static inline uint64_t guard_digest_word(const struct guard_digest *digest, size_t word)
{
	uint64_t value;

	memcpy(&value, &digest->bytes[word * sizeof(value)], sizeof(value));
	return __builtin_bswap64(value);
}

/* As guard_digest_compare, without a call. */
static inline int guard_digest_order(const struct guard_digest *a, const struct guard_digest *b)
{
	for (size_t i = 0; i < GUARD_DIGEST_SIZE / sizeof(uint64_t); i++) {
		uint64_t word_a = guard_digest_word(a, i), word_b = guard_digest_word(b, i);

		if (word_a != word_b)
			return word_a < word_b ? -1 : 1;
	}
	return 0;
}

/* The first `bits` bits, 0 to 24. */
static inline size_t guard_digest_bucket(const struct guard_digest *digest, uint32_t bits)
{
	return bits == 0 ? 0 : (size_t)(guard_digest_word(digest, 0) >> (64 - bits));
}

static inline int guard_signer_order(const struct guard_image_signer *signer, uint32_t provider, const uint8_t *key_id)
{
	if (signer->provider != provider)
		return signer->provider < provider ? -1 : 1;
	return memcmp(signer->key_id, key_id, GUARD_KEY_ID_SIZE);
}

static inline int guard_prefix_order(const struct guard_image_prefix *prefix, uint64_t hash, size_t length)
{
	if (prefix->hash != hash)
		return prefix->hash < hash ? -1 : 1;
	if (prefix->length != length)
		return prefix->length < length ? -1 : 1;
	return 0;
}
#endif
