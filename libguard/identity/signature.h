/* SPDX-License-Identifier: MIT
 *
 * identity/signature.h - public keys that a policy names, hashes of a file's
 * ranges, and whether a signature over such a hash verifies.  Takes no DER from
 * outside: keys come out of a checked policy image, signatures as plain numbers.
 *
 * RSASSA-PKCS1-v1_5 (RFC 8017) with 2048 to 8192 bits and ECDSA (FIPS 186-5)
 * over P-256, P-384 and P-521, with SHA-256, SHA-384 and SHA-512.  All else is
 * no key and no signature.  Thread-safety: a key may be used by any number of
 * threads at the same time.
 */
#ifndef GUARD_IDENTITY_SIGNATURE_H
#define GUARD_IDENTITY_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <guard/identity.h>

#define GUARD_RSA_BITS_MIN 2048
#define GUARD_RSA_BITS_MAX 8192
#define GUARD_SIGNATURE_MAX 1024u /* bytes: RSA with 8192 bits */
#define GUARD_HASH_SIZE_MAX 64u
#define GUARD_SPKI_MAX 2048u      /* bytes of a DER SubjectPublicKeyInfo */

enum guard_hash { GUARD_HASH_NONE = 0, GUARD_HASH_SHA256 = 1, GUARD_HASH_SHA384 = 2, GUARD_HASH_SHA512 = 3, GUARD_HASH_MAX_ };
enum guard_scheme { GUARD_SCHEME_NONE = 0, GUARD_SCHEME_RSA = 1, GUARD_SCHEME_ECDSA = 2, GUARD_SCHEME_MAX_ };

struct guard_hash_value {
	uint8_t hash; /* enum guard_hash */
	uint8_t bytes[GUARD_HASH_SIZE_MAX];
};

/* Bytes of the hash's value; 0 for none. */
size_t guard_hash_size(enum guard_hash hash);
const char *guard_hash_name(enum guard_hash hash); /* "sha256"; "" for none */
const struct evp_md_st *guard_hash_algorithm(enum guard_hash hash); /* OpenSSL's; NULL for none */

/* guard_hash_bytes: over memory. */
int guard_hash_bytes(struct guard_hash_value *ret_value, enum guard_hash hash, const void *bytes, size_t size) GUARD_WARN_UNUSED;
/* guard_hash_front: over the first `size` bytes of a file, by pread; `witness` (content.h;
 * NULL: none) sees them too.  Errors: GUARD_E_CHANGED when the file is shorter,
 * GUARD_E_IO, GUARD_E_NOMEM. */
struct guard_witness;
int guard_hash_front(struct guard_hash_value *ret_value, enum guard_hash hash, int fd, uint64_t size,
		     struct guard_witness *witness) GUARD_WARN_UNUSED;

struct guard_public_key;

/* guard_public_key_load: Errors: GUARD_E_FORMAT (no SubjectPublicKeyInfo),
 * GUARD_E_UNSUPPORTED (another algorithm or curve, too few or too many bits),
 * GUARD_E_NOMEM. */
int guard_public_key_load(struct guard_public_key **ret_key, const void *spki, size_t size) GUARD_WARN_UNUSED;
/* guard_public_key_share: the same key once more, for another owner: to load one takes many
 * times as long as to verify with it.  Errors: GUARD_E_NOMEM. */
int guard_public_key_share(struct guard_public_key **ret_key, const struct guard_public_key *key) GUARD_WARN_UNUSED;
void guard_public_key_free(struct guard_public_key *key); /* NULL-safe */

/* guard_signature_verify: `signature` is the RSA number, big-endian, or for
 * ECDSA r and s, each in half of `size` bytes.  Errors: GUARD_E_SIGNATURE. */
int guard_signature_verify(const struct guard_public_key *key, enum guard_scheme scheme,
			   const struct guard_hash_value *value, const uint8_t *signature, size_t size) GUARD_WARN_UNUSED;

/* guard_signature_octets: a signature as its file has it: an ECDSA one becomes DER
 * again.  What a time stamp is about (RFC 3161).  Errors: GUARD_E_FORMAT. */
#define GUARD_SIGNATURE_OCTETS_MAX (GUARD_SIGNATURE_MAX + 16u)
int guard_signature_octets(uint8_t ret_bytes[GUARD_SIGNATURE_OCTETS_MAX], size_t *ret_size, enum guard_scheme scheme,
			   const uint8_t *signature, size_t size) GUARD_WARN_UNUSED;

/* guard_attributes_verify: are `attributes` (a DER SET OF Attribute, RFC 5652
 * section 5.4), which a signature has just proven to be its signer's own, about
 * this content?  Exactly one message digest, equal to `content`.  Errors:
 * GUARD_E_FORMAT, GUARD_E_SIGNATURE. */
int guard_attributes_verify(const uint8_t *attributes, size_t size, const struct guard_hash_value *content) GUARD_WARN_UNUSED;

#endif
