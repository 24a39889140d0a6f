/* SPDX-License-Identifier: MIT
 *
 * guard/verdict.h - the question put to a policy and its answer.
 */
#ifndef GUARD_VERDICT_H
#define GUARD_VERDICT_H

#include <stddef.h>
#include <stdint.h>

#include <guard/identity.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

enum guard_action { GUARD_DENY = 0, GUARD_ALLOW = 1 };
enum guard_mode { GUARD_MODE_AUDIT = 0, GUARD_MODE_ENFORCE = 1 };

/* Why a verdict came out as it did.  Values are stored in ledgers: append
 * only, never renumber. */
enum guard_reason {
	GUARD_REASON_NONE = 0,
	GUARD_REASON_RULE_ALLOW,       /* an allow rule matched */
	GUARD_REASON_RULE_DENY,        /* a deny rule matched */
	GUARD_REASON_EXCEPTION,        /* an office exception matched */
	GUARD_REASON_UNLOCK,           /* a temporary unlock matched */
	GUARD_REASON_DEFAULT,          /* no rule lists it: the default verdict */
	GUARD_REASON_NOT_A_PROGRAM,    /* plain data, not subject to the list */
	GUARD_REASON_READER,           /* opened to be read by a named reader */
	GUARD_REASON_DATA_PATH,        /* text that an interpreter reads as data */
	GUARD_REASON_WRITER_OPEN,      /* somebody has the file open for writing */
	GUARD_REASON_CHANGED,          /* it changed while it was identified */
	GUARD_REASON_TIMEOUT,          /* could not be identified in time */
	GUARD_REASON_TOO_LARGE,        /* larger than the configured limit */
	GUARD_REASON_UNREADABLE,       /* reading it failed */
	GUARD_REASON_OVERLOAD,         /* too many files being identified */
	GUARD_REASON_POLICY_EXPIRED,   /* the policy in force has expired: allow rules of exceptions lapse */
	GUARD_REASON_OWN,              /* the daemon itself */
	GUARD_REASON_IN_USE,           /* opened for writing while a process uses it as code */
	GUARD_REASON_INLINE,           /* an interpreter is started with code on its command line */
	GUARD_REASON_STANDARD_INPUT,   /* ... to run what comes by its standard input */
	GUARD_REASON_CONTAINED,        /* started or written by what a contained program began */
	GUARD_REASON_BARRED,           /* a deny rule matched that gives way to an unlock */
	GUARD_REASON_SERVED,           /* its content is what a process says it is (FUSE) */
	GUARD_REASON_UNWATCHED,        /* read by an interpreter that is held to files, where nobody looks */
	GUARD_REASON_MAX_
};

enum guard_medium {
	GUARD_MEDIUM_FIXED = 0,
	GUARD_MEDIUM_REMOVABLE = 1,
	GUARD_MEDIUM_NETWORK = 2,
	GUARD_MEDIUM_MEMORY = 3,
	GUARD_MEDIUM_MAX_
};

#define GUARD_NO_RULE UINT32_MAX
#define GUARD_NO_INTERPRETER UINT32_MAX
#define GUARD_GROUPS_MAX 256u /* groups looked at */

/* Who does it. */
struct guard_subject {
	uint32_t uid;
	uint32_t gid_count;              /* of `gids`; above GUARD_GROUPS_MAX: there are
	                                  * more than these GUARD_GROUPS_MAX, and a deny
	                                  * rule for any group holds */
	const uint32_t *gids;            /* primary and supplementary, or NULL */
	const char *program;             /* path of the program that acts (for an
	                                  * exec: the parent program), NULL when it
	                                  * could not be verified */
};

/* To what. */
struct guard_object {
	const struct guard_identity *identity;
	const char *path;                /* absolute, no symlinks; NULL when it
	                                  * could not be verified to name this very
	                                  * inode: path conditions then never allow
	                                  * and path deny rules use claimed_path */
	const char *claimed_path;        /* as the caller saw it, or NULL */
	uint8_t path_protected;          /* 1: the file and every directory above it
	                                  * belong to root and nobody else may write */
	uint8_t medium;                  /* enum guard_medium */
};

/* What the answer leaned on beyond the digest; says how far it may be cached. */
enum guard_depends {
	GUARD_DEPENDS_SUBJECT = 1u << 0,
	GUARD_DEPENDS_PATH = 1u << 1,
	GUARD_DEPENDS_TIME = 1u << 2     /* valid until ret->valid_until only */
};

struct guard_verdict {
	uint8_t action;                  /* enum guard_action: what the policy says */
	uint8_t mode;                    /* enum guard_mode: whether it is enforced */
	uint8_t reason;                  /* enum guard_reason */
	uint8_t depends;                 /* mask of enum guard_depends */
	uint32_t rule;                   /* index of the rule, or GUARD_NO_RULE */
	int64_t valid_until;             /* Unix seconds, INT64_MAX when unlimited */
};

const char *guard_action_name(enum guard_action action);
const char *guard_mode_name(enum guard_mode mode);
const char *guard_medium_name(enum guard_medium medium);
/* guard_reason_name: the stable word, e.g. "not-listed".  guard_reason_text:
 * one plain English sentence for a user.  Static strings, never NULL. */
const char *guard_reason_name(enum guard_reason reason);
const char *guard_reason_text(enum guard_reason reason);
int guard_reason_parse(enum guard_reason *ret_reason, const char *word) GUARD_WARN_UNUSED;

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
