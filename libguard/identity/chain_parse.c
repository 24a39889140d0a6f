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
#include <openssl/x509v3.h>

#include "identity/cms.h"
#include "identity/der.h"

static int find_signer(struct guard_cms_signer *ret_signer, const struct guard_cms *cms, unsigned index)
{
	struct guard_reader signers = cms->signers;
	unsigned at = 0;

	while (guard_cms_next_signer(ret_signer, &signers))
		if (at++ == index)
			return 0;
	return -GUARD_E_FORMAT;
}

static int open_signer(struct guard_cms *ret_cms, struct guard_cms_signer *ret_signer, unsigned index, const void *bytes,
		       size_t size)
{
	int r = guard_cms_open(ret_cms, bytes, size);

	if (r < 0)
		return r;
	r = find_signer(ret_signer, ret_cms, index);
	if (r < 0)
		guard_cms_close(ret_cms);
	return r;
}

static int refuse(char *reason, int error, const char *sentence)
{
	snprintf(reason, GUARD_REASON_MAX, "%s", sentence);
	return error;
}

static int take_signature(struct guard_link *link, const struct guard_reader *signature)
{
	if (link->scheme == GUARD_SCHEME_ECDSA)
		return guard_ecdsa_plain(link->signature, &link->signature_size, sizeof(link->signature), signature->bytes,
					 signature->size);
	if (signature->size == 0 || signature->size > GUARD_SIGNATURE_MAX)
		return -GUARD_E_FORMAT;
	memcpy(link->signature, signature->bytes, signature->size);
	link->signature_size = (uint32_t)signature->size;
	return 0;
}

static int take_link(struct guard_chain *chain, const struct guard_cms_certificate *certificate)
{
	struct guard_link *link = &chain->links[chain->count];
	const int nid = guard_cms_algorithm(&certificate->algorithm);
	int digest = NID_undef, key = NID_undef;

	if (OBJ_find_sigid_algs(nid, &digest, &key) != 1 || !guard_cms_hash(digest) || !guard_cms_scheme(nid, digest)) {
		snprintf(chain->reason, sizeof(chain->reason),
			 "a certificate of the signature is signed with %s, which is not taken", OBJ_nid2sn(nid));
		return -GUARD_E_UNSUPPORTED;
	}
	link->hash = (uint8_t)guard_cms_hash(digest);
	link->scheme = (uint8_t)guard_cms_scheme(nid, digest);
	if (certificate->tbs.size > GUARD_TBS_MAX || take_signature(link, &certificate->signature) < 0)
		return refuse(chain->reason, -GUARD_E_FORMAT, "a certificate of the signature cannot be read");
	memcpy(link->tbs, certificate->tbs.bytes, certificate->tbs.size);
	link->tbs_size = (uint32_t)certificate->tbs.size;
	chain->count++;
	return 0;
}

static X509 *parse(const struct guard_cms_certificate *certificate)
{
	const unsigned char *at = certificate->whole.bytes;

	return d2i_X509(NULL, &at, (long)certificate->whole.size);
}

/* Of several certificates with the issuer's name one that says it may issue, and whose
 * key identifier is meant. */
static bool says_it_may(const struct guard_cms_certificate *candidate, const struct guard_cms_certificate *issued)
{
	X509 *issuer = parse(candidate), *subject = parse(issued);
	const bool may = issuer && subject && X509_check_issued(issuer, subject) == X509_V_OK;

	X509_free(issuer);
	X509_free(subject);
	return may;
}

/* One that says it may, else one of that name: who verifies then says why not. */
static const struct guard_cms_certificate *issuer_of(const struct guard_cms *cms, const struct guard_cms_certificate *issued)
{
	const struct guard_cms_certificate *named = NULL;
	unsigned count = 0;

	for (uint32_t i = 0; i < cms->certificate_count; i++) {
		if (!guard_cms_same(&cms->certificates[i].subject, &issued->issuer))
			continue;
		named = named ? named : &cms->certificates[i];
		count++;
	}
	for (uint32_t i = 0; i < cms->certificate_count && count > 1; i++)
		if (guard_cms_same(&cms->certificates[i].subject, &issued->issuer) && says_it_may(&cms->certificates[i], issued))
			return &cms->certificates[i];
	return named;
}

int guard_chain_parse(struct guard_chain *ret_chain, unsigned index, const void *bytes, size_t size)
{
	struct guard_cms cms;
	struct guard_cms_signer signer;
	const struct guard_cms_certificate *at;
	int r;

	memset(ret_chain, 0, sizeof(*ret_chain));
	r = open_signer(&cms, &signer, index, bytes, size);
	if (r < 0)
		return refuse(ret_chain->reason, r, "this is no DER CMS signature");
	at = guard_cms_signer_certificate(&cms, &signer);
	while (r == 0 && at && !guard_cms_same(&at->subject, &at->issuer) && ret_chain->count < GUARD_CHAIN_MAX) {
		r = take_link(ret_chain, at);
		at = issuer_of(&cms, at);
	}
	guard_cms_close(&cms);
	ERR_clear_error();
	return r;
}

void guard_signed_parse(struct guard_signed *ret_signed, const void *cms, size_t size)
{
	struct guard_claims *claims = &ret_signed->claims;

	memset(ret_signed, 0, sizeof(*ret_signed));
	ret_signed->index = GUARD_SIGNED_NONE;
	(void)!guard_cms_parse(claims, cms, size);
	for (uint32_t i = claims->count; i-- > 0;)
		if (claims->claims[i].issued)
			ret_signed->index = claims->claims[i].index;
	if (ret_signed->index != GUARD_SIGNED_NONE)
		(void)!guard_chain_parse(&ret_signed->chain, ret_signed->index, cms, size);
}

int guard_token_parse(struct guard_writer *token, unsigned index, const void *bytes, size_t size)
{
	struct guard_cms cms;
	struct guard_cms_signer signer;
	struct guard_reader values, value;
	int r = open_signer(&cms, &signer, index, bytes, size);

	if (r < 0)
		return r;
	r = -GUARD_E_FORMAT;
	if (guard_cms_find_token(&values, &signer.others) && guard_der_whole(&value, &values, GUARD_DER_SEQUENCE) &&
	    guard_reader_done(&values) && value.size <= GUARD_TOKEN_MAX) {
		guard_write_bytes(token, value.bytes, value.size);
		r = 0;
	}
	guard_cms_close(&cms);
	return r;
}

int guard_content_parse(struct guard_writer *content, const void *bytes, size_t size)
{
	struct guard_cms cms;
	int r = guard_cms_open(&cms, bytes, size);

	if (r < 0)
		return r;
	r = -GUARD_E_FORMAT;
	if (cms.content.size > 0) {
		guard_write_bytes(content, cms.content.bytes, cms.content.size);
		r = 0;
	}
	guard_cms_close(&cms);
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
