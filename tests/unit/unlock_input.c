/* SPDX-License-Identifier: MIT
 *
 * unit/unlock_input.c - numbers as people type them, and what is said when they
 * are wrong.
 */
#include "unit.h"

#include <string.h>

#include "unlock/unlock.h"

static struct guard_unlock_flaw flaw_of(const char *text)
{
	struct guard_unlock_flaw flaw = { .kind = GUARD_UNLOCK_FLAW_NONE };
	struct guard_unlock_answer answer = { .value = 7 };

	if (guard_unlock_answer_parse(&answer, &flaw, text, strlen(text)) < 0)
		CU_ASSERT_EQUAL(answer.value, 7);
	return flaw;
}

static void check_flaw(const char *text, uint8_t kind, uint8_t group)
{
	struct guard_unlock_flaw flaw = flaw_of(text);
	char sentence[160], number[16];

	CU_ASSERT_EQUAL(flaw.kind, kind);
	CU_ASSERT_EQUAL(flaw.group, group);
	guard_unlock_flaw_text(sentence, sizeof(sentence), &flaw);
	snprintf(number, sizeof(number), "roup %u", group);
	CU_ASSERT(group == 0 || kind == GUARD_UNLOCK_FLAW_SWAPPED || strstr(sentence, number) != NULL);
}

/* 1234 5678 9012 3456 */
static char good[GUARD_UNLOCK_TEXT_SIZE];
static const struct guard_unlock_answer good_answer = { .value = UINT64_C(1234567890123456) };

static int set_up(void)
{
	guard_unlock_answer_format(good, &good_answer);
	return strlen(good) == 27 ? 0 : 1;
}

static void check_good(const char *text, size_t length)
{
	struct guard_unlock_answer answer = { .value = 0 };

	CU_ASSERT_EQUAL(guard_unlock_answer_parse(&answer, NULL, text, length), 0);
	CU_ASSERT_EQUAL(answer.value, good_answer.value);
}

static void test_wrong(void)
{
	char text[64];

	check_flaw("", GUARD_UNLOCK_FLAW_MISSING, 1);
	check_flaw("hello", GUARD_UNLOCK_FLAW_CHARACTER, 1);
	snprintf(text, sizeof(text), "%.13s x%s", good, &good[14]);
	check_flaw(text, GUARD_UNLOCK_FLAW_CHARACTER, 3);
	snprintf(text, sizeof(text), "%.20s", good); /* the last group is missing */
	check_flaw(text, GUARD_UNLOCK_FLAW_MISSING, 4);
	snprintf(text, sizeof(text), "%.8s%s", good, &good[9]); /* a digit of group 2 */
	check_flaw(text, GUARD_UNLOCK_FLAW_MISSING, 2);
	snprintf(text, sizeof(text), "%.9s%c%s", good, good[8], &good[9]); /* doubled */
	check_flaw(text, GUARD_UNLOCK_FLAW_EXTRA, 2);
	snprintf(text, sizeof(text), "%s 7", good);
	check_flaw(text, GUARD_UNLOCK_FLAW_EXTRA, 4);
	snprintf(text, sizeof(text), "%.7s%.6s %.6s %.6s", good, &good[14], &good[7], &good[21]);
	check_flaw(text, GUARD_UNLOCK_FLAW_SWAPPED, 2);
	CU_ASSERT_EQUAL(flaw_of(text).other, 3);
	check_flaw("\xff", GUARD_UNLOCK_FLAW_CHARACTER, 1);
	check_flaw("\xe3\x80", GUARD_UNLOCK_FLAW_CHARACTER, 1);
	check_flaw("\xc0\xb1", GUARD_UNLOCK_FLAW_CHARACTER, 1);     /* overlong 1 */
	check_flaw("\xe0\x80\xb1", GUARD_UNLOCK_FLAW_CHARACTER, 1); /* overlong 1 */
}

static void test_limits(void)
{
	char text[GUARD_UNLOCK_INPUT_MAX + 1];
	struct guard_unlock_answer answer;
	struct guard_unlock_flaw flaw = { 0 };

	memset(text, '1', sizeof(text));
	CU_ASSERT_EQUAL(guard_unlock_answer_parse(&answer, &flaw, text, sizeof(text)), -GUARD_E_LIMIT);
	CU_ASSERT_EQUAL(guard_unlock_answer_parse(&answer, &flaw, text, sizeof(text) - 1), -GUARD_E_SYNTAX);
	CU_ASSERT_EQUAL(flaw.kind, GUARD_UNLOCK_FLAW_EXTRA);
	memset(text, 0, 24);
	CU_ASSERT_EQUAL(guard_unlock_answer_parse(&answer, &flaw, text, 24), -GUARD_E_SYNTAX);
	CU_ASSERT_EQUAL(flaw.kind, GUARD_UNLOCK_FLAW_CHARACTER);
}

static void test_the_other_number(void)
{
	struct guard_unlock_number number = { .digits = { 1, 2, 3 } }, back;
	struct guard_unlock_flaw flaw = { 0 };
	char text[GUARD_UNLOCK_TEXT_SIZE];

	guard_unlock_number_format(text, &number);
	CU_ASSERT_EQUAL(strlen(text) + 1, GUARD_UNLOCK_TEXT_SIZE);
	check_flaw(text, GUARD_UNLOCK_FLAW_OTHER, 0);
	CU_ASSERT_EQUAL(guard_unlock_number_parse(&back, NULL, text, strlen(text)), 0);
	CU_ASSERT_EQUAL(memcmp(&back, &number, sizeof(back)), 0);
	CU_ASSERT_EQUAL(guard_unlock_number_parse(&back, &flaw, good, strlen(good)), -GUARD_E_SYNTAX);
	CU_ASSERT_EQUAL(flaw.kind, GUARD_UNLOCK_FLAW_OTHER);
}

/* Each digit of `good` as `full` says, with `between` behind every third. */
static size_t spell(char *ret_text, bool full, const char *between)
{
	size_t size = 0, count = 0;

	for (const char *at = good; *at; at++) {
		if (*at == ' ')
			continue;
		if (full) {
			memcpy(&ret_text[size], "\xef\xbc", 2);
			ret_text[size + 2] = (char)(0x90 + (*at - '0'));
			size += 3;
		} else {
			ret_text[size++] = *at;
		}
		if (++count % 3 == 0) {
			memcpy(&ret_text[size], between, strlen(between));
			size += strlen(between);
		}
	}
	return size;
}

static void test_spellings(void)
{
	static const char *const between[] = { "", " ", "-", ".", "\n", "\t", " - ", ",", "\u3000", "\u2010", "\u2013",
					       "\u2212", "\uff0d", "\uff0e", "\u30fc", "\u30fb", "\uff70", "\u00a0",
					       "\u200b", "\ufeff", "\u3001", "\u3002" };
	char text[GUARD_UNLOCK_INPUT_MAX];

	check_good(good, strlen(good));
	for (size_t i = 0; i < sizeof(between) / sizeof(between[0]); i++) {
		check_good(text, spell(text, false, between[i]));
		check_good(text, spell(text, true, between[i]));
	}
}

static void test_machine_names(void)
{
	static const char *const bad[] = { "", "a b", "a/b", "\xe6\x9c\xba", "a\n",
					   "0123456789012345678901234567890123456789012345678901234567890123" };
	char name[GUARD_UNLOCK_MACHINE_MAX + 1] = "kept";

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_EQUAL(guard_unlock_machine_normalise(name, bad[i]), -GUARD_E_SYNTAX);
	CU_ASSERT_STRING_EQUAL(name, "kept");
	CU_ASSERT_EQUAL(guard_unlock_machine_normalise(name, "PC-0042.Osaka"), 0);
	CU_ASSERT_STRING_EQUAL(name, "pc-0042.osaka");
}

static void test_scope_names(void)
{
	enum guard_unlock_scope scope;

	CU_ASSERT_EQUAL(guard_unlock_scope_parse(&scope, "everything"), -GUARD_E_NOT_FOUND);
	for (int i = GUARD_UNLOCK_SHORT; i < GUARD_UNLOCK_SCOPE_MAX_; i++) {
		CU_ASSERT_EQUAL(guard_unlock_scope_parse(&scope, guard_unlock_scope_name((enum guard_unlock_scope)i)), 0);
		CU_ASSERT_EQUAL((int)scope, i);
	}
}

static CU_TestInfo tests[] = {
	{ "wrong, and the group named", test_wrong },
	{ "limits", test_limits },
	{ "the other number", test_the_other_number },
	{ "spaces, dashes, full width", test_spellings },
	{ "names of machines", test_machine_names },
	{ "names of scopes", test_scope_names },
	CU_TEST_INFO_NULL,
};
UNIT_MAIN_WITH("unlock: input", set_up, NULL, tests)
