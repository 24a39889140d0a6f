/* SPDX-License-Identifier: MIT
 *
 * gate/maintenance.h - until when root may stop, upgrade or remove guard.  The unlock
 * process says what was granted; the gate cuts it to what the policy in force and
 * headquarters' signed grants allow, and tells the kernel layer and the keeper the
 * end.  No verdict changes by it.
 */
#ifndef GUARDD_GATE_MAINTENANCE_H
#define GUARDD_GATE_MAINTENANCE_H

#include "gate/gate.h"

/* The moment until which this one grant holds, milliseconds of CLOCK_BOOTTIME; 0: it
 * does not.  `permits` NULL: trust has not said anything since this daemon began. */
uint64_t gate_maintenance_end(const struct guardd_grant *grant, const struct guard_policy_info *policy,
			      const struct guard_permits *permits, uint64_t now_ms);
/* The command loop: the list, the policy or the time has changed.  Nothing before the
 * first list: what a gate before this one told the kernel holds until then. */
void gate_maintenance_apply(struct gate *gate);

#endif
