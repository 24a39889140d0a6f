/* SPDX-License-Identifier: MIT
 *
 * unit/identity_signers_test.c - signatures, claims and keys: what verifies and,
 * first of all, what does not.
 */
#include "unit.h"

#include <string.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "identity/certificate.h"
#include "identity/claim.h"

static struct guard_claims claims;
static struct guard_hash_value content, other_content;

static void spki_of(uint8_t *ret_der, size_t *ret_size, EVP_PKEY *pkey)
{
	unsigned char *at = ret_der;

	*ret_size = (size_t)i2d_PUBKEY(pkey, &at);
}

static struct guard_public_key *public_of(EVP_PKEY *pkey)
{
	struct guard_public_key *key = NULL;
	uint8_t der[GUARD_SPKI_MAX];
	size_t size;

	spki_of(der, &size, pkey);
	CU_ASSERT_EQUAL_FATAL(guard_public_key_load(&key, der, size), 0);
	return key;
}

/* security.ima as evmctl writes it. */
static size_t make_ima(uint8_t *xattr, EVP_PKEY *pkey)
{
	static const uint8_t header[] = { 3, 2, 4, 1, 2, 3, 4 };
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(pkey, NULL);
	size_t size = GUARD_SIGNATURE_MAX;

	memcpy(xattr, header, sizeof(header));
	CU_ASSERT_EQUAL_FATAL(EVP_PKEY_sign_init(context), 1);
	CU_ASSERT_EQUAL_FATAL(EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()), 1);
	CU_ASSERT_EQUAL_FATAL(EVP_PKEY_sign(context, &xattr[9], &size, content.bytes, 32), 1);
	xattr[7] = (uint8_t)(size >> 8);
	xattr[8] = (uint8_t)size;
	EVP_PKEY_CTX_free(context);
	return size + 9;
}

static void check_signature(EVP_PKEY *pkey, EVP_PKEY *stranger)
{
	struct guard_public_key *key = public_of(pkey), *other = public_of(stranger);
	uint8_t xattr[GUARD_IMA_XATTR_MAX];
	size_t size = make_ima(xattr, pkey);

	CU_ASSERT_EQUAL_FATAL(guard_ima_parse(&claims, xattr, size), 0);
	CU_ASSERT_EQUAL(guard_claim_verify(&claims.claims[0], key, &other_content), -GUARD_E_SIGNATURE);
	CU_ASSERT_EQUAL(guard_claim_verify(&claims.claims[0], other, &content), -GUARD_E_SIGNATURE);
	CU_ASSERT_EQUAL(guard_claim_verify(&claims.claims[0], key, &content), 0);
	claims.claims[0].signature[5] ^= 1;
	CU_ASSERT_EQUAL(guard_claim_verify(&claims.claims[0], key, &content), -GUARD_E_SIGNATURE);
	claims.claims[0].signature[5] ^= 1;
	claims.claims[0].scheme = GUARD_SCHEME_RSA + GUARD_SCHEME_ECDSA - claims.claims[0].scheme;
	CU_ASSERT_EQUAL(guard_claim_verify(&claims.claims[0], key, &content), -GUARD_E_SIGNATURE);
	for (size_t cut = 0; cut < size; cut++) {
		CU_ASSERT_TRUE(guard_ima_parse(&claims, xattr, cut) < 0);
		CU_ASSERT_TRUE(claims.count == 0 && claims.reason[0]);
	}
	CU_ASSERT_EQUAL(guard_ima_parse(&claims, xattr, size + 1), -GUARD_E_FORMAT);
	xattr[2] = 2; /* SHA-1 */
	CU_ASSERT_EQUAL(guard_ima_parse(&claims, xattr, size), -GUARD_E_UNSUPPORTED);
	guard_public_key_free(key);
	guard_public_key_free(other);
}

static void only_the_key_over_the_content_verifies(void)
{
	EVP_PKEY *rsa = EVP_RSA_gen(2048), *p256 = EVP_EC_gen("P-256"), *p521 = EVP_EC_gen("P-521");

	CU_ASSERT_EQUAL_FATAL(guard_hash_bytes(&content, GUARD_HASH_SHA256, "content", 7), 0);
	CU_ASSERT_EQUAL_FATAL(guard_hash_bytes(&other_content, GUARD_HASH_SHA256, "Content", 7), 0);
	check_signature(rsa, p256);
	check_signature(p256, p521);
	check_signature(p521, rsa);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(p256);
	EVP_PKEY_free(p521);
}

static void weak_and_odd_keys_are_none(void)
{
	EVP_PKEY *const keys[] = { EVP_RSA_gen(1024), EVP_EC_gen("secp256k1"), EVP_PKEY_Q_keygen(NULL, NULL, "ED25519") };
	struct guard_public_key *key = NULL;
	struct guard_certificate certificate;
	char reason[200];

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		uint8_t der[GUARD_SPKI_MAX];
		size_t size;

		spki_of(der, &size, keys[i]);
		CU_ASSERT_EQUAL(guard_public_key_load(&key, der, size), -GUARD_E_UNSUPPORTED);
		CU_ASSERT_EQUAL(guard_public_key_load(&key, der, size - 1), -GUARD_E_FORMAT);
		CU_ASSERT_EQUAL(guard_certificate_read(&certificate, der, size, reason, sizeof(reason)),
				-GUARD_E_UNSUPPORTED);
		CU_ASSERT_PTR_NOT_NULL(strstr(reason, "too weak"));
		EVP_PKEY_free(keys[i]);
	}
	CU_ASSERT_PTR_NULL(key);
}

#define HEAD 0x31, 0x31, 0x30, 0x2f, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x04, 0x31, 0x22, 0x04, 0x20

static void attributes_name_one_digest(void)
{
	uint8_t good[19 + 32] = { HEAD }, twice[2 + 2 * 49], bad[sizeof(good)];
	const struct guard_hash_value zero = { .hash = GUARD_HASH_SHA256 }, long_zero = { .hash = GUARD_HASH_SHA512 };

	CU_ASSERT_EQUAL(guard_attributes_verify(good, sizeof(good), &content), -GUARD_E_SIGNATURE);
	CU_ASSERT_EQUAL(guard_attributes_verify(good, sizeof(good), &long_zero), -GUARD_E_SIGNATURE);
	for (size_t cut = 0; cut < sizeof(good); cut++)
		CU_ASSERT_EQUAL(guard_attributes_verify(good, cut, &zero), -GUARD_E_FORMAT);
	for (size_t i = 0; i < 19; i++) {
		memcpy(bad, good, sizeof(bad));
		bad[i] ^= 0x80;
		CU_ASSERT_TRUE(guard_attributes_verify(bad, sizeof(bad), &zero) < 0);
	}
	memcpy(&twice[2], &good[2], 49);
	memcpy(&twice[51], &good[2], 49);
	twice[0] = 0x31;
	twice[1] = 98;
	CU_ASSERT_EQUAL(guard_attributes_verify(twice, sizeof(twice), &zero), -GUARD_E_FORMAT);
	CU_ASSERT_EQUAL(guard_attributes_verify((const uint8_t[]){ 0x31, 0 }, 2, &zero), -GUARD_E_FORMAT);
	CU_ASSERT_EQUAL(guard_attributes_verify(good, sizeof(good), &zero), 0);
}

static void claims_are_bounded(void)
{
	struct guard_claims decoded;
	struct guard_writer writer;

	memset(&claims, 0, sizeof(claims));
	claims.count = 1;
	claims.claims[0] = (struct guard_claim){ .scheme = GUARD_SCHEME_RSA, .content_hash = GUARD_HASH_SHA256,
						 .signed_hash = GUARD_HASH_SHA256, .hint = GUARD_HINT_SPKI,
						 .signature_size = 256, .attributes_size = 10 };
	guard_writer_init(&writer);
	guard_claims_encode(&writer, &claims);
	for (size_t cut = 0; cut < writer.size; cut++)
		CU_ASSERT_EQUAL(guard_claims_decode(&decoded, writer.bytes, cut), -GUARD_E_FORMAT);
	CU_ASSERT_EQUAL(guard_claims_decode(&decoded, writer.bytes, writer.size), 0);
	CU_ASSERT_EQUAL(memcmp(&decoded, &claims, sizeof(claims)), 0);
	writer.bytes[0] = GUARD_CLAIMS_MAX + 1;
	CU_ASSERT_EQUAL(guard_claims_decode(&decoded, writer.bytes, writer.size), -GUARD_E_FORMAT);
	guard_writer_free(&writer);
}

static void noise_is_no_cms(void)
{
	static const uint8_t noise[] = { 0x30, 0x80, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02 };

	CU_ASSERT_EQUAL(guard_cms_parse(&claims, noise, sizeof(noise)), -GUARD_E_FORMAT);
	CU_ASSERT_TRUE(claims.count == 0 && claims.reason[0]);
	CU_ASSERT_EQUAL(guard_cms_parse(&claims, noise, 0), -GUARD_E_FORMAT);
	CU_ASSERT_EQUAL(guard_cms_parse(&claims, noise, GUARD_CMS_MAX + 1), -GUARD_E_LIMIT);
}

static CU_TestInfo tests[] = {
	{ "only the key over the content verifies", only_the_key_over_the_content_verifies },
	{ "weak and odd keys are none", weak_and_odd_keys_are_none },
	{ "attributes name one digest", attributes_name_one_digest },
	{ "claims are bounded", claims_are_bounded },
	{ "noise is no CMS", noise_is_no_cms },
	CU_TEST_INFO_NULL,
};

UNIT_MAIN("identity/signers", tests)
