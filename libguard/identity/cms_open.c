/* SPDX-License-Identifier: MIT
 *
 * identity/cms_open.c - where the parts of a CMS lie, by the headers of its elements.
 * OpenSSL would decode every key on the way, for a hundred times the time; it is asked
 * for what is rare alone: BER, and signers named by a key identifier.  Verifies nothing.
 * Only in a jail or in a tool.
 */
#include <string.h>

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include "identity/cms.h"
#include "identity/der.h"

/* 1.2.840.113549.1.7.2 and 1.2.840.113549.1.9.16.2.14 */
static const uint8_t signed_data[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02 };
static const uint8_t time_stamp_token[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x02, 0x0e };

bool guard_cms_same(const struct guard_reader *a, const struct guard_reader *b)
{
	return a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0;
}

static bool skip(struct guard_reader *reader, uint8_t tag)
{
	struct guard_reader ignored;

	return guard_der_element(&ignored, reader, tag);
}

static bool skip_if_there(struct guard_reader *reader, uint8_t tag)
{
	return guard_der_next(reader) != tag || skip(reader, tag);
}

/* ---- certificates ------------------------------------------------------------------ */

static bool split_tbs(struct guard_cms_certificate *certificate, struct guard_reader *tbs)
{
	return skip_if_there(tbs, GUARD_DER_CONTEXT_0) && guard_der_whole(&certificate->serial, tbs, GUARD_DER_INTEGER) &&
	       skip(tbs, GUARD_DER_SEQUENCE) && guard_der_whole(&certificate->issuer, tbs, GUARD_DER_SEQUENCE) &&
	       skip(tbs, GUARD_DER_SEQUENCE) && guard_der_whole(&certificate->subject, tbs, GUARD_DER_SEQUENCE) &&
	       guard_der_whole(&certificate->spki, tbs, GUARD_DER_SEQUENCE);
}

static bool split_certificate(struct guard_cms_certificate *certificate, struct guard_reader *set)
{
	struct guard_reader outer, inner, tbs, bits;
	const uint8_t *signature;

	if (!guard_der_whole(&certificate->whole, set, GUARD_DER_SEQUENCE))
		return false;
	outer = certificate->whole;
	if (!guard_der_element(&inner, &outer, GUARD_DER_SEQUENCE) ||
	    !guard_der_whole(&certificate->tbs, &inner, GUARD_DER_SEQUENCE) ||
	    !guard_der_whole(&certificate->algorithm, &inner, GUARD_DER_SEQUENCE) ||
	    !guard_der_element(&bits, &inner, GUARD_DER_BITS) || !guard_reader_done(&inner))
		return false;
	outer = certificate->tbs;
	if (!guard_der_element(&tbs, &outer, GUARD_DER_SEQUENCE) || !split_tbs(certificate, &tbs) || guard_read_u8(&bits) != 0)
		return false;
	signature = guard_read_bytes(&bits, guard_reader_left(&bits));
	guard_reader_init(&certificate->signature, signature, signature ? bits.size - 1 : 0);
	return signature != NULL;
}

/* Certificates of other sorts ([0] to [3] in RFC 5652, 10.2.2) are passed over. */
static bool split_certificates(struct guard_cms *cms, struct guard_reader *set)
{
	uint8_t tag;

	while ((tag = guard_der_next(set)) != 0) {
		if (tag != GUARD_DER_SEQUENCE) {
			if (!skip(set, tag))
				return false;
			continue;
		}
		if (cms->certificate_count == GUARD_CMS_CERTIFICATES_MAX ||
		    !split_certificate(&cms->certificates[cms->certificate_count], set))
			return false;
		cms->certificate_count++;
	}
	return guard_reader_done(set);
}

/* ---- the whole ------------------------------------------------------------------------- */

/* EncapsulatedContentInfo: a type and, perhaps, [0] { OCTET STRING }. */
static bool split_content(struct guard_cms *cms, struct guard_reader *data)
{
	struct guard_reader info, wrapped;

	if (!guard_der_element(&info, data, GUARD_DER_SEQUENCE) || !skip(&info, GUARD_DER_OID))
		return false;
	if (guard_der_next(&info) == GUARD_DER_CONTEXT_0 &&
	    (!guard_der_element(&wrapped, &info, GUARD_DER_CONTEXT_0) ||
	     !guard_der_element(&cms->content, &wrapped, GUARD_DER_OCTETS) || !guard_reader_done(&wrapped)))
		return false;
	return guard_reader_done(&info);
}

static bool split_data(struct guard_cms *cms, struct guard_reader *data)
{
	struct guard_reader certificates;

	if (!skip(data, GUARD_DER_INTEGER) || !skip(data, GUARD_DER_SET) || !split_content(cms, data))
		return false;
	if (guard_der_next(data) == GUARD_DER_CONTEXT_0 &&
	    (!guard_der_element(&certificates, data, GUARD_DER_CONTEXT_0) || !split_certificates(cms, &certificates)))
		return false;
	return skip_if_there(data, GUARD_DER_CONTEXT_1) && guard_der_element(&cms->signers, data, GUARD_DER_SET) &&
	       guard_reader_done(data);
}

static bool split(struct guard_cms *cms, const void *bytes, size_t size)
{
	struct guard_reader reader, info, type, wrapped, data;

	cms->certificate_count = 0;
	guard_reader_init(&cms->content, NULL, 0);
	guard_reader_init(&reader, bytes, size);
	return guard_der_element(&info, &reader, GUARD_DER_SEQUENCE) && guard_reader_done(&reader) &&
	       guard_der_element(&type, &info, GUARD_DER_OID) && type.size == sizeof(signed_data) &&
	       memcmp(type.bytes, signed_data, sizeof(signed_data)) == 0 &&
	       guard_der_element(&wrapped, &info, GUARD_DER_CONTEXT_0) && guard_reader_done(&info) &&
	       guard_der_element(&data, &wrapped, GUARD_DER_SEQUENCE) && guard_reader_done(&wrapped) &&
	       split_data(cms, &data);
}

/* BER, as `openssl cms -stream` writes it, to DER. */
static size_t make_der(uint8_t **ret_der, const void *bytes, size_t size)
{
	const unsigned char *at = bytes;
	CMS_ContentInfo *parsed = d2i_CMS_ContentInfo(NULL, &at, (long)size);
	unsigned char *der = NULL;
	const int made = parsed && at == (const unsigned char *)bytes + size ? i2d_CMS_ContentInfo(parsed, &der) : 0;

	CMS_ContentInfo_free(parsed);
	ERR_clear_error();
	if (made <= 0)
		return 0;
	*ret_der = der;
	return (size_t)made;
}

int guard_cms_open(struct guard_cms *ret_cms, const void *bytes, size_t size)
{
	size_t made;

	ret_cms->made = NULL;
	if (size > GUARD_CMS_MAX)
		return -GUARD_E_FORMAT;
	if (split(ret_cms, bytes, size))
		return 0;
	made = make_der(&ret_cms->made, bytes, size);
	if (made > 0 && split(ret_cms, ret_cms->made, made))
		return 0;
	guard_cms_close(ret_cms);
	return -GUARD_E_FORMAT;
}

void guard_cms_close(struct guard_cms *cms)
{
	OPENSSL_free(cms->made);
	cms->made = NULL;
}

/* ---- signers --------------------------------------------------------------------------- */

static bool split_name(struct guard_cms_signer *signer, struct guard_reader *info)
{
	struct guard_reader both;

	if (guard_der_next(info) == GUARD_DER_PRIMITIVE_0)
		return guard_der_element(&signer->ski, info, GUARD_DER_PRIMITIVE_0);
	return guard_der_element(&both, info, GUARD_DER_SEQUENCE) && guard_der_whole(&signer->issuer, &both, GUARD_DER_SEQUENCE) &&
	       guard_der_whole(&signer->serial, &both, GUARD_DER_INTEGER) && guard_reader_done(&both);
}

static bool split_signer(struct guard_cms_signer *signer, struct guard_reader *info)
{
	if (!skip(info, GUARD_DER_INTEGER) || !split_name(signer, info) ||
	    !guard_der_whole(&signer->digest, info, GUARD_DER_SEQUENCE))
		return false;
	if (guard_der_next(info) == GUARD_DER_CONTEXT_0 && !guard_der_element(&signer->attributes, info, GUARD_DER_CONTEXT_0))
		return false;
	if (!guard_der_whole(&signer->algorithm, info, GUARD_DER_SEQUENCE) ||
	    !guard_der_element(&signer->signature, info, GUARD_DER_OCTETS))
		return false;
	if (guard_der_next(info) == GUARD_DER_CONTEXT_1 && !guard_der_element(&signer->others, info, GUARD_DER_CONTEXT_1))
		return false;
	return guard_reader_done(info);
}

bool guard_cms_next_signer(struct guard_cms_signer *ret_signer, struct guard_reader *signers)
{
	struct guard_cms_signer signer = { .ski = { .bytes = NULL } };
	struct guard_reader info;

	if (signers->failed || guard_reader_left(signers) == 0)
		return false;
	if (!guard_der_element(&info, signers, GUARD_DER_SEQUENCE) || !split_signer(&signer, &info)) {
		signers->failed = true;
		return false;
	}
	*ret_signer = signer;
	return true;
}

static bool has_key_identifier(const struct guard_cms_certificate *certificate, const struct guard_reader *ski)
{
	const unsigned char *at = certificate->whole.bytes;
	X509 *x509 = d2i_X509(NULL, &at, (long)certificate->whole.size);
	const ASN1_OCTET_STRING *found = x509 ? X509_get0_subject_key_id(x509) : NULL;
	const bool same = found && (size_t)ASN1_STRING_length(found) == ski->size &&
			  memcmp(ASN1_STRING_get0_data(found), ski->bytes, ski->size) == 0;

	X509_free(x509);
	ERR_clear_error();
	return same;
}

const struct guard_cms_certificate *guard_cms_signer_certificate(const struct guard_cms *cms,
								 const struct guard_cms_signer *signer)
{
	for (uint32_t i = 0; i < cms->certificate_count; i++) {
		const struct guard_cms_certificate *certificate = &cms->certificates[i];

		if (signer->ski.size ? has_key_identifier(certificate, &signer->ski) :
				       guard_cms_same(&certificate->serial, &signer->serial) &&
					       guard_cms_same(&certificate->issuer, &signer->issuer))
			return certificate;
	}
	return NULL;
}

int guard_cms_algorithm(const struct guard_reader *identifier)
{
	struct guard_reader reader = *identifier, inner, oid;
	const unsigned char *at;
	ASN1_OBJECT *object;
	int nid;

	if (!guard_der_element(&inner, &reader, GUARD_DER_SEQUENCE) || !guard_der_whole(&oid, &inner, GUARD_DER_OID))
		return NID_undef;
	at = oid.bytes;
	object = d2i_ASN1_OBJECT(NULL, &at, (long)oid.size);
	nid = object ? OBJ_obj2nid(object) : NID_undef;
	ASN1_OBJECT_free(object);
	ERR_clear_error();
	return nid;
}

bool guard_cms_find_token(struct guard_reader *ret_values, const struct guard_reader *attributes)
{
	struct guard_reader reader = *attributes, attribute, type, values;

	while (guard_der_element(&attribute, &reader, GUARD_DER_SEQUENCE)) {
		if (!guard_der_element(&type, &attribute, GUARD_DER_OID) || !guard_der_element(&values, &attribute, GUARD_DER_SET))
			return false;
		if (type.size == sizeof(time_stamp_token) && memcmp(type.bytes, time_stamp_token, type.size) == 0) {
			*ret_values = values;
			return true;
		}
	}
	return false;
}
