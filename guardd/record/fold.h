/* SPDX-License-Identifier: MIT
 *
 * record/fold.h - repeats become one record (docs/ledger.md, "Folding").  Pure
 * memory; asks no clock, writes nothing.
 */
#ifndef GUARDD_RECORD_FOLD_H
#define GUARDD_RECORD_FOLD_H

#include "wire/wire.h"

#define FOLD_WINDOW_NS (10ll * 1000000000)
#define FOLD_ENTRIES_MAX 4096u	  /* different events remembered */
#define FOLD_BYTES_MAX (8u << 20) /* of their encodings */

struct fold;

int fold_new(struct fold **ret_fold) GUARD_WARN_UNUSED;
void fold_free(struct fold *fold); /* NULL-safe */

/* fold_take: returns 1 when the event is to be recorded now, 0 when it was
 * counted as a repeat.  Times are those of the caller's monotonic clock. */
int fold_take(struct fold *fold, const struct guard_event *event, int64_t now_ns) GUARD_WARN_UNUSED;

/* fold_due: 1 and an event whose window has passed and that had repeats (its
 * count says how many); 0 when there is none.  With `all` windows count as
 * passed.  Entries without repeats are forgotten on the way. */
int fold_due(struct fold *fold, struct guard_event *ret_event, int64_t now_ns, int all) GUARD_WARN_UNUSED;

/* fold_next: when the next window ends; INT64_MAX when nothing is remembered. */
int64_t fold_next(const struct fold *fold);
#endif
