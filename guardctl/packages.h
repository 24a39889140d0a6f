/* SPDX-License-Identifier: MIT
 *
 * guardctl/packages.h - what the files of `guardctl packages` share.
 */
#ifndef GUARDCTL_PACKAGES_H
#define GUARDCTL_PACKAGES_H

#include <stddef.h>

#include "guardctl.h"

/* Paths of .deb and .rpm files. */
struct packages_list {
	char **paths;
	size_t count, capacity;
};
int packages_list_add(struct packages_list *list, const char *path, size_t length);
void packages_list_free(struct packages_list *list);

/* packages_apt.c: the .deb files that apt names on standard input, by version 1,
 * 2 or 3 of the protocol of DPkg::Pre-Install-Pkgs (apt.conf(5)).  0, or
 * -GUARD_E_SYNTAX, -GUARD_E_NOMEM. */
int packages_read_apt(struct packages_list *list, int fd);
int packages_parse_apt(struct packages_list *list, const char *text, size_t size);

/* packages_talk.c: hand them over, print what came out; an exit code. */
struct packages_order {
	const struct guardctl_options *options;
	const char *lists; /* folder of apt's lists */
	const struct packages_list *debs;
	bool all;          /* say what was attributed, too */
};
int packages_hand_over(const struct packages_order *order);

/* packages_missing.c: what is installed (by dpkg's folder `database`) and stands in no
 * row of the table in `state`, NULL for this machine's own; an exit code. */
int packages_missing(const struct guardctl_options *options, const char *state, const char *database);

#endif
