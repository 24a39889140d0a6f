/* SPDX-License-Identifier: MIT
 *
 * trust/key.c - public keys out of metadata, and signatures by them.  Keys come
 * from whoever wrote the metadata: a key that is weak, odd or misnamed is not a
 * key.  No private key is ever seen here.
 */
#include "trust/metadata.h"

#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#define KEY_DER_SIZE_MAX 16384 /* bytes of a SubjectPublicKeyInfo */

enum family { FAMILY_ED25519, FAMILY_EC, FAMILY_RSA };

struct guard_trust_scheme {
	const char *name;
	enum family family;
	const char *group; /* EC: the curve, by OpenSSL's name */
	const EVP_MD *(*md)(void);
	int padding; /* RSA */
};
static const struct guard_trust_scheme schemes[] = {
	{ "ed25519", FAMILY_ED25519, NULL, NULL, 0 },
	{ "ecdsa-sha2-nistp256", FAMILY_EC, "prime256v1", EVP_sha256, 0 },
	{ "ecdsa-sha2-nistp384", FAMILY_EC, "secp384r1", EVP_sha384, 0 },
	{ "rsassa-pss-sha256", FAMILY_RSA, NULL, EVP_sha256, RSA_PKCS1_PSS_PADDING },
	{ "rsa-pkcs1v15-sha256", FAMILY_RSA, NULL, EVP_sha256, RSA_PKCS1_PADDING },
};
static const struct {
	const char *name;
	enum family family;
} types[] = {
	{ "ed25519", FAMILY_ED25519 },	      { "ecdsa", FAMILY_EC }, { "ecdsa-sha2-nistp256", FAMILY_EC },
	{ "ecdsa-sha2-nistp384", FAMILY_EC }, { "rsa", FAMILY_RSA },
};

static const struct guard_trust_scheme *find_scheme(const char *type, const char *scheme)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(types[i].name, type) != 0)
			continue;
		for (size_t j = 0; j < sizeof(schemes) / sizeof(schemes[0]); j++)
			if (schemes[j].family == types[i].family && strcmp(schemes[j].name, scheme) == 0)
				return &schemes[j];
	}
	return NULL;
}

static int sha256_hex(char ret_hex[GUARD_TRUST_KEY_ID_SIZE], const void *bytes, size_t size)
{
	uint8_t digest[32];

	if (EVP_Digest(bytes, size, digest, NULL, EVP_sha256(), NULL) != 1)
		return -GUARD_E_NOMEM;
	guard_trust_hex_encode(ret_hex, digest, sizeof(digest));
	return 0;
}

int guard_trust_key_id(char ret_id[GUARD_TRUST_KEY_ID_SIZE], const json_t *json)
{
	struct guard_writer writer;
	int r;

	guard_writer_init(&writer);
	r = guard_trust_canonical(&writer, json);
	if (r == 0)
		r = sha256_hex(ret_id, writer.bytes, writer.size);
	guard_writer_free(&writer);
	return r;
}

/* The id is the hash of the whole object.  Tools that add fields of their own
 * after they computed it hash the three specified ones alone: the same key. */
static int check_id(const char *key_id, const json_t *json)
{
	char id[GUARD_TRUST_KEY_ID_SIZE];
	GUARD_AUTO_JSON json_t *bare = NULL;
	int r = guard_trust_key_id(id, json);

	if (r < 0)
		return r;
	if (strcmp(id, key_id) == 0)
		return 0;
	bare = json_pack("{sOsOsO}", "keytype", json_object_get(json, "keytype"), "scheme",
			 json_object_get(json, "scheme"), "keyval", json_object_get(json, "keyval"));
	if (!bare)
		return -GUARD_E_NOMEM;
	r = guard_trust_key_id(id, bare);
	if (r < 0)
		return r;
	return strcmp(id, key_id) == 0 ? 0 : -GUARD_E_CHECKSUM;
}

static EVP_PKEY *decode_ed25519(const char *text)
{
	uint8_t raw[32];

	if (guard_trust_hex_decode(raw, sizeof(raw), text, strlen(text)) != (ptrdiff_t)sizeof(raw))
		return NULL;
	return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, raw, sizeof(raw));
}

/* Not PEM_read_bio_PUBKEY: a PEM that says it is encrypted would make that one
 * ask the terminal for a pass phrase. */
static EVP_PKEY *decode_pem(const char *text)
{
	BIO *bio = BIO_new_mem_buf(text, -1);
	char *name = NULL, *header = NULL;
	unsigned char *bytes = NULL;
	long size = 0;
	EVP_PKEY *pkey = NULL;

	if (bio && PEM_read_bio(bio, &name, &header, &bytes, &size) == 1 &&
	    strcmp(name, PEM_STRING_PUBLIC) == 0 && header[0] == '\0' && size <= KEY_DER_SIZE_MAX) {
		const unsigned char *at = bytes;

		pkey = d2i_PUBKEY(NULL, &at, size);
	}
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_free(bytes);
	BIO_free(bio);
	return pkey;
}

static bool is_fit(EVP_PKEY *pkey, const struct guard_trust_scheme *scheme)
{
	char group[64];
	size_t length = 0;
	int bits;

	switch (scheme->family) {
	case FAMILY_ED25519:
		return EVP_PKEY_is_a(pkey, "ED25519") == 1;
	case FAMILY_EC:
		return EVP_PKEY_is_a(pkey, "EC") == 1 &&
		       EVP_PKEY_get_group_name(pkey, group, sizeof(group), &length) == 1 &&
		       strcmp(group, scheme->group) == 0;
	case FAMILY_RSA:
		bits = EVP_PKEY_get_bits(pkey);
		return EVP_PKEY_is_a(pkey, "RSA") == 1 && bits >= GUARD_TRUST_RSA_BITS_MIN &&
		       bits <= GUARD_TRUST_RSA_BITS_MAX;
	default:
		return false;
	}
}

static int fingerprint(uint8_t ret_fingerprint[32], EVP_PKEY *pkey)
{
	unsigned char *der = NULL;
	int size = i2d_PUBKEY(pkey, &der), done;

	if (size < 0)
		return -GUARD_E_NOMEM;
	done = EVP_Digest(der, (size_t)size, ret_fingerprint, NULL, EVP_sha256(), NULL);
	OPENSSL_free(der);
	return done == 1 ? 0 : -GUARD_E_NOMEM;
}

static int decode(struct guard_trust_key *ret_key, const struct guard_trust_scheme *scheme, const char *text)
{
	struct guard_trust_key key = { .scheme = scheme };
	int r = -GUARD_E_FORMAT;

	key.pkey = scheme->family == FAMILY_ED25519 ? decode_ed25519(text) : decode_pem(text);
	if (key.pkey && is_fit(key.pkey, scheme))
		r = fingerprint(key.fingerprint, key.pkey);
	ERR_clear_error();
	if (r < 0) {
		guard_trust_key_clear(&key);
		return r;
	}
	*ret_key = key;
	return 0;
}

int guard_trust_key_parse(struct guard_trust_key *ret_key, const char *key_id, const json_t *json)
{
	const char *type = json_string_value(json_object_get(json, "keytype"));
	const char *scheme_name = json_string_value(json_object_get(json, "scheme"));
	const char *text = json_string_value(json_object_get(json_object_get(json, "keyval"), "public"));
	const struct guard_trust_scheme *scheme;
	int r;

	if (!type || !scheme_name)
		return -GUARD_E_FORMAT;
	scheme = find_scheme(type, scheme_name);
	if (!scheme)
		return -GUARD_E_UNSUPPORTED;
	if (!text)
		return -GUARD_E_FORMAT;
	r = check_id(key_id, json);
	if (r < 0)
		return r;
	return decode(ret_key, scheme, text);
}

void guard_trust_key_clear(struct guard_trust_key *key)
{
	EVP_PKEY_free(key->pkey);
	*key = (struct guard_trust_key){ 0 };
}

static bool set_padding(EVP_PKEY_CTX *context, const struct guard_trust_scheme *scheme)
{
	if (scheme->family != FAMILY_RSA)
		return true;
	if (EVP_PKEY_CTX_set_rsa_padding(context, scheme->padding) != 1)
		return false;
	/* RFC 8017 leaves the salt's length to the signer. */
	return scheme->padding != RSA_PKCS1_PSS_PADDING ||
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_AUTO) == 1;
}

int guard_trust_key_verify(const struct guard_trust_key *key, const void *message, size_t message_size,
			   const uint8_t *signature, size_t signature_size)
{
	const EVP_MD *md = key->scheme->md ? key->scheme->md() : NULL;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *key_context = NULL; /* owned by `context` */
	int r = -GUARD_E_SIGNATURE;

	if (!context)
		return -GUARD_E_NOMEM;
	if (EVP_DigestVerifyInit(context, &key_context, md, NULL, key->pkey) == 1 &&
	    set_padding(key_context, key->scheme) &&
	    EVP_DigestVerify(context, signature, signature_size, message, message_size) == 1)
		r = 0;
	EVP_MD_CTX_free(context);
	ERR_clear_error();
	return r;
}
