/* SPDX-License-Identifier: MIT
 *
 * unit/identity_detach_test.c - lists inside their signatures: what is no such thing
 * is refused, and what is found lies where it says.
 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/cms.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "identity/der.h"
#include "identity/detach.h"

static struct guard_detached detached;
static struct guard_claims claims;
static EVP_PKEY *pkey;
static X509 *x509;

static void make_key(void)
{
	pkey = EVP_RSA_gen(2048);
	x509 = X509_new();
	ASN1_INTEGER_set(X509_get_serialNumber(x509), 7);
	X509_gmtime_adj(X509_getm_notBefore(x509), 0);
	X509_gmtime_adj(X509_getm_notAfter(x509), 3600);
	X509_set_pubkey(x509, pkey);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_ASC, (const unsigned char *)"test", -1, -1, 0);
	X509_set_issuer_name(x509, X509_get_subject_name(x509));
	(void)X509_sign(x509, pkey, EVP_sha256());
}

/* An attached CMS over `content`; the caller frees it. */
static uint8_t *sign(size_t *ret_size, const void *content, size_t size)
{
	BIO *in = BIO_new_mem_buf(content, (int)size);
	CMS_ContentInfo *cms = CMS_sign(x509, pkey, NULL, in, CMS_BINARY);
	unsigned char *der = NULL;
	int made = i2d_CMS_ContentInfo(cms, &der);
	uint8_t *bytes = malloc((size_t)made);

	CU_ASSERT_TRUE_FATAL(made > 0 && bytes);
	memcpy(bytes, der, (size_t)made);
	*ret_size = (size_t)made;
	OPENSSL_free(der);
	CMS_ContentInfo_free(cms);
	BIO_free(in);
	return bytes;
}

static int ask(const uint8_t *file, size_t size)
{
	struct guard_writer question;
	int r;

	guard_writer_init(&question);
	guard_detach_ask(&question, file, size);
	CU_ASSERT_FALSE_FATAL(question.failed);
	r = guard_detach(&detached, question.bytes, question.size);
	guard_writer_free(&question);
	return r;
}

static void what_is_cut_is_refused(void)
{
	size_t size = 0;
	uint8_t *file = sign(&size, "some content", 12);

	for (size_t cut = 0; cut < size; cut++) {
		CU_ASSERT_EQUAL(ask(file, cut), -GUARD_E_FORMAT);
		CU_ASSERT_TRUE(detached.reason[0] && !detached.cms_size);
	}
	free(file);
}

static void other_bytes_never_lead_outside(void)
{
	size_t size = 0;
	uint8_t *file = sign(&size, "some content", 12);

	for (size_t i = 0; i < 100; i++)
		for (unsigned value = 0; value < 256; value += 5) {
			const uint8_t was = file[i];

			file[i] = (uint8_t)value;
			if (ask(file, size) == 0)
				CU_ASSERT_TRUE(detached.offset <= size && detached.size <= size - detached.offset);
			file[i] = was;
		}
	free(file);
}

static void questions_that_lie_are_refused(void)
{
	uint8_t question[64] = { 0 };

	for (size_t size = 0; size < sizeof(question); size++)
		CU_ASSERT_EQUAL(guard_detach(&detached, question, size), -GUARD_E_FORMAT);
	memset(question, 0xff, sizeof(question));
	CU_ASSERT_EQUAL(guard_detach(&detached, question, sizeof(question)), -GUARD_E_FORMAT);
}

static void lengths_have_one_form(void)
{
	static const uint8_t good[] = { 0x30, 0x83, 0x01, 0, 0 }, padded[] = { 0x30, 0x83, 0, 0xff, 0 },
			     indefinite[] = { 0x30, 0x80 }, endless[] = { 0x30, 0x85, 1, 0, 0, 0, 0 };
	struct guard_reader reader;
	uint64_t length = 0;

	guard_reader_init(&reader, padded, sizeof(padded));
	CU_ASSERT_FALSE(guard_der_header(&length, &reader, GUARD_DER_SEQUENCE));
	guard_reader_init(&reader, indefinite, sizeof(indefinite));
	CU_ASSERT_FALSE(guard_der_header(&length, &reader, GUARD_DER_SEQUENCE));
	guard_reader_init(&reader, endless, sizeof(endless));
	CU_ASSERT_FALSE(guard_der_header(&length, &reader, GUARD_DER_SEQUENCE));
	guard_reader_init(&reader, good, sizeof(good));
	CU_ASSERT_FALSE(guard_der_header(&length, &reader, GUARD_DER_SET));
	guard_reader_init(&reader, good, sizeof(good));
	CU_ASSERT_TRUE(guard_der_header(&length, &reader, GUARD_DER_SEQUENCE));
	CU_ASSERT_EQUAL(length, 0x10000);
}

static void answers_travel(void)
{
	static struct guard_detached back;
	struct guard_writer writer;

	guard_writer_init(&writer);
	guard_detached_encode(&writer, &detached);
	for (size_t size = 0; size < writer.size; size++)
		CU_ASSERT_EQUAL(guard_detached_decode(&back, writer.bytes, size), -GUARD_E_FORMAT);
	CU_ASSERT_EQUAL(guard_detached_decode(&back, writer.bytes, writer.size), 0);
	CU_ASSERT_EQUAL(memcmp(&back, &detached, sizeof(back)), 0);
	guard_writer_free(&writer);
}

/* Sizes about every change of form: all in the beginning, all seen, a gap. */
static void the_list_is_found_where_it_lies(void)
{
	static const size_t sizes[] = { 1, 127, 128, 255, 256, 900, 1000, 20000, 65535, 65536, 300000 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint8_t *content = malloc(sizes[i]), *file;
		size_t size = 0;

		CU_ASSERT_PTR_NOT_NULL_FATAL(content);
		memset(content, 'a' + (int)i, sizes[i]);
		file = sign(&size, content, sizes[i]);
		CU_ASSERT_EQUAL(ask(file, size), 0);
		CU_ASSERT_EQUAL_FATAL(detached.size, sizes[i]);
		CU_ASSERT_EQUAL(memcmp(&file[detached.offset], content, sizes[i]), 0);
		CU_ASSERT_EQUAL(guard_cms_parse(&claims, detached.cms, detached.cms_size), 0);
		CU_ASSERT_EQUAL(claims.count, 1);
		answers_travel();
		free(content);
		free(file);
	}
}

static CU_TestInfo tests[] = {
	{ "what is cut is refused", what_is_cut_is_refused },
	{ "other bytes never lead outside", other_bytes_never_lead_outside },
	{ "questions that lie are refused", questions_that_lie_are_refused },
	{ "lengths have one form", lengths_have_one_form },
	{ "the list is found where it lies", the_list_is_found_where_it_lies },
	CU_TEST_INFO_NULL,
};

static int set_up(void)
{
	make_key();
	return 0;
}

static int tear_down(void)
{
	EVP_PKEY_free(pkey);
	X509_free(x509);
	return 0;
}

UNIT_MAIN_WITH("identity/detach", set_up, tear_down, tests)
