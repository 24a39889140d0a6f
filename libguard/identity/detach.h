/* SPDX-License-Identifier: MIT
 *
 * identity/detach.h - a CMS SignedData with its content inside, taken apart without
 * the content passing through a parser (docs/signers.md, "Attached").  The question
 * has the file's beginning and end; the answer says where the content lies and what
 * the CMS would be without it.  Who verifies takes the content from the file itself.
 */
#ifndef GUARD_IDENTITY_DETACH_H
#define GUARD_IDENTITY_DETACH_H

#include "identity/claim.h"

#define GUARD_DETACH_HEAD 1024u  /* bytes of the file's beginning: all before the content */
#define GUARD_DETACH_CMS_MAX 30000u /* bytes of what is around the content */

struct guard_detached {
	char reason[GUARD_REASON_MAX]; /* not "": it cannot be taken, and why */
	uint64_t offset, size;	       /* of the content in the file */
	uint32_t cms_size;
	uint8_t cms[GUARD_DETACH_CMS_MAX + 64u]; /* a detached CMS */
};

/* The question: the size of the file, its first GUARD_DETACH_HEAD bytes (or all), and
 * what lies behind them, as much as GUARD_DETACH_CMS_MAX from the end. */
void guard_detach_ask(struct guard_writer *question, const uint8_t *file, size_t size);

void guard_detached_encode(struct guard_writer *writer, const struct guard_detached *detached);
/* Errors: GUARD_E_FORMAT. */
int guard_detached_decode(struct guard_detached *ret_detached, const void *bytes, size_t size) GUARD_WARN_UNUSED;

/* guard_detach: only in a jail.  Errors: GUARD_E_FORMAT, with the reason. */
int guard_detach(struct guard_detached *ret_detached, const void *question, size_t size) GUARD_WARN_UNUSED;

#endif
