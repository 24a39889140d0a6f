/* SPDX-License-Identifier: MIT
 *
 * trust/hashes.c - the hashes that metadata promises for a file, computed and
 * compared.  All that are known must agree.
 */
#include "trust/metadata.h"

#include <string.h>

#include <openssl/crypto.h>

struct function {
	const char *name;
	const EVP_MD *(*md)(void);
	size_t size;
};
static const struct function functions[GUARD_TRUST_HASHES_MAX] = {
	{ "sha256", EVP_sha256, 32 },
	{ "sha512", EVP_sha512, 64 },
};

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

ptrdiff_t guard_trust_hex_decode(uint8_t *ret_bytes, size_t capacity, const char *hex, size_t length)
{
	if (length % 2 != 0 || length / 2 > capacity)
		return -1;
	for (size_t i = 0; i < length / 2; i++) {
		int high = hex_digit(hex[2 * i]), low = hex_digit(hex[2 * i + 1]);

		if (high < 0 || low < 0)
			return -1;
		ret_bytes[i] = (uint8_t)(high * 16 + low);
	}
	return (ptrdiff_t)(length / 2);
}

void guard_trust_hex_encode(char *ret_hex, const uint8_t *bytes, size_t size)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < size; i++) {
		ret_hex[2 * i] = digits[bytes[i] >> 4];
		ret_hex[2 * i + 1] = digits[bytes[i] & 15];
	}
	ret_hex[2 * size] = '\0';
}

int guard_trust_hashes_parse(struct guard_trust_hashes *ret_hashes, const json_t *json)
{
	struct guard_trust_hashes hashes = { 0 };

	if (!json_is_object(json))
		return -GUARD_E_FORMAT;
	for (size_t i = 0; i < GUARD_TRUST_HASHES_MAX; i++) {
		const json_t *value = json_object_get(json, functions[i].name);
		struct guard_trust_hash *hash = &hashes.list[hashes.count];

		if (!value)
			continue;
		if (!json_is_string(value) || json_string_length(value) != 2 * functions[i].size ||
		    guard_trust_hex_decode(hash->bytes, sizeof(hash->bytes), json_string_value(value),
					   json_string_length(value)) < 0)
			return -GUARD_E_FORMAT;
		hash->name = functions[i].name;
		hash->size = functions[i].size;
		hashes.count++;
	}
	if (hashes.count == 0)
		return json_object_size(json) == 0 ? -GUARD_E_FORMAT : -GUARD_E_UNSUPPORTED;
	*ret_hashes = hashes;
	return 0;
}

static const EVP_MD *function_of(const struct guard_trust_hash *hash)
{
	return hash->size == functions[0].size ? functions[0].md() : functions[1].md();
}

int guard_trust_hasher_init(struct guard_trust_hasher *hasher, const struct guard_trust_hashes *wanted)
{
	*hasher = (struct guard_trust_hasher){ .wanted = wanted };
	for (size_t i = 0; i < wanted->count; i++) {
		hasher->contexts[i] = EVP_MD_CTX_new();
		if (!hasher->contexts[i] ||
		    EVP_DigestInit_ex(hasher->contexts[i], function_of(&wanted->list[i]), NULL) != 1) {
			guard_trust_hasher_free(hasher);
			return -GUARD_E_NOMEM;
		}
	}
	return 0;
}

int guard_trust_hasher_update(struct guard_trust_hasher *hasher, const void *bytes, size_t size)
{
	for (size_t i = 0; i < hasher->wanted->count; i++)
		if (EVP_DigestUpdate(hasher->contexts[i], bytes, size) != 1)
			return -GUARD_E_NOMEM;
	return 0;
}

int guard_trust_hasher_finish(struct guard_trust_hasher *hasher)
{
	for (size_t i = 0; i < hasher->wanted->count; i++) {
		const struct guard_trust_hash *hash = &hasher->wanted->list[i];
		uint8_t digest[EVP_MAX_MD_SIZE];
		unsigned size = 0;

		if (EVP_DigestFinal_ex(hasher->contexts[i], digest, &size) != 1)
			return -GUARD_E_NOMEM;
		if (size != hash->size || CRYPTO_memcmp(digest, hash->bytes, size) != 0)
			return -GUARD_E_CHECKSUM;
	}
	return 0;
}

void guard_trust_hasher_free(struct guard_trust_hasher *hasher)
{
	for (size_t i = 0; i < GUARD_TRUST_HASHES_MAX; i++) {
		EVP_MD_CTX_free(hasher->contexts[i]);
		hasher->contexts[i] = NULL;
	}
}

int guard_trust_hashes_check(const struct guard_trust_hashes *wanted, const void *bytes, size_t size)
{
	struct guard_trust_hasher hasher;
	int r = guard_trust_hasher_init(&hasher, wanted);

	if (r < 0)
		return r;
	r = guard_trust_hasher_update(&hasher, bytes, size);
	if (r == 0)
		r = guard_trust_hasher_finish(&hasher);
	guard_trust_hasher_free(&hasher);
	return r;
}
