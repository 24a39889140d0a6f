/* SPDX-License-Identifier: MIT
 *
 * guard/policy.h - read a compiled policy (docs/policy-image.md), ask it.
 *
 * A `struct guard_policy` is immutable once opened: any number of threads may
 * decide on it at the same time; decisions do no I/O, take no lock and
 * allocate nothing.
 */
#ifndef GUARD_POLICY_H
#define GUARD_POLICY_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <guard/identity.h>
#include <guard/verdict.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

#define GUARD_POLICY_IMAGE_MAX (4ull << 30) /* bytes */
#define GUARD_POLICY_UNLOCK_SCOPES 5u       /* guard/unlock.h: enum guard_unlock_scope */
#define GUARD_POLICY_UNLOCK_MAX 86400u      /* seconds that an unlock may last */
#define GUARD_POLICY_MAINTENANCE 3600u      /* seconds of a signed maintenance, when a policy does not say */

struct guard_policy;

/* Facts of the machine that narrow a policy; any may be NULL.  Names of users
 * and groups are looked up in the given passwd(5) and group(5) texts, so that
 * no name service is asked. */
struct guard_machine {
	const char *office;
	const char *host;
	const char *passwd; /* content of /etc/passwd, NUL-terminated */
	const char *group;  /* content of /etc/group, NUL-terminated */
};

/* guard_policy_open: map the image or the policy set (docs/policy-set.md)
 * in `fd` (a regular file or a sealed memfd) and check every bound and the checksum.  The fd may be closed afterwards.
 * `machine` may be NULL; its strings are not kept.
 * A memfd sealed against writing and shrinking is mapped; any other file is
 * copied into memory, so that nobody can change it afterwards.
 * Errors: GUARD_E_IO, GUARD_E_FORMAT, GUARD_E_VERSION, GUARD_E_CHECKSUM,
 * GUARD_E_LIMIT, GUARD_E_NOMEM, GUARD_E_CHANGED (it shrank meanwhile). */
int guard_policy_open(struct guard_policy **ret_policy, int fd, const struct guard_machine *machine) GUARD_WARN_UNUSED;
void guard_policy_free(struct guard_policy *policy); /* NULL-safe */

struct guard_policy_info {
	const char *id;          /* owned by the policy */
	uint64_t version;
	uint8_t mode;            /* enum guard_mode */
	uint8_t default_action;  /* enum guard_action */
	int64_t expires;         /* Unix seconds, INT64_MAX: never */
	uint64_t digest_count, rule_count, interpreter_count;
	const char *help_phone;  /* "" when not given */
	const char *help_text;   /* "" when not given */
	uint8_t running;         /* what to do with programs that run already and
	                          * are not allowed: 0 record, 1 end */
	struct guard_digest image_digest; /* checksum of the image; of a set: of its first */
	/* Of a policy set (docs/policy-set.md); digests and rules are then those of
	 * all its images, all else is what headquarters' image says. */
	uint32_t part_count;     /* images besides it */
	uint32_t passed_over;    /* rules of exceptions that go beyond the limits */
	uint64_t snapshot;       /* version of the snapshot, 0: a single image */
	int64_t fresh_until;     /* Unix seconds: until then it is known to be current */
	/* How long an unlock by phone of each scope (guard/unlock.h: scope - 1) lasts,
	 * in seconds; 0: the policy does not offer it. */
	uint32_t unlock_seconds[GUARD_POLICY_UNLOCK_SCOPES];
	int64_t made;            /* Unix seconds when the set was made, 0: a single image */
	uint8_t unlock_end;      /* what began under an unlock and is not allowed
	                          * when it is over: 0 end, 1 record */
	uint32_t maintenance_longest; /* seconds of a maintenance that headquarters signs
	                          * (docs/distribution.md); never 0 */
};
void guard_policy_info(const struct guard_policy *policy, struct guard_policy_info *ret_info);

/* What headquarters lets offices except: bounds on the rules of an exceptions
 * image (docs/distribution.md). */
struct guard_exception_limits {
	uint32_t longest; /* seconds from valid_from to valid_until */
	uint32_t digests; /* of one rule */
	uint8_t kinds;    /* mask (bit = enum guard_kind) */
	uint8_t signers;  /* 1: broad exceptions may rest on a signer */
	uint8_t paths;    /* 1: ... on a path alone */
};
/* guard_policy_exception_limits: what the policy says of it, or the defaults:
 * 92 days, 1,000 digests, executables, libraries and scripts, neither signers
 * nor paths.  Any thread may call. */
void guard_policy_exception_limits(const struct guard_policy *policy, struct guard_exception_limits *ret_limits);

/* guard_policy_decide: the verdict.  `now` in Unix seconds; before a set was
 * made it counts as that moment.  Precedence: deny
 * rule > exception > allow rule > default (an unlock is laid over it by the
 * gate).  `ret_verdict` is always filled in. */
void guard_policy_decide(const struct guard_policy *policy, struct guard_verdict *ret_verdict,
			 const struct guard_subject *subject, const struct guard_object *object, int64_t now);

/* ---- interpreters and readers ------------------------------------------- */

/* How an interpreter's files are recognised as scripts; mask. */
enum guard_interpreter_scripts {
	GUARD_SCRIPTS_ARGUMENT = 1u << 0, /* the file named on its command line */
	GUARD_SCRIPTS_TEXT = 1u << 1,     /* every text file that it opens */
	GUARD_SCRIPTS_SUFFIX = 1u << 2,   /* files with one of its suffixes */
	GUARD_SCRIPTS_MODULE = 1u << 3    /* it loads kernel modules: ELF ET_REL and
	                                   * .ko.* that it opens are of kind module */
};
enum guard_inline { GUARD_INLINE_ALLOW = 0, GUARD_INLINE_LOG = 1, GUARD_INLINE_DENY = 2 };

/* guard_policy_interpreter_by_path / _by_digest: which interpreter a program
 * is.  Returns its index or GUARD_NO_INTERPRETER. */
uint32_t guard_policy_interpreter_by_path(const struct guard_policy *policy, const char *program_path);
uint32_t guard_policy_interpreter_by_digest(const struct guard_policy *policy, const struct guard_digest *digest);

struct guard_interpreter_info {
	const char *name;        /* owned by the policy */
	uint32_t scripts;        /* mask of enum guard_interpreter_scripts */
	uint8_t inline_code;     /* enum guard_inline for -c, -e */
	uint8_t standard_input;  /* enum guard_inline */
};
int guard_policy_interpreter_info(const struct guard_policy *policy, uint32_t interpreter,
				  struct guard_interpreter_info *ret_info) GUARD_WARN_UNUSED;

/* guard_policy_interpreter_suffix: 1 when `path` ends in one of its suffixes. */
int guard_policy_interpreter_suffix(const struct guard_policy *policy, uint32_t interpreter, const char *path);
/* guard_policy_interpreter_data: 1 when text at `path` is data to it (its
 * `data` patterns); the caller checks that the path is protected. */
int guard_policy_interpreter_data(const struct guard_policy *policy, uint32_t interpreter, const char *path);

/* guard_policy_interpreter_script_argument: which argument of a command line
 * names the script, by the interpreter's getopt(3)-style option string
 * (policy/README.md, "Interpreters").  `cmdline` is the whole content of
 * /proc/PID/cmdline (NUL-separated; all of it: a cut one is read as ANY).
 * Returns the offset of that argument in `cmdline`; or
 * GUARD_ARGUMENT_NONE: there is none (inline code, standard input, interactive);
 * GUARD_ARGUMENT_ANY: the options cannot be read with certainty (one that the
 * string does not list, a cut command line), and the caller must take every
 * argument that names the file for the script.
 * An argument without a slash may also be looked up along PATH. */
#define GUARD_ARGUMENT_NONE ((ptrdiff_t)-1)
#define GUARD_ARGUMENT_ANY ((ptrdiff_t)-2)
ptrdiff_t guard_policy_interpreter_script_argument(const struct guard_policy *policy, uint32_t interpreter,
						    const char *cmdline, size_t size);

/* guard_policy_is_reader: 1 when the program at this (verified) path may read
 * unlisted programs and libraries as plain data (copying, backup, packaging). */
int guard_policy_is_reader(const struct guard_policy *policy, const char *program_path);

/* guard_policy_needs_path: 1 when any rule looks at paths. */
int guard_policy_needs_path(const struct guard_policy *policy);

/* ---- speaking about it ---------------------------------------------------- */

struct guard_rule_info {
	uint8_t action;         /* enum guard_action */
	uint8_t is_exception;
	uint8_t at_once;        /* 1: of the list of what is denied at once: what runs already
	                         * is ended, whatever the policy's `running` says */
	const char *source;     /* id of the policy or exception it came from */
	const char *group;      /* name of its group */
	const char *note;       /* "" when not given */
	const char *url;        /* where the software was downloaded, or "" */
	const char *location;   /* "FILE:LINE" of the source */
};
int guard_policy_rule_info(const struct guard_policy *policy, uint32_t rule, struct guard_rule_info *ret_info) GUARD_WARN_UNUSED;

/* guard_policy_name_of: the file name that the policy's author gave for a
 * digest, or NULL.  For diffs and displays only. */
const char *guard_policy_name_of(const struct guard_policy *policy, const struct guard_digest *digest);

/* guard_policy_explain: write to `out`, in plain English sentences, why a
 * verdict came out, what was compared, and what to do next. */
int guard_policy_explain(const struct guard_policy *policy, FILE *out, const struct guard_verdict *verdict,
			 const struct guard_subject *subject, const struct guard_object *object) GUARD_WARN_UNUSED;

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
