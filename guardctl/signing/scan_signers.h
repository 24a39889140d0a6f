/* SPDX-License-Identifier: MIT
 *
 * signing/scan_signers.h - what the parts of `guardctl scan --by signer` share.
 */
#ifndef GUARDCTL_SIGNING_SCAN_SIGNERS_H
#define GUARDCTL_SIGNING_SCAN_SIGNERS_H

#include "scan.h"
#include "signers.h"

/* Who vouches for what: bit i of a file's mask is candidate i. */
struct scan_cover {
	struct scan *scan;
	struct scan_signer candidates[SCAN_SIGNERS_MAX];
	size_t count;
	uint64_t *masks; /* one for each file */
};

/* scan_cover.c: the bit of a candidate, which is added when it is new; 0 when there
 * is no room for it. */
uint64_t scan_cover_bit(struct scan_cover *cover, enum guard_provider provider, const uint8_t *key_id);
/* The fewest candidates that cover all that is covered, the greatest first, into
 * scan->signers; their files become SCAN_SIGNED. */
void scan_cover_choose(struct scan_cover *cover);

#endif
