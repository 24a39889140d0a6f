/* SPDX-License-Identifier: MIT
 *
 * unlock/number.c - make a request number, on the machine; and its nonce.
 */
#include "unlock/unlock.h"

#include <errno.h>
#include <sys/random.h>

/* The last two share what one had: two digits have no more. */
static const uint8_t first_slots[GUARD_UNLOCK_SCOPES + 1] = { 0, 25, 50, 75, 90, 100 };

unsigned guard_unlock_first_slot(uint8_t scope)
{
	return first_slots[scope - 1];
}

unsigned guard_unlock_slots(uint8_t scope)
{
	return first_slots[scope] - first_slots[scope - 1];
}

int guard_unlock_number_make(struct guard_unlock_number *ret_number, const uint8_t mask[UNLOCK_SECRET_SIZE],
			     const struct unlock_asked *asked)
{
	struct guard_unlock_number number = { 0 };
	uint64_t value;
	int r;

	guard_unlock_digits_put(&number.digits[UNLOCK_AT_SLOT], 2,
				guard_unlock_first_slot(asked->scope) + asked->slot);
	guard_unlock_digits_put(&number.digits[UNLOCK_AT_EPOCH], 2, asked->epoch % 100);
	guard_unlock_digits_put(&number.digits[UNLOCK_AT_NONCE], 4, asked->nonce);
	r = guard_unlock_file_digits(&value, mask, &number, asked->user, asked->digest);
	if (r < 0)
		return r;
	guard_unlock_digits_put(&number.digits[UNLOCK_AT_FILE], 8, value);
	r = guard_unlock_tag(&value, mask, &number, asked->user);
	if (r < 0)
		return r;
	guard_unlock_digits_put(&number.digits[UNLOCK_AT_TAG], 4, value);
	*ret_number = number;
	return 0;
}

int guard_unlock_nonce(uint16_t *ret_nonce)
{
	const unsigned fair = UINT16_MAX + 1u - (UINT16_MAX + 1u) % GUARD_UNLOCK_NONCES;
	uint16_t value;

	do {
		ssize_t got = getrandom(&value, sizeof(value), 0);

		if (got < 0 && errno == EINTR)
			value = UINT16_MAX; /* once more */
		else if (got != (ssize_t)sizeof(value))
			return -GUARD_E_IO;
	} while (value >= fair);
	*ret_nonce = (uint16_t)(value % GUARD_UNLOCK_NONCES);
	return 0;
}
