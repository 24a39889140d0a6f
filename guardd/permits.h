/* SPDX-License-Identifier: MIT
 *
 * permits.h - the maintenance grants that headquarters signed for this machine, in
 * memory that keeper and gate share and control reads.  Written by the keeper alone,
 * from what trust verified.
 */
#ifndef GUARDD_PERMITS_H
#define GUARDD_PERMITS_H

#include "guardd.h"

void guardd_permits_write(struct guardd_shared *shared, const struct guard_permits *permits);
/* With `now` brought up to this moment: the clock, but never before what trust knows
 * and what has passed since.  false: trust has not said anything yet. */
bool guardd_permits_read(struct guard_permits *ret_permits, const struct guardd_shared *shared);
/* The open maintenance: seconds that are left, 0 for none. */
uint32_t guardd_maintenance_left(const struct guardd_shared *shared);

#endif
