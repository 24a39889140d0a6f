/* SPDX-License-Identifier: MIT
 *
 * identity/openpgp.h - which keys a file of OpenPGP public keys holds (RFC 9580,
 * RFC 4880): fingerprints and where each key begins and ends.  Verifies no
 * signature: gpgv does.
 */
#ifndef GUARD_IDENTITY_OPENPGP_H
#define GUARD_IDENTITY_OPENPGP_H

#include <guard/identity.h>

#include "base/buffer.h"

#define GUARD_OPENPGP_FILE_MAX (4u << 20) /* bytes of a file of keys */
#define GUARD_OPENPGP_V4_SIZE 20u         /* bytes of a version 4 fingerprint */

struct guard_openpgp_key {
	uint8_t key_id[GUARD_KEY_ID_SIZE]; /* the primary key's fingerprint, zeros behind */
	size_t offset, size;               /* of the whole key with its user ids and subkeys */
	bool revoked; /* a revocation of the primary key is with it; not verified: gpgv does that */
};

/* guard_openpgp_next: the next key of `reader` (binary), which moves behind it.
 * Errors: GUARD_E_NOT_FOUND at the end, GUARD_E_FORMAT, GUARD_E_UNSUPPORTED (a
 * version that is not known, packets of indefinite length). */
int guard_openpgp_next(struct guard_openpgp_key *ret_key, struct guard_reader *reader) GUARD_WARN_UNUSED;

/* guard_openpgp_binary: the content of a key file without its armour (RFC 9580,
 * 6.2); a binary file is copied.  The caller frees *ret_bytes.
 * Errors: GUARD_E_FORMAT, GUARD_E_LIMIT, GUARD_E_NOMEM. */
int guard_openpgp_binary(uint8_t **ret_bytes, size_t *ret_size, const void *file, size_t size) GUARD_WARN_UNUSED;

/* guard_openpgp_key_id_parse: a fingerprint of 40 or 64 hex digits as a key id.
 * Errors: GUARD_E_SYNTAX. */
int guard_openpgp_key_id_parse(uint8_t ret_key_id[GUARD_KEY_ID_SIZE], const char *hex, size_t length) GUARD_WARN_UNUSED;
/* The reverse: 40 digits when only zeros lie behind them. */
void guard_openpgp_key_id_format(char ret_hex[GUARD_DIGEST_HEX_SIZE], const uint8_t key_id[GUARD_KEY_ID_SIZE]);

#endif
