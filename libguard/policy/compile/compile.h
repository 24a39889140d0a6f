/* SPDX-License-Identifier: MIT
 *
 * policy/compile/compile.h - the face of the source compiler: policy sources
 * (policy/README.md) in, a policy image (docs/policy-image.md) out.  Internal
 * to the repository, not exported from libguard.  It reads the files it is
 * given and those that they name; it prints nothing and reads no environment.
 *
 * A `struct guard_compile` belongs to one thread.
 */
#ifndef GUARD_POLICY_COMPILE_H
#define GUARD_POLICY_COMPILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <guard/error.h>
#include <guard/identity.h>

/* Limits on what comes from outside. */
#define GUARD_COMPILE_FILE_MAX (2048u << 20)    /* bytes of one source or list */
#define GUARD_COMPILE_FILES_MAX 4096u           /* sources, includes and lists of one build */
#define GUARD_COMPILE_INCLUDE_DEPTH_MAX 10u     /* as libconfig's */
#define GUARD_COMPILE_NESTING_MAX 16u           /* brackets inside brackets */
#define GUARD_COMPILE_KEYS_MAX 256u             /* settings of one { } */
#define GUARD_COMPILE_RULES_MAX 1000000u
#define GUARD_COMPILE_DIGESTS_MAX (16u << 20)
#define GUARD_COMPILE_INTERPRETERS_MAX 4096u
#define GUARD_COMPILE_LIST_MAX 65536u           /* entries of one list, digests apart */
#define GUARD_COMPILE_STRING_MAX 4095u          /* bytes of one string */
#define GUARD_COMPILE_DIAGNOSTICS_MAX 1000u     /* kept; the rest is counted */

enum guard_severity { GUARD_SEVERITY_WARNING = 0, GUARD_SEVERITY_ERROR = 1 };

struct guard_diagnostic {
	const char *file; /* as given on the command line, or "" */
	uint32_t line;    /* 0: the file as a whole */
	enum guard_severity severity;
	const char *message;
	const char *hint; /* what to do, or "" */
};

struct guard_compile_options {
	int64_t now;         /* Unix seconds: which rules are over */
	const char *root;    /* folder in which this machine's own shell, init, ... are
	                      * looked up for the lock-out check; NULL: do not look */
	bool whole_machine;  /* an enforcing policy must allow these */
	bool need_policy;    /* a `policy` header must be there (an image is wanted) */
	const char *layer_id; /* not NULL: the sources have no `policy` header, the image is a
	                       * layer beside a policy and has this id and ... */
	uint64_t layer_version;
};

struct guard_compile; /* sources, model and diagnostics of one build */

/* guard_compile_sources: read and check `count` files.  What is wrong with them
 * is in the diagnostics, not in the return value: look at
 * guard_compile_error_count.  Errors: GUARD_E_NOMEM. */
int guard_compile_sources(struct guard_compile **ret_compile, const char *const *paths, size_t count,
			  const struct guard_compile_options *options) GUARD_WARN_UNUSED;
void guard_compile_free(struct guard_compile *compile); /* NULL-safe */

size_t guard_compile_error_count(const struct guard_compile *compile);
size_t guard_compile_warning_count(const struct guard_compile *compile);
/* How many are kept, and one of them, in the order of file and line. */
size_t guard_compile_diagnostic_count(const struct guard_compile *compile);
const struct guard_diagnostic *guard_compile_diagnostic(const struct guard_compile *compile, size_t index);

struct guard_compile_summary {
	const char *id;        /* of the policy, "" without one */
	uint64_t version;
	uint8_t mode, default_action;
	int64_t expires;       /* INT64_MAX: never */
	size_t files, groups, rules, allow_rules, deny_rules, exceptions;
	size_t digests;        /* different ones */
	size_t signers, interpreters, readers;
};
void guard_compile_summary(const struct guard_compile *compile, struct guard_compile_summary *ret_summary);

/* guard_compile_image: the image, to be released with free(3).  The same
 * sources give the same bytes.  Errors: GUARD_E_SYNTAX (there are errors among
 * the diagnostics), GUARD_E_USAGE (there is no policy header), GUARD_E_LIMIT,
 * GUARD_E_NOMEM. */
int guard_compile_image(uint8_t **ret_bytes, size_t *ret_size, const struct guard_compile *compile) GUARD_WARN_UNUSED;

/* guard_path_is_users: the path lies in a folder where users can write on every
 * Debian (/home, /tmp, ...). */
bool guard_path_is_users(const char *path);

/* guard_image_save: put an image in place as a whole or not at all: a temporary
 * file beside it, opened again by the reader for a check, fsync, rename; mode
 * 0644.  Errors: GUARD_E_USAGE (something else than a file has the name: it
 * stays), GUARD_E_IO, and those of guard_policy_open. */
int guard_image_save(const char *path, const uint8_t *bytes, size_t size) GUARD_WARN_UNUSED;

/* guard_is_place_for_file: a file may take this name by rename(2): nothing has it
 * but a regular file, or a link to one.  false: a folder, a device (/dev/null),
 * /dev/stdout. */
bool guard_is_place_for_file(const char *path);

#endif
