/* SPDX-License-Identifier: MIT
 *
 * guardd/guardd.h - what the daemon's processes share.  keeper forks gate,
 * record and control (fork without exec: no open may ever wait on a gate that
 * is not there).  The gate is forked with CLONE_FILES: keeper and gate have
 * ONE fd table, so that the events a killed gate had read stay open and the
 * next gate answers them.
 */
#ifndef GUARDD_GUARDD_H
#define GUARDD_GUARDD_H

#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>

#include "config.h"
#include "wire/unlock.h"

/* ---- memory shared by keeper, gate (written), control (read only) --------- */

#define GUARDD_INFLIGHT_MAX 32768u      /* events read and not answered */
#define GUARDD_READ_BUFFER 65536u       /* one read() of the fanotify fd */

/* The kernel opens an event's file while the event is read, and for a filesystem
 * that a server answers that may take for ever.  So these have a group of their
 * own, whose reader nobody else waits for. */
enum guardd_group { GUARDD_GROUP_MAIN = 0, GUARDD_GROUP_SLOW = 1, GUARDD_GROUPS = 2 };

enum guardd_slot_state { GUARDD_SLOT_FREE = 0, GUARDD_SLOT_PENDING = 1, GUARDD_SLOT_ANSWERED = 2 };

/* One permission event that was read; indexed by a free list of the gate, found
 * again by the next gate.  The event's fd stays open in the shared fd table. */
struct guardd_slot {
	_Atomic uint32_t state;
	int32_t fd;
	uint64_t mask;
	int32_t tid;
	uint32_t blamed;                /* gates that crashed with it in hand: the third denies it */
	uint32_t group;                 /* enum guardd_group that it was read from */
};

/* What the machine needs and the policy in force refused, though root alone can write
 * it (gate/needed.c): a policy on trial is judged by it (docs/last-good.md). */
#define GUARDD_NEEDED_MAX 16u
struct guardd_needed_file {
	struct guard_digest digest;
	uint64_t size;
	uint32_t uid;
	uint8_t kind, medium;
	char path[512], program[256];
};
struct guardd_needed {
	_Atomic uint32_t count;                    /* may exceed the room */
	_Atomic uint32_t whole[GUARDD_NEEDED_MAX]; /* 1: that entry is written */
	struct guardd_needed_file all[GUARDD_NEEDED_MAX];
};

struct guardd_counters {
	_Atomic uint64_t events, allowed, denied, would_deny, cached, hashed, hashed_bytes;
	_Atomic uint64_t queue, overload, timeouts, records_lost;
	_Atomic uint32_t filesystems;
};

struct guardd_shared {
	struct guardd_counters counters;
	_Atomic uint32_t keeper_pid, gate_pid, record_pid, control_pid, unlock_pid, inspect_pid, gate_restarts;
	_Atomic uint32_t loader_pid;    /* reads a new policy file, or 0 */
	_Atomic uint32_t sync_pid, trust_pid; /* of a managed machine, or 0 */
	_Atomic int64_t set_made, set_loaded_s; /* the policy set in force: gate/policies.c */
	_Atomic uint32_t understudy_pid; /* shares the fd table of keeper and gate, or 0 */
	_Atomic uint32_t ready;         /* gate: marks are on and the policy is in force */
	_Atomic uint64_t policy_generation; /* gate: raised after each accepted policy */
	_Atomic int64_t started;
	_Atomic uint64_t maintenance_ms; /* gate: CLOCK_BOOTTIME until which root may stop or change
	                                 * guard; 0 not now */
	_Atomic uint32_t permits_round; /* keeper: odd while `permits` changes, 0: nothing was heard */
	int64_t permits_boot_s;         /* CLOCK_BOOTTIME of permits.now */
	struct guard_permits permits;   /* permits.h */
	struct guardd_needed needed;    /* gate; emptied with each policy */
	_Atomic uint32_t layer_on;      /* the kernel layer is up */
	char layer_why[256];            /* what is on, or why it is not; the keeper before any child, the gate with a policy */
	char catalogs[320];             /* gate: signed lists in force and those left out, or "" */
	char packages[160];             /* gate: what the table of attributed files holds; "": the policy asks for none */
	/* The kernel copies events straight into here, so that a gate killed between
	 * read() and note-taking loses none: the first `metadata_len`-valid entries
	 * without a slot are adopted.  Zeroed by the gate before each read. */
	_Alignas(64) unsigned char read_buffer[GUARDD_GROUPS][GUARDD_READ_BUFFER];
	_Atomic uint32_t read_buffer_busy;
	struct guardd_slot slots[GUARDD_INFLIGHT_MAX];
};

/* ---- gate ------------------------------------------------------------------ */

/* Everything the gate is given.  All fds are numbers in the shared table. */
struct guardd_handles;
struct guardd_bpf;
struct guardd_gate_arguments {
	const struct guardd_config *config;
	struct guardd_shared *shared;
	int fanotify[GUARDD_GROUPS]; /* group fds: FAN_CLASS_CONTENT, FAN_REPORT_TID, non-blocking */
	int changes;             /* notification group, FAN_REPORT_FID, non-blocking: of files with an
	                          * ignore mark whose owner or permissions change; not handed over */
	int policy;              /* sealed memfd with the image */
	int command;             /* SOCK_SEQPACKET to the keeper: guardd_command */
	int attributions;        /* sealed memfd: which package a content came from; -1 none */
	int record;              /* SOCK_SEQPACKET, non-blocking: GUARD_WIRE_EVENT to record */
	int unlock;              /* SOCK_SEQPACKET: struct guardd_grants in, one empty byte out: say again */
	int inspect;             /* SOCK_SEQPACKET, non-blocking: requests to inspect (inspect/inspect.h) */
	int restarted;           /* enum guardd_restarted */
	const struct guardd_bpf *layer; /* bpf/layer.h; never NULL */
	const struct guardd_handles *handles; /* keeper/takeover.h: what the gate passes on when it is
	                          * taken over; read that header, the gate has duties there */
};
enum guardd_restarted {
	GUARDD_RESTARTED_NOT = 0,      /* first start */
	GUARDD_RESTARTED_CRASH = 1,    /* the last gate died: its fds are open, its slots pending */
	GUARDD_RESTARTED_TAKEOVER = 2, /* another daemon's gate still runs: hold, see keeper/takeover.h */
	GUARDD_RESTARTED_KILLED = 3,   /* as CRASH, but by a SIGKILL, which no event can bring about */
};
/* gate_main: never returns. */
void guardd_gate_main(const struct guardd_gate_arguments *arguments) __attribute__((noreturn));

enum guardd_command_type {
	GUARDD_COMMAND_POLICY = 1, /* keeper -> gate: `fd` is a sealed image; answered by RESULT.  With
	                            * GUARDD_POLICY_NEW in `error` it is refused when its signers do not
	                            * let the machine go on */
	GUARDD_COMMAND_RESULT,     /* gate -> keeper: `error` 0 or GUARD_E_, `text` */
	GUARDD_COMMAND_READY,      /* gate -> keeper: enforcement is on */
	GUARDD_COMMAND_DRAIN,      /* keeper -> gate: answer what was read, read no more, exit */
	GUARDD_COMMAND_RECORD,     /* keeper -> gate: `fd` is the new record socket (the keeper keeps
	                            * both ends open, so that a restart of record needs none) */
	GUARDD_COMMAND_PROBLEM,    /* gate -> keeper, keeper -> control: `text` for status; with GUARD_E_DENIED
	                            * in `error` by a gate that ends, since the policy would lock the machine out */
	GUARDD_COMMAND_RELOAD,     /* control -> keeper: read the policy file again; answered
	                            * by one RESULT each, in order */
	GUARDD_COMMAND_DISTRIBUTION, /* keeper -> control: struct guard_distribution in `text` */
	GUARDD_COMMAND_START,      /* keeper -> gate that takes over: read now (keeper/takeover.h) */
	GUARDD_COMMAND_PACKAGES,   /* control -> keeper, with a client of root's (SCM_RIGHTS), who goes
	                            * on as package/message.h says */
	GUARDD_COMMAND_ATTRIBUTIONS, /* keeper -> gate: `fd` is a new sealed table; answered by ATTRIBUTED */
	GUARDD_COMMAND_ATTRIBUTED  /* gate -> keeper: `error` 0 or GUARD_E_, `text` */
};
#define GUARDD_POLICY_NEW 1
struct guardd_command {
	uint32_t type;
	int32_t fd;                /* number in the shared fd table */
	int32_t error;
	char text[500];
};
_Static_assert(sizeof(struct guard_distribution) <= 500, "it travels in a command's text");

/* ---- helpers --------------------------------------------------------------- */

struct guardd_record_arguments {
	const struct guardd_config *config;
	int events;              /* SOCK_SEQPACKET: GUARD_WIRE_EVENT from gate and keeper */
	int requests;            /* SOCK_SEQPACKET: from control: a connected client socket by
	                          * SCM_RIGHTS with its GUARD_WIRE_EVENTS filter; record answers
	                          * the client itself */
	int unlock;              /* SOCK_SEQPACKET: events of unlock in, acknowledged by GUARD_WIRE_RECORDED */
	int state;               /* directory fd of STATE_DIR/ledger, owned by the record user */
};
void guardd_record_main(const struct guardd_record_arguments *arguments) __attribute__((noreturn));

struct guardd_control_arguments {
	const struct guardd_config *config;
	const struct guardd_shared *shared; /* mapped read-only */
	int listener;            /* bound and listening RUN_DIR/guard.sock, mode 0666 */
	int record;              /* requests to record */
	int unlock;              /* GUARD_WIRE_HANDED to unlock */
	int keeper;              /* SOCK_SEQPACKET struct guardd_command: POLICY images (SCM_RIGHTS,
	                          * `fd` unused) and PROBLEM in; RELOAD out, RESULT back */
	int policy;              /* current image */
};
void guardd_control_main(const struct guardd_control_arguments *arguments) __attribute__((noreturn));

/* ---- unlock: temporary allows, granted by phone --------------------------------- */

#define GUARDD_GRANTS_MAX 8u

/* One unlock that is open.  Times are milliseconds of CLOCK_BOOTTIME: it goes on
 * in suspend, and a reboot ends all. */
struct guardd_grant {
	uint32_t id;             /* never 0 */
	uint32_t uid;            /* of the user who asked */
	uint8_t scope;           /* enum guard_unlock_scope */
	uint8_t by_headquarters; /* 1: a maintenance that headquarters signed; `digest` is of the grant's id */
	uint8_t zero[6];
	struct guard_digest digest; /* else zero where the scope is about no file */
	uint64_t opened_ms, until_ms;
};
/* unlock -> gate: all that are open now, in the place of all before.  The gate
 * cuts each to what the policy in force offers. */
struct guardd_grants {
	uint32_t count, zero;
	struct guardd_grant all[GUARDD_GRANTS_MAX];
};

struct guardd_unlock_arguments {
	const struct guardd_config *config;
	int control;             /* SOCK_SEQPACKET: GUARD_WIRE_HANDED with a client's socket */
	int record;              /* SOCK_SEQPACKET: events out, GUARD_WIRE_RECORDED back */
	int gate;                /* SOCK_SEQPACKET: struct guardd_grants out */
	int state;               /* directory fd of STATE_DIR/unlock, owned by the unlock user */
};
void guardd_unlock_main(const struct guardd_unlock_arguments *arguments) __attribute__((noreturn));

struct guardd_inspect_arguments {
	const struct guardd_config *config;
	int requests;            /* SOCK_SEQPACKET from the gate: inspect/inspect.h */
};
/* The number that `requests` gets: an inspector may receive from this one alone. */
#define GUARDD_INSPECTOR_REQUESTS 63
void guardd_inspect_main(const struct guardd_inspect_arguments *arguments) __attribute__((noreturn));

/* ---- jail ------------------------------------------------------------------- */

enum guardd_role { GUARDD_ROLE_KEEPER, GUARDD_ROLE_GATE, GUARDD_ROLE_RECORD, GUARDD_ROLE_CONTROL,
		   GUARDD_ROLE_LOADER, GUARDD_ROLE_UNLOCK, GUARDD_ROLE_SYNC, GUARDD_ROLE_TRUST,
		   GUARDD_ROLE_INSPECT,	  /* starts inspectors */
		   GUARDD_ROLE_INSPECTOR, /* reads untrusted bytes; guardd_jail_narrow alone leads there */
		   GUARDD_ROLE_PACKAGE,	  /* becomes guard-package */
		   GUARDD_ROLE_MAX_ };

/* guardd_jail_enter: become what docs/processes.md says for the role: user and
 * groups, capability sets (libcap, bounding set and ambient too), no_new_privs,
 * rlimits, Landlock where there, then the role's seccomp allow-list (default:
 * kill the process; SCMP_ACT_LOG builds for development).  Called by each
 * process once, before the first outside byte.  `ret_problem` gets a sentence
 * on failure; a process that cannot be jailed does not run. */
int guardd_jail_enter(enum guardd_role role, const struct guardd_config *config, char *ret_problem, size_t problem_size) GUARD_WARN_UNUSED;

/* guardd_jail_prepare_narrow: make ready the filter of a role that a jailed process
 * becomes later, before it enters its own jail.  guardd_jail_narrow: from here on
 * only that role's calls, and `memory` bytes of data at the most.  No memory is
 * allocated, nothing is opened. */
int guardd_jail_prepare_narrow(enum guardd_role role) GUARD_WARN_UNUSED;
int guardd_jail_narrow(uint64_t memory) GUARD_WARN_UNUSED;

#endif
