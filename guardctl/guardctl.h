/* SPDX-License-Identifier: MIT
 *
 * guardctl/guardctl.h - what the verbs share.  main.c owns the table; each verb
 * has a file of its own and exports one `const struct guardctl_verb`.
 */
#ifndef GUARDCTL_H
#define GUARDCTL_H

#include <stdbool.h>
#include <stddef.h>

#include "i18n.h"

/* Exit codes (interface contract). */
enum guardctl_exit {
	GUARDCTL_DONE = 0,
	GUARDCTL_REFUSED = 1,     /* refused or denied, or it failed */
	GUARDCTL_USAGE = 2,
	GUARDCTL_UNREACHABLE = 3, /* the daemon does not answer */
};

struct guardctl_options {
	const char *socket; /* --socket, default /run/guard/guard.sock */
	bool json;          /* --json */
	bool quiet;         /* not an option: that the daemon is not there has been said */
};

struct guardctl_verb {
	const char *name;     /* "status", or "policy" with verbs of its own below it */
	const char *summary;  /* N_(): one line for `guardctl help` */
	const char *usage;    /* N_(): whole help text, with an example */
	/* argv[0] is the verb's name. */
	int (*run)(const struct guardctl_options *options, int argc, char **argv);
};

/* Every verb, NULL at the end; made by CMakeLists.txt from GUARDCTL_VERBS. */
extern const struct guardctl_verb *const guardctl_verbs[];
extern const struct guardctl_verb guardctl_status, guardctl_events, guardctl_why, guardctl_explain,
	guardctl_scan, guardctl_policy, guardctl_ledger, guardctl_doctor, guardctl_reload, guardctl_packages;

/* Print `guardctl: ...` to standard error, in the user's language: the format is
 * looked up in the catalogue, so that calls give the English one. */
void guardctl_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Write bytes from the system so that no control character, newline or invalid
 * UTF-8 reaches the terminal: C escapes. */
void guardctl_put_escaped(const char *bytes);
#endif
