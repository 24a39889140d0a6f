/* SPDX-License-Identifier: MIT
 *
 * unit/unlock_groups.c - the check digits: every error of the kinds that people
 * make, on every group at every place; then 100,000 random ones on whole codes.
 */
#include "unit.h"

#include <string.h>

#include "unlock/unlock.h"

static const unsigned places[] = { 11, 12, 13, 14, 15, 51, 52, 53, 54 };
#define PLACES (sizeof(places) / sizeof(places[0]))

static unsigned long tried, passed;

static void fill(uint8_t digits[6], unsigned place, unsigned data)
{
	guard_unlock_digits_put(digits, 4, data);
	guard_unlock_digits_put(&digits[4], 2, guard_unlock_check(place, data));
}

static void must_not_fit(unsigned place, const uint8_t digits[6], const uint8_t right[6])
{
	if (memcmp(digits, right, 6) == 0)
		return;
	tried++;
	passed += guard_unlock_group_fits(place, digits);
}

typedef void (*change)(unsigned place, const uint8_t right[6]);

static void each_group(change all_changes)
{
	uint8_t right[6];

	tried = passed = 0;
	for (unsigned i = 0; i < PLACES; i++)
		for (unsigned data = 0; data < 10000; data++) {
			fill(right, places[i], data);
			all_changes(places[i], right);
		}
	CU_ASSERT_EQUAL(passed, 0);
	CU_ASSERT(tried > 9000);
}

static void single(unsigned place, const uint8_t right[6])
{
	uint8_t digits[6];

	for (unsigned at = 0; at < 6; at++)
		for (uint8_t digit = 0; digit < 10; digit++) {
			memcpy(digits, right, 6);
			digits[at] = digit;
			must_not_fit(place, digits, right);
		}
}

static void exchange(unsigned place, const uint8_t right[6], unsigned distance)
{
	uint8_t digits[6];

	for (unsigned at = 0; at + distance < 6; at++) {
		memcpy(digits, right, 6);
		digits[at] = right[at + distance];
		digits[at + distance] = right[at];
		must_not_fit(place, digits, right);
	}
}

static void adjacent(unsigned place, const uint8_t right[6])
{
	exchange(place, right, 1);
}

static void jump(unsigned place, const uint8_t right[6])
{
	exchange(place, right, 2);
}

static void twins(unsigned place, const uint8_t right[6], unsigned distance)
{
	uint8_t digits[6];

	for (unsigned at = 0; at + distance < 6; at++)
		for (uint8_t digit = 0; digit < 10 && right[at] == right[at + distance]; digit++) {
			memcpy(digits, right, 6);
			digits[at] = digits[at + distance] = digit;
			must_not_fit(place, digits, right);
		}
}

static void twin(unsigned place, const uint8_t right[6])
{
	twins(place, right, 1);
}

static void jump_twin(unsigned place, const uint8_t right[6])
{
	twins(place, right, 2);
}

/* fifteen, fifty */
static void phonetic(unsigned place, const uint8_t right[6])
{
	uint8_t digits[6];

	for (unsigned at = 0; at + 1 < 6; at++) {
		memcpy(digits, right, 6);
		if (right[at] == 1 && right[at + 1] > 1) {
			digits[at] = right[at + 1];
			digits[at + 1] = 0;
		} else if (right[at] > 1 && right[at + 1] == 0) {
			digits[at] = 1;
			digits[at + 1] = right[at];
		}
		must_not_fit(place, digits, right);
	}
}

static void other_place(unsigned place, const uint8_t right[6])
{
	for (unsigned i = 0; i < PLACES; i++)
		if (places[i] != place) {
			tried++;
			passed += guard_unlock_group_fits(places[i], right);
		}
}

static void test_single(void)
{
	each_group(single);
}

static void test_adjacent(void)
{
	each_group(adjacent);
}

static void test_jump(void)
{
	each_group(jump);
}

static void test_twin(void)
{
	each_group(twin);
}

static void test_jump_twin(void)
{
	each_group(jump_twin);
}

static void test_phonetic(void)
{
	each_group(phonetic);
}

static void test_other_place(void)
{
	each_group(other_place);
}

/* 00, 01 and 99 are congruent to 97, 98 and 2, and are not taken. */
static void test_check_range(void)
{
	uint8_t digits[6];
	unsigned fitting;

	for (unsigned data = 0; data < 10000; data++) {
		fitting = 0;
		guard_unlock_digits_put(digits, 4, data);
		for (unsigned check = 0; check < 100; check++) {
			guard_unlock_digits_put(&digits[4], 2, check);
			fitting += guard_unlock_group_fits(51, digits);
		}
		CU_ASSERT_EQUAL(fitting, 1);
	}
}

/* ---- whole codes, as typed ------------------------------------------------------------ */

static uint32_t seed = 1;

static uint32_t roll(uint32_t below)
{
	seed = seed * 1664525u + 1013904223u;
	return (uint32_t)(((uint64_t)seed * below) >> 32);
}

/* One error in digits[0..5]; the kinds in turn. */
static void damage(char *group, unsigned kind)
{
	unsigned at = roll(kind == 2 ? 4 : 5), distance = kind == 2 ? 2 : 1;
	char kept = group[at];

	if (kind == 0) {
		group[at] = (char)('0' + (group[at] - '0' + 1 + (int)roll(9)) % 10);
	} else if (kind < 3) {
		group[at] = group[at + distance];
		group[at + distance] = kept;
	} else if (group[at] == group[at + 1]) {
		group[at] = group[at + 1] = (char)('0' + (kept - '0' + 1 + (int)roll(9)) % 10);
	}
}

static void make_answer(char ret_text[GUARD_UNLOCK_TEXT_SIZE])
{
	struct guard_unlock_answer answer;

	answer.value = ((uint64_t)roll(100000000) * 100000000 + roll(100000000)) % UNLOCK_ANSWER_LIMIT;
	guard_unlock_answer_format(ret_text, &answer);
}

static int parse_answer(struct guard_unlock_flaw *ret_flaw, const char *text)
{
	struct guard_unlock_answer back = { .value = 7 };
	int r = guard_unlock_answer_parse(&back, ret_flaw, text, strlen(text));

	CU_ASSERT(r == 0 || back.value == 7); /* untouched */
	return r;
}

static void make_request(char ret_text[GUARD_UNLOCK_TEXT_SIZE])
{
	struct guard_unlock_number number;

	for (unsigned i = 0; i < sizeof(number.digits); i++)
		number.digits[i] = (uint8_t)roll(10);
	guard_unlock_number_format(ret_text, &number);
}

static int parse_request(struct guard_unlock_flaw *ret_flaw, const char *text)
{
	struct guard_unlock_number back;

	return guard_unlock_number_parse(&back, ret_flaw, text, strlen(text));
}

/* 100,000 texts with one error each, the kinds in turn: none is taken, and the
 * group is named. */
static void alter(void (*make)(char *), int (*parse)(struct guard_unlock_flaw *, const char *), unsigned groups)
{
	unsigned long errors[4] = { 0 };

	for (unsigned long done = 0; done < 100000;) {
		struct guard_unlock_flaw flaw = { 0 };
		char right[GUARD_UNLOCK_TEXT_SIZE], text[GUARD_UNLOCK_TEXT_SIZE];
		unsigned group = roll(groups), kind = (unsigned)(done % 4);

		make(right);
		memcpy(text, right, sizeof(text));
		damage(&text[group * 7], kind);
		if (strcmp(text, right) == 0)
			continue;
		done++;
		errors[kind]++;
		if (parse(&flaw, text) != -GUARD_E_SYNTAX || flaw.kind != GUARD_UNLOCK_FLAW_CHECK ||
		    flaw.group != group + 1 || flaw.wrong != 1u << group)
			CU_FAIL_FATAL("an altered number was taken, or the wrong group named");
	}
	for (unsigned kind = 0; kind < 4; kind++)
		CU_ASSERT_EQUAL(errors[kind], 25000);
}

static void test_random_codes(void)
{
	alter(make_answer, parse_answer, GUARD_UNLOCK_ANSWER_GROUPS);
}

static void test_random_requests(void)
{
	alter(make_request, parse_request, GUARD_UNLOCK_REQUEST_GROUPS);
}

static CU_TestInfo tests[] = {
	{ "one digit", test_single },
	{ "neighbours", test_adjacent },
	{ "jumps", test_jump },
	{ "twins", test_twin },
	{ "jump twins", test_jump_twin },
	{ "fifteen and fifty", test_phonetic },
	{ "a group in another's place", test_other_place },
	{ "one check pair for each group", test_check_range },
	{ "100,000 random errors in answer codes", test_random_codes },
	{ "100,000 random errors in request numbers", test_random_requests },
	CU_TEST_INFO_NULL,
};
UNIT_MAIN("unlock: check digits", tests)
