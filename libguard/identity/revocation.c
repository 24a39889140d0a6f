/* SPDX-License-Identifier: MIT
 *
 * identity/revocation.c - reads a CRL for the policy compiler; no machine parses one.
 */
#include "identity/revocation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include "identity/cms.h"

void guard_revocations_clear(struct guard_revocations *revocations)
{
	free(revocations->serials);
	*revocations = (struct guard_revocations){ 0 };
}

static bool has_critical(const STACK_OF(X509_EXTENSION) *extensions)
{
	for (int i = 0; i < X509v3_get_ext_count(extensions); i++)
		if (X509_EXTENSION_get_critical(X509v3_get_ext(extensions, i)))
			return true;
	return false;
}

static const char *check(X509_CRL *crl, X509 *issuer, int *ret_error)
{
	const int nid = X509_CRL_get_signature_nid(crl);
	int digest = NID_undef, key = NID_undef;

	*ret_error = -GUARD_E_SIGNATURE;
	if (X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(issuer)) != 0 ||
	    X509_CRL_verify(crl, X509_get0_pubkey(issuer)) != 1)
		return "the revocation list is not signed by the certificate beside it";
	*ret_error = -GUARD_E_UNSUPPORTED;
	if (OBJ_find_sigid_algs(nid, &digest, &key) != 1 || !guard_cms_hash(digest))
		return "the revocation list is signed over a weak hash; SHA-256, SHA-384 and SHA-512 are taken";
	if (has_critical(X509_CRL_get0_extensions(crl)))
		return "the revocation list has a critical extension (it is partial, or indirect); give a full list";
	*ret_error = 0;
	return NULL;
}

static int by_value(const void *a, const void *b)
{
	return memcmp(a, b, GUARD_SERIAL_SIZE);
}

static bool take_serial(uint8_t ret_serial[GUARD_SERIAL_SIZE], const X509_REVOKED *revoked)
{
	BIGNUM *number = ASN1_INTEGER_to_BN(X509_REVOKED_get0_serialNumber(revoked), NULL);
	bool good = number && !BN_is_negative(number) && !has_critical(X509_REVOKED_get0_extensions(revoked)) &&
		    BN_bn2binpad(number, ret_serial, (int)GUARD_SERIAL_SIZE) == (int)GUARD_SERIAL_SIZE;

	BN_free(number);
	return good;
}

static int take_serials(struct guard_revocations *revocations, X509_CRL *crl)
{
	STACK_OF(X509_REVOKED) *all = X509_CRL_get_REVOKED(crl);
	const int count = all ? sk_X509_REVOKED_num(all) : 0;
	size_t kept = 0;

	revocations->serials = calloc((size_t)count + 1, sizeof(revocations->serials[0]));
	if (!revocations->serials)
		return -GUARD_E_NOMEM;
	for (int i = 0; i < count; i++)
		if (!take_serial(revocations->serials[i], sk_X509_REVOKED_value(all, i)))
			return -GUARD_E_UNSUPPORTED;
	if (count)
		qsort(revocations->serials, (size_t)count, GUARD_SERIAL_SIZE, by_value);
	for (size_t i = 0; i < (size_t)count; i++)
		if (i == 0 || by_value(revocations->serials[i], revocations->serials[kept - 1]) != 0)
			memmove(revocations->serials[kept++], revocations->serials[i], GUARD_SERIAL_SIZE);
	revocations->count = kept;
	return 0;
}

static int64_t next_update(const X509_CRL *crl)
{
	const ASN1_TIME *time = X509_CRL_get0_nextUpdate(crl);
	int64_t seconds;

	return guard_asn1_seconds(&seconds, time) ? seconds : INT64_MAX;
}

int guard_revocations_read(struct guard_revocations *ret_revocations, const void *crl_bytes, size_t crl_size,
			   const void *issuer_bytes, size_t issuer_size, char *reason, size_t reason_size)
{
	const unsigned char *crl_at = crl_bytes, *issuer_at = issuer_bytes;
	struct guard_revocations revocations = { 0 };
	X509_CRL *crl = d2i_X509_CRL(NULL, &crl_at, (long)crl_size);
	X509 *issuer = d2i_X509(NULL, &issuer_at, (long)issuer_size);
	const char *sentence = "the revocation list or its issuer cannot be read";
	int r = -GUARD_E_FORMAT;

	if (crl && issuer)
		sentence = check(crl, issuer, &r);
	if (!sentence) {
		revocations.next_update = next_update(crl);
		r = take_serials(&revocations, crl);
		sentence = r == -GUARD_E_UNSUPPORTED ? "an entry of the revocation list cannot be read" : "";
	}
	X509_CRL_free(crl);
	X509_free(issuer);
	ERR_clear_error();
	snprintf(reason, reason_size, "%s", sentence);
	if (r < 0) {
		guard_revocations_clear(&revocations);
		return r;
	}
	*ret_revocations = revocations;
	return 0;
}
