/* SPDX-License-Identifier: MIT
 *
 * record/verify.h - is this ledger what was written?  Reads only; used by
 * guardctl, which first becomes the user who owns the files.
 */
#ifndef GUARDD_RECORD_VERIFY_H
#define GUARDD_RECORD_VERIFY_H

#include <stdbool.h>

#include "record/head.h"

struct ledger_report {
	bool intact;
	uint64_t rows;			     /* that were there and checked */
	uint64_t first, last;		     /* ids of the oldest behind row 1, and of the newest */
	uint64_t pruned;		     /* rows 2 to this id were removed in order, 0: none */
	uint64_t ahead;			     /* rows newer than the head: the last batch */
	uint64_t bad;			     /* id of the first bad row, 0: none in particular */
	struct guard_digest ledger_id, hash; /* of the newest good row */
	char sentence[512];		     /* what was found, for people */
};

/* ledger_verify: check everything that docs/ledger.md says can be detected.
 * `name` is the database in `directory`, its head the same name with `.head`.
 * Returns 0 with ret_report->intact or a sentence about the first fault; or an
 * error when it could not be read: GUARD_E_IO, GUARD_E_BUSY, GUARD_E_NOT_FOUND,
 * GUARD_E_NOMEM. */
int ledger_verify(struct ledger_report *ret_report, int directory, const char *name) GUARD_WARN_UNUSED;
#endif
