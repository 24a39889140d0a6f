/* SPDX-License-Identifier: MIT
 *
 * inspect/warm.c - lets OpenSSL look up its algorithms, decoders and extensions once,
 * in the process that every inspector is forked from, over a key, a certificate and a
 * signature made here.  Without it each inspector looks them up anew, which takes
 * several times as long as its work.  Sees no byte of anybody else's.
 */
#include <string.h>

#include <openssl/bn.h>
#include <openssl/cms.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "identity/signature.h"
#include "inspect/inspect.h"

/* The parts of a signature that somebody else issued the certificate for. */
struct sample {
	EVP_PKEY *key;
	X509 *certificate;
	CMS_ContentInfo *cms;
	BIO *content;
};

static void free_sample(struct sample *sample)
{
	BIO_free(sample->content);
	CMS_ContentInfo_free(sample->cms);
	X509_free(sample->certificate);
	EVP_PKEY_free(sample->key);
	ERR_clear_error();
}
#define AUTO_SAMPLE __attribute__((cleanup(free_sample))) struct sample

static bool name_it(X509_NAME *name, const char *text)
{
	return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)text, -1, -1, 0) == 1;
}

static bool extend(X509 *certificate, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
	bool good = extension && X509_add_ext(certificate, extension, -1) == 1;

	X509_EXTENSION_free(extension);
	return good;
}

static bool make_certificate(struct sample *sample)
{
	X509 *certificate = sample->certificate = X509_new();

	return certificate && X509_set_version(certificate, X509_VERSION_3) == 1 &&
	       ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) == 1 &&
	       name_it(X509_get_issuer_name(certificate), "issuer") && name_it(X509_get_subject_name(certificate), "signer") &&
	       X509_gmtime_adj(X509_getm_notBefore(certificate), 0) && X509_gmtime_adj(X509_getm_notAfter(certificate), 3600) &&
	       X509_set_pubkey(certificate, sample->key) == 1 && extend(certificate, NID_basic_constraints, "critical,CA:FALSE") &&
	       extend(certificate, NID_key_usage, "critical,digitalSignature") &&
	       extend(certificate, NID_ext_key_usage, "codeSigning") && X509_sign(certificate, sample->key, EVP_sha256()) > 0;
}

static bool make_sample(struct sample *sample)
{
	sample->key = EVP_EC_gen("P-256");
	sample->content = BIO_new_mem_buf("sample", -1);
	if (!sample->key || !sample->content || !make_certificate(sample))
		return false;
	sample->cms = CMS_sign(sample->certificate, sample->key, NULL, sample->content, CMS_DETACHED | CMS_BINARY);
	return sample->cms != NULL;
}

/* An RSA key, too; no prime need be found for its public half. */
static void load_rsa(void)
{
	uint8_t modulus[256];
	unsigned exponent = 65537;
	unsigned char *spki = NULL;
	EVP_PKEY *key = NULL;
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	struct guard_public_key *loaded = NULL;
	OSSL_PARAM parameters[3];
	int size;

	memset(modulus, 0xff, sizeof(modulus));
	parameters[0] = OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_N, modulus, sizeof(modulus));
	parameters[1] = OSSL_PARAM_construct_uint(OSSL_PKEY_PARAM_RSA_E, &exponent);
	parameters[2] = OSSL_PARAM_construct_end();
	if (context && EVP_PKEY_fromdata_init(context) == 1 &&
	    EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) == 1) {
		size = i2d_PUBKEY(key, &spki);
		if (size > 0 && guard_public_key_load(&loaded, spki, (size_t)size) == 0)
			guard_public_key_free(loaded);
	}
	OPENSSL_free(spki);
	EVP_PKEY_free(key);
	EVP_PKEY_CTX_free(context);
}

/* As the gate asks it. */
static size_t ask(uint8_t *reply, enum guard_inspection type, const void *bytes, size_t size)
{
	struct guard_writer question;
	size_t written = 0;

	guard_writer_init(&question);
	guard_write_u32(&question, type);
	guard_write_u32(&question, (uint32_t)size);
	guard_write_bytes(&question, bytes, size);
	if (!question.failed)
		written = inspect_answer(reply, INSPECT_REPLY_MAX, question.bytes, question.size);
	guard_writer_free(&question);
	return written;
}

void inspect_warm_up(uint8_t reply[INSPECT_REPLY_MAX])
{
	static struct guard_signed signed_by;
	const struct guard_chain *chain = &signed_by.chain;
	AUTO_SAMPLE sample = { .key = NULL };
	unsigned char *cms = NULL;
	int size = make_sample(&sample) ? i2d_CMS_ContentInfo(sample.cms, &cms) : -1;
	size_t written;

	load_rsa();
	if (size > 0) {
		written = ask(reply, GUARD_INSPECT_SIGNED, cms, (size_t)size);
		if (guard_signed_decode(&signed_by, reply, written) == 0 && chain->count > 0)
			(void)!ask(reply, GUARD_INSPECT_CERTIFICATE, chain->links[0].tbs, chain->links[0].tbs_size);
	}
	OPENSSL_free(cms);
}
