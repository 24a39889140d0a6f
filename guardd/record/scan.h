/* SPDX-License-Identifier: MIT
 *
 * record/scan.h - walking the ledger for a question: newest first, by the index
 * that fits, a slice at a time.  No statement stays open between slices.
 */
#ifndef GUARDD_RECORD_SCAN_H
#define GUARDD_RECORD_SCAN_H

#include <stdbool.h>

#include "record/row.h"

struct scan {
	const struct guard_event_filter *filter;
	int64_t before_time; /* rows before this (time, id) are still to be looked at */
	uint64_t before_id;
	uint64_t *ids; /* of rows that match, newest first */
	size_t count, capacity;
	size_t limit;
};

void scan_init(struct scan *scan, const struct guard_event_filter *filter);
void scan_free(struct scan *scan);

/* scan_step: look at rows until `deadline_ns` (monotonic clock).  Returns 1 when
 * there is more to look at, 0 when all is collected, in rising order of ids. */
int scan_step(struct scan *scan, sqlite3 *database, int64_t deadline_ns) GUARD_WARN_UNUSED;
#endif
