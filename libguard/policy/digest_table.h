/* SPDX-License-Identifier: MIT
 *
 * policy/digest_table.h - the orders and the bucket number by which an image's
 * tables are sorted and searched.
 */
#ifndef GUARD_POLICY_DIGEST_TABLE_H
#define GUARD_POLICY_DIGEST_TABLE_H

#include <string.h>

#include "policy/policy.h"

/* The first eight bytes as a number that sorts as the bytes do. */
static inline uint64_t guard_digest_head(const struct guard_digest *digest)
{
	uint64_t head;

	memcpy(&head, digest->bytes, sizeof(head));
	return __builtin_bswap64(head);
}

static inline int guard_digest_order(const struct guard_digest *a, const struct guard_digest *b)
{
	uint64_t head_a = guard_digest_head(a), head_b = guard_digest_head(b);

	if (head_a != head_b)
		return head_a < head_b ? -1 : 1;
	return memcmp(a->bytes, b->bytes, GUARD_DIGEST_SIZE);
}

/* The first `bits` bits, 0 to 24. */
static inline size_t guard_digest_bucket(const struct guard_digest *digest, uint32_t bits)
{
	return bits == 0 ? 0 : (size_t)(guard_digest_head(digest) >> (64 - bits));
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
