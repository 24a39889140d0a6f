/* SPDX-License-Identifier: MIT
 *
 * identity/chain_parse.c - from a CMS to the certificates above a signer, its
 * time stamp, and what is inside.  Orders by name alone and verifies nothing:
 * who gets the links verifies each.  Only in a jail.
 */
#include <stdio.h>
#include <string.h>

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/ts.h>

#include "identity/cms.h"
#include "identity/der.h"

struct opened {
	CMS_ContentInfo *cms;
	STACK_OF(X509) *certificates; /* owned */
	CMS_SignerInfo *signer;
};

static void close_cms(struct opened *opened)
{
	sk_X509_pop_free(opened->certificates, X509_free);
	CMS_ContentInfo_free(opened->cms);
	ERR_clear_error();
}

static int open_signer(struct opened *ret_opened, unsigned index, const void *bytes, size_t size)
{
	struct opened opened = { 0 };
	STACK_OF(CMS_SignerInfo) *signers;
	int r = guard_cms_open(&opened.cms, bytes, size);

	if (r < 0)
		return r;
	opened.certificates = CMS_get1_certs(opened.cms);
	signers = CMS_get0_SignerInfos(opened.cms);
	if ((int)index < sk_CMS_SignerInfo_num(signers))
		opened.signer = sk_CMS_SignerInfo_value(signers, (int)index);
	if (!opened.signer) {
		close_cms(&opened);
		return -GUARD_E_FORMAT;
	}
	*ret_opened = opened;
	return 0;
}

static int refuse(char *reason, int error, const char *sentence)
{
	snprintf(reason, GUARD_REASON_MAX, "%s", sentence);
	return error;
}

/* The bytes that were signed: the first element of the certificate, as they came. */
static int take_tbs(struct guard_link *link, X509 *x509)
{
	unsigned char *der = NULL;
	const int size = i2d_X509(x509, &der);
	struct guard_reader reader, certificate, tbs;
	int r = -GUARD_E_FORMAT;

	guard_reader_init(&reader, der, size > 0 ? (size_t)size : 0);
	if (guard_der_element(&certificate, &reader, GUARD_DER_SEQUENCE) &&
	    guard_der_element(&tbs, &certificate, GUARD_DER_SEQUENCE) && certificate.offset <= GUARD_TBS_MAX) {
		memcpy(link->tbs, certificate.bytes, certificate.offset);
		link->tbs_size = (uint32_t)certificate.offset;
		r = 0;
	}
	OPENSSL_free(der);
	return r;
}

static int take_link(struct guard_chain *chain, X509 *x509)
{
	struct guard_link *link = &chain->links[chain->count];
	const ASN1_BIT_STRING *signature = NULL;
	const X509_ALGOR *algorithm = NULL;
	const int nid = X509_get_signature_nid(x509);
	int digest = NID_undef, key = NID_undef, r;

	X509_get0_signature(&signature, &algorithm, x509);
	if (OBJ_find_sigid_algs(nid, &digest, &key) != 1 || !guard_cms_hash(digest) || !guard_cms_scheme(nid, digest)) {
		snprintf(chain->reason, sizeof(chain->reason),
			 "a certificate of the signature is signed with %s, which is not taken", OBJ_nid2sn(nid));
		return -GUARD_E_UNSUPPORTED;
	}
	link->hash = (uint8_t)guard_cms_hash(digest);
	link->scheme = (uint8_t)guard_cms_scheme(nid, digest);
	r = take_tbs(link, x509);
	if (r == 0 && link->scheme == GUARD_SCHEME_ECDSA) {
		r = guard_ecdsa_plain(link->signature, &link->signature_size, sizeof(link->signature),
				      ASN1_STRING_get0_data(signature), (size_t)ASN1_STRING_length(signature));
	} else if (r == 0) {
		r = ASN1_STRING_length(signature) <= (int)GUARD_SIGNATURE_MAX ? 0 : -GUARD_E_FORMAT;
		if (r == 0) {
			link->signature_size = (uint32_t)ASN1_STRING_length(signature);
			memcpy(link->signature, ASN1_STRING_get0_data(signature), link->signature_size);
		}
	}
	if (r < 0)
		return refuse(chain->reason, r, "a certificate of the signature cannot be read");
	chain->count++;
	return 0;
}

static bool issued_itself(X509 *x509)
{
	return X509_NAME_cmp(X509_get_subject_name(x509), X509_get_issuer_name(x509)) == 0;
}

/* One that says it may, else one of that name: who verifies then says why not. */
static X509 *issuer_of(X509 *x509, const STACK_OF(X509) *certificates)
{
	X509 *named = NULL;

	for (int i = 0; i < sk_X509_num(certificates); i++) {
		X509 *candidate = sk_X509_value(certificates, i);

		if (X509_check_issued(candidate, x509) == X509_V_OK)
			return candidate;
		if (!named && X509_NAME_cmp(X509_get_subject_name(candidate), X509_get_issuer_name(x509)) == 0)
			named = candidate;
	}
	return named;
}

int guard_chain_parse(struct guard_chain *ret_chain, unsigned index, const void *cms, size_t size)
{
	struct opened opened;
	X509 *at;
	int r;

	memset(ret_chain, 0, sizeof(*ret_chain));
	r = open_signer(&opened, index, cms, size);
	if (r < 0)
		return refuse(ret_chain->reason, r, "this is no DER CMS signature");
	at = guard_cms_signer_certificate(opened.signer, opened.certificates);
	while (r == 0 && at && !issued_itself(at) && ret_chain->count < GUARD_CHAIN_MAX) {
		r = take_link(ret_chain, at);
		at = issuer_of(at, opened.certificates);
	}
	close_cms(&opened);
	return r;
}

int guard_token_parse(struct guard_writer *token, unsigned index, const void *cms, size_t size)
{
	struct opened opened;
	X509_ATTRIBUTE *attribute;
	ASN1_TYPE *type;
	int at, r = open_signer(&opened, index, cms, size);

	if (r < 0)
		return r;
	at = CMS_unsigned_get_attr_by_NID(opened.signer, NID_id_smime_aa_timeStampToken, -1);
	attribute = at >= 0 ? CMS_unsigned_get_attr(opened.signer, at) : NULL;
	type = attribute && X509_ATTRIBUTE_count(attribute) == 1 ? X509_ATTRIBUTE_get0_type(attribute, 0) : NULL;
	r = -GUARD_E_FORMAT;
	if (type && type->type == V_ASN1_SEQUENCE && ASN1_STRING_length(type->value.sequence) <= (int)GUARD_TOKEN_MAX) {
		guard_write_bytes(token, ASN1_STRING_get0_data(type->value.sequence),
				  (size_t)ASN1_STRING_length(type->value.sequence));
		r = 0;
	}
	close_cms(&opened);
	return r;
}

int guard_content_parse(struct guard_writer *content, const void *cms, size_t size)
{
	CMS_ContentInfo *opened = NULL;
	ASN1_OCTET_STRING **inside;
	int r = guard_cms_open(&opened, cms, size);

	if (r < 0)
		return r;
	inside = CMS_get0_content(opened);
	r = -GUARD_E_FORMAT;
	if (inside && *inside && ASN1_STRING_length(*inside) > 0) {
		guard_write_bytes(content, ASN1_STRING_get0_data(*inside), (size_t)ASN1_STRING_length(*inside));
		r = 0;
	}
	CMS_ContentInfo_free(opened);
	ERR_clear_error();
	return r;
}

int guard_time_stamp_parse(struct guard_time_stamp *ret_stamp, const void *info, size_t size)
{
	const unsigned char *at = info;
	TS_TST_INFO *parsed = d2i_TS_TST_INFO(NULL, &at, (long)size);
	struct guard_time_stamp stamp = { 0 };
	TS_MSG_IMPRINT *imprint = parsed ? TS_TST_INFO_get_msg_imprint(parsed) : NULL;
	const ASN1_OBJECT *algorithm = NULL;
	const ASN1_OCTET_STRING *value = imprint ? TS_MSG_IMPRINT_get_msg(imprint) : NULL;
	bool good = false;

	if (value) {
		X509_ALGOR_get0(&algorithm, NULL, NULL, TS_MSG_IMPRINT_get_algo(imprint));
		stamp.imprint.hash = (uint8_t)guard_cms_hash(OBJ_obj2nid(algorithm));
		good = at == (const unsigned char *)info + size && stamp.imprint.hash &&
		       (size_t)ASN1_STRING_length(value) == guard_hash_size(stamp.imprint.hash) &&
		       guard_asn1_seconds(&stamp.time, TS_TST_INFO_get_time(parsed));
	}
	if (good)
		memcpy(stamp.imprint.bytes, ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value));
	TS_TST_INFO_free(parsed);
	ERR_clear_error();
	if (!good)
		return -GUARD_E_FORMAT;
	*ret_stamp = stamp;
	return 0;
}
