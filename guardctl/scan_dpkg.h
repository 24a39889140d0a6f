/* SPDX-License-Identifier: MIT
 *
 * guardctl/scan_dpkg.h - which Debian package a file belongs to, read from
 * dpkg's own database.  For grouping and for people only: identity is always
 * the digest of what is on the disk, never a checksum of that database.
 */
#ifndef GUARDCTL_SCAN_DPKG_H
#define GUARDCTL_SCAN_DPKG_H

#include "scan.h"

struct scan_package {
	char *name, *architecture, *version, *homepage; /* homepage may be NULL */
	bool installed;
	bool several; /* installed for more than one architecture */
};

/* "/bin" is "/usr/bin" here: dpkg still lists the first. */
struct scan_alias {
	char *from, *to;
};

/* dpkg-divert(1): what others ship as `from` lies at `to`. */
struct scan_diversion {
	char *from, *to, *package;
};

struct scan_dpkg {
	struct scan_package *packages; /* sorted by name, architecture */
	size_t package_count, package_capacity;
	struct scan_alias *aliases;
	size_t alias_count, alias_capacity;
	struct scan_diversion *diversions; /* sorted by from */
	size_t diversion_count, diversion_capacity;
};

/* Parsers over streams (scan_dpkg_parse.c).  Unknown fields and broken lines
 * are passed over: a wrong group name is the worst that they can do. */
int scan_dpkg_parse_status(struct scan_dpkg *dpkg, FILE *status) GUARD_WARN_UNUSED;
int scan_dpkg_parse_diversions(struct scan_dpkg *dpkg, FILE *diversions) GUARD_WARN_UNUSED;
int scan_dpkg_add_alias(struct scan_dpkg *dpkg, const char *from, const char *to) GUARD_WARN_UNUSED;
void scan_dpkg_sort(struct scan_dpkg *dpkg);
void scan_dpkg_clear(struct scan_dpkg *dpkg);

/* Where a file that `package` lists as `listed` is on the disk. */
void scan_dpkg_locate(char *ret_path, size_t size, const struct scan_dpkg *dpkg, const char *listed,
		      const char *package);

/* Give every file of the scan its package; a machine without dpkg has none. */
int scan_dpkg_assign(struct scan_dpkg *dpkg, struct scan *scan, const char *database) GUARD_WARN_UNUSED;

/* "coreutils", or "libc6:i386" when that is needed to tell it apart. */
void scan_dpkg_label(char *ret_label, size_t size, const struct scan_package *package);

#endif
