/* SPDX-License-Identifier: MIT
 *
 * guardd/trusted.h - open a file that only root can have written.
 */
#ifndef GUARDD_TRUSTED_H
#define GUARDD_TRUSTED_H

#include <stddef.h>

#include <guard/error.h>

/* Open the regular file `path` for reading.  The file and every directory above
 * it must belong to root and must not be writable by group or others; a
 * directory with the sticky bit may be, for nobody can put another file in the
 * place of root's there.  The first symbolic links are resolved, the result is
 * walked without following any.  `what` names the file in the sentence, e.g.
 * "the configuration".  Errors: GUARD_E_NOT_FOUND, GUARD_E_UNSAFE, GUARD_E_IO. */
int guardd_trusted_open(int *ret_fd, const char *path, const char *what, char *ret_problem,
			size_t problem_size) GUARD_WARN_UNUSED;

#endif
