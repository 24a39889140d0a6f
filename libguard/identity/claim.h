/* SPDX-License-Identifier: MIT
 *
 * identity/claim.h - what a parser found in a signature.  A claim is worth
 * nothing by itself: it comes from a process that read untrusted bytes.  It says
 * which hash to compute, which key to try, and what to try it on; docs/signers.md
 * has the format in which it travels.
 */
#ifndef GUARD_IDENTITY_CLAIM_H
#define GUARD_IDENTITY_CLAIM_H

#include "base/buffer.h"
#include "identity/content.h"

#define GUARD_ATTRIBUTES_MAX 4096u /* bytes of signed attributes */
#define GUARD_CLAIMS_MAX 4u        /* signatures looked at in one file, by provider */
#define GUARD_CLAIM_WIRE_MAX 6144u /* bytes of one encoded claim */
#define GUARD_REASON_MAX 160u      /* bytes of a sentence why there is none */
#define GUARD_IMA_XATTR_MAX 1100u  /* bytes of a security.ima value that is looked at */
#define GUARD_CMS_MAX 65536u       /* bytes of a detached or appended CMS signature */

/* How the signature names its key. */
enum guard_hint {
	GUARD_HINT_NONE = 0,
	GUARD_HINT_IMA,	   /* 4 bytes: the end of the SHA-1 of the key (ima-evm-utils) */
	GUARD_HINT_SPKI,   /* 32 bytes: SHA-256 of the SubjectPublicKeyInfo of an embedded certificate */
	GUARD_HINT_ISSUER, /* 32 bytes: SHA-256 of the DER issuer name and serial number */
	GUARD_HINT_SKI,	   /* 20 bytes: subject key identifier */
	GUARD_HINT_MAX_
};

/* security.ima of version 3 signs struct ima_file_id (the kernel's
 * security/integrity/ima/ima_appraise.c): a type, the hash algorithm and a digest. */
enum guard_file_id {
	GUARD_FILE_ID_NONE = 0,	  /* the content's hash itself */
	GUARD_FILE_ID_DIGEST = 3, /* type 3 with the hash of the content */
	GUARD_FILE_ID_VERITY = 6  /* type 6 with its fs-verity digest */
};

struct guard_claim {
	uint8_t scheme;	      /* enum guard_scheme */
	uint8_t content_hash; /* enum guard_hash: of the content */
	uint8_t signed_hash;  /* enum guard_hash: of the attributes, or of the content when there are none */
	uint8_t hint;	      /* enum guard_hint */
	uint8_t key[32];      /* by `hint`, zero behind it */
	uint8_t index;	      /* of the signer in its CMS */
	uint8_t issued;	      /* a certificate that somebody else issued came along, */
	uint8_t stamped;      /* and a time stamp */
	uint8_t file_id;      /* enum guard_file_id: what of the content was signed */
	uint32_t signature_size, attributes_size;
	uint8_t signature[GUARD_SIGNATURE_MAX];
	uint8_t attributes[GUARD_ATTRIBUTES_MAX];
};

struct guard_claims {
	uint32_t count;
	char reason[GUARD_REASON_MAX]; /* when there is none: why; "" otherwise */
	struct guard_claim claims[GUARD_CLAIMS_MAX];
};

size_t guard_hint_size(enum guard_hint hint);

void guard_claims_encode(struct guard_writer *writer, const struct guard_claims *claims);
/* Errors: GUARD_E_FORMAT. */
int guard_claims_decode(struct guard_claims *ret_claims, const void *bytes, size_t size) GUARD_WARN_UNUSED;

/* guard_claim_hash: what the claim's signature is about, of the first `size` bytes of
 * `fd`.  With `known` (NULL: nothing is) it is of the very content that was read then, and
 * is not read again where that is not needed.  Errors: as guard_hash_front;
 * GUARD_E_CHANGED when it is another content. */
int guard_claim_hash(struct guard_hash_value *ret_value, const struct guard_claim *claim, int fd, uint64_t size,
		     const struct guard_content *known) GUARD_WARN_UNUSED;

/* guard_verity_digest (verity.c): the fs-verity digest of the first `size` bytes of a
 * file, which must be all: blocks of 4096 bytes, no salt, SHA-256 or SHA-512.
 * Errors: as guard_hash_front. */
int guard_verity_digest(struct guard_hash_value *ret_value, enum guard_hash hash, int fd, uint64_t size,
			struct guard_witness *witness) GUARD_WARN_UNUSED;

/* guard_claim_verify: does this key's signature prove that its owner vouches for
 * the content whose hash (by the claim's own algorithm) is `content`?  Errors:
 * GUARD_E_SIGNATURE, GUARD_E_FORMAT. */
int guard_claim_verify(const struct guard_claim *claim, const struct guard_public_key *key,
		       const struct guard_hash_value *content) GUARD_WARN_UNUSED;

/* ---- parsers: only in a jail ------------------------------------------------ */

/* guard_ima_parse: the value of security.ima (struct signature_v2_hdr of the
 * kernel, security/integrity/integrity.h).  Errors: GUARD_E_FORMAT,
 * GUARD_E_UNSUPPORTED (another type or version, a weak hash), both with `reason`
 * filled in. */
int guard_ima_parse(struct guard_claims *ret_claims, const void *xattr, size_t size) GUARD_WARN_UNUSED;
/* guard_cms_parse: a DER CMS SignedData (RFC 5652). */
int guard_cms_parse(struct guard_claims *ret_claims, const void *cms, size_t size) GUARD_WARN_UNUSED;

/* guard_appended_find: how many bytes of content lie before such a signature, as below;
 * 0: there is none. */
uint64_t guard_appended_find(int fd, uint64_t file_size);
/* guard_appended_read: the CMS behind a file's content, as scripts/sign-file of the
 * kernel puts it there: content, CMS, struct module_signature, marker fill the file
 * to its last byte.  Follows one length, by pread; takes nothing apart, so that
 * anybody may call it.  `ret_cms` is the caller's.  Errors: GUARD_E_NOT_FOUND. */
int guard_appended_read(uint8_t **ret_cms, size_t *ret_cms_size, uint64_t *ret_content_size, int fd,
			uint64_t file_size) GUARD_WARN_UNUSED;

/* guard_ecdsa_plain: DER Ecdsa-Sig-Value to r and s of equal length. */
int guard_ecdsa_plain(uint8_t *ret_bytes, uint32_t *ret_size, size_t capacity, const uint8_t *der, size_t size) GUARD_WARN_UNUSED;

#endif
