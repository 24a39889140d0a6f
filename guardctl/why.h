/* SPDX-License-Identifier: MIT
 *
 * guardctl/why.h - what the parts of `guardctl why` share.
 */
#ifndef GUARDCTL_WHY_H
#define GUARDCTL_WHY_H

#include "query.h"

/* What the policy in force says of the same content: it may have changed since, and it
 * knows of rules that come close.  The caller's to free; NULL when it cannot be asked, or
 * would say less than what was found out then. */
char *guardctl_why_again(bool *ret_allowed, const struct guard_event *event, const struct guardctl_options *options,
			 const struct guard_status *told);
#endif
