/* SPDX-License-Identifier: MIT
 *
 * identity/certificate.c - reads key, certificate and CRL files.  Decides
 * nothing about trust but that a weak key is no key.
 */
#include "identity/certificate.h"

#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/cleanup.h"
#include "identity/signature.h"

struct sentence {
	char *text;
	size_t size;
};

static int refuse(const struct sentence *sentence, int error, const char *text)
{
	snprintf(sentence->text, sentence->size, "%s", text);
	return error;
}

void guard_certificate_clear(struct guard_certificate *certificate)
{
	free(certificate->der);
	free(certificate->spki);
	*certificate = (struct guard_certificate){ 0 };
}

static int set_spki(struct guard_certificate *certificate, X509_PUBKEY *pubkey, const struct sentence *sentence)
{
	struct guard_public_key *key = NULL;
	const unsigned char *bits;
	unsigned char *spki = NULL, sha1[20];
	int bits_size, size = i2d_X509_PUBKEY(pubkey, &spki), r;

	if (size <= 0)
		return refuse(sentence, -GUARD_E_FORMAT, "its public key cannot be read");
	r = guard_public_key_load(&key, spki, (size_t)size);
	guard_public_key_free(key);
	if (r == 0 && (X509_PUBKEY_get0_param(NULL, &bits, &bits_size, NULL, pubkey) != 1 ||
		       EVP_Digest(bits, (size_t)bits_size, sha1, NULL, EVP_sha1(), NULL) != 1 ||
		       EVP_Digest(spki, (size_t)size, certificate->key_id, NULL, EVP_sha256(), NULL) != 1))
		r = -GUARD_E_INTERNAL;
	if (r == 0) {
		certificate->spki = malloc((size_t)size);
		r = certificate->spki ? 0 : -GUARD_E_NOMEM;
	}
	if (r == 0) {
		memcpy(certificate->spki, spki, (size_t)size);
		certificate->spki_size = (size_t)size;
		memcpy(certificate->ski, sha1, sizeof(certificate->ski));
		certificate->ima_id = (uint32_t)sha1[16] << 24 | (uint32_t)sha1[17] << 16 | (uint32_t)sha1[18] << 8 | sha1[19];
	}
	OPENSSL_free(spki);
	if (r == -GUARD_E_UNSUPPORTED)
		return refuse(sentence, r, "its key is too weak or of an unknown sort: RSA with 2048 to 8192 bits, or EC over P-256, P-384 or P-521");
	return r < 0 ? refuse(sentence, r, "its public key cannot be read") : 0;
}

static int hash_issuer(uint8_t ret_id[32], X509 *x509)
{
	unsigned char *name = NULL, *serial = NULL;
	int name_size = i2d_X509_NAME(X509_get_issuer_name(x509), &name);
	int serial_size = i2d_ASN1_INTEGER(X509_get0_serialNumber(x509), &serial);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool good = name_size > 0 && serial_size > 0 && context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 &&
		    EVP_DigestUpdate(context, name, (size_t)name_size) == 1 &&
		    EVP_DigestUpdate(context, serial, (size_t)serial_size) == 1 &&
		    EVP_DigestFinal_ex(context, ret_id, NULL) == 1;

	EVP_MD_CTX_free(context);
	OPENSSL_free(name);
	OPENSSL_free(serial);
	return good ? 0 : -GUARD_E_FORMAT;
}

static int take_der(struct guard_certificate *certificate, const unsigned char *der, size_t size)
{
	certificate->der = malloc(size);
	if (!certificate->der)
		return -GUARD_E_NOMEM;
	memcpy(certificate->der, der, size);
	certificate->der_size = size;
	return 0;
}

static int read_x509(struct guard_certificate *certificate, const unsigned char *der, size_t size,
		     const struct sentence *sentence)
{
	const unsigned char *at = der;
	X509 *x509 = d2i_X509(NULL, &at, (long)size);
	const ASN1_OCTET_STRING *ski;
	int r;

	if (!x509 || at != der + size) {
		X509_free(x509);
		return -GUARD_E_FORMAT;
	}
	certificate->type = GUARD_CERTIFICATE_X509;
	r = set_spki(certificate, X509_get_X509_PUBKEY(x509), sentence);
	if (r == 0)
		r = hash_issuer(certificate->issuer_id, x509);
	if (r == 0)
		r = take_der(certificate, der, size);
	ski = X509_get0_subject_key_id(x509);
	if (r == 0 && ski && ASN1_STRING_length(ski) == (int)GUARD_SKI_SIZE)
		memcpy(certificate->ski, ASN1_STRING_get0_data(ski), GUARD_SKI_SIZE);
	certificate->is_ca = X509_check_ca(x509) == 1;
	X509_free(x509);
	return r;
}

static int read_key(struct guard_certificate *certificate, const unsigned char *der, size_t size,
		    const struct sentence *sentence)
{
	const unsigned char *at = der;
	X509_PUBKEY *pubkey = d2i_X509_PUBKEY(NULL, &at, (long)size);
	int r;

	if (!pubkey || at != der + size) {
		X509_PUBKEY_free(pubkey);
		return -GUARD_E_FORMAT;
	}
	certificate->type = GUARD_CERTIFICATE_KEY;
	r = set_spki(certificate, pubkey, sentence);
	X509_PUBKEY_free(pubkey);
	return r;
}

static int read_crl(struct guard_certificate *certificate, const unsigned char *der, size_t size)
{
	const unsigned char *at = der;
	X509_CRL *crl = d2i_X509_CRL(NULL, &at, (long)size);
	bool good = crl && at == der + size;

	X509_CRL_free(crl);
	if (!good)
		return -GUARD_E_FORMAT;
	certificate->type = GUARD_CERTIFICATE_CRL;
	return take_der(certificate, der, size);
}

/* Whichever of the three it is. */
static int read_der(struct guard_certificate *certificate, const unsigned char *der, size_t size,
		    const struct sentence *sentence)
{
	int r;

	sentence->text[0] = '\0';
	r = size <= GUARD_CERTIFICATE_MAX ? read_x509(certificate, der, size, sentence) : -GUARD_E_FORMAT;
	if (r == -GUARD_E_FORMAT && !sentence->text[0] && size <= GUARD_CERTIFICATE_MAX)
		r = read_key(certificate, der, size, sentence);
	if (r == -GUARD_E_FORMAT && !sentence->text[0])
		r = read_crl(certificate, der, size);
	ERR_clear_error();
	if (r < 0)
		guard_certificate_clear(certificate);
	return r;
}

static bool is_wanted(const char *name)
{
	return strcmp(name, PEM_STRING_X509) == 0 || strcmp(name, PEM_STRING_X509_OLD) == 0 ||
	       strcmp(name, PEM_STRING_PUBLIC) == 0 || strcmp(name, PEM_STRING_X509_CRL) == 0;
}

static int read_pem(struct guard_certificate *certificate, const void *bytes, size_t size,
		    const struct sentence *sentence)
{
	BIO *bio = BIO_new_mem_buf(bytes, (int)size);
	int r = -GUARD_E_FORMAT;
	bool found = false;

	while (bio && !found) {
		char *name = NULL, *header = NULL;
		unsigned char *der = NULL;
		long der_size = 0;

		if (PEM_read_bio(bio, &name, &header, &der, &der_size) != 1)
			break;
		found = is_wanted(name) && header[0] == '\0';
		if (found)
			r = read_der(certificate, der, (size_t)der_size, sentence);
		OPENSSL_free(name);
		OPENSSL_free(header);
		OPENSSL_free(der);
	}
	BIO_free(bio);
	ERR_clear_error();
	return r;
}

int guard_certificate_read(struct guard_certificate *ret_certificate, const void *bytes, size_t size, char *reason,
			   size_t reason_size)
{
	const struct sentence sentence = { reason, reason_size };
	struct guard_certificate certificate = { 0 };
	int r;

	reason[0] = '\0';
	if (size == 0 || size > GUARD_CRL_MAX * 2)
		return refuse(&sentence, -GUARD_E_LIMIT, "it is empty or too large");
	r = read_pem(&certificate, bytes, size, &sentence);
	if (r == -GUARD_E_FORMAT && !reason[0])
		r = read_der(&certificate, bytes, size, &sentence);
	if (r < 0)
		return reason[0] ? r : refuse(&sentence, r, "it is no certificate, public key or revocation list in PEM or DER");
	*ret_certificate = certificate;
	return 0;
}
