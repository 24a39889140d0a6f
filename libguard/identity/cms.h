/* SPDX-License-Identifier: MIT
 *
 * identity/cms.h - a CMS SignedData (RFC 5652) and the certificates in it (RFC 5280) in
 * their parts, as these lie there; what the parsers of CMS and certificates share.  Only
 * in a jail or in a tool.
 */
#ifndef GUARD_IDENTITY_CMS_H
#define GUARD_IDENTITY_CMS_H

#include <openssl/x509.h>

#include "identity/chain.h"

#define GUARD_CMS_CERTIFICATES_MAX 64u /* in one CMS; with more it is none */

/* `whole`, `tbs`, `serial`, the names, the key and the algorithm with their headers,
 * `signature` without its count of unused bits. */
struct guard_cms_certificate {
	struct guard_reader whole, tbs, serial, issuer, subject, spki, algorithm, signature;
};
/* Named by issuer and serial number, or by `ski`; what is not there has no bytes.
 * `attributes` are the content of the signed ones, `others` of the unsigned. */
struct guard_cms_signer {
	struct guard_reader issuer, serial, ski, digest, attributes, algorithm, signature, others;
};
struct guard_cms {
	uint8_t *made;		     /* owned: DER of what came as BER; NULL otherwise */
	struct guard_reader content; /* what lies inside; no bytes: elsewhere */
	struct guard_reader signers; /* read by guard_cms_next_signer() */
	uint32_t certificate_count;
	struct guard_cms_certificate certificates[GUARD_CMS_CERTIFICATES_MAX];
};

/* guard_cms_open: a SignedData and nothing behind it.  It points into `bytes`, which stay
 * the caller's.  To be closed.  Errors: GUARD_E_FORMAT. */
int guard_cms_open(struct guard_cms *ret_cms, const void *bytes, size_t size) GUARD_WARN_UNUSED;
void guard_cms_close(struct guard_cms *cms);
/* false: there is no other, or (`signers` has failed) it cannot be read. */
bool guard_cms_next_signer(struct guard_cms_signer *ret_signer, struct guard_reader *signers);
/* The certificate among these that the signer names, or NULL. */
const struct guard_cms_certificate *guard_cms_signer_certificate(const struct guard_cms *cms,
								 const struct guard_cms_signer *signer);
/* Of several elements byte by byte: as RFC 5280, 4.1.2.6, wants names of issuers. */
bool guard_cms_same(const struct guard_reader *a, const struct guard_reader *b);

/* By OpenSSL's numbers; NONE: not taken. */
int guard_cms_algorithm(const struct guard_reader *identifier); /* AlgorithmIdentifier -> NID */
enum guard_hash guard_cms_hash(int nid);
enum guard_scheme guard_cms_scheme(int signature, int digest);

/* The first of these attributes that is a time stamp token (RFC 3161, Appendix A):
 * its values. */
bool guard_cms_find_token(struct guard_reader *ret_values, const struct guard_reader *attributes);

/* Unix seconds.  The C library's timegm() opens a file, and a jail has none. */
bool guard_asn1_seconds(int64_t *ret_seconds, const ASN1_TIME *time);

#endif
