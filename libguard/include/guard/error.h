/* SPDX-License-Identifier: MIT
 *
 * guard/error.h - the error codes of libguard.
 *
 * Convention: a function that can fail returns 0 (or a count >= 0) on success
 * and a negative `-GUARD_E_...` on failure.  Out-parameters come first, are
 * named `ret_...`, and are untouched on failure.  Thread-safety: everything
 * here is safe from any thread.
 */
#ifndef GUARD_ERROR_H
#define GUARD_ERROR_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

#define GUARD_WARN_UNUSED __attribute__((warn_unused_result))

enum guard_error {
	GUARD_E_INTERNAL = 1, /* a bug in guard itself */
	GUARD_E_NOMEM,        /* memory exhausted */
	GUARD_E_IO,           /* a system call failed; errno holds the cause */
	GUARD_E_USAGE,        /* the caller passed arguments that cannot be */
	GUARD_E_SYNTAX,       /* a text could not be parsed */
	GUARD_E_FORMAT,       /* a binary file or message is malformed */
	GUARD_E_VERSION,      /* made by a newer, unknown format version */
	GUARD_E_CHECKSUM,     /* content does not match its checksum */
	GUARD_E_LIMIT,        /* larger than a named limit allows */
	GUARD_E_NOT_FOUND,    /* there is no such thing */
	GUARD_E_EXISTS,       /* it is there already */
	GUARD_E_UNSAFE,       /* wrong owner or writable by others */
	GUARD_E_EXPIRED,      /* past its validity */
	GUARD_E_ROLLBACK,     /* older than what was accepted before */
	GUARD_E_SIGNATURE,    /* a signature does not verify */
	GUARD_E_UNSUPPORTED,  /* the kernel or the build lacks it */
	GUARD_E_BUSY,         /* in use, try again */
	GUARD_E_TIMEOUT,      /* a deadline passed */
	GUARD_E_CHANGED,      /* a file changed while it was read */
	GUARD_E_DENIED,       /* refused by policy or by permission */
	GUARD_E_UNREACHABLE,  /* the daemon does not answer */
	GUARD_E_MAX_
};

/* guard_error_name: the code's identifier, e.g. "GUARD_E_FORMAT".  Takes the
 * code with or without its sign.  Returns a static string, never NULL. */
const char *guard_error_name(int code);

/* guard_error_text: one plain sentence for the code.  Static, never NULL. */
const char *guard_error_text(int code);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
