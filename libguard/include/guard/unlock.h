/* SPDX-License-Identifier: MIT
 *
 * guard/unlock.h - the arithmetic of unlock by phone: request numbers, answer
 * codes, verifier sets, the rules about attempts, the help desk's key.
 *
 * The protocol, its formats and what it does not protect from are in
 * docs/phone-unlock.md; the words (machine, user, scope, slot, epoch, set) are
 * defined there.  Nothing here reads a clock, a file name or the environment:
 * the caller brings time and bytes, and stores what it is told to store.
 *
 * Standards: HMAC-SHA256 (RFC 2104), scrypt (RFC 7914), AES-256-GCM (NIST SP
 * 800-38D), check digits by ISO 7064 MOD 97-10.
 *
 * Thread-safety: functions that take an object as const may be called from any
 * number of threads at once; one that changes an object needs it alone.  All
 * _free functions take NULL and wipe secrets.  Where memory is exhausted, or
 * OpenSSL fails, the answer is -GUARD_E_NOMEM, also where it is not listed.
 */
#ifndef GUARD_UNLOCK_H
#define GUARD_UNLOCK_H

#include <stddef.h>
#include <stdint.h>

#include <guard/error.h>
#include <guard/identity.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

#define GUARD_UNLOCK_MACHINE_MAX 63u      /* bytes of a machine's name */
#define GUARD_UNLOCK_USER_MAX 255u        /* bytes of a user's name */
#define GUARD_UNLOCK_SLOTS_MAX 25u        /* slots of one scope; audit has 15, maintenance 10 */
#define GUARD_UNLOCK_REQUEST_DIGITS 20u   /* data digits of a request number */
#define GUARD_UNLOCK_REQUEST_GROUPS 5u
#define GUARD_UNLOCK_ANSWER_GROUPS 4u
#define GUARD_UNLOCK_TEXT_SIZE 35u        /* either number in groups, with NUL */
#define GUARD_UNLOCK_INPUT_MAX 512u       /* bytes of a number as typed */
#define GUARD_UNLOCK_NONCES 10000u        /* nonces are 0 to 9999 */
#define GUARD_UNLOCK_SET_SIZE_MAX 8192u   /* bytes of a verifier set */
#define GUARD_UNLOCK_STATE_SIZE_MAX 4096u /* bytes of a machine's unlock state */
#define GUARD_UNLOCK_KEY_FILE_SIZE 272u   /* bytes of a help desk's key file */
#define GUARD_UNLOCK_PASSPHRASE_MAX 1024u /* bytes */

enum guard_unlock_scope {
	GUARD_UNLOCK_SHORT = 1,   /* this file, for a short time */
	GUARD_UNLOCK_DAY = 2,     /* this file, for the working day */
	GUARD_UNLOCK_INSTALL = 3, /* this installer, what it starts and writes */
	GUARD_UNLOCK_AUDIT = 4,   /* the whole machine, in audit mode */
	GUARD_UNLOCK_MAINTENANCE = 5, /* root may stop, upgrade or remove guard; verdicts stay */
	GUARD_UNLOCK_SCOPE_MAX_
};
#define GUARD_UNLOCK_SCOPES (GUARD_UNLOCK_SCOPE_MAX_ - 1)
/* Is this scope about one file, or the whole machine? */
#define GUARD_UNLOCK_HAS_FILE(scope) ((scope) < GUARD_UNLOCK_AUDIT)
/* The bit of a scope in a mask of scopes. */
#define GUARD_UNLOCK_BIT(scope) (1u << ((scope) - 1u))
#define GUARD_UNLOCK_ALL_SCOPES ((1u << GUARD_UNLOCK_SCOPES) - 1u)

/* guard_unlock_scope_name: the stable word: "file", "day", "install", "audit",
 * "maintenance".  Static, never NULL.  guard_unlock_scope_parse: -GUARD_E_NOT_FOUND for another. */
const char *guard_unlock_scope_name(enum guard_unlock_scope scope);
int guard_unlock_scope_parse(enum guard_unlock_scope *ret_scope, const char *word) GUARD_WARN_UNUSED;

/* ---- numbers as people say and type them ---------------------------------- */

struct guard_unlock_number {
	uint8_t digits[GUARD_UNLOCK_REQUEST_DIGITS]; /* 0 to 9 each */
};
struct guard_unlock_answer {
	uint64_t value; /* below 10^16 */
};

/* What is wrong with a number as typed.  Groups count from 1. */
enum guard_unlock_flaw_kind {
	GUARD_UNLOCK_FLAW_NONE = 0,
	GUARD_UNLOCK_FLAW_CHARACTER, /* neither digit nor separator, in `group` */
	GUARD_UNLOCK_FLAW_MISSING,   /* too few digits; look from `group` on */
	GUARD_UNLOCK_FLAW_EXTRA,     /* too many digits; look from `group` on */
	GUARD_UNLOCK_FLAW_CHECK,     /* the check digits of `group` do not fit */
	GUARD_UNLOCK_FLAW_SWAPPED,   /* `group` and `other` are in each other's place */
	GUARD_UNLOCK_FLAW_OTHER,     /* a request number where an answer code belongs,
	                              * or the other way round */
	GUARD_UNLOCK_FLAW_MAX_
};
struct guard_unlock_flaw {
	uint8_t kind;  /* enum guard_unlock_flaw_kind */
	uint8_t group; /* the first group concerned, or 0 */
	uint8_t other; /* GUARD_UNLOCK_FLAW_SWAPPED: the other one */
	uint8_t wrong; /* mask of all groups whose check fails, bit (group - 1) */
};

/* guard_unlock_flaw_text: one plain sentence into `ret_text`, always terminated. */
void guard_unlock_flaw_text(char *ret_text, size_t capacity, const struct guard_unlock_flaw *flaw);

/* guard_unlock_number_format, guard_unlock_answer_format: groups of six digits
 * with a space between. */
void guard_unlock_number_format(char ret_text[GUARD_UNLOCK_TEXT_SIZE],
				const struct guard_unlock_number *number);
void guard_unlock_answer_format(char ret_text[GUARD_UNLOCK_TEXT_SIZE],
				const struct guard_unlock_answer *answer);

/* guard_unlock_number_parse, guard_unlock_answer_parse: `length` bytes of UTF-8
 * as typed.  `ret_flaw` (may be NULL) says what is wrong, and is untouched on
 * success.  No such error may count as a try.  Errors: GUARD_E_SYNTAX with a
 * flaw; GUARD_E_LIMIT, longer than GUARD_UNLOCK_INPUT_MAX, without one. */
int guard_unlock_number_parse(struct guard_unlock_number *ret_number, struct guard_unlock_flaw *ret_flaw,
			      const char *text, size_t length) GUARD_WARN_UNUSED;
int guard_unlock_answer_parse(struct guard_unlock_answer *ret_answer, struct guard_unlock_flaw *ret_flaw,
			      const char *text, size_t length) GUARD_WARN_UNUSED;

/* What a request number says by itself. */
struct guard_unlock_fields {
	uint8_t scope;       /* enum guard_unlock_scope */
	uint8_t slot;
	uint8_t epoch_digits; /* epoch mod 100 */
	uint16_t nonce;
	uint32_t file_digits; /* eight digits: what the two sides compare */
};
void guard_unlock_number_fields(struct guard_unlock_fields *ret_fields,
				const struct guard_unlock_number *number);

/* guard_unlock_machine_normalise: a machine's name as typed, ASCII capitals made
 * small.  Errors: GUARD_E_SYNTAX when it cannot be one. */
int guard_unlock_machine_normalise(char ret_machine[GUARD_UNLOCK_MACHINE_MAX + 1], const char *typed)
	GUARD_WARN_UNUSED;

/* ---- the help desk's key ---------------------------------------------------- */

struct guard_unlock_key;

/* guard_unlock_key_new: a new random key for all scopes. */
int guard_unlock_key_new(struct guard_unlock_key **ret_key) GUARD_WARN_UNUSED;
void guard_unlock_key_free(struct guard_unlock_key *key);
/* guard_unlock_key_limit: a copy that can answer for `scopes` (a mask) alone.
 * Errors: GUARD_E_USAGE when the mask is empty; GUARD_E_NOT_FOUND when `key`
 * itself lacks one of them. */
int guard_unlock_key_limit(struct guard_unlock_key **ret_key, const struct guard_unlock_key *key,
			   unsigned scopes) GUARD_WARN_UNUSED;
/* The mask of scopes that it can answer for; the public id that is in the sets. */
unsigned guard_unlock_key_scopes(const struct guard_unlock_key *key);
int guard_unlock_key_id(uint8_t ret_id[4], const struct guard_unlock_key *key) GUARD_WARN_UNUSED;

/* guard_unlock_key_save: encrypt under a pass phrase of `length` bytes and write
 * to `fd`, a new, empty regular file, whose mode becomes 0600; synced.  Takes
 * about half a second and 128 MiB.  Errors: GUARD_E_USAGE (empty or overlong
 * pass phrase), GUARD_E_IO. */
int guard_unlock_key_save(int fd, const struct guard_unlock_key *key, const char *passphrase, size_t length)
	GUARD_WARN_UNUSED;
/* guard_unlock_key_load: Errors: GUARD_E_UNSAFE (others may read or write the
 * file, or it is no regular file), GUARD_E_FORMAT, GUARD_E_VERSION,
 * GUARD_E_SIGNATURE (wrong pass phrase, or changed), GUARD_E_USAGE, GUARD_E_IO. */
int guard_unlock_key_load(struct guard_unlock_key **ret_key, int fd, const char *passphrase, size_t length)
	GUARD_WARN_UNUSED;

/* ---- verifier sets ------------------------------------------------------------ */

struct guard_unlock_set;

struct guard_unlock_plan {
	uint8_t slots[GUARD_UNLOCK_SCOPES]; /* how many for scope i + 1, no more than it has */
	uint8_t log2_n, r, p;               /* of scrypt: 12 to 15, 1 to 8, 1 to 4 */
};
/* 14 slots, 4 MiB: 10,000 machines in under 20 minutes on two cores. */
#define GUARD_UNLOCK_PLAN_DEFAULT { { 4, 4, 2, 2, 2 }, 12, 8, 1 }

/* guard_unlock_set_make: the set of one machine; the caller frees `*ret_bytes`.
 * The same arguments give the same bytes.  Costs one scrypt evaluation for each
 * slot.  Errors: GUARD_E_USAGE (plan, epoch 0, name), GUARD_E_NOT_FOUND (the key
 * lacks a scope that the plan wants). */
int guard_unlock_set_make(void **ret_bytes, size_t *ret_size, const struct guard_unlock_key *key,
			  const char *machine, uint32_t epoch, const struct guard_unlock_plan *plan)
	GUARD_WARN_UNUSED;

/* guard_unlock_set_open: check all of it and keep a copy.  Errors:
 * GUARD_E_FORMAT, GUARD_E_VERSION, GUARD_E_CHECKSUM, GUARD_E_LIMIT. */
int guard_unlock_set_open(struct guard_unlock_set **ret_set, const void *bytes, size_t size) GUARD_WARN_UNUSED;
void guard_unlock_set_free(struct guard_unlock_set *set);

struct guard_unlock_set_info {
	const char *machine; /* valid as long as the set */
	uint32_t epoch;
	uint8_t key_id[4];
	uint8_t slots[GUARD_UNLOCK_SCOPES];
	uint64_t memory; /* bytes that one verification takes */
};
void guard_unlock_set_info(struct guard_unlock_set_info *ret_info, const struct guard_unlock_set *set);

/* guard_unlock_verify: does `answer` answer `number` under this set?  One scrypt
 * evaluation, in a time that does not depend on the answer.  Counts nothing: see
 * guard_unlock_attempt_begin.  Errors: GUARD_E_SIGNATURE (it does not),
 * GUARD_E_NOT_FOUND (the set has no such slot or another epoch). */
int guard_unlock_verify(const struct guard_unlock_set *set, const struct guard_unlock_number *number,
			const struct guard_unlock_answer *answer) GUARD_WARN_UNUSED;

/* ---- the machine's rules about requests and attempts ------------------------- */

struct guard_unlock_state;

/* The boot clock: CLOCK_BOOTTIME and /proc/sys/kernel/random/boot_id. */
struct guard_unlock_clock {
	uint8_t boot_id[16];
	uint64_t boot_ms; /* milliseconds */
};
#define GUARD_UNLOCK_REQUEST_MS 900000u    /* a request lives 15 minutes */
#define GUARD_UNLOCK_REQUESTS_MAX 8u       /* open at a time */
#define GUARD_UNLOCK_REQUESTS_PER_HOUR 30u
#define GUARD_UNLOCK_WRONG_MAX 5u          /* wrong answers that lock a request */
#define GUARD_UNLOCK_FAILURES_MAX 15u      /* in a row, that lock the machine */
#define GUARD_UNLOCK_WAIT_MAX_MS 3600000u  /* longest wait between tries */

struct guard_unlock_request {
	struct guard_unlock_number number;
	uint32_t uid;
	uint8_t scope, slot;        /* enum guard_unlock_scope */
	uint8_t wrong;              /* wrong answers so far */
	struct guard_digest digest; /* zero where the scope is about no file */
	uint64_t opened_ms;         /* boot clock */
};

/* guard_unlock_state_new: as on a machine that never had a set. */
int guard_unlock_state_new(struct guard_unlock_state **ret_state) GUARD_WARN_UNUSED;
void guard_unlock_state_free(struct guard_unlock_state *state);
/* guard_unlock_state_load: Errors: GUARD_E_FORMAT, GUARD_E_VERSION,
 * GUARD_E_CHECKSUM.  A caller that cannot load what it saved must not begin a
 * new state: phone unlock stays off, and it says so. */
int guard_unlock_state_load(struct guard_unlock_state **ret_state, const void *bytes, size_t size)
	GUARD_WARN_UNUSED;
/* guard_unlock_state_save: bytes to be stored; the caller frees `*ret_bytes`. */
int guard_unlock_state_save(void **ret_bytes, size_t *ret_size, const struct guard_unlock_state *state)
	GUARD_WARN_UNUSED;

/* guard_unlock_state_adopt: from now on work with this set.  A higher epoch
 * frees all slots, ends all requests and clears counters and lock.  Errors:
 * GUARD_E_ROLLBACK (lower epoch), GUARD_E_CHANGED (another set of the same epoch). */
int guard_unlock_state_adopt(struct guard_unlock_state *state, const struct guard_unlock_set *set)
	GUARD_WARN_UNUSED;

struct guard_unlock_state_info {
	uint64_t serial;   /* rises with every change: store when it differs */
	uint32_t epoch;    /* 0: no set yet */
	uint8_t failures;  /* wrong answers in a row */
	uint8_t locked;    /* 1: until a higher epoch */
	uint8_t requests;  /* open */
	uint64_t wait_ms;  /* until the next try is taken */
	uint8_t slots_left[GUARD_UNLOCK_SCOPES];
};
void guard_unlock_state_info(struct guard_unlock_state_info *ret_info, struct guard_unlock_state *state,
			     const struct guard_unlock_set *set, const struct guard_unlock_clock *clock);
/* guard_unlock_request_at: the open request `index`, oldest first.  Errors:
 * GUARD_E_NOT_FOUND behind the last. */
int guard_unlock_request_at(struct guard_unlock_request *ret_request, struct guard_unlock_state *state,
			    const struct guard_unlock_clock *clock, unsigned index) GUARD_WARN_UNUSED;

/* guard_unlock_nonce: a random nonce, all equally likely, from the kernel. */
int guard_unlock_nonce(uint16_t *ret_nonce) GUARD_WARN_UNUSED;

/* guard_unlock_request_open: the open request of this uid for this file and
 * scope, or a new one with `nonce`.  `digest` is not looked at where
 * the scope is about no file.  To be stored before it is shown.  Errors: GUARD_E_USAGE,
 * GUARD_E_DENIED (phone unlock is locked), GUARD_E_NOT_FOUND (no slot left in
 * this scope), GUARD_E_BUSY (too many requests in this hour), GUARD_E_LIMIT (too
 * many open ones), GUARD_E_CHANGED (`set` is not the one adopted). */
int guard_unlock_request_open(struct guard_unlock_request *ret_request, struct guard_unlock_state *state,
			      const struct guard_unlock_set *set, const struct guard_unlock_clock *clock,
			      uint32_t uid, const char *user, enum guard_unlock_scope scope,
			      const struct guard_digest *digest, uint16_t nonce) GUARD_WARN_UNUSED;
/* guard_unlock_request_cancel: Errors: GUARD_E_NOT_FOUND. */
int guard_unlock_request_cancel(struct guard_unlock_state *state, const struct guard_unlock_clock *clock,
				const struct guard_unlock_number *number) GUARD_WARN_UNUSED;

/* guard_unlock_attempt_begin: a well-formed answer for `number` is about to be
 * verified; it is counted as wrong at once.  Store the state, and only then call
 * guard_unlock_verify.  Errors, none of which counts a try: GUARD_E_NOT_FOUND (no
 * such open request: expired, cancelled, of another boot), GUARD_E_DENIED (phone
 * unlock is locked), GUARD_E_LIMIT (this request is locked), GUARD_E_BUSY (a wait
 * is running). */
int guard_unlock_attempt_begin(struct guard_unlock_state *state, const struct guard_unlock_clock *clock,
			       const struct guard_unlock_number *number) GUARD_WARN_UNUSED;
/* guard_unlock_attempt_succeed: it verified: the slot is burned, the request and
 * every other one on that slot is closed, the counters are cleared.  Store the
 * state, and only then unlock what `ret_request` says.  Errors: GUARD_E_NOT_FOUND
 * (expired or cancelled meanwhile: do not unlock). */
int guard_unlock_attempt_succeed(struct guard_unlock_request *ret_request, struct guard_unlock_state *state,
				 const struct guard_unlock_clock *clock,
				 const struct guard_unlock_number *number) GUARD_WARN_UNUSED;

/* ---- the operator's side --------------------------------------------------------- */

/* One call: a caller, a machine, a request number. */
struct guard_unlock_call;

/* guard_unlock_call_open: do machine, user and request number belong together?
 * `epoch` is the newest that the help desk has issued; the call is of the newest
 * one up to it with the number's two digits.  Errors: GUARD_E_SIGNATURE (they do
 * not: the machine or user was misheard, or the key is another help desk's),
 * GUARD_E_SYNTAX (machine or user cannot be one), GUARD_E_NOT_FOUND (there was no
 * such epoch). */
int guard_unlock_call_open(struct guard_unlock_call **ret_call, const struct guard_unlock_key *key,
			   const char *machine, const char *user, uint32_t epoch,
			   const struct guard_unlock_number *number) GUARD_WARN_UNUSED;
void guard_unlock_call_free(struct guard_unlock_call *call);
uint32_t guard_unlock_call_epoch(const struct guard_unlock_call *call);
/* guard_unlock_call_matches: 1 when the request may be about the file with this
 * digest (of other files, one in 10^8 is), 0 when it is not.  Errors: only
 * GUARD_E_NOMEM. */
int guard_unlock_call_matches(const struct guard_unlock_call *call, const struct guard_digest *digest)
	GUARD_WARN_UNUSED;
/* guard_unlock_call_answer: the answer code.  To be recorded before it is shown.
 * Errors: GUARD_E_DENIED (the key cannot answer for this scope). */
int guard_unlock_call_answer(struct guard_unlock_answer *ret_answer, const struct guard_unlock_call *call)
	GUARD_WARN_UNUSED;

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
