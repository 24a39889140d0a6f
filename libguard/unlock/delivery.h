/* SPDX-License-Identifier: MIT
 *
 * unlock/delivery.h - what the help desk sends to one machine by the signed channel:
 * a fresher verifier set, approved requests (docs/phone-unlock.md, "Deliveries").
 * Sealed so that only a machine reads it that holds the set which it was given
 * first.  Not part of libguard's ABI.  Thread-safe: no state of its own.
 */
#ifndef GUARD_UNLOCK_DELIVERY_H
#define GUARD_UNLOCK_DELIVERY_H

#include "unlock/unlock.h"

#define GUARD_UNLOCK_DELIVERY_ANSWERS_MAX 16u
#define GUARD_UNLOCK_DELIVERY_MAX 16384u /* bytes, sealed */

/* Whom it is for: the machine and the set that it was given by hand. */
struct guard_unlock_base {
	char machine[GUARD_UNLOCK_MACHINE_MAX + 1];
	uint32_t epoch;
	uint8_t mask[UNLOCK_SECRET_SIZE];
};
int guard_unlock_base_of_key(struct guard_unlock_base *ret_base, const struct guard_unlock_key *key,
			     const char *machine, uint32_t epoch) GUARD_WARN_UNUSED;
void guard_unlock_base_of_set(struct guard_unlock_base *ret_base, const struct guard_unlock_set *set);

struct guard_unlock_approval {
	struct guard_unlock_number number;
	struct guard_unlock_answer answer;
};
struct guard_unlock_delivery {
	size_t set_size; /* 0: none */
	uint8_t set[GUARD_UNLOCK_SET_SIZE_MAX];
	unsigned count; /* of approvals, oldest first */
	struct guard_unlock_approval approvals[GUARD_UNLOCK_DELIVERY_ANSWERS_MAX];
};
/* The caller frees `*ret_bytes`.  Each call seals anew.  Errors: GUARD_E_NOMEM,
 * GUARD_E_LIMIT. */
int guard_unlock_delivery_seal(void **ret_bytes, size_t *ret_size, const struct guard_unlock_base *base,
			       const struct guard_unlock_delivery *delivery) GUARD_WARN_UNUSED;
/* Errors: GUARD_E_FORMAT, GUARD_E_VERSION, GUARD_E_NOT_FOUND (for a machine that was
 * given another set; `ret_epoch`, which may be NULL, says of which epoch),
 * GUARD_E_SIGNATURE (changed, or for another machine). */
int guard_unlock_delivery_open(struct guard_unlock_delivery *ret_delivery, uint32_t *ret_epoch,
			       const struct guard_unlock_base *base, const void *bytes, size_t size) GUARD_WARN_UNUSED;
/* Add one, in the place of the oldest when it is full. */
void guard_unlock_delivery_add(struct guard_unlock_delivery *delivery, const struct guard_unlock_approval *approval);
#endif
