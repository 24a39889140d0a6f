/* SPDX-License-Identifier: MIT
 *
 * identity/cms.c - from a CMS SignedData (RFC 5652) to claims: for each signer its
 * algorithms, its signature, its signed attributes and how it names its key.
 * Verifies nothing.  Only in a jail or in a tool.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/objects.h>

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

static int take_signature(struct guard_claim *claim, const struct guard_reader *signature)
{
	if (signature->size == 0 || signature->size > GUARD_SIGNATURE_MAX)
		return -GUARD_E_FORMAT;
	if (claim->scheme == GUARD_SCHEME_ECDSA)
		return guard_ecdsa_plain(claim->signature, &claim->signature_size, sizeof(claim->signature), signature->bytes,
					 signature->size);
	memcpy(claim->signature, signature->bytes, signature->size);
	claim->signature_size = (uint32_t)signature->size;
	return 0;
}

/* What is signed is a SET OF; in the CMS it has another tag (RFC 5652, 5.4). */
static int take_attributes(struct guard_claim *claim, const struct guard_reader *attributes)
{
	struct guard_writer writer;

	if (attributes->size == 0)
		return 0;
	guard_writer_init_fixed(&writer, claim->attributes, sizeof(claim->attributes));
	guard_der_begin(&writer, GUARD_DER_SET, attributes->size);
	guard_write_bytes(&writer, attributes->bytes, attributes->size);
	if (writer.failed)
		return -GUARD_E_LIMIT;
	claim->attributes_size = (uint32_t)writer.size;
	return 0;
}

static int hint_issuer(struct guard_claim *claim, const struct guard_cms_signer *signer)
{
	struct guard_writer both;
	struct guard_digest id;
	int r = -GUARD_E_NOMEM;

	guard_writer_init(&both);
	guard_write_bytes(&both, signer->issuer.bytes, signer->issuer.size);
	guard_write_bytes(&both, signer->serial.bytes, signer->serial.size);
	if (!both.failed)
		r = guard_digest_bytes(&id, both.bytes, both.size);
	guard_writer_free(&both);
	if (r < 0)
		return r;
	claim->hint = GUARD_HINT_ISSUER;
	memcpy(claim->key, id.bytes, sizeof(id.bytes));
	return 0;
}

/* An embedded certificate names the key itself. */
static int hint_embedded(struct guard_claim *claim, const struct guard_cms_certificate *certificate)
{
	struct guard_digest id;
	int r = guard_digest_bytes(&id, certificate->spki.bytes, certificate->spki.size);

	if (r < 0)
		return r;
	claim->hint = GUARD_HINT_SPKI;
	memcpy(claim->key, id.bytes, sizeof(id.bytes));
	claim->issued = !guard_cms_same(&certificate->subject, &certificate->issuer);
	return 0;
}

static int take_hint(struct guard_claim *claim, const struct guard_cms *cms, const struct guard_cms_signer *signer)
{
	const struct guard_cms_certificate *certificate = guard_cms_signer_certificate(cms, signer);

	if (certificate)
		return hint_embedded(claim, certificate);
	if (signer->issuer.size)
		return hint_issuer(claim, signer);
	if (signer->ski.size != 20)
		return -GUARD_E_UNSUPPORTED;
	claim->hint = GUARD_HINT_SKI;
	memcpy(claim->key, signer->ski.bytes, 20);
	return 0;
}

static int take_signer(struct guard_claims *claims, const struct guard_cms *cms, const struct guard_cms_signer *signer,
		       unsigned index)
{
	struct guard_claim *claim = &claims->claims[claims->count];
	const int digest = guard_cms_algorithm(&signer->digest), signature = guard_cms_algorithm(&signer->algorithm);
	struct guard_reader token;
	int r;

	memset(claim, 0, sizeof(*claim));
	claim->content_hash = claim->signed_hash = guard_cms_hash(digest);
	if (!claim->content_hash)
		return refuse(claims, -GUARD_E_UNSUPPORTED, "the signature uses %s; SHA-256, SHA-384 and SHA-512 are taken",
			      OBJ_nid2sn(digest));
	claim->scheme = guard_cms_scheme(signature, digest);
	if (!claim->scheme)
		return refuse(claims, -GUARD_E_UNSUPPORTED, "the signature's algorithm %s is not taken", OBJ_nid2sn(signature));
	r = take_signature(claim, &signer->signature);
	if (r == 0)
		r = take_attributes(claim, &signer->attributes);
	if (r == 0)
		r = take_hint(claim, cms, signer);
	if (r < 0)
		return refuse(claims, r, "a signer of the CMS signature cannot be read");
	claim->index = (uint8_t)index;
	claim->stamped = guard_cms_find_token(&token, &signer->others);
	claims->count++;
	return 0;
}

int guard_cms_parse(struct guard_claims *ret_claims, const void *bytes, size_t size)
{
	struct guard_cms cms;
	struct guard_cms_signer signer;
	struct guard_reader signers;

	memset(ret_claims, 0, sizeof(*ret_claims));
	if (size > GUARD_CMS_MAX)
		return refuse(ret_claims, -GUARD_E_LIMIT, "the CMS signature is larger than %u bytes", GUARD_CMS_MAX);
	if (guard_cms_open(&cms, bytes, size) < 0)
		return refuse(ret_claims, -GUARD_E_FORMAT, "this is no DER CMS signature");
	signers = cms.signers;
	for (unsigned i = 0; i < UINT8_MAX && ret_claims->count < GUARD_CLAIMS_MAX && guard_cms_next_signer(&signer, &signers); i++)
		(void)!take_signer(ret_claims, &cms, &signer, i);
	guard_cms_close(&cms);
	ERR_clear_error();
	if (signers.failed) {
		ret_claims->count = 0;
		return refuse(ret_claims, -GUARD_E_FORMAT, "this is no DER CMS signature");
	}
	if (ret_claims->count > 0)
		ret_claims->reason[0] = '\0';
	else if (!ret_claims->reason[0])
		return refuse(ret_claims, -GUARD_E_FORMAT, "the CMS structure has no signer");
	return ret_claims->count > 0 ? 0 : -GUARD_E_UNSUPPORTED;
}
