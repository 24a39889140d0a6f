/* SPDX-License-Identifier: MIT
 *
 * Tests of told_text.c: an English sentence is taken apart by its format and put
 * together by another, whatever stands in it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "told_text.h"
#include "unit.h"

static const char *word(const char *english)
{
	return strcmp(english, "a list") == 0 ? "LIST" : english;
}

static void says(const char *text, const char *format, const char *translated, const char *expected)
{
	char said[256] = "";
	size_t fixed = told_text_match(said, sizeof(said), text, format, translated, word);

	CU_ASSERT_EQUAL(fixed > 0, expected != NULL);
	if (expected)
		CU_ASSERT_STRING_EQUAL(said, expected);
}

static void test_not_of_that_format(void)
{
	says("", "in %s", "%s", NULL);
	says("in", "in %s", "%s", NULL);
	says("in a, b", "in %u, %s", "%u %s", NULL);
	says("in 7", "in %u items", "%u", NULL);
	says("100 %", "%u percent", "%u", NULL);
	says("deep", "%s%s%s%s%s%s%s%s%s", "%s", NULL); /* more places than are kept */
}

static void test_carried_over(void)
{
	says("in 7 items", "in %u items", "%u ko", "7 ko");
	says("in 12345678901 items", "in %llu items", "%llu ko", "12345678901 ko");
	says("byte 0x0f here", "byte 0x%02x here", "0x%02x da", "0x0f da");
	says("100 % of x", "%u %% of %s", "%2$s no %1$u %%", "x no 100 %");
	says("`x` must be a list", "`%s` must be %.80s", "%s wa %s", "x wa LIST");
	says("\"%n\" at %s", "\"%s\" at %s", "%2$s: %1$s", "%s: %n"); /* what is carried over is no format */
	says("a: b: c", "%s: %s", "%2$s|%1$s", "b: c|a");
}

static void test_cut(void)
{
	char said[8] = "";

	CU_ASSERT(told_text_match(said, sizeof(said), "is abcdefghijk", "is %s", "%s", NULL) > 0);
	CU_ASSERT(strlen(said) < sizeof(said));
}

/* A name made to be tried in very many ways ends all the same. */
static void test_patience(void)
{
	static char text[TOLD_TEXT_SIZE], said[TOLD_TEXT_SIZE];

	memset(text, ' ', sizeof(text) - 1);
	CU_ASSERT_EQUAL(told_text_match(said, sizeof(said), text, "%s %s %s %s %s %s %s.", "%s", NULL), 0);
}

static void test_english_stays(void)
{
	CU_ASSERT_STRING_EQUAL(guardctl_told("No rule of the policy lists it."), "No rule of the policy lists it.");
	CU_ASSERT_STRING_EQUAL(guardctl_told(""), "");
}

static CU_TestInfo tests[] = {
    {"not of that format", test_not_of_that_format},
    {"what is carried over", test_carried_over},
    {"cut to fit", test_cut},
    {"patience", test_patience},
    {"English stays", test_english_stays},
    CU_TEST_INFO_NULL,
};

UNIT_MAIN("guardctl told", tests)
