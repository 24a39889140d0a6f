/* SPDX-License-Identifier: MIT
 *
 * wire/unlock.h - what is said about unlock by phone: guardctl to the daemon's
 * unlock process (handed on by control), and its answers.  The protocol between
 * people is docs/phone-unlock.md; this is only how it gets to the machine.
 */
#ifndef GUARD_WIRE_UNLOCK_H
#define GUARD_WIRE_UNLOCK_H

#include <guard/policy.h>
#include <guard/unlock.h>

#include "wire/wire.h"

#define GUARD_ASK_REASON_MAX 256u /* bytes with NUL */
#define GUARD_ASK_CODE_MAX (GUARD_UNLOCK_INPUT_MAX + 1)
#define GUARD_ASK_NAME_MAX (GUARD_UNLOCK_USER_MAX + 1)
#define GUARD_ASK_MACHINE_MAX (GUARD_UNLOCK_MACHINE_MAX + 1)

enum guard_ask_verb {
	GUARD_ASK_REQUEST = 1, /* scope, digest, path, reason: a request number */
	GUARD_ASK_ANSWER,      /* code, or "" for what came by the signed channel; number "" for the only request of the asking user, or the newest that is approved */
	GUARD_ASK_CANCEL,      /* number, or "" for all requests of the asking user */
	GUARD_ASK_END,         /* id, or 0 for all unlocks of the asking user; of `scope` alone, if it is given */
	GUARD_ASK_LIST,        /* open requests and unlocks: own ones, or all for root */
	GUARD_ASK_REPORT,      /* digest, path, reason: into the ledger */
	GUARD_ASK_BEGIN,       /* path: the grant's id, or "": begin a maintenance that headquarters signed */
	GUARD_ASK_PERMITS,     /* maintenance grants that headquarters signed for this machine */
	GUARD_ASK_MAX_
};

/* What guardctl asks.  Who asks is what the kernel says of the socket. */
struct guard_ask {
	uint8_t verb;               /* enum guard_ask_verb */
	uint8_t scope;              /* enum guard_unlock_scope, or 0 */
	uint8_t medium;             /* enum guard_medium: where `path` lies, as the client says */
	uint32_t id;
	struct guard_digest digest;
	char path[GUARD_WIRE_PATH_MAX];
	char reason[GUARD_ASK_REASON_MAX];
	char number[GUARD_ASK_CODE_MAX];
	char code[GUARD_ASK_CODE_MAX];
};
int guard_ask_encode(struct guard_writer *writer, const struct guard_ask *ask) GUARD_WARN_UNUSED;
int guard_ask_decode(struct guard_ask *ret_ask, struct guard_reader *reader) GUARD_WARN_UNUSED;

/* Maintenance grants that headquarters signed for this machine
 * (docs/distribution.md): who may begin one is root, once each. */
#define GUARD_PERMITS_MAX 8u
#define GUARD_PERMIT_ID_MAX 65u /* bytes with NUL */
struct guard_permit {
	char id[GUARD_PERMIT_ID_MAX];
	int64_t from, until; /* Unix seconds */
	uint32_t seconds;    /* that one begin gives at most */
};
struct guard_permits {
	uint32_t count;
	int64_t now;         /* the latest moment that is known to have been */
	int64_t fresh_until; /* nothing is begun after it; Unix seconds both */
	struct guard_permit all[GUARD_PERMITS_MAX];
};

/* Control to unlock, with the client's socket as descriptor. */
struct guard_handed {
	uint32_t sequence; /* of the client's packet */
	uint32_t uid;
	uint32_t seconds[GUARD_POLICY_UNLOCK_SCOPES]; /* of the policy in force; 0: not offered */
	uint32_t maintenance_longest; /* of the policy in force: of what headquarters signs */
	struct guard_permits permits;
	uint64_t policy_version;
	uint8_t denied; /* 1: the policy's deny rule meets what is asked for */
	char user[GUARD_ASK_NAME_MAX];
	struct guard_ask ask;
};
int guard_handed_encode(struct guard_writer *writer, const struct guard_handed *handed) GUARD_WARN_UNUSED;
int guard_handed_decode(struct guard_handed *ret_handed, struct guard_reader *reader) GUARD_WARN_UNUSED;

enum guard_told_what { GUARD_TOLD_REQUEST = 1, GUARD_TOLD_UNLOCK, GUARD_TOLD_DONE, GUARD_TOLD_PERMIT, GUARD_TOLD_MAX_ };

/* One open request or unlock; for DONE, `id` says how many were ended; for PERMIT,
 * `path` is the grant's id and `wrong` 1 when it was used up here. */
struct guard_told {
	uint8_t what;               /* enum guard_told_what */
	uint8_t scope;
	uint8_t wrong;              /* wrong answers so far */
	uint32_t id, uid, epoch;
	uint32_t seconds;           /* until it is over */
	int64_t from, until;        /* PERMIT: Unix seconds */
	struct guard_digest digest;
	char number[GUARD_UNLOCK_TEXT_SIZE];
	char machine[GUARD_ASK_MACHINE_MAX];
	char user[GUARD_ASK_NAME_MAX];
	char path[GUARD_WIRE_PATH_MAX];
	char reason[GUARD_ASK_REASON_MAX];
};
int guard_told_encode(struct guard_writer *writer, const struct guard_told *told) GUARD_WARN_UNUSED;
int guard_told_decode(struct guard_told *ret_told, struct guard_reader *reader) GUARD_WARN_UNUSED;

/* Why not.  guardctl says it in the user's language by `refusal`; `text` has it in
 * English for what it does not know.  Append only. */
enum guard_refusal_kind {
	GUARD_REFUSAL_OTHER = 0,
	GUARD_REFUSAL_OFF,          /* no verifiers on this machine, or they were refused: text */
	GUARD_REFUSAL_SCOPE,        /* the policy does not offer this scope */
	GUARD_REFUSAL_DENIED,       /* headquarters denies this file */
	GUARD_REFUSAL_LOCKED,       /* phone unlock is locked on this machine */
	GUARD_REFUSAL_RESTORED,     /* the state was put back */
	GUARD_REFUSAL_NO_SLOT,      /* all codes of this scope are used */
	GUARD_REFUSAL_TOO_MANY,     /* too many open requests, or in this hour */
	GUARD_REFUSAL_NO_REQUEST,   /* nothing is asked for: expired, cancelled, rebooted */
	GUARD_REFUSAL_REQUEST_LOCKED, /* five wrong answers */
	GUARD_REFUSAL_WAIT,         /* number: seconds until the next try */
	GUARD_REFUSAL_WRONG,        /* number: tries left for this request */
	GUARD_REFUSAL_FLAW,         /* group, and flaw kind in number: costs no try */
	GUARD_REFUSAL_NO_RECORD,    /* it could not be recorded */
	GUARD_REFUSAL_FULL,         /* too many unlocks are open */
	GUARD_REFUSAL_NOT_YOURS,    /* nothing of this user's is open */
	GUARD_REFUSAL_NOT_APPROVED, /* no approval has come by the signed channel yet */
	GUARD_REFUSAL_NOT_ROOT,     /* maintenance is root's */
	GUARD_REFUSAL_NO_PERMIT,    /* headquarters signed no maintenance that holds now: text */
	GUARD_REFUSAL_SEVERAL,      /* number: of this user's open requests; costs no try */
	GUARD_REFUSAL_MAX_
};
struct guard_refusal {
	uint8_t kind;  /* enum guard_refusal_kind */
	uint8_t group; /* of a flaw */
	uint32_t number;
	char text[512];
};
int guard_refusal_encode(struct guard_writer *writer, const struct guard_refusal *refusal) GUARD_WARN_UNUSED;
int guard_refusal_decode(struct guard_refusal *ret_refusal, struct guard_reader *reader) GUARD_WARN_UNUSED;
#endif
