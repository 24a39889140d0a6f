/* SPDX-License-Identifier: MIT
 *
 * unlock/stretch.c - scrypt (RFC 7914), by OpenSSL: what makes a guess dear.
 */
#include "unlock/unlock.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#define MEMORY_MAX (UINT64_C(512) << 20)
#define LOG2_N_MIN 12u
#define LOG2_N_MAX 15u
#define R_MAX 8u
#define P_MAX 4u

bool guard_unlock_cost_is_valid(const struct unlock_cost *cost)
{
	return cost->log2_n >= LOG2_N_MIN && cost->log2_n <= LOG2_N_MAX && cost->r >= 1 && cost->r <= R_MAX &&
	       cost->p >= 1 && cost->p <= P_MAX;
}

int guard_unlock_scrypt(uint8_t ret_key[UNLOCK_SECRET_SIZE], const void *secret, size_t size,
			const uint8_t salt[UNLOCK_SALT_SIZE], const struct unlock_cost *cost)
{
	uint64_t n = UINT64_C(1) << cost->log2_n, memory = MEMORY_MAX;
	uint32_t r = cost->r, p = cost->p;
	const OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PASSWORD, (void *)secret, size),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)salt, UNLOCK_SALT_SIZE),
		OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_N, &n),
		OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_R, &r),
		OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_P, &p),
		OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_MAXMEM, &memory),
		OSSL_PARAM_construct_end(),
	};
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "SCRYPT", NULL);
	EVP_KDF_CTX *context = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	uint8_t key[UNLOCK_SECRET_SIZE];
	int code = -GUARD_E_NOMEM;

	if (context && EVP_KDF_derive(context, key, sizeof(key), parameters) == 1) {
		for (unsigned i = 0; i < UNLOCK_SECRET_SIZE; i++)
			ret_key[i] = key[i];
		code = 0;
	}
	OPENSSL_cleanse(key, sizeof(key));
	EVP_KDF_CTX_free(context);
	EVP_KDF_free(kdf);
	ERR_clear_error();
	return code;
}

int guard_unlock_stretch(uint8_t ret_verifier[UNLOCK_SECRET_SIZE], uint64_t code,
			 const uint8_t salt[UNLOCK_SALT_SIZE], const struct unlock_cost *cost)
{
	uint8_t digits[UNLOCK_ANSWER_DIGITS];
	int r;

	guard_unlock_digits_put(digits, UNLOCK_ANSWER_DIGITS, code);
	for (unsigned i = 0; i < UNLOCK_ANSWER_DIGITS; i++)
		digits[i] = (uint8_t)(digits[i] + '0');
	r = guard_unlock_scrypt(ret_verifier, digits, sizeof(digits), salt, cost);
	OPENSSL_cleanse(digits, sizeof(digits));
	return r;
}
