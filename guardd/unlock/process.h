/* SPDX-License-Identifier: MIT
 *
 * unlock/process.h - the process that keeps the machine's side of unlock by
 * phone: requests, tries, and what is unlocked now.  It tells the gate what to
 * let through; the gate cuts that to what the policy offers, and a deny rule
 * stands above it.  Holds no secret: only verifiers.  One thread; every packet
 * that it reads may be hostile, but for the user in it, which control took from
 * the kernel.
 *
 * The order is always: save, record, act.  What cannot be saved and recorded is
 * not done.
 */
#ifndef GUARDD_UNLOCK_PROCESS_H
#define GUARDD_UNLOCK_PROCESS_H

#include <stdbool.h>

#include "guardd.h"
#include "unlock/delivery.h"
#include "unlock/handover.h"

#define UNLOCK_ENTRIES_MAX (GUARD_UNLOCK_REQUESTS_MAX + GUARDD_GRANTS_MAX)
#define UNLOCK_FILE_MAX (160u << 10)   /* bytes of the state file */
#define UNLOCK_RECORD_MS 5000	       /* for record to acknowledge */
#define UNLOCK_LOOK_MS 5000	       /* between looks at the recorder while something is open */
#define UNLOCK_LOOKS_MISSED 3u	       /* then what is open is shut */
#define UNLOCK_REPORTS_PER_HOUR 30u

/* A maintenance that headquarters signed was begun here: it is not begun again. */
#define UNLOCK_USED_MAX 64u
struct unlock_used {
	struct guard_digest id; /* SHA-256 of the grant's id */
	int64_t until;		/* Unix seconds: forgotten from then on */
};

/* One open request (id 0) or unlock. */
struct unlock_entry {
	uint32_t id, uid;
	uint8_t scope;
	struct guard_unlock_number number;
	struct guard_digest digest;
	uint64_t opened_ms, until_ms; /* boot clock; until_ms 0 for a request */
	char user[GUARD_ASK_NAME_MAX];
	char path[GUARD_WIRE_PATH_MAX];
	char reason[GUARD_ASK_REASON_MAX];
};

struct unlock_process {
	const struct guardd_config *config;
	int control, record, gate, directory;
	int lock; /* of the folder; 0 none */
	char off[512]; /* why there is no unlock by phone, or "" */
	struct guard_unlock_set *set;
	struct guard_unlock_set_info info;
	bool has_base;		       /* there is a set that was given by hand, for this machine */
	struct guard_unlock_base base; /* of it: what deliveries are sealed for */
	struct guard_unlock_delivery delivery; /* the last one */
	struct guard_unlock_state *state;
	bool unreadable;      /* there is a state file that cannot be read: never replace it */
	bool checked;	      /* compared with the ledger */
	uint64_t serial;      /* raised with every save */
	uint64_t saved;	      /* serial of the library's state that is on the disk */
	uint32_t next_id;
	uint32_t restored_epoch; /* the state was put back while this epoch held; 0 never */
	uint8_t boot_id[16];	 /* of this boot */
	unsigned count;
	struct unlock_entry entries[UNLOCK_ENTRIES_MAX];
	uint32_t sequence; /* of packets to record */
	unsigned used_count;
	struct unlock_used used[UNLOCK_USED_MAX];
	int64_t permits_from; /* Unix seconds: grants that hold from before are void: the state was put back */
	bool tell_gate;	   /* it does not have the last list yet */
	unsigned missed;   /* looks at the recorder */
	uint64_t next_look_ms;
	uint64_t hour_ms; /* reports: since when they are counted */
	unsigned reports;
	struct guard_event event;
	struct guard_handed handed;
};

/* clock.c */
int unlock_boot_id(uint8_t ret_boot_id[16]) GUARD_WARN_UNUSED; /* opens /proc: before the jail */
void unlock_now(struct guard_unlock_clock *ret_clock, const struct unlock_process *process);

/* verifiers.c: before the jail the file, inside it what is in it. */
int unlock_verifiers_read(void **ret_bytes, size_t *ret_size, struct unlock_process *process) GUARD_WARN_UNUSED;
void unlock_verifiers_open(struct unlock_process *process, const void *bytes, size_t size);
/* Make the state work with the set; sets `off` when it cannot. */
void unlock_verifiers_adopt(struct unlock_process *process);

/* delivery.c: the last delivery, from the folder; a new one, from the keeper; what the
 * help desk approved without the phone, NULL for nothing. */
void unlock_delivery_load(struct unlock_process *process);
void unlock_delivery_take(struct unlock_process *process, int fd);
const struct guard_unlock_answer *unlock_delivery_answer(const struct unlock_process *process,
							 const struct guard_unlock_number *number);

/* store.c: STATE_DIR/unlock/state (docs/phone-unlock.md, "What the daemon keeps"). */
int unlock_store_load(struct unlock_process *process) GUARD_WARN_UNUSED;
int unlock_store_save(struct unlock_process *process) GUARD_WARN_UNUSED;
/* The same when the library's state has changed or `always`. */
int unlock_store_keep(struct unlock_process *process, bool always) GUARD_WARN_UNUSED;

/* entries.c */
struct unlock_entry *unlock_entry_add(struct unlock_process *process);
void unlock_entry_drop(struct unlock_process *process, struct unlock_entry *entry);
struct unlock_entry *unlock_entry_of_number(struct unlock_process *process, const struct guard_unlock_number *number);
/* Drop entries of requests that the library no longer knows. */
void unlock_entries_settle(struct unlock_process *process);
/* Close what is over; the milliseconds until there is work again, -1 none. */
int unlock_entries_expire(struct unlock_process *process);
void unlock_entries_of_old_boot(struct unlock_process *process); /* close them */
unsigned unlock_entries_open(const struct unlock_process *process); /* unlocks */
void unlock_entries_tell_gate(struct unlock_process *process);
/* Close one unlock: `why` for the ledger. */
void unlock_entry_close(struct unlock_process *process, struct unlock_entry *entry, const char *why);

/* notes.c: one row in the ledger, on the disk when it returns 0.  `entry` NULL:
 * about none.  Errors: GUARD_E_UNREACHABLE, GUARD_E_IO. */
int unlock_note(struct unlock_process *process, enum guard_daemon_event what, const struct unlock_entry *entry,
		const char *format, ...) GUARD_WARN_UNUSED __attribute__((format(printf, 4, 5)));
/* Is the recorder well?  Compares the serial the first time. */
int unlock_note_look(struct unlock_process *process) GUARD_WARN_UNUSED;

/* reply.c: to one client; never waits. */
void unlock_reply_told(int client, uint32_t sequence, const struct guard_told *told);
void unlock_reply_entry(const struct unlock_process *process, int client, uint32_t sequence,
			const struct unlock_entry *entry);
void unlock_reply_refusal(int client, uint32_t sequence, enum guard_refusal_kind kind, uint32_t number,
			  const char *text);
void unlock_reply_flaw(int client, uint32_t sequence, const struct guard_unlock_flaw *flaw);
void unlock_reply_end(int client, uint32_t sequence);

/* asks.c, answer.c: one ask of one client. */
void unlock_ask(struct unlock_process *process, int client, const struct guard_handed *handed);
void unlock_answer(struct unlock_process *process, int client, const struct guard_handed *handed);
/* Reasons against any request or answer; true when one was said. */
bool unlock_refuse(struct unlock_process *process, int client, const struct guard_handed *handed, uint8_t scope);

/* maintenance.c: grants that headquarters signed: begin one; which there are. */
void unlock_begin(struct unlock_process *process, int client, const struct guard_handed *handed);
void unlock_permits(struct unlock_process *process, int client, const struct guard_handed *handed);
/* An entry that was begun under such a grant. */
bool unlock_entry_is_signed(const struct unlock_entry *entry);

/* unlock.c */
int unlock_process_prepare(struct unlock_process **ret_process,
			   const struct guardd_unlock_arguments *arguments) GUARD_WARN_UNUSED;
void unlock_process_begin(struct unlock_process *process); /* in the jail */
void unlock_process_run(struct unlock_process *process);   /* returns after SIGTERM, or when the keeper is gone */
void unlock_process_free(struct unlock_process *process);
#endif
