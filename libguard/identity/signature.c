/* SPDX-License-Identifier: MIT
 *
 * identity/signature.c - does this key sign this hash?  The arithmetic is
 * OpenSSL's; what counts as a key is decided here.
 */
#include "identity/signature.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/cleanup.h"

struct guard_public_key {
	EVP_PKEY *pkey;
	enum guard_scheme scheme;
};

static void free_pkey(EVP_PKEY **pkey)
{
	EVP_PKEY_free(*pkey);
}
static void free_context(EVP_PKEY_CTX **context)
{
	EVP_PKEY_CTX_free(*context);
}
static void free_ecdsa(ECDSA_SIG **signature)
{
	ECDSA_SIG_free(*signature);
}
static void free_der(unsigned char **der)
{
	OPENSSL_free(*der);
}
#define AUTO(release) __attribute__((cleanup(release)))

static bool is_known_curve(EVP_PKEY *pkey)
{
	static const char *const curves[] = { "prime256v1", "secp384r1", "secp521r1" };
	char name[32];
	size_t length = 0;

	if (EVP_PKEY_get_group_name(pkey, name, sizeof(name), &length) != 1)
		return false;
	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++)
		if (strcmp(name, curves[i]) == 0)
			return true;
	return false;
}

static enum guard_scheme scheme_of(EVP_PKEY *pkey)
{
	const int bits = EVP_PKEY_get_bits(pkey);

	if (EVP_PKEY_is_a(pkey, "RSA") && bits >= GUARD_RSA_BITS_MIN && bits <= GUARD_RSA_BITS_MAX)
		return GUARD_SCHEME_RSA;
	if (EVP_PKEY_is_a(pkey, "EC") && is_known_curve(pkey))
		return GUARD_SCHEME_ECDSA;
	return GUARD_SCHEME_NONE;
}

int guard_public_key_load(struct guard_public_key **ret_key, const void *spki, size_t size)
{
	const unsigned char *at = spki;
	EVP_PKEY *pkey AUTO(free_pkey) = NULL;
	struct guard_public_key *key;
	enum guard_scheme scheme;

	if (size > GUARD_SPKI_MAX)
		return -GUARD_E_FORMAT;
	pkey = d2i_PUBKEY(NULL, &at, (long)size);
	ERR_clear_error();
	if (!pkey || at != (const unsigned char *)spki + size)
		return -GUARD_E_FORMAT;
	scheme = scheme_of(pkey);
	if (scheme == GUARD_SCHEME_NONE)
		return -GUARD_E_UNSUPPORTED;
	key = malloc(sizeof(*key));
	if (!key)
		return -GUARD_E_NOMEM;
	*key = (struct guard_public_key){ guard_steal_pointer(&pkey), scheme };
	*ret_key = key;
	return 0;
}

int guard_public_key_share(struct guard_public_key **ret_key, const struct guard_public_key *key)
{
	struct guard_public_key *shared = malloc(sizeof(*shared));

	if (!shared || EVP_PKEY_up_ref(key->pkey) != 1) {
		free(shared);
		return -GUARD_E_NOMEM;
	}
	*shared = *key;
	*ret_key = shared;
	return 0;
}

void guard_public_key_free(struct guard_public_key *key)
{
	if (!key)
		return;
	EVP_PKEY_free(key->pkey);
	free(key);
}

static int verify(const struct guard_public_key *key, const struct guard_hash_value *value, const uint8_t *signature,
		  size_t size)
{
	EVP_PKEY_CTX *context AUTO(free_context) = EVP_PKEY_CTX_new(key->pkey, NULL);
	const EVP_MD *digest = guard_hash_algorithm(value->hash);
	bool good = context && digest && EVP_PKEY_verify_init(context) == 1 &&
		    (key->scheme != GUARD_SCHEME_RSA ||
		     EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1) &&
		    EVP_PKEY_CTX_set_signature_md(context, digest) == 1 &&
		    EVP_PKEY_verify(context, signature, size, value->bytes, guard_hash_size(value->hash)) == 1;

	ERR_clear_error();
	return good ? 0 : -GUARD_E_SIGNATURE;
}

/* OpenSSL wants DER: it is made here, from two numbers. */
static int make_der(unsigned char **ret_der, size_t *ret_size, const uint8_t *signature, size_t size)
{
	const int half = (int)(size / 2);
	ECDSA_SIG *pair AUTO(free_ecdsa) = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(signature, half, NULL);
	BIGNUM *s = BN_bin2bn(&signature[half], half, NULL);
	int length;

	if (!pair || !r || !s || ECDSA_SIG_set0(pair, r, s) != 1) {
		BN_free(r);
		BN_free(s);
		return -GUARD_E_SIGNATURE;
	}
	length = i2d_ECDSA_SIG(pair, ret_der);
	*ret_size = length > 0 ? (size_t)length : 0;
	return length > 0 ? 0 : -GUARD_E_SIGNATURE;
}

static int verify_ecdsa(const struct guard_public_key *key, const struct guard_hash_value *value,
			const uint8_t *signature, size_t size)
{
	unsigned char *der AUTO(free_der) = NULL;
	size_t length = 0;
	int r = make_der(&der, &length, signature, size);

	return r == 0 ? verify(key, value, der, length) : r;
}

int guard_signature_octets(uint8_t ret_bytes[GUARD_SIGNATURE_OCTETS_MAX], size_t *ret_size, enum guard_scheme scheme,
			   const uint8_t *signature, size_t size)
{
	unsigned char *der AUTO(free_der) = NULL;
	const uint8_t *bytes = signature;
	size_t length = size;

	if (size == 0 || size > GUARD_SIGNATURE_MAX || (scheme == GUARD_SCHEME_ECDSA && size % 2 != 0))
		return -GUARD_E_FORMAT;
	if (scheme == GUARD_SCHEME_ECDSA) {
		if (make_der(&der, &length, signature, size) < 0 || length > GUARD_SIGNATURE_OCTETS_MAX)
			return -GUARD_E_FORMAT;
		bytes = der;
	}
	memcpy(ret_bytes, bytes, length);
	*ret_size = length;
	return 0;
}

int guard_signature_verify(const struct guard_public_key *key, enum guard_scheme scheme,
			   const struct guard_hash_value *value, const uint8_t *signature, size_t size)
{
	if (scheme != key->scheme || size == 0 || size > GUARD_SIGNATURE_MAX)
		return -GUARD_E_SIGNATURE;
	if (scheme == GUARD_SCHEME_RSA)
		return verify(key, value, signature, size);
	return size % 2 == 0 ? verify_ecdsa(key, value, signature, size) : -GUARD_E_SIGNATURE;
}
