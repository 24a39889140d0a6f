/* SPDX-License-Identifier: MIT
 *
 * unit/unlock_box.c - verifiers sealed for one machine's key: nobody else opens them,
 * no changed byte passes, and what is no key is refused.
 */
#include "unlock/box.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "unit.h"

#define ROUNDS 64u

static uint8_t seed[32], machine[32], box[GUARD_UNLOCK_BOX_MAX], got[GUARD_UNLOCK_SET_SIZE_MAX];
static const char set[] = "a set of verifiers";
static size_t size = sizeof(set) + GUARD_UNLOCK_BOX_OVERHEAD;

static int public_half(uint8_t ret_public[32], int type, const uint8_t private_half[32])
{
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(type, NULL, private_half, 32);
	size_t length = 32;
	int good = key && EVP_PKEY_get_raw_public_key(key, ret_public, &length) == 1;

	EVP_PKEY_free(key);
	return good ? 0 : -1;
}

static int make(void)
{
	if (RAND_bytes(seed, sizeof(seed)) != 1 || public_half(machine, EVP_PKEY_ED25519, seed) < 0)
		return 1;
	return guard_unlock_box_seal(box, machine, set, sizeof(set)) != 0;
}

static void another_machine(void)
{
	uint8_t other[32];
	size_t length;

	memcpy(other, seed, sizeof(other));
	other[0] ^= 1;
	CU_ASSERT_EQUAL(guard_unlock_box_open(got, &length, other, box, size), -GUARD_E_SIGNATURE);
}

static void changed(void)
{
	size_t length = 12345;

	for (size_t i = 0; i < size; i++) {
		box[i] ^= 1;
		CU_ASSERT_NOT_EQUAL(guard_unlock_box_open(got, &length, seed, box, size), 0);
		box[i] ^= 1;
		CU_ASSERT_NOT_EQUAL(guard_unlock_box_open(got, &length, seed, box, i), 0);
	}
	CU_ASSERT_EQUAL(guard_unlock_box_open(got, &length, seed, box, GUARD_UNLOCK_BOX_MAX + 1u), -GUARD_E_FORMAT);
	CU_ASSERT_EQUAL(length, 12345);
	box[8] = 2;
	CU_ASSERT_EQUAL(guard_unlock_box_open(got, &length, seed, box, size), -GUARD_E_VERSION);
	box[8] = 1;
}

/* A box whose sender's key is a point of low order: everybody would know its key. */
static void low_order(void)
{
	static uint8_t bent[sizeof(box)];
	size_t length;

	memcpy(bent, box, size);
	memset(&bent[12], 0, 32);
	CU_ASSERT_EQUAL(guard_unlock_box_open(got, &length, seed, bent, size), -GUARD_E_SIGNATURE);
	bent[12] = 1;
	CU_ASSERT_EQUAL(guard_unlock_box_open(got, &length, seed, bent, size), -GUARD_E_SIGNATURE);
}

static void no_key(void)
{
	uint8_t none[32], room[GUARD_UNLOCK_BOX_OVERHEAD + 1];

	memset(none, 0xff, sizeof(none)); /* not below p */
	CU_ASSERT_EQUAL(guard_unlock_box_seal(room, none, "x", 1), -GUARD_E_USAGE);
	memset(none, 0, sizeof(none));
	none[0] = 1; /* y = 1, the neutral element: u has no value */
	CU_ASSERT_EQUAL(guard_unlock_box_seal(room, none, "x", 1), -GUARD_E_USAGE);
	CU_ASSERT_EQUAL(guard_unlock_box_seal(room, machine, set, GUARD_UNLOCK_SET_SIZE_MAX + 1u), -GUARD_E_LIMIT);
}

/* The public halves of a converted pair belong together. */
static void both_halves(void)
{
	uint8_t other[32], y[32], u[32], curve[32], wanted[32];

	for (unsigned i = 0; i < ROUNDS; i++) {
		CU_ASSERT_EQUAL_FATAL(RAND_bytes(other, sizeof(other)), 1);
		CU_ASSERT_EQUAL_FATAL(public_half(y, EVP_PKEY_ED25519, other), 0);
		CU_ASSERT_EQUAL(guard_unlock_curve_public(u, y), 0);
		CU_ASSERT_EQUAL(guard_unlock_curve_private(curve, other), 0);
		CU_ASSERT_EQUAL_FATAL(public_half(wanted, EVP_PKEY_X25519, curve), 0);
		CU_ASSERT_EQUAL(memcmp(u, wanted, sizeof(u)), 0);
	}
}

static void what_was_sealed(void)
{
	uint8_t again[sizeof(set) + GUARD_UNLOCK_BOX_OVERHEAD];
	size_t length = 0;

	CU_ASSERT_EQUAL(guard_unlock_box_open(got, &length, seed, box, size), 0);
	CU_ASSERT(length == sizeof(set) && memcmp(got, set, sizeof(set)) == 0);
	CU_ASSERT_EQUAL(guard_unlock_box_seal(again, machine, set, sizeof(set)), 0);
	CU_ASSERT_NOT_EQUAL(memcmp(again, box, size), 0);
}

static CU_TestInfo tests[] = {
	{ "another machine opens nothing", another_machine },
	{ "no changed byte passes", changed },
	{ "points of low order", low_order },
	{ "what is no key", no_key },
	{ "both halves of a converted key", both_halves },
	{ "what was sealed comes out", what_was_sealed },
	CU_TEST_INFO_NULL,
};
UNIT_MAIN_WITH("unlock_box", make, NULL, tests)
