/* SPDX-License-Identifier: MIT
 *
 * record/ledger_internal.h - shared by the files that make up the ledger.
 */
#ifndef GUARDD_RECORD_LEDGER_INTERNAL_H
#define GUARDD_RECORD_LEDGER_INTERNAL_H

#include "record/database.h"
#include "record/ledger.h"

#define LEDGER_NAME_MAX 64u

struct ledger {
	int directory; /* borrowed */
	int lock, head_file;
	struct ledger_limits limits;
	sqlite3 *database;
	sqlite3_stmt *insert, *oldest, *remove, *fetch;
	struct ledger_head head; /* the newest committed row */
	bool head_unwritten;	 /* head_file is behind `head` */
	bool in_transaction;
	bool pruning; /* over the limit, not yet 5% below it */
	int64_t next_age_check_ns;
	uint64_t last; /* with what is not committed */
	struct guard_digest last_hash;
};

/* open.c: resume what is there.  GUARD_E_NOT_FOUND: nothing is; GUARD_E_FORMAT:
 * damaged, `ret_damage` says how; else a failure of the system. */
int ledger_resume(struct ledger *ledger, char *ret_damage, size_t damage_size) GUARD_WARN_UNUSED;
/* Make head and database with their first row. */
int ledger_begin(struct ledger *ledger, int64_t now_ns, const char *text) GUARD_WARN_UNUSED;
int ledger_prepare(struct ledger *ledger) GUARD_WARN_UNUSED;
void ledger_close_files(struct ledger *ledger);

/* aside.c: rename the files of a damaged ledger; `ret_name` gets the new name
 * of its database. */
int ledger_set_aside(int directory, int64_t now_ns, char ret_name[LEDGER_NAME_MAX]) GUARD_WARN_UNUSED;
/* The newest one that was set aside; "" when there is none. */
void ledger_newest_aside(int directory, char ret_name[LEDGER_NAME_MAX]);
#endif
