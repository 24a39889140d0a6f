/* SPDX-License-Identifier: MIT
 *
 * identity/content.h - a file that was read once, and hashes that must be of the very
 * bytes that were read then.
 *
 * Who may write to a file can show one content to the first reading and another to the
 * second.  A signature that is about the second says nothing of the first; so whatever
 * is read again is hashed again by SHA-256 in the same reading, and counts only when
 * that is what it was.
 */
#ifndef GUARD_IDENTITY_CONTENT_H
#define GUARD_IDENTITY_CONTENT_H

#include "identity/signature.h"

/* What the one reading found. */
struct guard_content {
	struct guard_digest digest; /* of all of it */
	uint64_t size;
	uint64_t front_size;	    /* so many bytes from its beginning have the SHA-256 `front`; 0: not asked for */
	struct guard_digest front;
};

/* guard_content_read (digest.c): the file's digest, and with `front_size` (0: none; the
 * file may be shorter, then `ret_content` has 0) that of its beginning, by one reading.
 * Errors: as guard_digest_fd. */
int guard_content_read(struct guard_content *ret_content, int fd, uint64_t front_size, guard_digest_progress progress,
		       void *context) GUARD_WARN_UNUSED;

/* ---- another reading (hash.c) ----------------------------------------------------- */

struct guard_witness;
int guard_witness_new(struct guard_witness **ret_witness) GUARD_WARN_UNUSED;
void guard_witness_free(struct guard_witness *witness); /* NULL-safe */
/* Bytes of the file, in their order, from its beginning.  NULL: nothing is done. */
int guard_witness_add(struct guard_witness *witness, const void *bytes, size_t size) GUARD_WARN_UNUSED;
/* Was this the file that `content` is of?  Reads what has not been added yet.  Errors:
 * GUARD_E_CHANGED: it was another; GUARD_E_IO, GUARD_E_NOMEM. */
int guard_witness_agree(struct guard_witness *witness, int fd, const struct guard_content *content) GUARD_WARN_UNUSED;

#endif
