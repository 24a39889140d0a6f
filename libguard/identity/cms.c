/* SPDX-License-Identifier: MIT
 *
 * identity/cms.c - takes a DER CMS SignedData (RFC 5652) apart: for each signer
 * its algorithms, its signature, its signed attributes and how it names its key.
 * Verifies nothing.  OpenSSL parses; this file runs only in a jail or in a tool.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include "identity/cms.h"
#include "identity/der.h"

__attribute__((format(printf, 3, 4)))
static int refuse(struct guard_claims *claims, int error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(claims->reason, sizeof(claims->reason), format, arguments);
	va_end(arguments);
	return error;
}

enum guard_hash guard_cms_hash(int nid)
{
	switch (nid) {
	case NID_sha256:
		return GUARD_HASH_SHA256;
	case NID_sha384:
		return GUARD_HASH_SHA384;
	case NID_sha512:
		return GUARD_HASH_SHA512;
	default:
		return GUARD_HASH_NONE;
	}
}

static int nid_of(const X509_ALGOR *algorithm)
{
	const ASN1_OBJECT *object = NULL;

	X509_ALGOR_get0(&object, NULL, NULL, algorithm);
	return object ? OBJ_obj2nid(object) : NID_undef;
}

/* rsaEncryption, sha256WithRSAEncryption, ecdsa-with-SHA256, ...; a hash that is
 * named twice must be the same. */
enum guard_scheme guard_cms_scheme(int signature, int digest)
{
	int named = NID_undef, key = NID_undef;

	if (signature == NID_rsaEncryption)
		return GUARD_SCHEME_RSA;
	if (signature == NID_X9_62_id_ecPublicKey)
		return GUARD_SCHEME_ECDSA;
	if (OBJ_find_sigid_algs(signature, &named, &key) != 1 || named != digest)
		return GUARD_SCHEME_NONE;
	if (key == NID_rsaEncryption)
		return GUARD_SCHEME_RSA;
	return key == NID_X9_62_id_ecPublicKey ? GUARD_SCHEME_ECDSA : GUARD_SCHEME_NONE;
}

static int take_signature(struct guard_claim *claim, const ASN1_OCTET_STRING *signature)
{
	const uint8_t *bytes = ASN1_STRING_get0_data(signature);
	const int size = ASN1_STRING_length(signature);

	if (size <= 0 || (unsigned)size > GUARD_SIGNATURE_MAX)
		return -GUARD_E_FORMAT;
	if (claim->scheme == GUARD_SCHEME_ECDSA)
		return guard_ecdsa_plain(claim->signature, &claim->signature_size, sizeof(claim->signature), bytes, (size_t)size);
	memcpy(claim->signature, bytes, (size_t)size);
	claim->signature_size = (uint32_t)size;
	return 0;
}

/* SET OF: a tag, a length in its shortest form, the attributes as they came. */
static int take_attributes(struct guard_claim *claim, const CMS_SignerInfo *signer)
{
	uint8_t body[GUARD_ATTRIBUTES_MAX];
	struct guard_writer inner, outer;
	const int count = CMS_signed_get_attr_count(signer);

	guard_writer_init_fixed(&inner, body, sizeof(body));
	for (int i = 0; i < count; i++) {
		unsigned char *der = NULL;
		int size = i2d_X509_ATTRIBUTE(CMS_signed_get_attr(signer, i), &der);

		if (size > 0)
			guard_write_bytes(&inner, der, (size_t)size);
		OPENSSL_free(der);
		if (size <= 0)
			return -GUARD_E_FORMAT;
	}
	if (count <= 0)
		return 0;
	guard_writer_init_fixed(&outer, claim->attributes, sizeof(claim->attributes));
	guard_der_begin(&outer, GUARD_DER_SET, inner.size);
	guard_write_bytes(&outer, inner.bytes, inner.size);
	if (inner.failed || outer.failed)
		return -GUARD_E_LIMIT;
	claim->attributes_size = (uint32_t)outer.size;
	return 0;
}

static int hint_issuer(struct guard_claim *claim, X509_NAME *issuer, ASN1_INTEGER *serial)
{
	unsigned char *der[2] = { NULL, NULL };
	int sizes[2] = { i2d_X509_NAME(issuer, &der[0]), i2d_ASN1_INTEGER(serial, &der[1]) };
	struct guard_writer both;
	struct guard_digest id;
	int r = -GUARD_E_FORMAT;

	guard_writer_init(&both);
	for (int i = 0; i < 2; i++)
		if (sizes[i] > 0)
			guard_write_bytes(&both, der[i], (size_t)sizes[i]);
	if (sizes[0] > 0 && sizes[1] > 0 && !both.failed)
		r = guard_digest_bytes(&id, both.bytes, both.size);
	if (r == 0) {
		claim->hint = GUARD_HINT_ISSUER;
		memcpy(claim->key, id.bytes, sizeof(id.bytes));
	}
	guard_writer_free(&both);
	OPENSSL_free(der[0]);
	OPENSSL_free(der[1]);
	return r;
}

X509 *guard_cms_signer_certificate(CMS_SignerInfo *signer, const STACK_OF(X509) *certificates)
{
	for (int i = 0; i < sk_X509_num(certificates); i++)
		if (CMS_SignerInfo_cert_cmp(signer, sk_X509_value(certificates, i)) == 0)
			return sk_X509_value(certificates, i);
	return NULL;
}

/* An embedded certificate names the key itself. */
static bool hint_embedded(struct guard_claim *claim, X509 *x509)
{
	unsigned char *spki = NULL;
	struct guard_digest id;
	int size = x509 ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509), &spki) : -1;
	bool good = size > 0 && guard_digest_bytes(&id, spki, (size_t)size) == 0;

	OPENSSL_free(spki);
	if (!good)
		return false;
	claim->hint = GUARD_HINT_SPKI;
	memcpy(claim->key, id.bytes, sizeof(id.bytes));
	claim->issued = X509_NAME_cmp(X509_get_subject_name(x509), X509_get_issuer_name(x509)) != 0;
	return true;
}

static int take_hint(struct guard_claim *claim, CMS_SignerInfo *signer, STACK_OF(X509) *certificates)
{
	ASN1_OCTET_STRING *ski = NULL;
	ASN1_INTEGER *serial = NULL;
	X509_NAME *issuer = NULL;

	if (hint_embedded(claim, guard_cms_signer_certificate(signer, certificates)))
		return 0;
	if (CMS_SignerInfo_get0_signer_id(signer, &ski, &issuer, &serial) != 1)
		return -GUARD_E_FORMAT;
	if (issuer && serial)
		return hint_issuer(claim, issuer, serial);
	if (!ski || ASN1_STRING_length(ski) != 20)
		return -GUARD_E_UNSUPPORTED;
	claim->hint = GUARD_HINT_SKI;
	memcpy(claim->key, ASN1_STRING_get0_data(ski), 20);
	return 0;
}

static int take_signer(struct guard_claims *claims, CMS_SignerInfo *signer, STACK_OF(X509) *certificates, int index)
{
	struct guard_claim *claim = &claims->claims[claims->count];
	X509_ALGOR *digest = NULL, *signature = NULL;
	int r;

	memset(claim, 0, sizeof(*claim));
	CMS_SignerInfo_get0_algs(signer, NULL, NULL, &digest, &signature);
	if (!digest || !signature)
		return refuse(claims, -GUARD_E_FORMAT, "the CMS signature names no algorithm");
	claim->content_hash = claim->signed_hash = guard_cms_hash(nid_of(digest));
	if (!claim->content_hash)
		return refuse(claims, -GUARD_E_UNSUPPORTED, "the signature uses %s; SHA-256, SHA-384 and SHA-512 are taken",
			      OBJ_nid2sn(nid_of(digest)));
	claim->scheme = guard_cms_scheme(nid_of(signature), nid_of(digest));
	if (!claim->scheme)
		return refuse(claims, -GUARD_E_UNSUPPORTED, "the signature's algorithm %s is not taken",
			      OBJ_nid2sn(nid_of(signature)));
	r = take_signature(claim, CMS_SignerInfo_get0_signature(signer));
	if (r == 0)
		r = take_attributes(claim, signer);
	if (r == 0)
		r = take_hint(claim, signer, certificates);
	if (r < 0)
		return refuse(claims, r, "a signer of the CMS signature cannot be read");
	claim->index = (uint8_t)index;
	claim->stamped = CMS_unsigned_get_attr_by_NID(signer, NID_id_smime_aa_timeStampToken, -1) >= 0;
	claims->count++;
	return 0;
}

int guard_cms_open(CMS_ContentInfo **ret_cms, const void *bytes, size_t size)
{
	const unsigned char *at = bytes;
	CMS_ContentInfo *cms = size <= GUARD_CMS_MAX ? d2i_CMS_ContentInfo(NULL, &at, (long)size) : NULL;

	ERR_clear_error();
	if (!cms || at != (const unsigned char *)bytes + size || OBJ_obj2nid(CMS_get0_type(cms)) != NID_pkcs7_signed) {
		CMS_ContentInfo_free(cms);
		return -GUARD_E_FORMAT;
	}
	*ret_cms = cms;
	return 0;
}

int guard_cms_parse(struct guard_claims *ret_claims, const void *bytes, size_t size)
{
	CMS_ContentInfo *cms = NULL;
	STACK_OF(CMS_SignerInfo) *signers;
	STACK_OF(X509) *certificates;

	memset(ret_claims, 0, sizeof(*ret_claims));
	if (size > GUARD_CMS_MAX)
		return refuse(ret_claims, -GUARD_E_LIMIT, "the CMS signature is larger than %u bytes", GUARD_CMS_MAX);
	if (guard_cms_open(&cms, bytes, size) < 0)
		return refuse(ret_claims, -GUARD_E_FORMAT, "this is no DER CMS signature");
	certificates = CMS_get1_certs(cms);
	signers = CMS_get0_SignerInfos(cms);
	for (int i = 0; i < sk_CMS_SignerInfo_num(signers) && i < UINT8_MAX && ret_claims->count < GUARD_CLAIMS_MAX; i++)
		(void)!take_signer(ret_claims, sk_CMS_SignerInfo_value(signers, i), certificates, i);
	sk_X509_pop_free(certificates, X509_free);
	CMS_ContentInfo_free(cms);
	ERR_clear_error();
	if (ret_claims->count > 0)
		ret_claims->reason[0] = '\0';
	else if (!ret_claims->reason[0])
		return refuse(ret_claims, -GUARD_E_FORMAT, "the CMS structure has no signer");
	return ret_claims->count > 0 ? 0 : -GUARD_E_UNSUPPORTED;
}
