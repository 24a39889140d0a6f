/* SPDX-License-Identifier: MIT
 *
 * trust/client.h - the client's own parts: its state, the rules of acceptance,
 * the folder that remembers, and the bytes that arrive.  Known to this folder
 * alone.
 */
#ifndef GUARD_TRUST_CLIENT_H
#define GUARD_TRUST_CLIENT_H

#include "trust/metadata.h"

struct guard_trust {
	int directory;
	guard_trust_fetch fetch;
	void *context;
	struct guard_trust_report report;
	int64_t now;        /* fixed update start time */
	bool fresh;         /* the last refresh went through */
	uint64_t refreshes; /* how many there were */
	struct guard_trust_document *root, *timestamp, *snapshot, *targets; /* trusted, or NULL */
};

struct guard_trust_target {
	char *path, *role, *custom; /* custom may be NULL */
	char file_name[GUARD_TRUST_NAME_MAX + 1];
	uint64_t length;
	uint64_t refreshes; /* of the client when this was found */
	struct guard_trust_hashes hashes;
};

/* client.c: the last word of a public call: a failure has a sentence, a success
 * has none.  Returns `result`. */
int guard_trust_finish(struct guard_trust *trust, int result);

/* Bytes of one file. */
struct guard_trust_blob {
	uint8_t *bytes;
	size_t size;
};
static inline void guard_trust_cleanup_blob(struct guard_trust_blob *blob)
{
	free(blob->bytes);
}
#define GUARD_AUTO_BLOB __attribute__((cleanup(guard_trust_cleanup_blob)))
static inline void guard_trust_cleanup_document(struct guard_trust_document **document)
{
	guard_trust_document_free(*document);
}
#define GUARD_AUTO_DOCUMENT __attribute__((cleanup(guard_trust_cleanup_document)))

/* ---- store.c: the folder ----------------------------------------------------- */

/* Errors: GUARD_E_NOT_FOUND, GUARD_E_LIMIT, GUARD_E_UNSAFE (not a regular
 * file), GUARD_E_IO, GUARD_E_NOMEM. */
int guard_trust_store_read(struct guard_trust_blob *ret_blob, int directory, const char *file,
			   size_t max) GUARD_WARN_UNUSED;
/* Whole or not at all, and on the disk when it returns. */
int guard_trust_store_write(int directory, const char *file, const void *bytes,
			    size_t size) GUARD_WARN_UNUSED;
/* A file that is not there is removed already. */
int guard_trust_store_remove(int directory, const char *file) GUARD_WARN_UNUSED;

/* ---- rotation.c: keys were replaced (5.3.11) ---------------------------------- */

/* The new root takes a timestamp or snapshot key away that the old one had. */
bool guard_trust_rotates(const struct guard_trust_document *old_root,
			 const struct guard_trust_document *new_root);
/* SHA-256 of the ids of the keys for timestamp and snapshot. */
void guard_trust_online_keys(uint8_t ret_digest[32], const struct guard_trust_document *root);
/* Before the root of that version is stored: note what is to follow. */
int guard_trust_rotation_begin(int directory, uint64_t trusted_version, uint64_t version) GUARD_WARN_UNUSED;
/* Delete timestamp and snapshot if a noted root has become the trusted one. */
int guard_trust_rotation_finish(int directory, uint64_t trusted_version) GUARD_WARN_UNUSED;

/* ---- rules.c: what may follow what; pure --------------------------------------- */

int guard_trust_check_root(const struct guard_trust_document *trusted,
			   const struct guard_trust_document *root,
			   struct guard_trust_report *report) GUARD_WARN_UNUSED;
/* 1 when it is the version that is trusted already: keep that one. */
int guard_trust_check_timestamp(const struct guard_trust_document *root,
				const struct guard_trust_document *trusted,
				const struct guard_trust_document *timestamp, int64_t now,
				struct guard_trust_report *report) GUARD_WARN_UNUSED;
int guard_trust_check_snapshot(const struct guard_trust_document *root, const struct guard_trust_meta *meta,
			       const struct guard_trust_document *trusted,
			       const struct guard_trust_document *snapshot, int64_t now,
			       struct guard_trust_report *report) GUARD_WARN_UNUSED;
int guard_trust_check_targets(const struct guard_trust_role *role, const char *delegator,
			      const struct guard_trust_meta *meta, const struct guard_trust_document *targets,
			      int64_t now, struct guard_trust_report *report) GUARD_WARN_UNUSED;
/* Bytes against the length and hashes that were promised. */
int guard_trust_check_bytes(const struct guard_trust_meta *meta, const char *name,
			    const struct guard_trust_blob *blob,
			    struct guard_trust_report *report) GUARD_WARN_UNUSED;
int guard_trust_check_expiry(const struct guard_trust_document *document, int64_t now,
			     struct guard_trust_report *report) GUARD_WARN_UNUSED;

/* ---- fetch.c: bytes that arrive ------------------------------------------------ */

struct guard_trust_sink {
	uint64_t limit, received;
	int (*take)(void *context, const void *bytes, size_t size);
	void *context;
	int error; /* sticks, whatever the callback makes of it */
};
/* How many bytes of a file to ask for at most: what was promised, else `usual`. */
int guard_trust_fetch_limit(uint64_t *ret_limit, const struct guard_trust_meta *meta, uint64_t usual,
			    const char *file, struct guard_trust_report *report) GUARD_WARN_UNUSED;
int guard_trust_fetch_metadata(struct guard_trust_blob *ret_blob, struct guard_trust *trust, const char *role,
			       uint64_t version, uint64_t max) GUARD_WARN_UNUSED;

/* ---- local.c: what was accepted before ------------------------------------------ */

/* The stored root, verified by itself. */
int guard_trust_local_root(struct guard_trust_document **ret_root,
			   struct guard_trust *trust) GUARD_WARN_UNUSED;
/* A stored timestamp or snapshot that the trusted root still vouches for;
 * `ret_blob` may be NULL.  Errors: GUARD_E_NOT_FOUND when there is none that
 * counts; GUARD_E_IO, GUARD_E_NOMEM. */
int guard_trust_local_document(struct guard_trust_document **ret_document, struct guard_trust_blob *ret_blob,
			       struct guard_trust *trust, enum guard_trust_type type) GUARD_WARN_UNUSED;

/* ---- target.c ----------------------------------------------------------------------- */

int guard_trust_target_new(struct guard_trust_target **ret_target, const char *path, const char *role,
			   const json_t *json) GUARD_WARN_UNUSED;

/* ---- targets.c: top-level and delegated targets ----------------------------------- */

/* The role's current metadata, from the folder or else from the repository,
 * checked by all rules and stored. */
int guard_trust_targets_get(struct guard_trust_document **ret_document, struct guard_trust *trust,
			    const struct guard_trust_role *role, const char *delegator) GUARD_WARN_UNUSED;

#endif
