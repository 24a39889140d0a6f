/* SPDX-License-Identifier: MIT
 *
 * record/head.h - the file that remembers the newest row apart from the
 * database, so that cutting off the end of the ledger is seen (docs/ledger.md,
 * "Head").
 */
#ifndef GUARDD_RECORD_HEAD_H
#define GUARDD_RECORD_HEAD_H

#include <guard/identity.h>

#define LEDGER_HEAD_SLOT 128u
#define LEDGER_HEAD_STRIDE 4096u /* slots lie in different sectors */

struct ledger_head {
	uint64_t sequence; /* writes so far */
	struct guard_digest ledger_id;
	uint64_t row;		  /* id of the newest row, 0: none yet */
	struct guard_digest hash; /* its hash */
};

/* ledger_head_read: the newest valid slot.  GUARD_E_CHECKSUM when no slot is
 * valid, GUARD_E_VERSION, GUARD_E_IO. */
int ledger_head_read(struct ledger_head *ret_head, int fd) GUARD_WARN_UNUSED;

/* ledger_head_write: raise head->sequence, write the older slot in place, sync. */
int ledger_head_write(int fd, struct ledger_head *head) GUARD_WARN_UNUSED;

/* ledger_head_create: both slots, synced, so that later writes need no space. */
int ledger_head_create(int fd, struct ledger_head *head) GUARD_WARN_UNUSED;
#endif
