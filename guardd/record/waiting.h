/* SPDX-License-Identifier: MIT
 *
 * record/waiting.h - events in memory until they are in the ledger, oldest
 * first, in their encoded form.  Memory only.
 */
#ifndef GUARDD_RECORD_WAITING_H
#define GUARDD_RECORD_WAITING_H

#include <stdbool.h>
#include <sys/queue.h>

#include "wire/wire.h"

struct waiting {
	STAILQ_ENTRY(waiting) list;
	bool in_journal; /* was told to the journal */
	uint64_t row;	 /* of the batch that is being written */
	struct guard_digest hash;
	size_t size;
	uint8_t bytes[];
};
struct waiting_list {
	STAILQ_HEAD(, waiting) all;
	size_t bytes;
};

void waiting_init(struct waiting_list *list);
void waiting_clear(struct waiting_list *list);
bool waiting_is_empty(const struct waiting_list *list);
struct waiting *waiting_first(const struct waiting_list *list); /* NULL: none */
struct waiting *waiting_next(const struct waiting *entry);	/* NULL: it was the last */
/* waiting_add: GUARD_E_NOMEM, or GUARD_E_USAGE for an event that makes no sense. */
int waiting_add(struct waiting_list *list, const struct guard_event *event) GUARD_WARN_UNUSED;
void waiting_drop(struct waiting_list *list, unsigned count); /* the oldest */
int waiting_decode(struct guard_event *ret_event, const struct waiting *entry) GUARD_WARN_UNUSED;
#endif
