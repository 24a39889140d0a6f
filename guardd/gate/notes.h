/* SPDX-License-Identifier: MIT
 *
 * gate/notes.h - folding of repeats, apart from sending.
 */
#ifndef GUARDD_GATE_NOTES_H
#define GUARDD_GATE_NOTES_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/wire.h"

#define GATE_FOLDS 256u
#define GATE_FOLD_NS 1000000000ll /* repeats within this time are one record */

struct gate_fold {
	int64_t until_ns;         /* 0: free */
	uint64_t repeats;         /* not sent yet */
	uint64_t hash;
	struct guard_event event; /* the last of them */
};
struct gate_folds {
	struct gate_fold folds[GATE_FOLDS];
};

enum gate_fold_result { GATE_FOLD_SEND, GATE_FOLD_KEPT };
/* Is `event` to be sent, or kept with its like?  `ret_other` points at another
 * event that has to be sent first (its place is needed), or NULL. */
enum gate_fold_result gate_fold_add(struct gate_folds *folds, struct guard_event **ret_other,
				    const struct guard_event *event, int64_t now_ns);
/* The next whose time is over, to be sent, or NULL; `ret_left`: more are kept. */
struct guard_event *gate_fold_due(struct gate_folds *folds, bool *ret_left, int64_t now_ns);

#endif
