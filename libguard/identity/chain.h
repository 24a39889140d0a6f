/* SPDX-License-Identifier: MIT
 *
 * identity/chain.h - certificates between a key of the policy and the one that
 * signed, without a parser in the process that verifies (docs/signers.md, "Chains").
 *
 * A link is a certificate as three strings: what was signed (TBSCertificate, RFC
 * 5280), how, and the signature.  Who verifies hashes the first and checks the
 * third with a key that is known to be the issuer's; only then is the first taken
 * apart, in another fresh jail, and yields the next key.  So a parser that was
 * taken over can pass on only what an authority of the policy signed.
 */
#ifndef GUARD_IDENTITY_CHAIN_H
#define GUARD_IDENTITY_CHAIN_H

#include "identity/claim.h"

#define GUARD_CHAIN_MAX 4u	 /* certificates from the signer's up */
#define GUARD_TBS_MAX 4096u	 /* bytes of a TBSCertificate */
#define GUARD_SUBJECT_MAX 128u	 /* bytes of "CN=Acme Build" with NUL */
#define GUARD_SUBJECT_COUNT 16u	 /* attributes kept of a subject */
#define GUARD_SERIAL_SIZE 20u	 /* bytes of a serial number, RFC 5280, 4.1.2.2 */
#define GUARD_TOKEN_MAX 16384u	 /* bytes of a time stamp token */
#define GUARD_CONTENT_MAX 4096u	 /* bytes of content inside a token */
#define GUARD_INSPECT_BYTES_MAX 98304u /* of one question */
#define GUARD_INSPECT_REPLY_MAX 49152u /* of one answer */

/* What an inspector may be asked.  With "index": the first byte of the question is
 * the number of the signer in the CMS behind it. */
enum guard_inspection {
	GUARD_INSPECT_IMA = 1,	   /* security.ima -> struct guard_claims */
	GUARD_INSPECT_CMS,	   /* CMS -> struct guard_claims */
	GUARD_INSPECT_CHAIN,	   /* index, CMS -> struct guard_chain */
	GUARD_INSPECT_CERTIFICATE, /* TBSCertificate -> struct guard_certificate_detail */
	GUARD_INSPECT_TOKEN,	   /* index, CMS -> time stamp token, a CMS */
	GUARD_INSPECT_CONTENT,	   /* CMS -> the content inside */
	GUARD_INSPECT_TIME,	   /* TSTInfo -> struct guard_time_stamp */
	GUARD_INSPECT_DETACH,	   /* beginning and end of a CMS -> struct guard_detached (detach.h) */
	GUARD_INSPECT_SIGNED,	   /* CMS -> struct guard_signed */
	GUARD_INSPECT_MAX_
};

struct guard_link {
	uint8_t scheme, hash; /* enum guard_scheme, enum guard_hash */
	uint32_t tbs_size, signature_size;
	uint8_t tbs[GUARD_TBS_MAX];
	uint8_t signature[GUARD_SIGNATURE_MAX];
};
struct guard_chain {
	uint32_t count; /* the signer's own first; none that issued itself */
	char reason[GUARD_REASON_MAX];
	struct guard_link links[GUARD_CHAIN_MAX];
};

/* A CMS at one go: the claims, and of the first signer whose certificate somebody else
 * issued (by its index; GUARD_SIGNED_NONE: there is none) the certificates. */
#define GUARD_SIGNED_NONE 0xffu
struct guard_signed {
	struct guard_claims claims;
	uint8_t index;
	struct guard_chain chain;
};

/* What a certificate says. */
struct guard_certificate_detail {
	char reason[GUARD_REASON_MAX]; /* not "": it cannot be used, and why */
	int64_t not_before, not_after; /* Unix seconds, both included */
	int32_t path_length;	       /* -1: no limit */
	uint8_t is_ca;		       /* may sign certificates */
	uint8_t signs;		       /* key usage allows signatures */
	uint8_t code, time;	       /* extended key usage: codeSigning, timeStamping (critical, alone) */
	uint8_t unlimited;	       /* no extended key usage, or any */
	uint8_t serial[GUARD_SERIAL_SIZE]; /* big-endian, zeros in front */
	uint8_t issuer[GUARD_DIGEST_SIZE], subject[GUARD_DIGEST_SIZE]; /* SHA-256 of the DER names */
	uint32_t subject_count, spki_size;
	char subjects[GUARD_SUBJECT_COUNT][GUARD_SUBJECT_MAX];
	uint8_t spki[GUARD_SPKI_MAX];
};

struct guard_time_stamp {
	int64_t time; /* Unix seconds */
	struct guard_hash_value imprint;
};

/* ---- on the way out of a jail; decoding errors: GUARD_E_FORMAT -------------------- */

void guard_chain_encode(struct guard_writer *writer, const struct guard_chain *chain);
int guard_chain_decode(struct guard_chain *ret_chain, const void *bytes, size_t size) GUARD_WARN_UNUSED;
void guard_signed_encode(struct guard_writer *writer, const struct guard_signed *signed_by);
int guard_signed_decode(struct guard_signed *ret_signed, const void *bytes, size_t size) GUARD_WARN_UNUSED;
void guard_certificate_detail_encode(struct guard_writer *writer, const struct guard_certificate_detail *detail);
int guard_certificate_detail_decode(struct guard_certificate_detail *ret_detail, const void *bytes,
				    size_t size) GUARD_WARN_UNUSED;
void guard_time_stamp_encode(struct guard_writer *writer, const struct guard_time_stamp *stamp);
int guard_time_stamp_decode(struct guard_time_stamp *ret_stamp, const void *bytes, size_t size) GUARD_WARN_UNUSED;

/* Did this key sign this link?  Errors: GUARD_E_SIGNATURE, GUARD_E_FORMAT. */
int guard_link_verify(const struct guard_link *link, const struct guard_public_key *key) GUARD_WARN_UNUSED;

/* ---- parsers: only in a jail (chain_parse.c, detail_parse.c) -------------------------- */

/* Errors: GUARD_E_FORMAT, GUARD_E_UNSUPPORTED, GUARD_E_LIMIT, with the reason in
 * what is returned where it has one. */
int guard_chain_parse(struct guard_chain *ret_chain, unsigned index, const void *cms, size_t size) GUARD_WARN_UNUSED;
/* `ret_signed` always holds an answer. */
void guard_signed_parse(struct guard_signed *ret_signed, const void *cms, size_t size);
int guard_token_parse(struct guard_writer *token, unsigned index, const void *cms, size_t size) GUARD_WARN_UNUSED;
int guard_content_parse(struct guard_writer *content, const void *cms, size_t size) GUARD_WARN_UNUSED;
int guard_time_stamp_parse(struct guard_time_stamp *ret_stamp, const void *info, size_t size) GUARD_WARN_UNUSED;
int guard_certificate_detail_parse(struct guard_certificate_detail *ret_detail, const void *tbs,
				   size_t size) GUARD_WARN_UNUSED;

#endif
