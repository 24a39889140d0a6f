/* SPDX-License-Identifier: MIT
 *
 * unit/unlock_guess.c - somebody has a machine's verifier set and guesses.  What a
 * guess costs is what docs/phone-unlock.md says, none comes cheaper, and none helps
 * with another slot, machine or epoch.  (How long that takes: tests/bench/unlock.py.)
 */
#include "unit.h"

#include <ctype.h>
#include <string.h>

#include "unlock_fixture.h"

#define DOCUMENT TEST_SOURCE_DIR "/docs/phone-unlock.md"
#define NEAR 6u /* guesses on each side of the right code */

static const struct guard_unlock_plan plan = GUARD_UNLOCK_PLAN_DEFAULT;
static struct guard_unlock_key key;
static struct guard_unlock_set *set;
static uint8_t *bytes;
static size_t size;

static int set_up(void)
{
	void *made = NULL;

	unlock_fixture_key(&key);
	if (guard_unlock_set_make(&made, &size, &key, FIXTURE_MACHINE, FIXTURE_EPOCH, &plan) < 0)
		return 1;
	bytes = made;
	return guard_unlock_set_open(&set, bytes, size) < 0;
}

static int tear_down(void)
{
	guard_unlock_set_free(set);
	free(bytes);
	return 0;
}

/* The page with its line breaks taken for spaces. */
static char *read_document(void)
{
	FILE *file = fopen(DOCUMENT, "re");
	char *text = calloc(1, 1 << 17);
	size_t used = 0;
	int byte;

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	while ((byte = fgetc(file)) != EOF && used < (1 << 17) - 1)
		if (!isspace(byte))
			text[used++] = (char)byte;
		else if (used && text[used - 1] != ' ')
			text[used++] = ' ';
	fclose(file);
	return text;
}

static void test_as_documented(void)
{
	const uint8_t *slots = plan.slots;
	char *text = read_document(), wanted[200];

	snprintf(wanted, sizeof(wanted), "has %d slots (%d, %d, %d, %d, %d) at N = 2^%d:",
		 slots[0] + slots[1] + slots[2] + slots[3] + slots[4], slots[0], slots[1], slots[2], slots[3], slots[4],
		 plan.log2_n);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, wanted));
	snprintf(wanted, sizeof(wanted), "At N = 2^%d, r = %d (%u MiB)", plan.log2_n, plan.r,
		 128u * plan.r * (1u << plan.log2_n) >> 20);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, wanted));
	free(text);
	/* And in the bytes that a machine gets (the page's table). */
	CU_ASSERT_EQUAL(bytes[20], plan.log2_n);
	CU_ASSERT_EQUAL(bytes[21], plan.r);
	CU_ASSERT_EQUAL(bytes[22], plan.p);
}

static uint64_t right_code(const struct unlock_slot *slot)
{
	const struct unlock_place place = {FIXTURE_MACHINE, FIXTURE_EPOCH, slot->scope, slot->slot};
	uint64_t code = 0;

	CU_ASSERT_EQUAL_FATAL(guard_unlock_code(&code, &key, &place), 0);
	return code;
}

/* With all that the set holds, only the right code fits. */
static void test_guesses(void)
{
	const struct unlock_slot *slot = &set->slots[0];
	const uint64_t right = right_code(slot);
	uint8_t verifier[UNLOCK_SECRET_SIZE];
	unsigned fitting = 0;

	for (uint64_t i = 0; i <= 2 * NEAR; i++) {
		uint64_t guess = (right + UNLOCK_ANSWER_LIMIT - NEAR + i) % UNLOCK_ANSWER_LIMIT;

		CU_ASSERT_EQUAL(guard_unlock_stretch(verifier, guess, slot->salt, &set->cost), 0);
		fitting += memcmp(verifier, slot->verifier, sizeof(verifier)) == 0;
		CU_ASSERT_EQUAL(memcmp(verifier, slot->verifier, sizeof(verifier)) == 0, guess == right);
	}
	CU_ASSERT_EQUAL(fitting, 1);
}

/* Less work gives another verifier: half the memory, half the width. */
static void test_no_cheaper_guess(void)
{
	const struct unlock_slot *slot = &set->slots[0];
	const struct unlock_cost cheaper[] = {{(uint8_t)(plan.log2_n - 1), plan.r, plan.p}, {plan.log2_n, plan.r / 2, plan.p}};
	uint8_t verifier[UNLOCK_SECRET_SIZE];
	char digits[UNLOCK_ANSWER_DIGITS + 1];

	snprintf(digits, sizeof(digits), "%016llu", (unsigned long long)right_code(slot));
	for (size_t i = 0; i < sizeof(cheaper) / sizeof(cheaper[0]); i++) {
		CU_ASSERT_EQUAL(guard_unlock_scrypt(verifier, digits, UNLOCK_ANSWER_DIGITS, slot->salt, &cheaper[i]), 0);
		CU_ASSERT_NOT_EQUAL(memcmp(verifier, slot->verifier, sizeof(verifier)), 0);
	}
	CU_ASSERT_EQUAL(guard_unlock_scrypt(verifier, digits, UNLOCK_ANSWER_DIGITS, slot->salt, &set->cost), 0);
	CU_ASSERT_EQUAL(memcmp(verifier, slot->verifier, sizeof(verifier)), 0);
}

static bool shares_a_salt(const struct guard_unlock_set *other, bool same)
{
	for (unsigned i = 0; i < set->count; i++)
		for (unsigned j = same ? i + 1 : 0; j < other->count; j++)
			if (memcmp(set->slots[i].salt, other->slots[j].salt, UNLOCK_SALT_SIZE) == 0 ||
			    memcmp(set->slots[i].verifier, other->slots[j].verifier, UNLOCK_SECRET_SIZE) == 0)
				return true;
	return false;
}

/* One guess is a guess at one slot: nothing is computed once for several. */
static void test_nothing_is_shared(void)
{
	struct guard_unlock_set *machine = unlock_fixture_set("pc-0043.osaka", FIXTURE_EPOCH, 2);
	struct guard_unlock_set *epoch = unlock_fixture_set(FIXTURE_MACHINE, FIXTURE_EPOCH + 1, 2);

	CU_ASSERT_FALSE(shares_a_salt(set, true));
	CU_ASSERT_FALSE(shares_a_salt(machine, false));
	CU_ASSERT_FALSE(shares_a_salt(epoch, false));
	guard_unlock_set_free(machine);
	guard_unlock_set_free(epoch);
}

static CU_TestInfo tests[] = {
	{ "the cost is the documented one", test_as_documented },
	{ "only the right code fits", test_guesses },
	{ "no guess is cheaper", test_no_cheaper_guess },
	{ "nothing is shared between slots", test_nothing_is_shared },
	CU_TEST_INFO_NULL,
};
UNIT_MAIN_WITH("unlock: guesses", set_up, tear_down, tests)
