/* SPDX-License-Identifier: MIT
 *
 * unit/identity_cms_test.c - a CMS taken apart with the certificates in it: bytes that are
 * none, BER, and issuers of one name.
 */
#include "unit.h"

#include <string.h>

#include <openssl/cms.h>
#include <openssl/ec.h>
#include <openssl/x509v3.h>

#include "identity/chain.h"

static EVP_PKEY *authority_key, *middle_key, *decoy_key, *leaf_key;
static X509 *middle, *decoy, *leaf;
static struct guard_signed signed_by, back;
static struct guard_hash_value content;

static void extend(X509 *x509, int nid, const char *value)
{
	X509_EXTENSION *extension;
	X509V3_CTX context;

	X509V3_set_ctx(&context, x509, x509, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	X509_add_ext(x509, extension, -1);
	X509_EXTENSION_free(extension);
}

static X509 *certificate(const char *name, EVP_PKEY *key, const char *issuer, EVP_PKEY *issuer_key, const char *usage)
{
	X509 *x509 = X509_new();

	X509_set_version(x509, X509_VERSION_3);
	X509_set_pubkey(x509, key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
	X509_NAME_add_entry_by_txt(X509_get_issuer_name(x509), "CN", MBSTRING_ASC, (const unsigned char *)issuer, -1, -1, 0);
	ASN1_INTEGER_set(X509_get_serialNumber(x509), 7);
	X509_gmtime_adj(X509_getm_notBefore(x509), 0);
	X509_gmtime_adj(X509_getm_notAfter(x509), 3600);
	extend(x509, NID_key_usage, usage);
	extend(x509, NID_subject_key_identifier, "hash");
	return X509_sign(x509, issuer_key, EVP_sha256()) > 0 ? x509 : NULL;
}

static int begin(void)
{
	authority_key = EVP_EC_gen("P-256");
	middle_key = EVP_EC_gen("P-256");
	decoy_key = EVP_EC_gen("P-256");
	leaf_key = EVP_EC_gen("P-256");
	middle = certificate("middle", middle_key, "authority", authority_key, "keyCertSign");
	decoy = certificate("middle", decoy_key, "authority", authority_key, "digitalSignature");
	leaf = certificate("leaf", leaf_key, "middle", middle_key, "digitalSignature");
	return middle && decoy && leaf && guard_hash_bytes(&content, GUARD_HASH_SHA256, "content", 7) == 0 ? 0 : 1;
}

static int end(void)
{
	EVP_PKEY *const keys[] = { authority_key, middle_key, decoy_key, leaf_key };
	X509 *const all[] = { middle, decoy, leaf };

	for (size_t i = 0; i < 4; i++)
		EVP_PKEY_free(keys[i]);
	for (size_t i = 0; i < 3; i++)
		X509_free(all[i]);
	return 0;
}

/* Signed by the leaf, with `count` others beside it; `ret_size` bytes, to be freed. */
static unsigned char *sign(size_t *ret_size, X509 *const *others, size_t count, unsigned flags)
{
	STACK_OF(X509) *stack = sk_X509_new_null();
	BIO *in = BIO_new_mem_buf("content", 7), *out = BIO_new(BIO_s_mem());
	CMS_ContentInfo *cms;
	unsigned char *bytes, *copy;
	long size;

	for (size_t i = 0; i < count; i++)
		sk_X509_push(stack, others[i]);
	cms = CMS_sign(leaf, leaf_key, stack, in, CMS_DETACHED | CMS_BINARY | flags);
	CU_ASSERT_PTR_NOT_NULL_FATAL(cms);
	CU_ASSERT_EQUAL_FATAL(flags & CMS_STREAM ? i2d_CMS_bio_stream(out, cms, in, (int)(CMS_DETACHED | CMS_BINARY | flags)) :
						    i2d_CMS_bio(out, cms), 1);
	size = BIO_get_mem_data(out, &bytes);
	copy = malloc((size_t)size);
	CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
	memcpy(copy, bytes, (size_t)size);
	*ret_size = (size_t)size;
	CMS_ContentInfo_free(cms);
	sk_X509_free(stack);
	BIO_free(in);
	BIO_free(out);
	return copy;
}

static struct guard_public_key *public_of(EVP_PKEY *pkey)
{
	struct guard_public_key *key = NULL;
	unsigned char *der = NULL;
	const int size = i2d_PUBKEY(pkey, &der);

	CU_ASSERT_EQUAL_FATAL(guard_public_key_load(&key, der, (size_t)size), 0);
	OPENSSL_free(der);
	return key;
}

static bool verifies(const struct guard_link *link, EVP_PKEY *pkey)
{
	struct guard_public_key *key = public_of(pkey), *shared = NULL;
	bool good;

	CU_ASSERT_EQUAL_FATAL(guard_public_key_share(&shared, key), 0);
	guard_public_key_free(key);
	good = guard_link_verify(link, shared) == 0;
	guard_public_key_free(shared);
	return good;
}

static bool is_by_leaf(void)
{
	struct guard_public_key *key = public_of(leaf_key);
	bool good = signed_by.claims.count == 1 && guard_claim_verify(&signed_by.claims.claims[0], key, &content) == 0;

	guard_public_key_free(key);
	return good;
}

/* Every answer travels, whatever it says. */
static void check_answer(void)
{
	static uint8_t bytes[GUARD_INSPECT_REPLY_MAX];
	struct guard_writer writer;

	guard_writer_init_fixed(&writer, bytes, sizeof(bytes));
	guard_signed_encode(&writer, &signed_by);
	CU_ASSERT_FALSE(writer.failed);
	CU_ASSERT_EQUAL(guard_signed_decode(&back, writer.bytes, writer.size - 1), -GUARD_E_FORMAT);
	CU_ASSERT_EQUAL(guard_signed_decode(&back, writer.bytes, writer.size), 0);
	CU_ASSERT_TRUE(signed_by.claims.count > 0 || signed_by.claims.reason[0]);
}

static void what_is_cut_is_none(void)
{
	size_t size;
	unsigned char *cms = sign(&size, &middle, 1, 0);

	for (size_t cut = 0; cut < size; cut++) {
		guard_signed_parse(&signed_by, cms, cut);
		CU_ASSERT_TRUE(signed_by.claims.count == 0 && signed_by.claims.reason[0] && signed_by.chain.count == 0);
	}
	guard_signed_parse(&signed_by, cms, size);
	CU_ASSERT_TRUE(is_by_leaf());
	free(cms);
}

static void other_bytes_are_answered(void)
{
	size_t size;
	unsigned char *cms = sign(&size, &middle, 1, 0);

	for (size_t i = 0; i < size; i++) {
		cms[i] ^= 0x81;
		guard_signed_parse(&signed_by, cms, size);
		check_answer();
		cms[i] ^= 0x81;
	}
	free(cms);
}

static void certificates_are_counted(void)
{
	X509 *many[64];
	size_t size;
	unsigned char *cms;

	for (size_t i = 0; i < 64; i++)
		many[i] = certificate("middle", middle_key, "authority", authority_key, "keyCertSign");
	cms = sign(&size, many, 64, 0); /* and the leaf's */
	guard_signed_parse(&signed_by, cms, size);
	CU_ASSERT_EQUAL(signed_by.claims.count, 0);
	check_answer();
	free(cms);
	cms = sign(&size, many, 63, 0);
	guard_signed_parse(&signed_by, cms, size);
	CU_ASSERT_TRUE(is_by_leaf());
	free(cms);
	for (size_t i = 0; i < 64; i++)
		X509_free(many[i]);
}

static void of_two_of_a_name_the_issuer_is_found(void)
{
	X509 *const orders[][2] = { { decoy, middle }, { middle, decoy } };

	for (size_t i = 0; i < 2; i++) {
		size_t size;
		unsigned char *cms = sign(&size, orders[i], 2, 0);

		guard_signed_parse(&signed_by, cms, size);
		check_answer();
		CU_ASSERT_TRUE(is_by_leaf());
		CU_ASSERT_EQUAL_FATAL(signed_by.chain.count, 2);
		CU_ASSERT_FALSE(verifies(&signed_by.chain.links[0], decoy_key));
		CU_ASSERT_TRUE(verifies(&signed_by.chain.links[0], middle_key));
		CU_ASSERT_TRUE(verifies(&signed_by.chain.links[1], authority_key));
		CU_ASSERT_EQUAL(signed_by.chain.links[1].tbs_size, back.chain.links[1].tbs_size);
		free(cms);
	}
}

static void without_certificates_there_is_no_chain(void)
{
	size_t size;
	unsigned char *cms = sign(&size, NULL, 0, CMS_NOCERTS | CMS_NOATTR);

	guard_signed_parse(&signed_by, cms, size);
	check_answer();
	CU_ASSERT_TRUE(is_by_leaf());
	CU_ASSERT_TRUE(signed_by.index == GUARD_SIGNED_NONE && signed_by.chain.count == 0);
	CU_ASSERT_EQUAL(signed_by.claims.claims[0].hint, GUARD_HINT_ISSUER);
	free(cms);
}

static void a_signer_may_be_named_by_its_key(void)
{
	size_t size;
	unsigned char *cms = sign(&size, &middle, 1, CMS_USE_KEYID);

	guard_signed_parse(&signed_by, cms, size);
	check_answer();
	CU_ASSERT_TRUE(is_by_leaf());
	CU_ASSERT_EQUAL(signed_by.claims.claims[0].hint, GUARD_HINT_SPKI);
	CU_ASSERT_EQUAL(signed_by.chain.count, 2);
	free(cms);
	cms = sign(&size, NULL, 0, CMS_USE_KEYID | CMS_NOCERTS);
	guard_signed_parse(&signed_by, cms, size);
	CU_ASSERT_TRUE(is_by_leaf());
	CU_ASSERT_EQUAL(signed_by.claims.claims[0].hint, GUARD_HINT_SKI);
	free(cms);
}

static void ber_is_taken(void)
{
	size_t size;
	unsigned char *cms = sign(&size, &middle, 1, CMS_STREAM);

	CU_ASSERT_EQUAL(cms[1], 0x80); /* of indefinite length */
	guard_signed_parse(&signed_by, cms, size);
	check_answer();
	CU_ASSERT_TRUE(is_by_leaf());
	CU_ASSERT_EQUAL(signed_by.chain.count, 2);
	free(cms);
}

static CU_TestInfo tests[] = {
	{ "what is cut is none", what_is_cut_is_none },
	{ "other bytes are answered", other_bytes_are_answered },
	{ "certificates are counted", certificates_are_counted },
	{ "of two of a name the issuer is found", of_two_of_a_name_the_issuer_is_found },
	{ "without certificates there is no chain", without_certificates_there_is_no_chain },
	{ "a signer may be named by its key", a_signer_may_be_named_by_its_key },
	{ "BER is taken", ber_is_taken },
	CU_TEST_INFO_NULL,
};

UNIT_MAIN_WITH("identity/cms", begin, end, tests)
