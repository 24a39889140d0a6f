/* SPDX-License-Identifier: MIT
 *
 * unlock/unlock.h - what the files of this room share: digit groups, derivations,
 * the layout of keys, sets and state.  Formats and arithmetic are those of
 * docs/phone-unlock.md.  Must know neither daemon nor policy.
 */
#ifndef GUARD_UNLOCK_UNLOCK_H
#define GUARD_UNLOCK_UNLOCK_H

#include <stdbool.h>

#include <guard/unlock.h>

#include "base/buffer.h"
#include "base/cleanup.h"

/* ---- digit groups --------------------------------------------------------------- */

#define UNLOCK_GROUP_DIGITS 6u /* spoken */
#define UNLOCK_GROUP_DATA 4u   /* of them data */
#define UNLOCK_REQUEST_PLACE 11u
#define UNLOCK_ANSWER_PLACE 51u
#define UNLOCK_ANSWER_DIGITS 16u
#define UNLOCK_ANSWER_LIMIT UINT64_C(10000000000000000) /* 10^16 */
#define UNLOCK_TYPED_MAX 64u /* digits kept of what was typed; the rest is counted */

/* The check pair, 2 to 98, of four data digits at `place`. */
unsigned guard_unlock_check(unsigned place, unsigned data);
bool guard_unlock_group_fits(unsigned place, const uint8_t digits[UNLOCK_GROUP_DIGITS]);
/* Data digits to text, groups at `place`, `place` + 1, ... */
void guard_unlock_groups_format(char *ret_text, unsigned place, const uint8_t *data, unsigned groups);
/* Six times `groups` digits to data digits; a flaw when they do not fit. */
int guard_unlock_groups_parse(uint8_t *ret_data, struct guard_unlock_flaw *ret_flaw, unsigned place,
			      unsigned groups, const char *text, size_t length) GUARD_WARN_UNUSED;

/* The digits in what was typed.  `count` goes on behind UNLOCK_TYPED_MAX;
 * `stranger` is the number of digits before the first character that is
 * neither digit nor separator, or SIZE_MAX. */
struct unlock_typed {
	uint8_t digits[UNLOCK_TYPED_MAX];
	size_t count, stranger;
};
void guard_unlock_typed(struct unlock_typed *ret_typed, const char *text, size_t length);

/* A number as decimal digits, most significant first. */
void guard_unlock_digits_put(uint8_t *ret_digits, unsigned count, uint64_t value);
uint64_t guard_unlock_digits_get(const uint8_t *digits, unsigned count);

/* ---- names ------------------------------------------------------------------------ */

bool guard_unlock_machine_is_valid(const char *machine);
bool guard_unlock_user_is_valid(const char *user);

/* ---- derivations -------------------------------------------------------------------- */

#define UNLOCK_SECRET_SIZE 32u
#define UNLOCK_SALT_SIZE 16u

struct guard_unlock_key {
	uint8_t mask_master[UNLOCK_SECRET_SIZE];
	uint8_t scope[GUARD_UNLOCK_SCOPES][UNLOCK_SECRET_SIZE];
	unsigned scopes;
};

/* One slot of one machine. */
struct unlock_place {
	const char *machine;
	uint32_t epoch;
	uint8_t scope, slot;
};

/* file_digits wants the digits before its own in `number`, tag likewise, blind all. */
int guard_unlock_mask(uint8_t ret_mask[UNLOCK_SECRET_SIZE], const struct guard_unlock_key *key,
		      const char *machine, uint32_t epoch) GUARD_WARN_UNUSED;
int guard_unlock_code(uint64_t *ret_code, const struct guard_unlock_key *key,
		      const struct unlock_place *place) GUARD_WARN_UNUSED;
int guard_unlock_salt(uint8_t ret_salt[UNLOCK_SALT_SIZE], const struct guard_unlock_key *key,
		      const struct unlock_place *place) GUARD_WARN_UNUSED;
int guard_unlock_file_digits(uint64_t *ret_value, const uint8_t mask[UNLOCK_SECRET_SIZE],
			     const struct guard_unlock_number *number, const char *user,
			     const struct guard_digest *digest) GUARD_WARN_UNUSED;
int guard_unlock_tag(uint64_t *ret_value, const uint8_t mask[UNLOCK_SECRET_SIZE],
		     const struct guard_unlock_number *number, const char *user) GUARD_WARN_UNUSED;
int guard_unlock_blind(uint64_t *ret_value, const uint8_t mask[UNLOCK_SECRET_SIZE],
		       const struct guard_unlock_number *number) GUARD_WARN_UNUSED;

/* What seals a delivery (delivery.h). */
int guard_unlock_delivery_key(uint8_t ret_key[UNLOCK_SECRET_SIZE], const uint8_t mask[UNLOCK_SECRET_SIZE],
			      const char *machine) GUARD_WARN_UNUSED;

/* ---- sealed bytes ---------------------------------------------------------------------- */

#define UNLOCK_NONCE_SIZE 12u
#define UNLOCK_TAG_SIZE 16u

struct unlock_sealing {
	const uint8_t *head; /* authenticated, not hidden */
	size_t head_size;
	const uint8_t *nonce;
	uint8_t key[UNLOCK_SECRET_SIZE];
};
/* `ret_out` has room for `in_size` bytes.  unseal: GUARD_E_SIGNATURE. */
int guard_unlock_seal(uint8_t *ret_out, uint8_t ret_tag[UNLOCK_TAG_SIZE], const struct unlock_sealing *with,
		      const uint8_t *in, size_t in_size) GUARD_WARN_UNUSED;
int guard_unlock_unseal(uint8_t *ret_out, const struct unlock_sealing *with, const uint8_t *in, size_t in_size,
			const uint8_t tag[UNLOCK_TAG_SIZE]) GUARD_WARN_UNUSED;

/* ---- scrypt ------------------------------------------------------------------------- */

struct unlock_cost {
	uint8_t log2_n, r, p;
};
bool guard_unlock_cost_is_valid(const struct unlock_cost *cost);
int guard_unlock_stretch(uint8_t ret_verifier[UNLOCK_SECRET_SIZE], uint64_t code,
			 const uint8_t salt[UNLOCK_SALT_SIZE], const struct unlock_cost *cost) GUARD_WARN_UNUSED;
/* scrypt in general; up to 512 MiB. */
int guard_unlock_scrypt(uint8_t ret_key[UNLOCK_SECRET_SIZE], const void *secret, size_t size,
			const uint8_t salt[UNLOCK_SALT_SIZE], const struct unlock_cost *cost) GUARD_WARN_UNUSED;

/* ---- request numbers ------------------------------------------------------------------ */

/* The two digits of a slot: scopes 1 to 3 have 25 each, audit 15, maintenance 10. */
unsigned guard_unlock_slots(uint8_t scope);
unsigned guard_unlock_first_slot(uint8_t scope);

/* Where the parts lie among the 20 digits. */
#define UNLOCK_AT_SLOT 0u
#define UNLOCK_AT_EPOCH 2u
#define UNLOCK_AT_NONCE 4u
#define UNLOCK_AT_FILE 8u
#define UNLOCK_AT_TAG 16u

struct unlock_asked {
	const char *user;
	const struct guard_digest *digest;
	uint32_t epoch;
	uint16_t nonce;
	uint8_t scope, slot;
};
int guard_unlock_number_make(struct guard_unlock_number *ret_number, const uint8_t mask[UNLOCK_SECRET_SIZE],
			     const struct unlock_asked *asked) GUARD_WARN_UNUSED;

/* ---- sets ----------------------------------------------------------------------------- */

#define UNLOCK_SET_MAGIC "GUARDUNL"
#define UNLOCK_SET_VERSION 1u
#define UNLOCK_SET_SLOTS_MAX 100u /* two digits name them */

struct unlock_slot {
	uint8_t scope, slot;
	uint8_t salt[UNLOCK_SALT_SIZE];
	uint8_t verifier[UNLOCK_SECRET_SIZE];
};
struct guard_unlock_set {
	char machine[GUARD_UNLOCK_MACHINE_MAX + 1];
	uint32_t epoch;
	uint8_t key_id[4];
	struct unlock_cost cost;
	uint8_t mask[UNLOCK_SECRET_SIZE];
	struct guard_digest checksum;
	uint32_t present[GUARD_UNLOCK_SCOPES]; /* bit = slot */
	unsigned count;
	struct unlock_slot slots[UNLOCK_SET_SLOTS_MAX];
};

/* ---- state ------------------------------------------------------------------------------ */

#define UNLOCK_STATE_MAGIC "GUARDUST"
#define UNLOCK_STATE_VERSION 2u
#define UNLOCK_STATE_VERSION_FOUR 1u /* without maintenance, which begins as new */

struct guard_unlock_state {
	uint64_t serial;
	uint32_t epoch;
	struct guard_digest set;
	uint32_t burned[GUARD_UNLOCK_SCOPES]; /* bit = slot */
	uint8_t next[GUARD_UNLOCK_SCOPES];    /* the slot that is offered next, if it is free */
	uint8_t failures, locked;
	uint8_t boot_id[16]; /* the boot that all times below belong to */
	uint64_t wait_since, wait_ms;
	uint64_t hour_since;
	uint32_t hour_count;
	unsigned count;
	struct guard_unlock_request requests[GUARD_UNLOCK_REQUESTS_MAX]; /* oldest first */
};

/* Bring the state to this moment: another boot, requests that have expired. */
void guard_unlock_settle(struct guard_unlock_state *state, const struct guard_unlock_clock *clock);
/* The wait that is left, 0 for none. */
uint64_t guard_unlock_wait_left(const struct guard_unlock_state *state, const struct guard_unlock_clock *clock);
/* Milliseconds since `then`; 0 when the clock went back. */
static inline uint64_t guard_unlock_since(const struct guard_unlock_clock *clock, uint64_t then)
{
	return clock->boot_ms > then ? clock->boot_ms - then : 0;
}
/* Index of the open request with this number, or -GUARD_E_NOT_FOUND. */
int guard_unlock_request_find(const struct guard_unlock_state *state, const struct guard_unlock_number *number)
	GUARD_WARN_UNUSED;
void guard_unlock_request_drop(struct guard_unlock_state *state, unsigned index);
#endif
