/* SPDX-License-Identifier: MIT
 *
 * trust/metadata.h - signed metadata taken apart and put together: canonical
 * JSON, keys, hashes, documents, path patterns, names.  Shared by the client in
 * this folder and by the tools that write a repository.  Nothing here touches a
 * file or the network, and nothing decides what is newer than what.
 */
#ifndef GUARD_TRUST_METADATA_H
#define GUARD_TRUST_METADATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>
#include <openssl/evp.h>

#include <guard/error.h>
#include <guard/trust.h>

#include "base/buffer.h"
#include "base/cleanup.h"

static inline void guard_cleanup_json(json_t **json)
{
	json_decref(*json);
}
#define GUARD_AUTO_JSON __attribute__((cleanup(guard_cleanup_json)))

/* ---- report.c: why something was refused ------------------------------------ */

struct guard_trust_report {
	char text[GUARD_TRUST_MESSAGE_SIZE];
};
/* Note the sentence and return `code`.  `report` may be NULL. */
int guard_trust_fail(struct guard_trust_report *report, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* ---- canonical.c ------------------------------------------------------------ */

/* OLPC canonical JSON: keys sorted by code point, no white space, only `"` and
 * `\` escaped, integers only.  Errors: GUARD_E_FORMAT (a fraction, too deep),
 * GUARD_E_NOMEM. */
int guard_trust_canonical(struct guard_writer *writer, const json_t *value) GUARD_WARN_UNUSED;

/* ---- names.c ---------------------------------------------------------------- */

/* Percent-encode all but letters, digits and `_.-~` (RFC 3986 unreserved).
 * Errors: GUARD_E_LIMIT when it does not fit `capacity`. */
int guard_trust_encode_name(char *ret_text, size_t capacity, const char *name) GUARD_WARN_UNUSED;
/* A role's file name: [VERSION.]ENCODED.json; version 0 writes none. */
#define GUARD_TRUST_FILE_NAME_SIZE (GUARD_TRUST_NAME_MAX + 32u)
int guard_trust_role_file(char ret_name[GUARD_TRUST_FILE_NAME_SIZE], const char *role,
			  uint64_t version) GUARD_WARN_UNUSED;
/* A target path made fit for a URL: slashes and escapes that are there stay;
 * `prefix` (may be NULL) and a dot are put before its last component. */
int guard_trust_target_url(struct guard_writer *writer, const char *path,
			   const char *prefix) GUARD_WARN_UNUSED;

/* ---- pattern.c -------------------------------------------------------------- */

/* Shell pattern over a target path: `*` and `?` never match `/`, `[a-z]`,
 * `[!a]`; time is linear in pattern times path. */
bool guard_trust_pattern_match(const char *pattern, const char *path);

/* ---- hashes.c --------------------------------------------------------------- */

struct guard_trust_hash {
	const char *name; /* "sha256" or "sha512"; static */
	uint8_t bytes[EVP_MAX_MD_SIZE];
	size_t size;
};
struct guard_trust_hashes {
	size_t count;
	struct guard_trust_hash list[GUARD_TRUST_HASHES_MAX];
};
/* Reads {"sha256": HEX, ...}.  Functions not known are passed over, but one must
 * be known.  Errors: GUARD_E_FORMAT, GUARD_E_UNSUPPORTED. */
int guard_trust_hashes_parse(struct guard_trust_hashes *ret_hashes, const json_t *json) GUARD_WARN_UNUSED;

/* Hash bytes as they come, compare at the end. */
struct guard_trust_hasher {
	const struct guard_trust_hashes *wanted;
	EVP_MD_CTX *contexts[GUARD_TRUST_HASHES_MAX];
};
int guard_trust_hasher_init(struct guard_trust_hasher *hasher,
			    const struct guard_trust_hashes *wanted) GUARD_WARN_UNUSED;
int guard_trust_hasher_update(struct guard_trust_hasher *hasher, const void *bytes,
			      size_t size) GUARD_WARN_UNUSED;
/* 0, or -GUARD_E_CHECKSUM when any differs. */
int guard_trust_hasher_finish(struct guard_trust_hasher *hasher) GUARD_WARN_UNUSED;
void guard_trust_hasher_free(struct guard_trust_hasher *hasher);
int guard_trust_hashes_check(const struct guard_trust_hashes *wanted, const void *bytes,
			     size_t size) GUARD_WARN_UNUSED;

/* Lower- or upper-case hex to bytes; -1 when it is not hex or does not fit. */
ptrdiff_t guard_trust_hex_decode(uint8_t *ret_bytes, size_t capacity, const char *hex, size_t length);
void guard_trust_hex_encode(char *ret_hex, const uint8_t *bytes, size_t size); /* 2 * size + 1 */

/* ---- key.c ------------------------------------------------------------------ */

#define GUARD_TRUST_KEY_ID_SIZE 65u /* hex SHA-256 with NUL */
#define GUARD_TRUST_SIGNATURE_SIZE_MAX 2048u
#define GUARD_TRUST_RSA_BITS_MIN 2048
#define GUARD_TRUST_RSA_BITS_MAX 16384

struct guard_trust_scheme;
struct guard_trust_key {
	EVP_PKEY *pkey;
	const struct guard_trust_scheme *scheme;
	uint8_t fingerprint[32]; /* SHA-256 of the DER SubjectPublicKeyInfo: one
				  * key under two ids is still one key */
};
/* A public key object whose id must be `key_id`.  Errors: GUARD_E_UNSUPPORTED
 * (type or scheme not known), GUARD_E_CHECKSUM (the id is not its hash),
 * GUARD_E_FORMAT, GUARD_E_NOMEM. */
int guard_trust_key_parse(struct guard_trust_key *ret_key, const char *key_id,
			  const json_t *json) GUARD_WARN_UNUSED;
void guard_trust_key_clear(struct guard_trust_key *key);
/* 0, -GUARD_E_SIGNATURE, -GUARD_E_NOMEM. */
int guard_trust_key_verify(const struct guard_trust_key *key, const void *message, size_t message_size,
			   const uint8_t *signature, size_t signature_size) GUARD_WARN_UNUSED;
/* The id of a key object: hex SHA-256 of its canonical form. */
int guard_trust_key_id(char ret_id[GUARD_TRUST_KEY_ID_SIZE], const json_t *json) GUARD_WARN_UNUSED;

/* ---- document.c, body.c ----------------------------------------------------- */

enum guard_trust_type {
	GUARD_TRUST_ROOT = 0,
	GUARD_TRUST_TIMESTAMP,
	GUARD_TRUST_SNAPSHOT,
	GUARD_TRUST_TARGETS,
	GUARD_TRUST_TYPE_MAX_
};
const char *guard_trust_type_name(enum guard_trust_type type); /* "root", ... */
/* true when `role` is the name of a top-level role. */
bool guard_trust_is_top_level(const char *role);

/* One metadata file, well-formed through and through, not yet believed. */
struct guard_trust_document {
	char name[GUARD_TRUST_NAME_MAX + 1]; /* percent-encoded role, for messages */
	enum guard_trust_type type;
	uint64_t version;
	int64_t expires;
	json_t *json; /* owns all below */
	json_t *body; /* "signed" */
	json_t *signatures;
};
/* Errors: GUARD_E_SYNTAX (not JSON), GUARD_E_FORMAT, GUARD_E_VERSION (a
 * specification other than 1.x), GUARD_E_LIMIT, GUARD_E_NOMEM. */
int guard_trust_document_parse(struct guard_trust_document **ret_document, enum guard_trust_type type,
			       const char *role, const void *bytes, size_t size,
			       struct guard_trust_report *report) GUARD_WARN_UNUSED;
void guard_trust_document_free(struct guard_trust_document *document); /* NULL-safe */

/* body.c: the part of the check that depends on the type. */
int guard_trust_body_check(const struct guard_trust_document *document,
			   struct guard_trust_report *report) GUARD_WARN_UNUSED;
int guard_trust_delegations_check(const struct guard_trust_document *document, const json_t *delegations,
				  struct guard_trust_report *report) GUARD_WARN_UNUSED;

/* Who may sign something; borrowed from the document that says so. */
struct guard_trust_role {
	const char *name;
	const json_t *keys;    /* object: key id -> key */
	const json_t *key_ids; /* array of strings */
	uint64_t threshold;
	bool terminating;
	const json_t *paths, *prefixes; /* at most one; NULL when absent */
};
/* Read threshold and keyids of a role object. */
int guard_trust_role_read(struct guard_trust_role *ret_role, const json_t *json,
			  const json_t *keys) GUARD_WARN_UNUSED;
void guard_trust_root_role(struct guard_trust_role *ret_role, const struct guard_trust_document *root,
			   enum guard_trust_type type);
bool guard_trust_root_consistent(const struct guard_trust_document *root);

/* What timestamp or snapshot says about another file. */
struct guard_trust_meta {
	uint64_t version;
	uint64_t length;		  /* UINT64_MAX when not given */
	struct guard_trust_hashes hashes; /* count 0 when not given */
};
int guard_trust_meta_read(struct guard_trust_meta *ret_meta, const json_t *json) GUARD_WARN_UNUSED;
/* -GUARD_E_NOT_FOUND when it does not list `role`. */
int guard_trust_document_meta(struct guard_trust_meta *ret_meta, const struct guard_trust_document *document,
			      const char *role) GUARD_WARN_UNUSED;

/* ---- verify.c --------------------------------------------------------------- */

/* A threshold of different keys of the role has signed the document.  Errors:
 * GUARD_E_SIGNATURE, GUARD_E_NOMEM. */
int guard_trust_document_verify(const struct guard_trust_document *document,
				const struct guard_trust_role *role, const char *delegator,
				struct guard_trust_report *report) GUARD_WARN_UNUSED;

/* ---- delegation.c ----------------------------------------------------------- */

/* The delegations of a targets document that cover `path`, in order, cut after
 * the first terminating one.  `path_hash` is the hex SHA-256 of the path.  The
 * callback's negative result ends the walk and is returned. */
typedef int (*guard_trust_delegation_visit)(void *context, const struct guard_trust_role *role);
int guard_trust_delegations_for(const struct guard_trust_document *document, const char *path,
				const char *path_hash, guard_trust_delegation_visit visit,
				void *context) GUARD_WARN_UNUSED;
/* Name of the hash bin of succinct delegations; bit_length 1 to 32. */
int guard_trust_bin_name(char ret_name[GUARD_TRUST_NAME_MAX + 1], const char *prefix, unsigned bit_length,
			 const char *path_hash) GUARD_WARN_UNUSED;

#endif
