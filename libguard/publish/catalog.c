/* SPDX-License-Identifier: MIT
 *
 * publish/catalog.c - signs a list of digests as `openssl cms -sign -binary` does
 * (docs/signers.md).  Refuses what no machine would take: a key that is too weak,
 * a certificate that is another key's or past its time.
 */
#include "publish/publish.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "identity/certificate.h"

struct signing {
	STACK_OF(X509) *certificates; /* the signer's first */
	CMS_ContentInfo *cms;
	BIO *list, *out;
	bool attached; /* the list goes into the CMS */
	char *reason;
	size_t reason_size;
};

static void clear(struct signing *signing)
{
	CMS_ContentInfo_free(signing->cms);
	sk_X509_pop_free(signing->certificates, X509_free);
	BIO_free(signing->list);
	BIO_free(signing->out);
	ERR_clear_error();
}

static int refuse(const struct signing *signing, int error, const char *sentence)
{
	snprintf(signing->reason, signing->reason_size, "%s", sentence);
	return error;
}

static int read_certificates(struct signing *signing, const char *pem, size_t size)
{
	BIO *bio = size <= INT_MAX ? BIO_new_mem_buf(pem, (int)size) : NULL;
	X509 *x509;

	signing->certificates = sk_X509_new_null();
	while (bio && signing->certificates && (x509 = PEM_read_bio_X509(bio, NULL, NULL, NULL)))
		if (sk_X509_push(signing->certificates, x509) <= 0)
			X509_free(x509);
	BIO_free(bio);
	ERR_clear_error();
	return sk_X509_num(signing->certificates) > 0 ? 0 : refuse(signing, -GUARD_E_FORMAT, "it holds no certificate in PEM; name the file that has it with --certificate");
}

static int check_strength(const struct signing *signing, X509 *x509)
{
	struct guard_certificate read;
	unsigned char *der = NULL;
	const int size = i2d_X509(x509, &der);
	int r = -GUARD_E_FORMAT;

	if (size > 0)
		r = guard_certificate_read(&read, der, (size_t)size, signing->reason, signing->reason_size);
	OPENSSL_free(der);
	if (r == 0)
		guard_certificate_clear(&read);
	return r;
}

static int check(const struct signing *signing, EVP_PKEY *pkey)
{
	X509 *x509 = sk_X509_value(signing->certificates, 0);

	if (X509_check_private_key(x509, pkey) != 1)
		return refuse(signing, -GUARD_E_FORMAT, "its first certificate is of another key");
	if (X509_cmp_current_time(X509_get0_notAfter(x509)) <= 0)
		return refuse(signing, -GUARD_E_EXPIRED, "the certificate has expired");
	if (X509_cmp_current_time(X509_get0_notBefore(x509)) >= 0)
		return refuse(signing, -GUARD_E_EXPIRED, "the certificate is not valid yet");
	return check_strength(signing, x509);
}

static int sign(struct signing *signing, EVP_PKEY *pkey)
{
	const unsigned flags = CMS_BINARY | CMS_NOSMIMECAP | (signing->attached ? 0 : CMS_DETACHED);
	X509 *x509 = sk_X509_value(signing->certificates, 0);

	signing->cms = CMS_sign(NULL, NULL, NULL, NULL, flags | CMS_PARTIAL);
	if (!signing->cms || !CMS_add1_signer(signing->cms, x509, pkey, EVP_sha256(), flags))
		return refuse(signing, -GUARD_E_SIGNATURE, "the key refused to sign");
	for (int i = 1; i < sk_X509_num(signing->certificates); i++)
		if (CMS_add1_cert(signing->cms, sk_X509_value(signing->certificates, i)) != 1)
			return refuse(signing, -GUARD_E_FORMAT, "a certificate stands twice in the file");
	if (CMS_final(signing->cms, signing->list, NULL, flags) != 1)
		return refuse(signing, -GUARD_E_SIGNATURE, "the key refused to sign");
	return i2d_CMS_bio(signing->out, signing->cms) == 1 ? 0 : -GUARD_E_NOMEM;
}

int publish_catalog_sign(uint8_t **ret_der, size_t *ret_size, EVP_PKEY *pkey, const char *certificates,
			 size_t certificates_size, const struct publish_list *list, char *reason, size_t reason_size)
{
	struct signing signing = { .attached = list->attached, .reason = reason, .reason_size = reason_size };
	char *bytes = NULL;
	long size;
	int r = list->size <= INT_MAX ? read_certificates(&signing, certificates, certificates_size) : -GUARD_E_LIMIT;

	if (r == 0)
		r = check(&signing, pkey);
	signing.list = r == 0 ? BIO_new_mem_buf(list->bytes, (int)list->size) : NULL;
	signing.out = r == 0 ? BIO_new(BIO_s_mem()) : NULL;
	if (r == 0)
		r = signing.list && signing.out ? sign(&signing, pkey) : -GUARD_E_NOMEM;
	size = r == 0 ? BIO_get_mem_data(signing.out, &bytes) : 0;
	if (r == 0) {
		*ret_der = malloc((size_t)size);
		r = *ret_der ? 0 : -GUARD_E_NOMEM;
	}
	if (r == 0) {
		memcpy(*ret_der, bytes, (size_t)size);
		*ret_size = (size_t)size;
	}
	clear(&signing);
	return r;
}
