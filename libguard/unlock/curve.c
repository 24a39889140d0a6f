/* SPDX-License-Identifier: MIT
 *
 * unlock/curve.c - from Ed25519 keys to X25519 ones: the map of RFC 7748, section 4.1,
 * u = (1 + y) / (1 - y) mod 2^255 - 19, and the scalar of RFC 8032, section 5.1.5.
 */
#include "unlock/box.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#define KEY_SIZE GUARD_UNLOCK_MACHINE_KEY_SIZE

/* u of y, both mod p. */
static int map(BIGNUM *ret_u, const BIGNUM *y, const BIGNUM *p, BN_CTX *context)
{
	BIGNUM *one_less = BN_CTX_get(context), *one_more = BN_CTX_get(context);

	if (!one_more || !one_less || BN_cmp(y, p) >= 0 || !BN_copy(one_more, y) || !BN_add_word(one_more, 1) ||
	    !BN_mod_sub(one_less, BN_value_one(), y, p, context) || BN_is_zero(one_less) ||
	    !BN_mod_inverse(one_less, one_less, p, context) || !BN_mod_mul(ret_u, one_more, one_less, p, context))
		return -GUARD_E_USAGE;
	return 0;
}

static BIGNUM *make_p(BN_CTX *context)
{
	BIGNUM *p = BN_CTX_get(context);

	if (!p)
		return NULL;
	BN_zero(p);
	return BN_set_bit(p, 255) && BN_sub_word(p, 19) ? p : NULL;
}

int guard_unlock_curve_public(uint8_t ret_u[KEY_SIZE], const uint8_t y[KEY_SIZE])
{
	BN_CTX *context = BN_CTX_new();
	BIGNUM *p, *value, *u;
	int r = -GUARD_E_NOMEM;

	if (!context)
		return r;
	BN_CTX_start(context);
	p = make_p(context);
	value = BN_CTX_get(context);
	u = BN_CTX_get(context);
	/* The highest bit is the sign of the other coordinate. */
	if (p && u && BN_lebin2bn(y, KEY_SIZE, value) && (!BN_is_bit_set(value, 255) || BN_clear_bit(value, 255)))
		r = map(u, value, p, context);
	if (r == 0 && BN_bn2lebinpad(u, ret_u, KEY_SIZE) != (int)KEY_SIZE)
		r = -GUARD_E_INTERNAL;
	BN_CTX_end(context);
	BN_CTX_free(context);
	return r;
}

int guard_unlock_curve_private(uint8_t ret_key[KEY_SIZE], const uint8_t seed[KEY_SIZE])
{
	uint8_t digest[64];

	if (EVP_Digest(seed, KEY_SIZE, digest, NULL, EVP_sha512(), NULL) != 1)
		return -GUARD_E_NOMEM;
	memcpy(ret_key, digest, KEY_SIZE); /* X25519 clears the bits that are not its own */
	OPENSSL_cleanse(digest, sizeof(digest));
	return 0;
}
