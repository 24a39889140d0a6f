/* SPDX-License-Identifier: MIT
 *
 * record/journal.h - each row once more, to the system journal (docs/ledger.md,
 * "Journal").  Never waits: what the journal does not take at once is counted.
 */
#ifndef GUARDD_RECORD_JOURNAL_H
#define GUARDD_RECORD_JOURNAL_H

#include <stdbool.h>

#include "record/row.h"

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

struct journal {
	int socket; /* -1: off */
	uint64_t dropped;
};

/* journal_open: before the jail; a machine without a journal is no error. */
void journal_open(struct journal *ret_journal, bool wanted);
void journal_close(struct journal *journal);

/* journal_send: `in_ledger` says that the row's id and hash are the ledger's. */
void journal_send(struct journal *journal, const struct ledger_row *row, bool in_ledger);

/* journal_encode: the datagram (journal native protocol).  Pure. */
int journal_encode(struct guard_writer *writer, const struct ledger_row *row,
		   bool in_ledger) GUARD_WARN_UNUSED;
#endif
