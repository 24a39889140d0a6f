/* SPDX-License-Identifier: MIT
 *
 * guardctl/claim.h - what guardctl can tell about a file on this machine: the
 * question that explain and why put to a policy.  For information only; the
 * gate finds all of this out for itself.
 */
#ifndef GUARDCTL_CLAIM_H
#define GUARDCTL_CLAIM_H

#include "wire/wire.h"

/* claim_place: path (absolute, resolved), its protection, the medium; and the
 * program that would start it: the caller's shell.  A path that is not there is
 * taken as it is.  GUARD_E_LIMIT for one that is too long. */
int claim_place(struct guard_question *ret_question, const char *path) GUARD_WARN_UNUSED;

/* claim_file: all of it, with the identity of the open file `fd`.  `kind` above
 * GUARD_KIND_MAX_ - 1: found out from content and mode. */
int claim_file(struct guard_question *ret_question, int fd, const char *path,
	       unsigned kind) GUARD_WARN_UNUSED;
#endif
