/* SPDX-License-Identifier: MIT
 *
 * policy/set_sum.h - the checksum of a policy set's header and part table,
 * shared by its reader and its writer.  The images have their own.
 */
#ifndef GUARD_POLICY_SET_SUM_H
#define GUARD_POLICY_SET_SUM_H

#include "policy/set.h"

/* The sum field itself counts as zero. */
int guard_set_sum(uint8_t ret_sum[GUARD_DIGEST_SIZE], const struct guard_set_header *header,
		  const struct guard_set_part *parts) GUARD_WARN_UNUSED;
#endif
