/* SPDX-License-Identifier: MIT
 *
 * publish/publish.h - the writing side of signed distribution
 * (docs/distribution.md): private keys, signed metadata, files put in place.
 * For the administrator's tools alone; the daemon never links it.  Nothing here
 * decides what is to be published.
 *
 * Not thread-safe: one thread works with one signer or folder at a time.
 */
#ifndef GUARD_PUBLISH_H
#define GUARD_PUBLISH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>
#include <openssl/evp.h>

#include "trust/metadata.h"

#define PUBLISH_KEY_FILE_MAX 65536u      /* bytes of a key file */
#define PUBLISH_PASSPHRASE_MAX 1024u     /* bytes with NUL */
#define PUBLISH_PASSPHRASE_MIN 8u        /* characters of a new one */
#define PUBLISH_FINGERPRINT_SIZE 25u     /* "XXXX-XXXX-XXXX-XXXX-XXXX" with NUL */

/* ---- private keys --------------------------------------------------------------- */

enum publish_key_type { PUBLISH_ED25519, PUBLISH_P256, PUBLISH_RSA };

/* Asks for a passphrase or PIN; `verify` wants it typed twice.  0, or what went
 * wrong; said by the callback. */
typedef int (*publish_ask)(void *context, char ret_text[PUBLISH_PASSPHRASE_MAX], const char *what, bool verify);

struct publish_token; /* PKCS#11 module in use */
struct publish_signer {
	EVP_PKEY *pkey;
	json_t *key;                        /* public key object, as in metadata */
	char id[GUARD_TRUST_KEY_ID_SIZE];
	struct publish_token *token;        /* NULL: the key is in memory */
};
void publish_signer_clear(struct publish_signer *signer);

/* key_new.c: make a key pair.  `passphrase` NULL leaves it unencrypted.  The
 * private half is PKCS #8 (RFC 5958) in PEM, encrypted with AES-256-CBC by a key
 * from scrypt (RFC 7914); mode 0600; a file that is there is never replaced.
 * Errors: GUARD_E_EXISTS, GUARD_E_IO, GUARD_E_NOMEM. */
int publish_key_new(struct publish_signer *ret_signer, enum publish_key_type type, const char *path,
		    const char *passphrase) GUARD_WARN_UNUSED;

/* key_load.c: a private key file.  Errors: GUARD_E_IO, GUARD_E_LIMIT,
 * GUARD_E_FORMAT (no private key), GUARD_E_DENIED (wrong passphrase),
 * GUARD_E_UNSUPPORTED (a kind of key that metadata does not know), GUARD_E_UNSAFE
 * (unencrypted and readable by others), what `ask` returned. */
int publish_key_load(struct publish_signer *ret_signer, const char *path, publish_ask ask,
		     void *context) GUARD_WARN_UNUSED;
/* key_token.c: "pkcs11:token=LABEL;object=LABEL[?module-path=FILE]" (RFC 7512).
 * RSA and P-256 keys.  With `pin-source=FILE` (section 2.4) the PIN is that file's
 * first line, and nobody is asked.  Errors: as above, GUARD_E_USAGE (no such URI),
 * GUARD_E_UNREACHABLE (the module cannot be loaded), GUARD_E_NOT_FOUND (no such
 * token), GUARD_E_FORMAT (no such key in it). */
int publish_token_load(struct publish_signer *ret_signer, const char *uri, publish_ask ask,
		       void *context) GUARD_WARN_UNUSED;
/* The key alone, for what is no metadata: any kind that OpenSSL knows.  The caller
 * frees `ret_pkey` before `ret_token`.  Errors: as above. */
int publish_key_open(EVP_PKEY **ret_pkey, const char *path, publish_ask ask, void *context) GUARD_WARN_UNUSED;
int publish_token_open(EVP_PKEY **ret_pkey, struct publish_token **ret_token, const char *uri, publish_ask ask,
		       void *context) GUARD_WARN_UNUSED;
void publish_token_free(struct publish_token *token); /* NULL-safe */

/* signer.c: the public key object of a key.  NULL when it is of no known kind. */
json_t *publish_key_object(EVP_PKEY *pkey);
/* Takes over `pkey`, also on failure. */
int publish_signer_init(struct publish_signer *ret_signer, EVP_PKEY *pkey) GUARD_WARN_UNUSED;
/* Put a signature over `document`'s "signed" into its "signatures", in place of
 * one by the same key. */
int publish_sign(json_t *document, const struct publish_signer *signer) GUARD_WARN_UNUSED;

/* ---- catalogs: docs/signers.md ------------------------------------------------------ */

struct publish_list {
	const void *bytes;
	size_t size;
	bool attached; /* the list goes into the CMS, as a whole (DER) */
};
/* catalog.c: a CMS SignedData (RFC 5652) in DER over `list`, with SHA-256
 * and signed attributes; `certificates` (PEM: the signer's first, then those that
 * issued it) are embedded.  `reason` gets a sentence on failure.  Errors:
 * GUARD_E_FORMAT (no certificate, or one of another key),
 * GUARD_E_UNSUPPORTED (a weak key), GUARD_E_EXPIRED, GUARD_E_SIGNATURE,
 * GUARD_E_NOMEM. */
int publish_catalog_sign(uint8_t **ret_der, size_t *ret_size, EVP_PKEY *pkey, const char *certificates,
			 size_t certificates_size, const struct publish_list *list, char *reason,
			 size_t reason_size) GUARD_WARN_UNUSED;

/* ---- metadata --------------------------------------------------------------------- */

/* metadata.c */

/* {"signatures": [], "signed": body}; steals `body`. */
json_t *publish_envelope(json_t *body);
/* The fields that all have. */
json_t *publish_body(const char *type, uint64_t version, int64_t expires);
/* {"keyids": [...], "threshold": N} of key objects; the ids go into `keys`. */
json_t *publish_role(json_t *keys, const json_t *key_objects, uint64_t threshold);
/* {"length": ..., "hashes": {"sha256": ...}} */
json_t *publish_target(const uint8_t *bytes, size_t size);
/* How many different keys of `key_objects` (array) have signed the document. */
size_t publish_signature_count(const json_t *document, const json_t *key_objects);
uint64_t publish_version(const json_t *document);
int64_t publish_expires(const json_t *document);
/* What two documents say is the same, versions and times apart. */
bool publish_same(const json_t *a, const json_t *b);
/* A whole document as JSON, the same bytes every time, to be freed. */
int publish_bytes(uint8_t **ret_bytes, size_t *ret_size, const json_t *json) GUARD_WARN_UNUSED;
/* The fingerprint of a root that is read aloud (docs/distribution.md). */
int publish_fingerprint(char ret_text[PUBLISH_FINGERPRINT_SIZE], const json_t *root) GUARD_WARN_UNUSED;

/* ---- files ------------------------------------------------------------------------ */

/* files.c: paths are relative to `directory`, or absolute; folders on the way are made. */

/* Whole or not at all, and on the disk when it returns. */
int publish_file_write(int directory, const char *path, const void *bytes, size_t size) GUARD_WARN_UNUSED;
/* Whole or not at all, but on the disk only after syncfs(2): for many files.
 * FILE.gz is put beside it where that helps, first. */
int publish_file_put_packed(int directory, const char *path, const void *bytes, size_t size) GUARD_WARN_UNUSED;
/* FILE.gz is there, or a file of that size has none. */
bool publish_file_has_packed(int directory, const char *path, size_t size);
/* true when a file of that size is there. */
bool publish_file_is_there(int directory, const char *path, size_t size);
/* Errors: GUARD_E_NOT_FOUND, GUARD_E_LIMIT, GUARD_E_IO, GUARD_E_NOMEM. */
int publish_file_read(uint8_t **ret_bytes, size_t *ret_size, int directory, const char *path,
		      size_t max) GUARD_WARN_UNUSED;
/* A JSON file; NULL document and -GUARD_E_NOT_FOUND when it is not there. */
int publish_json_read(json_t **ret_json, int directory, const char *path) GUARD_WARN_UNUSED;

/* pack.c: gzip (RFC 1952), level 9, no time, no name: the same bytes every time. */
int publish_pack(uint8_t **ret_bytes, size_t *ret_size, const void *bytes, size_t size) GUARD_WARN_UNUSED;

/* The other way, to exactly `size` bytes; GUARD_E_FORMAT when it is another size
 * or damaged. */
int publish_unpack(uint8_t **ret_bytes, size_t size, const void *packed, size_t packed_size) GUARD_WARN_UNUSED;

#endif
