/* SPDX-License-Identifier: MIT
 *
 * identity/cms.h - what the parsers of CMS and certificates share; only in a jail
 * or in a tool.
 */
#ifndef GUARD_IDENTITY_CMS_H
#define GUARD_IDENTITY_CMS_H

#include <openssl/cms.h>
#include <openssl/x509.h>

#include "identity/chain.h"

/* By OpenSSL's numbers; NONE: not taken. */
enum guard_hash guard_cms_hash(int nid);
enum guard_scheme guard_cms_scheme(int signature, int digest);

/* guard_cms_open: a SignedData and nothing behind it.  Errors: GUARD_E_FORMAT. */
int guard_cms_open(CMS_ContentInfo **ret_cms, const void *bytes, size_t size) GUARD_WARN_UNUSED;
/* The certificate among these that the signer names, or NULL; not owned. */
X509 *guard_cms_signer_certificate(CMS_SignerInfo *signer, const STACK_OF(X509) *certificates);

/* Unix seconds.  The C library's timegm() opens a file, and a jail has none. */
bool guard_asn1_seconds(int64_t *ret_seconds, const ASN1_TIME *time);

#endif
