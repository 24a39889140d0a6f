/* SPDX-License-Identifier: MIT
 *
 * wire/wire.h - the messages between the daemon's processes and guardctl.
 *
 * One message is one SOCK_SEQPACKET packet (daemon-internal and the control
 * socket alike): u16 wire version, u16 type, u32 sequence, then the body as
 * encoded by the functions below (base/buffer.h).  A message over
 * GUARD_WIRE_MAX, of another version, or with bytes left over is refused as a
 * whole.  Strings that come from the system (paths, arguments) are byte
 * strings: any byte but NUL.
 */
#ifndef GUARD_WIRE_H
#define GUARD_WIRE_H

#include <stdint.h>

#include <guard/identity.h>
#include <guard/verdict.h>

#include "base/buffer.h"

#define GUARD_WIRE_VERSION 1u
#define GUARD_WIRE_MAX 65536u  /* bytes of one packet */
#define GUARD_WIRE_PATH_MAX 4096u
#define GUARD_WIRE_PACKAGE_MAX 255u /* bytes of a package's name or version */

/* Where a record came from.  Stored in ledgers: append only. */
enum guard_event_source {
	GUARD_EVENT_ACCESS = 1,  /* exec or open */
	GUARD_EVENT_SWEEP = 2,   /* it ran already when the daemon looked */
	GUARD_EVENT_DAEMON = 3,  /* the daemon about itself: see `what` */
};

/* GUARD_EVENT_DAEMON: what happened.  Append only. */
enum guard_daemon_event {
	GUARD_DAEMON_STARTED = 1,
	GUARD_DAEMON_STOPPED,
	GUARD_DAEMON_POLICY_LOADED,
	GUARD_DAEMON_POLICY_REFUSED,
	GUARD_DAEMON_GATE_RESTARTED,
	GUARD_DAEMON_HELPER_RESTARTED,
	GUARD_DAEMON_FILESYSTEM_PROTECTED,
	GUARD_DAEMON_FILESYSTEM_UNPROTECTED, /* could not be, or went away */
	GUARD_DAEMON_EVENTS_LOST,            /* count = records that were not written */
	GUARD_DAEMON_SWEEP_DONE,
	GUARD_DAEMON_UPGRADED,
	GUARD_DAEMON_LEDGER_BEGUN,           /* the first row of a ledger */
	GUARD_DAEMON_LEDGER_PRUNED,          /* count = old rows that were removed */
	/* Unlock by phone (docs/ledger.md): `size` is the serial number of the unlock
	 * state, `rule` the unlock's id or GUARD_NO_RULE. */
	GUARD_DAEMON_UNLOCK_REQUESTED,
	GUARD_DAEMON_UNLOCK_CANCELLED,
	GUARD_DAEMON_UNLOCK_TRIED,           /* an answer is about to be verified */
	GUARD_DAEMON_UNLOCK_WRONG,           /* it was wrong */
	GUARD_DAEMON_UNLOCK_LOCKED,          /* unlock by phone is locked on this machine */
	GUARD_DAEMON_UNLOCK_OPENED,
	GUARD_DAEMON_UNLOCK_ENDED,
	GUARD_DAEMON_UNLOCK_VERIFIERS,       /* a verifier set was adopted or refused */
	GUARD_DAEMON_UNLOCK_RESTORED,        /* the unlock state is older than the ledger */
	GUARD_DAEMON_UNLOCK_WROTE,           /* a file written by what an install unlock started */
	GUARD_DAEMON_REPORTED,               /* a user reports a program that he was told to run */
	GUARD_DAEMON_UPDATE_TAKEN,           /* from the repository, in force */
	GUARD_DAEMON_UPDATE_REFUSED,
	GUARD_DAEMON_UPDATE_STALE,           /* the repository's freshness ran out */
	GUARD_DAEMON_MANAGED,                /* local policy or another repository was refused */
	GUARD_DAEMON_RELEASED,               /* headquarters released the machine */
	GUARD_DAEMON_TAMPERED,               /* an act against the daemon or another program's memory */
	GUARD_DAEMON_CATALOG_REFUSED,        /* a signed list of digests that did not count */
	GUARD_DAEMON_UNLOCK_RAN,             /* a listed program started by what an install unlock started */
	GUARD_DAEMON_POLICY_BACK,            /* the machine went back to the last good policy */
	GUARD_DAEMON_POLICY_PROVEN,          /* the policy in force has proven itself here */
	GUARD_DAEMON_MAX_
};

/* One record: gate or keeper -> record, record -> guardctl. */
struct guard_event {
	uint64_t id;              /* row in the ledger, 0 before it has one */
	int64_t time_ns;          /* CLOCK_REALTIME, nanoseconds */
	uint8_t source;           /* enum guard_event_source */
	uint8_t what;             /* enum guard_daemon_event */
	uint8_t action, mode, reason, kind, access_exec, medium;
	uint8_t denied;           /* 1: the access was in fact refused */
	uint8_t has_digest;
	struct guard_digest digest;
	uint64_t size;            /* bytes of the file */
	uint64_t device, inode;
	uint64_t count;           /* repeats folded into this record, >= 1 */
	uint32_t pid, ppid, uid, loginuid;
	uint32_t rule;            /* or GUARD_NO_RULE */
	uint64_t policy_version;
	char path[GUARD_WIRE_PATH_MAX];    /* of the file */
	char program[GUARD_WIRE_PATH_MAX]; /* of the acting process */
	char rule_text[256];      /* "SOURCE/GROUP at FILE:LINE", or "" */
	char text[512];           /* daemon events: one sentence; denials: why a signature
	                           * that the file carries did not count, or "" */
};
int guard_event_encode(struct guard_writer *writer, const struct guard_event *event) GUARD_WARN_UNUSED;
int guard_event_decode(struct guard_event *ret_event, struct guard_reader *reader) GUARD_WARN_UNUSED;

enum guard_wire_type {
	/* daemon-internal */
	GUARD_WIRE_EVENT = 1,      /* body: event; to record */
	GUARD_WIRE_HANDED = 2,     /* body: wire/unlock.h; control hands a client to unlock */
	GUARD_WIRE_RECORDED = 3,   /* body: u32 error, u64 serial; record to unlock */
	GUARD_WIRE_DELIVERED = 4,  /* body: empty; keeper to unlock, with a file of the help desk's */
	/* guardctl -> control; answered by RESULT, or a stream closed by END */
	GUARD_WIRE_STATUS = 16,    /* body: empty */
	GUARD_WIRE_EVENTS = 17,    /* body: filter */
	GUARD_WIRE_EXPLAIN = 18,   /* body: question; answered by one EXPLAINED */
	GUARD_WIRE_RELOAD = 19,    /* body: empty; root only; keeper re-reads the policy */
	GUARD_WIRE_CANCEL = 20,    /* ends a follow */
	GUARD_WIRE_UNLOCK = 21,    /* body: wire/unlock.h, an ask; answered by TOLD or REFUSED,
	                            * a list by TOLDs and END */
	GUARD_WIRE_PACKAGES = 26,  /* body: empty; root only; from then on the connection is that of
	                            * guardd/package/message.h */
	/* control -> guardctl */
	GUARD_WIRE_RESULT = 32,    /* body: u32 error code (0 or GUARD_E_), string sentence */
	GUARD_WIRE_STATUS_DATA = 33, /* body: struct guard_status */
	GUARD_WIRE_EVENT_DATA = 34,  /* body: event */
	GUARD_WIRE_END = 35,
	GUARD_WIRE_EXPLAINED = 36,   /* body: u8 action, u8 mode, u8 reason, u32 rule, string explanation */
	GUARD_WIRE_UNLOCK_TOLD = 37, /* body: wire/unlock.h */
	GUARD_WIRE_UNLOCK_REFUSED = 38, /* body: wire/unlock.h */
};

/* A managed machine's dealings with its repository (docs/distribution.md). */
struct guard_distribution {
	char word[32];      /* of "States of a machine"; "" not managed */
	char text[256];     /* "" or a sentence: why not ok */
	char profile[72];   /* in force, "" none */
	char id[48];        /* the machine's key, by which headquarters knows it; "" not known yet */
	uint64_t snapshot, exceptions, denials; /* versions in force, 0 none */
	int64_t last_check, last_good, next_check, fresh_until; /* Unix seconds, 0 never */
};

/* status: what the keeper, gate and record say of themselves.  Append only: guardctl and
 * the daemon are two packages, and an upgrade is refused to a daemon that guards itself.
 * What an older daemon does not say is empty, what a newer one adds is left unread. */
struct guard_status {
	uint8_t enforcing;         /* policy mode is enforce and marks are on */
	uint8_t backend;           /* 1 fanotify, 2 fanotify and bpf */
	char policy_id[128];
	uint64_t policy_version;
	int64_t policy_expires;
	uint64_t digests, rules;
	int64_t started;           /* Unix seconds */
	uint64_t events, allowed, denied, would_deny, cached, hashed, hashed_bytes;
	uint64_t queue, overload, timeouts, records_lost;
	uint32_t filesystems, keeper_pid, gate_pid, record_pid, control_pid, gate_restarts;
	char problem[512];         /* "" or one sentence that needs an administrator */
	char help_phone[128];      /* of the policy, or "" */
	char help_text[256];
	char layer[256];           /* the kernel layer: what is on, or why it is off */
	char catalogs[320];        /* signed lists in force and those left out, or "" */
	char packages[160];        /* packages that are attributed; "" the policy asks for none */
	char repository[1024];     /* address, "" when not managed */
	char office[128];
	struct guard_distribution distribution;
	uint8_t self_protection;   /* guardd.conf: root may not stop or change guard */
	int64_t maintenance_until; /* Unix seconds: until then root may all the same; 0 not now */
	char state_dir[GUARD_WIRE_PATH_MAX], catalogs_dir[GUARD_WIRE_PATH_MAX]; /* of guardd.conf: who asks who
	                            * vouches for a file looks there, too */
};
int guard_status_encode(struct guard_writer *writer, const struct guard_status *status) GUARD_WARN_UNUSED;
int guard_status_decode(struct guard_status *ret_status, struct guard_reader *reader) GUARD_WARN_UNUSED;

/* Which events: zero or empty means any. */
struct guard_event_filter {
	int64_t since_ns, until_ns;
	uint64_t after_id;         /* only rows above this id */
	uint32_t limit;            /* newest so many; 0: 1,000 */
	uint8_t only_denied;       /* denied or would have been */
	uint8_t only_allowed;
	uint8_t unlocks;           /* with only_denied: that unlocks were opened or ended, too,
	                            * while following */
	uint8_t follow;            /* go on as they come until CANCEL or close */
	uint8_t has_uid; uint32_t uid;
	uint8_t has_reason, reason;
	char program[GUARD_WIRE_PATH_MAX]; /* glob over path or program, "" any */
};
int guard_event_filter_encode(struct guard_writer *writer, const struct guard_event_filter *filter) GUARD_WARN_UNUSED;
int guard_event_filter_decode(struct guard_event_filter *ret_filter, struct guard_reader *reader) GUARD_WARN_UNUSED;

/* Names and versions of packages (GUARD_PROVIDER_PACKAGE) that are read lie in the
 * reader's bytes. */
int guard_identity_encode(struct guard_writer *writer, const struct guard_identity *identity) GUARD_WARN_UNUSED;
int guard_identity_decode(struct guard_identity *ret_identity, struct guard_reader *reader) GUARD_WARN_UNUSED;

/* What would be decided about a file?  The asking user is the peer of the
 * socket; all else is what guardctl claims: the answer is information only. */
struct guard_question {
	struct guard_identity identity;
	uint8_t path_protected;
	uint8_t medium;            /* enum guard_medium */
	char path[GUARD_WIRE_PATH_MAX];
	char program[GUARD_WIRE_PATH_MAX]; /* that would act, or "" */
};
int guard_question_encode(struct guard_writer *writer, const struct guard_question *question) GUARD_WARN_UNUSED;
int guard_question_decode(struct guard_question *ret_question, struct guard_reader *reader) GUARD_WARN_UNUSED;

/* Header. */
void guard_wire_begin(struct guard_writer *writer, uint16_t type, uint32_t sequence);
int guard_wire_open(uint16_t *ret_type, uint32_t *ret_sequence, struct guard_reader *reader) GUARD_WARN_UNUSED;

/* Send or receive one packet.  Errors: GUARD_E_BUSY (would block), GUARD_E_IO,
 * GUARD_E_LIMIT (truncated), GUARD_E_UNREACHABLE (peer closed). */
int guard_wire_send(int socket, const struct guard_writer *writer) GUARD_WARN_UNUSED;
int guard_wire_receive(size_t *ret_size, int socket, void *buffer, size_t capacity) GUARD_WARN_UNUSED;
#endif
