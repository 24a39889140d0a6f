/* SPDX-License-Identifier: MIT
 *
 * identity/detail_parse.c - what a TBSCertificate says (RFC 5280), for a process
 * that already knows whose signature is on it.  Says what it finds; who asked
 * decides.  Only in a jail.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include "identity/cms.h"
#include "identity/der.h"

static int refuse(struct guard_certificate_detail *detail, const char *sentence)
{
	if (!detail->reason[0])
		snprintf(detail->reason, sizeof(detail->reason), "%s", sentence);
	return -GUARD_E_UNSUPPORTED;
}

/* A certificate around the signed part, for OpenSSL's parser: with a signature of
 * one byte, since the real one has done its work. */
static X509 *open_tbs(const void *tbs, size_t size)
{
	/* sha256WithRSAEncryption; BIT STRING of one byte */
	static const uint8_t tail[] = { 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d,
					0x01, 0x01, 0x0b, 0x05, 0x00, 0x03, 0x02, 0x00, 0x00 };
	uint8_t bytes[GUARD_TBS_MAX + sizeof(tail) + 8];
	const unsigned char *at = bytes;
	struct guard_writer writer;
	X509 *x509;

	guard_writer_init_fixed(&writer, bytes, sizeof(bytes));
	guard_der_begin(&writer, GUARD_DER_SEQUENCE, size + sizeof(tail));
	guard_write_bytes(&writer, tbs, size);
	guard_write_bytes(&writer, tail, sizeof(tail));
	x509 = writer.failed ? NULL : d2i_X509(NULL, &at, (long)writer.size);
	if (x509 && at != &bytes[writer.size]) {
		X509_free(x509);
		x509 = NULL;
	}
	return x509;
}

/* Days since 1970-01-01 in the Gregorian calendar, whose years begin in March here,
 * so that the odd day comes last. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
	const int64_t from_march = month > 2 ? month - 3 : month + 9;
	const int64_t y = month > 2 ? year : year - 1;

	return 365 * y + y / 4 - y / 100 + y / 400 + (153 * from_march + 2) / 5 + day - 1 - 719468;
}

bool guard_asn1_seconds(int64_t *ret_seconds, const ASN1_TIME *time)
{
	struct tm tm;

	if (!time || ASN1_TIME_to_tm(time, &tm) != 1)
		return false;
	*ret_seconds = days_of(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday) * 86400 + tm.tm_hour * 3600 +
		       tm.tm_min * 60 + tm.tm_sec;
	return true;
}

/* What is critical must be understood, all of it. */
static void check_extensions(struct guard_certificate_detail *detail, const X509 *x509)
{
	static const int known[] = { NID_basic_constraints, NID_key_usage, NID_ext_key_usage, NID_subject_key_identifier,
				     NID_authority_key_identifier, NID_subject_alt_name };

	for (int i = 0; i < X509_get_ext_count(x509); i++) {
		X509_EXTENSION *extension = X509_get_ext(x509, i);
		const int nid = OBJ_obj2nid(X509_EXTENSION_get_object(extension));
		bool is_known = !X509_EXTENSION_get_critical(extension);
		char name[80];

		for (size_t k = 0; k < sizeof(known) / sizeof(known[0]); k++)
			is_known |= nid == known[k];
		if (is_known || detail->reason[0])
			continue;
		OBJ_obj2txt(name, sizeof(name), X509_EXTENSION_get_object(extension), nid == NID_undef);
		snprintf(detail->reason, sizeof(detail->reason),
			 "a certificate has the critical extension %s, which guard does not know", name);
	}
}

static void take_usage(struct guard_certificate_detail *detail, X509 *x509)
{
	const uint32_t flags = X509_get_extension_flags(x509);
	const uint32_t usage = X509_get_key_usage(x509), extended = X509_get_extended_key_usage(x509);
	const int at = X509_get_ext_by_NID(x509, NID_ext_key_usage, -1);

	if (flags & EXFLAG_INVALID)
		(void)!refuse(detail, "a certificate has an extension that cannot be read");
	detail->is_ca = (flags & EXFLAG_BCONS) && (flags & EXFLAG_CA) && X509_get_version(x509) == X509_VERSION_3 &&
			(usage == UINT32_MAX || (usage & KU_KEY_CERT_SIGN));
	detail->path_length = (int32_t)X509_get_pathlen(x509);
	detail->signs = usage == UINT32_MAX || (usage & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION));
	detail->unlimited = !(flags & EXFLAG_XKUSAGE) || (extended & XKU_ANYEKU);
	detail->code = (flags & EXFLAG_XKUSAGE) && (extended & XKU_CODE_SIGN);
	detail->time = (flags & EXFLAG_XKUSAGE) && extended == XKU_TIMESTAMP && at >= 0 &&
		       X509_EXTENSION_get_critical(X509_get_ext(x509, at));
}

static void take_subjects(struct guard_certificate_detail *detail, const X509 *x509)
{
	const X509_NAME *name = X509_get_subject_name(x509);

	for (int i = 0; i < X509_NAME_entry_count(name) && detail->subject_count < GUARD_SUBJECT_COUNT; i++) {
		const X509_NAME_ENTRY *entry = X509_NAME_get_entry(name, i);
		const char *type = OBJ_nid2sn(OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry)));
		char *to = detail->subjects[detail->subject_count];
		unsigned char *value = NULL;
		int size = ASN1_STRING_to_UTF8(&value, X509_NAME_ENTRY_get_data(entry));

		/* Cut or with a NUL in it, it would be another's name. */
		if (size > 0 && type && strlen((const char *)value) == (size_t)size &&
		    snprintf(to, GUARD_SUBJECT_MAX, "%s=%s", type, (const char *)value) < (int)GUARD_SUBJECT_MAX)
			detail->subject_count++;
		else
			to[0] = '\0';
		OPENSSL_free(value);
	}
}

static bool hash_name(uint8_t ret_hash[GUARD_DIGEST_SIZE], const X509_NAME *name)
{
	unsigned char *der = NULL;
	const int size = i2d_X509_NAME(name, &der);
	struct guard_digest digest;
	bool good = size > 0 && guard_digest_bytes(&digest, der, (size_t)size) == 0;

	OPENSSL_free(der);
	if (good)
		memcpy(ret_hash, digest.bytes, sizeof(digest.bytes));
	return good;
}

static bool take_serial(struct guard_certificate_detail *detail, const X509 *x509)
{
	BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(x509), NULL);
	bool good = number && !BN_is_negative(number) &&
		    BN_bn2binpad(number, detail->serial, (int)sizeof(detail->serial)) == (int)sizeof(detail->serial);

	BN_free(number);
	return good;
}

static void take_key(struct guard_certificate_detail *detail, const X509 *x509)
{
	struct guard_public_key *key = NULL;
	unsigned char *spki = NULL;
	const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509), &spki);

	if (size <= 0 || (size_t)size > sizeof(detail->spki) || guard_public_key_load(&key, spki, (size_t)size) < 0) {
		(void)!refuse(detail, "a certificate's key is too weak or of an unknown sort");
	} else {
		memcpy(detail->spki, spki, (size_t)size);
		detail->spki_size = (uint32_t)size;
	}
	guard_public_key_free(key);
	OPENSSL_free(spki);
}

int guard_certificate_detail_parse(struct guard_certificate_detail *ret_detail, const void *tbs, size_t size)
{
	X509 *x509 = size <= GUARD_TBS_MAX ? open_tbs(tbs, size) : NULL;
	bool good = false;

	memset(ret_detail, 0, sizeof(*ret_detail));
	ret_detail->path_length = -1;
	if (x509) {
		good = guard_asn1_seconds(&ret_detail->not_before, X509_get0_notBefore(x509)) &&
		       guard_asn1_seconds(&ret_detail->not_after, X509_get0_notAfter(x509)) && take_serial(ret_detail, x509) &&
		       hash_name(ret_detail->issuer, X509_get_issuer_name(x509)) &&
		       hash_name(ret_detail->subject, X509_get_subject_name(x509));
		check_extensions(ret_detail, x509);
		take_usage(ret_detail, x509);
		take_subjects(ret_detail, x509);
		take_key(ret_detail, x509);
	}
	X509_free(x509);
	ERR_clear_error();
	return good && !ret_detail->reason[0] ? 0 : refuse(ret_detail, "a certificate of the signature cannot be read");
}
