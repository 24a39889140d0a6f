/* SPDX-License-Identifier: MIT
 *
 * guardctl/explain.h - asking a compiled policy without a daemon.
 */
#ifndef GUARDCTL_EXPLAIN_H
#define GUARDCTL_EXPLAIN_H

#include "query.h"

/* Decides for the calling user.  An exit code; what went wrong has been said. */
int explain_by_image(struct guardctl_explained *ret_explained, const char *image,
		     const struct guard_question *question);
#endif
