/* SPDX-License-Identifier: MIT
 *
 * identity/certificate.h - a key, certificate or revocation list as an
 * administrator has it in a file, and all by which signatures name it.  For the
 * policy compiler and tools; the gate never calls it.
 */
#ifndef GUARD_IDENTITY_CERTIFICATE_H
#define GUARD_IDENTITY_CERTIFICATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <guard/identity.h>

#define GUARD_CERTIFICATE_MAX 65536u  /* bytes of one certificate or key file */
#define GUARD_CRL_MAX (16u << 20)     /* bytes of one revocation list */
#define GUARD_SKI_SIZE 20u

enum guard_certificate_type {
	GUARD_CERTIFICATE_NONE = 0,
	GUARD_CERTIFICATE_KEY,	/* a bare public key */
	GUARD_CERTIFICATE_X509, /* a certificate (RFC 5280) */
	GUARD_CERTIFICATE_CRL,	/* a certificate revocation list (RFC 5280) */
	GUARD_CERTIFICATE_MAX_
};

struct guard_certificate {
	uint8_t type;			    /* enum guard_certificate_type */
	bool is_ca;			    /* may sign certificates */
	uint8_t key_id[GUARD_KEY_ID_SIZE];  /* SHA-256 of the SubjectPublicKeyInfo */
	uint8_t issuer_id[32];		    /* SHA-256 of DER issuer name and serial number, zero for a key */
	uint8_t ski[GUARD_SKI_SIZE];	    /* subject key identifier, else SHA-1 of the key */
	uint32_t ima_id;		    /* as ima-evm-utils counts it: the end of the SHA-1 of the key */
	uint8_t *der, *spki;		    /* owned; `spki` NULL for a CRL */
	size_t der_size, spki_size;
};

/* guard_certificate_read: PEM or DER, told apart by looking; of PEM the first
 * block that is one of the three.  `reason` gets a sentence on failure.  Errors:
 * GUARD_E_FORMAT, GUARD_E_UNSUPPORTED (a key too weak or of an unknown sort),
 * GUARD_E_LIMIT, GUARD_E_NOMEM. */
int guard_certificate_read(struct guard_certificate *ret_certificate, const void *bytes, size_t size, char *reason,
			   size_t reason_size) GUARD_WARN_UNUSED;
void guard_certificate_clear(struct guard_certificate *certificate);

#endif
