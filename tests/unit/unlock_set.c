/* SPDX-License-Identifier: MIT
 *
 * unit/unlock_set.c - verifier sets: damaged ones, ones that cannot be, what one
 * costs to make and to guess at.
 */
#include "unit.h"

#include <string.h>
#include <time.h>

#include "unlock_fixture.h"

static void *bytes;
static size_t size;
static double slot_seconds; /* processor time of one evaluation at the default cost */

static const struct guard_unlock_plan plan = GUARD_UNLOCK_PLAN_DEFAULT;

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int set_up(void)
{
	struct guard_unlock_key key;
	double begin = seconds();

	unlock_fixture_key(&key);
	if (guard_unlock_set_make(&bytes, &size, &key, FIXTURE_MACHINE, FIXTURE_EPOCH, &plan) < 0)
		return 1;
	slot_seconds = (seconds() - begin) / 14;
	return 0;
}

static int tear_down(void)
{
	free(bytes);
	return 0;
}

/* Open a copy of exactly `length` bytes. */
static int open_copy(const void *content, size_t length)
{
	struct guard_unlock_set *set = NULL;
	void *copy = malloc(length ? length : 1);
	int r;

	CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
	memcpy(copy, content, length);
	r = guard_unlock_set_open(&set, copy, length);
	guard_unlock_set_free(set);
	free(copy);
	return r;
}

/* Change a byte and make the checksum right again. */
static int open_with(size_t at, uint8_t value)
{
	struct guard_digest sum;
	uint8_t *copy = malloc(size);
	int r;

	CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
	memcpy(copy, bytes, size);
	copy[at] = value;
	CU_ASSERT_EQUAL(guard_digest_bytes(&sum, copy, size - sizeof(sum)), 0);
	memcpy(&copy[size - sizeof(sum)], &sum, sizeof(sum));
	r = open_copy(copy, size);
	free(copy);
	return r;
}

static void test_truncated(void)
{
	for (size_t length = 0; length < size; length++)
		CU_ASSERT(open_copy(bytes, length) < 0);
	CU_ASSERT_EQUAL(open_copy(bytes, size), 0);
}

static void test_flipped(void)
{
	for (size_t bit = 0; bit < size * 8; bit++) {
		((uint8_t *)bytes)[bit / 8] ^= (uint8_t)(1u << bit % 8);
		CU_ASSERT(open_copy(bytes, size) < 0);
		((uint8_t *)bytes)[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}

/* With a right checksum: offsets as in docs/phone-unlock.md. */
static void test_impossible(void)
{
	const size_t slots = 24 + 4 + sizeof(FIXTURE_MACHINE) + 32;

	CU_ASSERT_EQUAL(open_with(8, 2), -GUARD_E_VERSION);
	CU_ASSERT_EQUAL(open_with(20, 16), -GUARD_E_FORMAT); /* 2^16: 64 MiB and more */
	CU_ASSERT_EQUAL(open_with(20, 11), -GUARD_E_FORMAT);
	CU_ASSERT_EQUAL(open_with(21, 9), -GUARD_E_FORMAT);
	CU_ASSERT_EQUAL(open_with(22, 0), -GUARD_E_FORMAT);
	CU_ASSERT_EQUAL(open_with(23, 0), -GUARD_E_FORMAT);
	CU_ASSERT_EQUAL(open_with(23, 11), -GUARD_E_FORMAT);
	CU_ASSERT_EQUAL(open_with(23, 15), -GUARD_E_FORMAT);
	CU_ASSERT_EQUAL(open_with(23, 255), -GUARD_E_FORMAT);
	CU_ASSERT_EQUAL(open_with(28, 'P'), -GUARD_E_FORMAT);
	CU_ASSERT_EQUAL(open_with(slots, 6), -GUARD_E_FORMAT);      /* scope */
	CU_ASSERT_EQUAL(open_with(slots + 1, 25), -GUARD_E_FORMAT); /* slot */
	CU_ASSERT_EQUAL(open_with(slots + 1, 1), -GUARD_E_FORMAT);  /* twice */
	CU_ASSERT_EQUAL(open_with(slots + 2, 1), -GUARD_E_FORMAT);  /* not zero */
	CU_ASSERT_EQUAL(open_with(slots + 4, 77), 0);               /* a salt may be anything */
}

static void test_oversized(void)
{
	uint8_t *large = calloc(1, GUARD_UNLOCK_SET_SIZE_MAX + 1);

	CU_ASSERT_PTR_NOT_NULL_FATAL(large);
	CU_ASSERT_EQUAL(open_copy(large, GUARD_UNLOCK_SET_SIZE_MAX + 1), -GUARD_E_LIMIT);
	free(large);
}

static int make(const char *machine, uint32_t epoch, const struct guard_unlock_plan *with)
{
	struct guard_unlock_key key;
	void *out = NULL;
	size_t out_size = 0;
	int r;

	unlock_fixture_key(&key);
	key.scopes = 7;
	r = guard_unlock_set_make(&out, &out_size, &key, machine, epoch, with);
	free(out);
	return r;
}

static void test_plans(void)
{
	struct guard_unlock_plan bad = { { 1, 0, 0, 0 }, 12, 1, 1 };

	CU_ASSERT_EQUAL(make("pc", 1, &bad), 0);
	CU_ASSERT_EQUAL(make("PC", 1, &bad), -GUARD_E_USAGE);
	CU_ASSERT_EQUAL(make("pc", 0, &bad), -GUARD_E_USAGE);
	bad.slots[3] = 1;
	CU_ASSERT_EQUAL(make("pc", 1, &bad), -GUARD_E_NOT_FOUND); /* no key for that scope */
	bad.slots[3] = 0;
	bad.slots[0] = GUARD_UNLOCK_SLOTS_MAX + 1;
	CU_ASSERT_EQUAL(make("pc", 1, &bad), -GUARD_E_USAGE);
	bad.slots[0] = 0;
	CU_ASSERT_EQUAL(make("pc", 1, &bad), -GUARD_E_USAGE);
	bad = (struct guard_unlock_plan){ { 1, 0, 0, 0 }, 16, 8, 1 };
	CU_ASSERT_EQUAL(make("pc", 1, &bad), -GUARD_E_USAGE);
}

static void test_info(void)
{
	struct guard_unlock_set_info info;
	struct guard_unlock_set *set = NULL;

	CU_ASSERT_EQUAL_FATAL(guard_unlock_set_open(&set, bytes, size), 0);
	guard_unlock_set_info(&info, set);
	CU_ASSERT_STRING_EQUAL(info.machine, FIXTURE_MACHINE);
	CU_ASSERT_EQUAL(info.epoch, FIXTURE_EPOCH);
	CU_ASSERT_EQUAL(info.memory, 4u << 20);
	CU_ASSERT_EQUAL(memcmp(info.slots, plan.slots, sizeof(info.slots)), 0);
	guard_unlock_set_free(set);
}

static void test_same_again(void)
{
	struct guard_unlock_key key;
	void *again = NULL;
	size_t again_size = 0;

	unlock_fixture_key(&key);
	CU_ASSERT_EQUAL_FATAL(
		guard_unlock_set_make(&again, &again_size, &key, FIXTURE_MACHINE, FIXTURE_EPOCH, &plan), 0);
	CU_ASSERT_EQUAL(again_size, size);
	CU_ASSERT_EQUAL(memcmp(again, bytes, size), 0);
	free(again);
}

/* The figures of docs/phone-unlock.md on this machine.  A guess that were ten
 * times cheaper than stated would be a broken scrypt. */
static void test_cost(void)
{
	printf("\n    one evaluation %.1f ms; 10,000 machines on two cores %.1f min; a slot by guessing %.0f core years ",
	       slot_seconds * 1e3, slot_seconds * 12 * 10000 / 2 / 60,
	       (double)UNLOCK_ANSWER_LIMIT / 2 * slot_seconds / (365.25 * 86400));
	CU_ASSERT(slot_seconds > 0.0013);
}

static CU_TestInfo tests[] = {
	{ "truncated", test_truncated },
	{ "every bit flipped", test_flipped },
	{ "impossible, with a right checksum", test_impossible },
	{ "oversized", test_oversized },
	{ "plans that cannot be", test_plans },
	{ "what a set says", test_info },
	{ "the same again", test_same_again },
	{ "cost", test_cost },
	CU_TEST_INFO_NULL,
};
UNIT_MAIN_WITH("unlock: verifier sets", set_up, tear_down, tests)
