/* SPDX-License-Identifier: MIT
 *
 * unit/trust_keys.c - public keys out of metadata, and signatures by them.
 */
#include "unit.h"

#include <string.h>

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "trust_fixture.h"

static char *pem_of(EVP_PKEY *pkey)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *memory, *copy;
	long size;

	CU_ASSERT_FATAL(bio && PEM_write_bio_PUBKEY(bio, pkey) == 1);
	size = BIO_get_mem_data(bio, &memory);
	copy = strndup(memory, (size_t)size);
	BIO_free(bio);
	return copy;
}

static json_t *key_object(const char *type, const char *scheme, const char *public_part)
{
	json_t *json = json_pack("{sssss{ss}}", "keytype", type, "scheme", scheme, "keyval", "public",
				 public_part);

	CU_ASSERT_PTR_NOT_NULL_FATAL(json);
	return json;
}

static int parse(struct guard_trust_key *ret_key, const json_t *json)
{
	char id[GUARD_TRUST_KEY_ID_SIZE];

	CU_ASSERT_EQUAL_FATAL(guard_trust_key_id(id, json), 0);
	return guard_trust_key_parse(ret_key, id, json);
}

static int parse_text(const char *type, const char *scheme, const char *public_part)
{
	GUARD_AUTO_JSON json_t *json = key_object(type, scheme, public_part);
	struct guard_trust_key key = { 0 };
	int r = parse(&key, json);

	guard_trust_key_clear(&key);
	return r;
}

static int parse_pkey(const char *type, const char *scheme, EVP_PKEY *pkey)
{
	char *pem = pem_of(pkey);
	int r = parse_text(type, scheme, pem);

	free(pem);
	EVP_PKEY_free(pkey);
	return r;
}

static void test_refused(void)
{
	EVP_PKEY *ec = EVP_EC_gen("P-256");
	char *pem = pem_of(ec), *encrypted = NULL;

	CU_ASSERT_EQUAL(parse_text("ed25519", "ed25519", ""), -GUARD_E_FORMAT);
	CU_ASSERT_EQUAL(parse_text("ed25519", "ed25519", "00"), -GUARD_E_FORMAT);
	CU_ASSERT_EQUAL(parse_text("ed25519", "ed25519", pem), -GUARD_E_FORMAT);
	CU_ASSERT_EQUAL(parse_text("ed25519", "rsassa-pss-sha256", "00"), -GUARD_E_UNSUPPORTED);
	CU_ASSERT_EQUAL(parse_text("dilithium", "dilithium", "00"), -GUARD_E_UNSUPPORTED);
	CU_ASSERT_EQUAL(parse_text("ecdsa", "ecdsa-sha2-nistp384", pem), -GUARD_E_FORMAT);
	CU_ASSERT_EQUAL(parse_text("rsa", "rsassa-pss-sha256", pem), -GUARD_E_FORMAT);
	CU_ASSERT_EQUAL(parse_text("rsa", "rsassa-pss-sha256", "-----BEGIN PUBLIC KEY-----\n"),
			-GUARD_E_FORMAT);
	CU_ASSERT_EQUAL(parse_pkey("rsa", "rsassa-pss-sha256", EVP_RSA_gen(1024)), -GUARD_E_FORMAT);
	CU_ASSERT_EQUAL(parse_pkey("ecdsa", "ecdsa-sha2-nistp256", EVP_EC_gen("secp256k1")), -GUARD_E_FORMAT);
	/* Would ask a terminal for a pass phrase if it were believed. */
	CU_ASSERT_FATAL(
		asprintf(&encrypted,
			 "-----BEGIN PUBLIC KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: "
			 "AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\nAAAA\n-----END PUBLIC KEY-----\n") >
		0);
	CU_ASSERT_EQUAL(parse_text("ecdsa", "ecdsa-sha2-nistp256", encrypted), -GUARD_E_FORMAT);
	free(encrypted);
	free(pem);
	EVP_PKEY_free(ec);
}

static void test_incomplete(void)
{
	static const char *const missing[] = { "keytype", "scheme", "keyval" };

	for (size_t i = 0; i < 3; i++) {
		GUARD_AUTO_JSON json_t *json = fixture_key(1);
		struct guard_trust_key key;

		json_object_del(json, missing[i]);
		CU_ASSERT_EQUAL(parse(&key, json), -GUARD_E_FORMAT);
		json_object_set_new(json, missing[i], json_integer(1));
		CU_ASSERT_EQUAL(parse(&key, json), -GUARD_E_FORMAT);
	}
}

static void test_id(void)
{
	GUARD_AUTO_JSON json_t *json = fixture_key(1);
	struct guard_trust_key key;
	char id[GUARD_TRUST_KEY_ID_SIZE];

	CU_ASSERT_EQUAL(guard_trust_key_parse(&key, fixture_key_id(2), json), -GUARD_E_CHECKSUM);
	CU_ASSERT_EQUAL(guard_trust_key_parse(&key, "", json), -GUARD_E_CHECKSUM);
	CU_ASSERT_EQUAL_FATAL(guard_trust_key_parse(&key, fixture_key_id(1), json), 0);
	guard_trust_key_clear(&key);
	/* More fields, hashed with them or without: the id is right. */
	json_object_set_new(json, "x-owner", json_string("somebody"));
	CU_ASSERT_EQUAL_FATAL(guard_trust_key_parse(&key, fixture_key_id(1), json), 0);
	guard_trust_key_clear(&key);
	CU_ASSERT_EQUAL_FATAL(guard_trust_key_id(id, json), 0);
	CU_ASSERT_STRING_NOT_EQUAL(id, fixture_key_id(1));
	CU_ASSERT_EQUAL_FATAL(guard_trust_key_parse(&key, id, json), 0);
	guard_trust_key_clear(&key);
}

/* Sign with OpenSSL as any other tool would, verify with ours. */
static void check_scheme(EVP_PKEY *pkey, const char *type, const char *scheme, const EVP_MD *md, bool pss)
{
	static const char message[] = "metadata";
	char *pem = pem_of(pkey);
	GUARD_AUTO_JSON json_t *json = key_object(type, scheme, pem);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *key_context;
	struct guard_trust_key key;
	uint8_t signature[1024];
	size_t size = sizeof(signature);

	CU_ASSERT_FATAL(EVP_DigestSignInit(context, &key_context, md, NULL, pkey) == 1);
	CU_ASSERT_FATAL(!pss || EVP_PKEY_CTX_set_rsa_padding(key_context, RSA_PKCS1_PSS_PADDING) == 1);
	CU_ASSERT_FATAL(
		EVP_DigestSign(context, signature, &size, (const uint8_t *)message, sizeof(message)) == 1);
	CU_ASSERT_EQUAL_FATAL(parse(&key, json), 0);
	CU_ASSERT_EQUAL(guard_trust_key_verify(&key, message, sizeof(message), signature, size), 0);
	CU_ASSERT_EQUAL(guard_trust_key_verify(&key, "metadatA", sizeof(message), signature, size),
			-GUARD_E_SIGNATURE);
	CU_ASSERT_EQUAL(guard_trust_key_verify(&key, message, sizeof(message), signature, size - 1),
			-GUARD_E_SIGNATURE);
	signature[size / 2] ^= 1;
	CU_ASSERT_EQUAL(guard_trust_key_verify(&key, message, sizeof(message), signature, size),
			-GUARD_E_SIGNATURE);
	CU_ASSERT_EQUAL(guard_trust_key_verify(&key, message, sizeof(message), signature, 0),
			-GUARD_E_SIGNATURE);
	guard_trust_key_clear(&key);
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(pkey);
	free(pem);
}

static void test_schemes(void)
{
	check_scheme(EVP_EC_gen("P-256"), "ecdsa", "ecdsa-sha2-nistp256", EVP_sha256(), false);
	check_scheme(EVP_EC_gen("P-256"), "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", EVP_sha256(), false);
	check_scheme(EVP_EC_gen("P-384"), "ecdsa", "ecdsa-sha2-nistp384", EVP_sha384(), false);
	check_scheme(EVP_RSA_gen(2048), "rsa", "rsassa-pss-sha256", EVP_sha256(), true);
	check_scheme(EVP_RSA_gen(2048), "rsa", "rsa-pkcs1v15-sha256", EVP_sha256(), false);
}

/* RFC 8032, section 7.1, test 3. */
static void test_ed25519_vector(void)
{
	static const char public_hex[] = "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025";
	static const char signature_hex[] =
		"6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
		"18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a";
	GUARD_AUTO_JSON json_t *json = key_object("ed25519", "ed25519", public_hex);
	struct guard_trust_key key;
	uint8_t signature[64];

	CU_ASSERT_EQUAL_FATAL(guard_trust_hex_decode(signature, 64, signature_hex, 128), 64);
	CU_ASSERT_EQUAL_FATAL(parse(&key, json), 0);
	CU_ASSERT_EQUAL(guard_trust_key_verify(&key, "\xaf\x82", 2, signature, 64), 0);
	CU_ASSERT_EQUAL(guard_trust_key_verify(&key, "\xaf\x83", 2, signature, 64), -GUARD_E_SIGNATURE);
	guard_trust_key_clear(&key);
}

static void test_hex(void)
{
	uint8_t bytes[2];

	CU_ASSERT_EQUAL(guard_trust_hex_decode(bytes, 2, "0", 1), -1);
	CU_ASSERT_EQUAL(guard_trust_hex_decode(bytes, 2, "0g", 2), -1);
	CU_ASSERT_EQUAL(guard_trust_hex_decode(bytes, 2, "000000", 6), -1);
	CU_ASSERT_EQUAL(guard_trust_hex_decode(bytes, 2, "", 0), 0);
	CU_ASSERT_EQUAL(guard_trust_hex_decode(bytes, 2, "aBfF", 4), 2);
	CU_ASSERT(bytes[0] == 0xab && bytes[1] == 0xff);
}

static CU_TestInfo tests[] = {
	{ "keys that are none", test_refused },
	{ "incomplete keys", test_incomplete },
	{ "the id is the hash of the key", test_id },
	{ "signature schemes", test_schemes },
	{ "RFC 8032 vector", test_ed25519_vector },
	{ "hex", test_hex },
	CU_TEST_INFO_NULL,
};
UNIT_MAIN("trust keys", tests)
