/* SPDX-License-Identifier: MIT
 *
 * guard/trust.h - a client of The Update Framework (TUF), specification 1.0.x:
 * signed metadata says which files of a repository are genuine and current.
 *
 * The library does no network.  Whoever has one hands it a fetch callback; so
 * the verification can run in a process that has neither network nor files,
 * except for the one folder that remembers what was accepted.  Whatever was
 * accepted once is remembered there: nothing older is ever accepted again.
 *
 * Formats: JSON metadata as in the specification, section 4; signatures over
 * OLPC canonical JSON; keys `ed25519`, `ecdsa-sha2-nistp256`,
 * `ecdsa-sha2-nistp384`, `rsassa-pss-sha256` and `rsa-pkcs1v15-sha256`
 * (RFC 8032, FIPS 186-5, RFC 8017).  A key of another type is tolerated and
 * never counts.
 *
 * Thread-safety: a `struct guard_trust` is used by one thread at a time.  A
 * state folder belongs to one `struct guard_trust` at a time, also across
 * processes (flock).
 */
#ifndef GUARD_TRUST_H
#define GUARD_TRUST_H

#include <stddef.h>
#include <stdint.h>

#include <guard/error.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/* Limits on what a repository may send: bytes of one file, or counts. */
#define GUARD_TRUST_ROOT_SIZE_MAX 524288u       /* W of the specification */
#define GUARD_TRUST_TIMESTAMP_SIZE_MAX 16384u   /* X */
#define GUARD_TRUST_SNAPSHOT_SIZE_MAX 4194304u  /* Y, where timestamp gives no length */
#define GUARD_TRUST_TARGETS_SIZE_MAX 8388608u   /* Z, where snapshot gives no length */
#define GUARD_TRUST_METADATA_SIZE_MAX 268435456u /* where a length is given */
#define GUARD_TRUST_ROOT_STEPS_MAX 1024u        /* root versions followed in one refresh */
#define GUARD_TRUST_VISITS_MAX 64u              /* targets roles visited for one target */
#define GUARD_TRUST_SIGNATURES_MAX 256u         /* signatures in one file */
#define GUARD_TRUST_DEPTH_MAX 64u               /* nesting of JSON */
#define GUARD_TRUST_NAME_MAX 240u               /* bytes of a role name, percent-encoded */
#define GUARD_TRUST_PATH_MAX 4096u              /* bytes of a target path */
#define GUARD_TRUST_HASHES_MAX 2u               /* hash functions known: sha256, sha512 */
#define GUARD_TRUST_MESSAGE_SIZE 640u           /* bytes of a message with NUL */

struct guard_trust;

/* ---- fetching --------------------------------------------------------------- */

enum guard_trust_fetch_kind {
	GUARD_TRUST_FETCH_METADATA = 0,
	GUARD_TRUST_FETCH_TARGET = 1
};

/* What is wanted.  Strings are valid during the call. */
struct guard_trust_request {
	uint8_t kind;        /* enum guard_trust_fetch_kind */
	const char *name;    /* metadata: the role's name, as signed; target: its path */
	const char *url;     /* path relative to the repository's metadata or target
	                      * address, percent-encoded: "3.root.json",
	                      * "7.office%2Fosaka.json", "office/HASH.list" */
	uint64_t version;    /* metadata: version in the URL, 0 when it has none */
	uint64_t max_length; /* more bytes than this are refused */
};

/* Where the answer goes.  guard_trust_sink_write takes the next bytes of it;
 * it fails with GUARD_E_LIMIT when they are more than were asked for, and with
 * what went wrong on our side otherwise: the transfer is to be ended then. */
struct guard_trust_sink;
int guard_trust_sink_write(struct guard_trust_sink *sink, const void *bytes, size_t size) GUARD_WARN_UNUSED;

/* Returns 0 when the whole answer was written to the sink, -GUARD_E_NOT_FOUND
 * when the repository says that there is no such file, any other -GUARD_E_...
 * when it could not be asked (which ends the refresh and changes nothing). */
typedef int (*guard_trust_fetch)(void *context, const struct guard_trust_request *request,
				 struct guard_trust_sink *sink);

/* ---- the client ------------------------------------------------------------- */

/* guard_trust_new: a client whose state is in the folder `directory_fd` (kept
 * as a duplicate).  The folder holds root.json, timestamp.json, snapshot.json,
 * targets.json and one NAME.json per delegated role that was needed.  To be
 * called before the process gives up its access to files.
 * Errors: GUARD_E_BUSY when another client has the folder, GUARD_E_IO,
 * GUARD_E_NOMEM. */
int guard_trust_new(struct guard_trust **ret_trust, int directory_fd, guard_trust_fetch fetch,
		    void *context) GUARD_WARN_UNUSED;
void guard_trust_free(struct guard_trust *trust); /* NULL-safe */

/* guard_trust_message: one sentence on the last call that failed: which file,
 * why it was refused, what is done now.  Fit for a terminal.  Owned by `trust`,
 * valid until the next call; never NULL. */
const char *guard_trust_message(const struct guard_trust *trust);

/* guard_trust_init: make `bytes` the first trusted root.  It has come on a way
 * that the caller trusts (enrolment, package); its own signatures are checked,
 * its expiry is not.  Done again with the same bytes it changes nothing.
 * Errors: GUARD_E_EXISTS when another root is trusted already, GUARD_E_SYNTAX,
 * GUARD_E_FORMAT, GUARD_E_VERSION, GUARD_E_LIMIT, GUARD_E_SIGNATURE,
 * GUARD_E_IO, GUARD_E_NOMEM. */
int guard_trust_init(struct guard_trust *trust, const void *bytes, size_t size) GUARD_WARN_UNUSED;

/* guard_trust_refresh: bring the top-level metadata up to date: sections 5.1 to
 * 5.6.6 of the specification.  `now` (Unix seconds) is the fixed update start
 * time for this call and for the calls that follow until the next refresh.
 * Each file that passed is stored before the next is asked for; a failure
 * leaves the state as good as it was.
 * Errors: GUARD_E_NOT_FOUND (no trusted root, or the repository lacks a file),
 * GUARD_E_SIGNATURE, GUARD_E_ROLLBACK, GUARD_E_EXPIRED, GUARD_E_CHECKSUM (hash,
 * length or version is not what was promised: mix-and-match), GUARD_E_SYNTAX,
 * GUARD_E_FORMAT, GUARD_E_VERSION, GUARD_E_LIMIT (endless data), GUARD_E_IO,
 * GUARD_E_NOMEM, or what the fetch callback returned. */
int guard_trust_refresh(struct guard_trust *trust, int64_t now) GUARD_WARN_UNUSED;

/* guard_trust_load: what is trusted now, without asking the repository and
 * whether expired or not, for guard_trust_info.  Errors: GUARD_E_NOT_FOUND when
 * there is no trusted root; GUARD_E_SIGNATURE and the like when the stored root
 * is damaged; GUARD_E_IO, GUARD_E_NOMEM. */
int guard_trust_load(struct guard_trust *trust) GUARD_WARN_UNUSED;

/* Versions are 0 and times INT64_MIN for a role that is not there. */
struct guard_trust_info {
	uint64_t root_version, timestamp_version, snapshot_version, targets_version;
	int64_t root_expires, timestamp_expires, snapshot_expires, targets_expires; /* Unix seconds */
	uint8_t consistent_snapshot; /* 1: file names carry versions and hashes */
	uint8_t online_keys[32];     /* SHA-256 of the ids of the keys that root lists for
				      * timestamp and snapshot: another one after such a key was
				      * replaced, which is how a repository recovers from
				      * fast-forward (5.3.11); zeros without a root */
};
void guard_trust_info(const struct guard_trust *trust, struct guard_trust_info *ret_info);

/* ---- targets ---------------------------------------------------------------- */

struct guard_trust_target;

/* guard_trust_find: what is signed about the target `path`, by section 5.6.7: a
 * pre-order depth-first search through the delegations.  Needs a successful
 * guard_trust_refresh.  The answer is the caller's, to be freed.
 * Errors: GUARD_E_NOT_FOUND when no role that may speak of it lists it;
 * GUARD_E_USAGE without a refresh; GUARD_E_LIMIT after GUARD_TRUST_VISITS_MAX
 * roles; otherwise as guard_trust_refresh: a delegated role could not be
 * fetched or verified, and it is not known whether there is such a target. */
int guard_trust_find(struct guard_trust_target **ret_target, struct guard_trust *trust,
		     const char *path) GUARD_WARN_UNUSED;
void guard_trust_target_free(struct guard_trust_target *target); /* NULL-safe */

struct guard_trust_target_info {
	const char *path;      /* owned by the target, as are the others */
	const char *role;      /* the role that signed it, e.g. "targets", "osaka" */
	const char *file_name; /* `path` percent-encoded to one safe file name, or
	                        * its SHA-256 when that would be too long */
	const char *custom;    /* the "custom" object as canonical JSON, or NULL */
	uint64_t length;       /* bytes */
	const uint8_t *sha256; /* 32 bytes, or NULL when only sha512 is given */
};
void guard_trust_target_info(const struct guard_trust_target *target, struct guard_trust_target_info *ret_info);

/* guard_trust_target_verify: 0 when the whole content of `fd` (read from offset
 * 0, offset unchanged) is this target.  Errors: GUARD_E_CHECKSUM, GUARD_E_IO,
 * GUARD_E_NOMEM. */
int guard_trust_target_verify(const struct guard_trust_target *target, int fd) GUARD_WARN_UNUSED;

/* guard_trust_download: fetch the target into the empty file `fd`; at most the
 * signed length is taken, then length and all known hashes are compared.  On
 * failure the file is truncated to nothing.  Errors: GUARD_E_USAGE when
 * `target` was not found since the last refresh, GUARD_E_NOT_FOUND,
 * GUARD_E_CHECKSUM, GUARD_E_LIMIT, GUARD_E_IO, GUARD_E_NOMEM, or what the fetch
 * callback returned. */
int guard_trust_download(struct guard_trust *trust, const struct guard_trust_target *target, int fd) GUARD_WARN_UNUSED;

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif
#endif
