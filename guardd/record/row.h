/* SPDX-License-Identifier: MIT
 *
 * record/row.h - one row of the ledger: its hash and its columns.  The format
 * is docs/ledger.md; both change together.  Pure but for the statements that
 * it is handed: opens nothing, keeps nothing.
 */
#ifndef GUARDD_RECORD_ROW_H
#define GUARDD_RECORD_ROW_H

#include <sqlite3.h>
#include <stdbool.h>

#include "wire/wire.h"

#define LEDGER_ROW_DOMAIN "guard ledger r1" /* with its NUL byte: 16 bytes */

struct ledger_row {
	struct guard_event event; /* event.id is the row's id */
	uint64_t link_id;
	bool has_link;
	struct guard_digest link; /* begin: the ledger's id; prune: last removed hash */
	struct guard_digest hash;
};

/* Every column, in the order in which ledger_row_read and _bind take them. */
#define LEDGER_ROW_COLUMNS                                                                                   \
	"id, time_ns, source, what, action, mode, reason, kind, access_exec, medium, denied, refused, "      \
	"digest, size, device, inode, count, pid, ppid, uid, loginuid, rule, policy_version, "               \
	"path, program, rule_text, text, link_id, link_hash, hash"
#define LEDGER_ROW_PLACES                                                                                    \
	"?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20,?21,?22,"                    \
	"?23,?24,?25,?26,?27,?28,?29,?30"

/* ledger_row_hash: the row's hash as docs/ledger.md says it; `row->hash` is
 * not looked at. */
int ledger_row_hash(struct guard_digest *ret_hash, const struct guard_digest *ledger_id,
		    const struct guard_digest *previous, const struct ledger_row *row) GUARD_WARN_UNUSED;

/* ledger_row_refused: the verdict was deny, enforced or not. */
bool ledger_row_refused(const struct guard_event *event);

/* ledger_row_bind: all columns to the places of an INSERT.  The row must stay
 * until the statement is reset. */
int ledger_row_bind(sqlite3_stmt *statement, const struct ledger_row *row) GUARD_WARN_UNUSED;

/* ledger_row_read: the row that the statement stands on.  GUARD_E_FORMAT when a
 * column has another type or size than any row that was written by us. */
int ledger_row_read(struct ledger_row *ret_row, sqlite3_stmt *statement) GUARD_WARN_UNUSED;
#endif
