/* SPDX-License-Identifier: MIT
 *
 * identity/version.h - the order of Debian package versions: deb-version(7),
 * Debian Policy 5.6.12.  Pure.
 */
#ifndef GUARD_IDENTITY_VERSION_H
#define GUARD_IDENTITY_VERSION_H

/* guard_version_compare: below, equal to, above zero as `a` is earlier than,
 * the same as, later than `b`.  Any text has an order; nothing can fail. */
int guard_version_compare(const char *a, const char *b);

/* guard_version_is_valid: 1 when `text` can be a version: a digit first (behind
 * an epoch), only the characters that versions have. */
int guard_version_is_valid(const char *text);

#endif
