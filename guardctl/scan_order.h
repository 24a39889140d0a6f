/* SPDX-License-Identifier: MIT
 *
 * guardctl/scan_order.h - in which order a scan is written: packages by name,
 * then what no package owns by directory, inside a group by path.  A digest is
 * listed once, where it comes first; its other names are known there.
 */
#ifndef GUARDCTL_SCAN_ORDER_H
#define GUARDCTL_SCAN_ORDER_H

#include "scan.h"

struct scan_order {
	const struct scan *scan;
	uint32_t *files;     /* indexes of listed files, in order of writing */
	uint32_t *by_digest; /* positions in `files`, sorted by digest, then position */
	uint32_t *run;       /* for each position: where its digest starts in by_digest */
	size_t count;
	size_t digests;      /* distinct ones */
};

int scan_order_make(struct scan_order *ret_order, const struct scan *scan) GUARD_WARN_UNUSED;
void scan_order_clear(struct scan_order *order);

/* The group at a position ends before the returned position. */
size_t scan_order_group_end(const struct scan_order *order, size_t position);
/* Whether this position is where its digest is listed. */
bool scan_order_is_first(const struct scan_order *order, size_t position);
/* The n-th other file with the digest at `position`, or NULL. */
const struct scan_file *scan_order_twin(const struct scan_order *order, size_t position, size_t n);

#endif
