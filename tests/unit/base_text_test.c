/* SPDX-License-Identifier: MIT
 *
 * unit/base_text_test.c - error table, numbers, times, escaping.
 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static void every_error_has_a_name_and_a_sentence(void)
{
	for (int code = 1; code < GUARD_E_MAX_; code++) {
		const char *text = guard_error_text(code);

		CU_ASSERT_EQUAL(strncmp(guard_error_name(code), "GUARD_E_", 8), 0);
		CU_ASSERT_STRING_NOT_EQUAL(guard_error_name(code), "GUARD_E_UNKNOWN");
		CU_ASSERT_TRUE(strlen(text) > 10 && text[strlen(text) - 1] == '.');
		CU_ASSERT_PTR_EQUAL(guard_error_name(code), guard_error_name(-code));
		for (int other = 1; other < code; other++)
			CU_ASSERT_STRING_NOT_EQUAL(guard_error_name(code), guard_error_name(other));
	}
	CU_ASSERT_STRING_EQUAL(guard_error_name(GUARD_E_FORMAT), "GUARD_E_FORMAT");
}

static void unknown_errors_are_said_to_be_unknown(void)
{
	const int codes[] = { GUARD_E_MAX_, -GUARD_E_MAX_, 1 << 30, INT32_MIN, INT32_MAX };

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		CU_ASSERT_STRING_EQUAL(guard_error_name(codes[i]), "GUARD_E_UNKNOWN");
}

static void numbers_are_strict(void)
{
	static const char *const bad[] = { "", "-1", "+1", " 1", "1 ", "0x1", "1.0", "a" };
	uint64_t value = 42;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_EQUAL(guard_text_parse_u64(&value, bad[i], strlen(bad[i]), UINT64_MAX), -GUARD_E_SYNTAX);
	CU_ASSERT_EQUAL(guard_text_parse_u64(&value, "256", 3, 255), -GUARD_E_LIMIT);
	CU_ASSERT_EQUAL(guard_text_parse_u64(&value, "9", 1, 5), -GUARD_E_LIMIT);
	CU_ASSERT_EQUAL(guard_text_parse_u64(&value, "18446744073709551616", 20, UINT64_MAX), -GUARD_E_LIMIT);
	CU_ASSERT_EQUAL(value, 42);
	CU_ASSERT_EQUAL(guard_text_parse_u64(&value, "255", 3, 255), 0);
	CU_ASSERT_EQUAL(value, 255);
	CU_ASSERT_EQUAL(guard_text_parse_u64(&value, "18446744073709551615", 20, UINT64_MAX), 0);
	CU_ASSERT_EQUAL(value, UINT64_MAX);
}

static void malformed_times_are_refused(void)
{
	static const char *const bad[] = {
		"", "2027", "2027-03-31", "2027-03-31T00:00:00", "2027-03-31 00:00:00Z", "2027-3-31T00:00:00Z",
		"2027-02-29T00:00:00Z", "2027-13-01T00:00:00Z", "2027-00-01T00:00:00Z", "2027-04-31T00:00:00Z",
		"2027-03-31T24:00:00Z", "2027-03-31T00:60:00Z", "2027-03-31T00:00:61Z", "2027-03-31T00:00:00ZZ",
		"2027-03-31T00:00:00+9", "2027-03-31T00:00:00+24:00", "2027-03-31T00:00:00+0900",
		"1969-12-31T23:59:59Z", "02027-03-31T00:00:00Z", "-027-03-31T00:00:00Z",
	};
	int64_t seconds = 5;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_EQUAL(guard_time_parse(&seconds, bad[i]), -GUARD_E_SYNTAX);
	CU_ASSERT_EQUAL(seconds, 5);
}

static void times_round_trip(void)
{
	char text[GUARD_TIME_TEXT_SIZE];
	int64_t seconds = 0;

	CU_ASSERT_EQUAL(guard_time_parse(&seconds, "2027-03-31T00:00:00Z"), 0);
	CU_ASSERT_EQUAL(seconds, 1806451200);
	guard_time_format(text, seconds);
	CU_ASSERT_STRING_EQUAL(text, "2027-03-31T00:00:00Z");
	CU_ASSERT_EQUAL(guard_time_parse(&seconds, "2027-03-31t09:00:00+09:00"), 0);
	CU_ASSERT_EQUAL(seconds, 1806451200);
	CU_ASSERT_EQUAL(guard_time_parse(&seconds, "2027-03-30T22:30:00-01:30"), 0);
	CU_ASSERT_EQUAL(seconds, 1806451200);
	CU_ASSERT_EQUAL(guard_time_parse(&seconds, "2028-02-29T12:34:56z"), 0);
	guard_time_format(text, INT64_MAX);
	CU_ASSERT_STRING_EQUAL(text, "never");
	guard_time_format(text, INT64_MIN);
	CU_ASSERT_STRING_EQUAL(text, "always");
	guard_time_format(text, INT64_MAX - 1); /* beyond any calendar */
	CU_ASSERT_TRUE(strlen(text) > 0);
}

static void hostile_bytes_are_escaped(void)
{
	static const struct {
		const char *from, *to;
	} cases[] = {
		{ "plain /path", "plain /path" },
		{ "a\nb\tc\x1b[2J", "a\\nb\\tc\\033[2J" },
		{ "back\\slash", "back\\\\slash" },
		{ "\x7f\x01", "\\177\\001" },
		{ "\xc3\xa9", "\xc3\xa9" },                               /* valid UTF-8 */
		{ "\xe6\x9d\xb1\xe4\xba\xac", "\xe6\x9d\xb1\xe4\xba\xac" },
		{ "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" },
		{ "\xc3", "\\303" },                                      /* cut */
		{ "\xc0\xaf", "\\300\\257" },                             /* overlong */
		{ "\xe0\x80\xaf", "\\340\\200\\257" },
		{ "\xed\xa0\x80", "\\355\\240\\200" },                    /* surrogate */
		{ "\xf4\x90\x80\x80", "\\364\\220\\200\\200" },           /* above U+10FFFF */
		{ "\xc2\x9b", "\\302\\233" },                             /* C1 control: CSI */
		{ "x\xe2\x80\xae" "gpj", "x\\342\\200\\256gpj" },          /* right-to-left override */
		{ "\xe2\x81\xa6", "\\342\\201\\246" },                    /* directional isolate */
		{ "\xff", "\\377" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[256], *stream_text = NULL;
		size_t size;
		FILE *out = open_memstream(&stream_text, &size);

		guard_text_escape(text, sizeof(text), cases[i].from, strlen(cases[i].from));
		CU_ASSERT_STRING_EQUAL(text, cases[i].to);
		guard_text_put_escaped(out, cases[i].from);
		fclose(out);
		CU_ASSERT_STRING_EQUAL(stream_text, cases[i].to);
		free(stream_text);
	}
}

static void escaped_text_fits_its_room(void)
{
	char bytes[300];

	memset(bytes, '\n', sizeof(bytes));
	for (size_t capacity = 0; capacity < 40; capacity++) {
		char *text = malloc(capacity + 1); /* so that a sanitizer sees one byte too many */

		text[capacity] = 'x';
		guard_text_escape(text, capacity, bytes, sizeof(bytes));
		CU_ASSERT_EQUAL(text[capacity], 'x');
		if (capacity > 0)
			CU_ASSERT_TRUE(strlen(text) < capacity);
		if (capacity > 8)
			CU_ASSERT_STRING_EQUAL(&text[strlen(text) - 3], "...");
		free(text);
	}
}

static void endings_and_hashes(void)
{
	CU_ASSERT_TRUE(guard_text_ends_with("a.py", ".py"));
	CU_ASSERT_FALSE(guard_text_ends_with("py", ".py"));
	CU_ASSERT_FALSE(guard_text_ends_with("a.pyc", ".py"));
	CU_ASSERT_EQUAL(guard_text_hash("", 0), UINT64_C(0xcbf29ce484222325));
	CU_ASSERT_EQUAL(guard_text_hash("a", 1), UINT64_C(0xaf63dc4c8601ec8c));
	CU_ASSERT_EQUAL(guard_text_hash("foobar", 6), UINT64_C(0x85944171f73967e8));
}

static CU_TestInfo tests[] = {
	{ "every error has a name and a sentence", every_error_has_a_name_and_a_sentence },
	{ "unknown errors are said to be unknown", unknown_errors_are_said_to_be_unknown },
	{ "numbers are strict", numbers_are_strict },
	{ "malformed times are refused", malformed_times_are_refused },
	{ "times round-trip", times_round_trip },
	{ "hostile bytes are escaped", hostile_bytes_are_escaped },
	{ "escaped text fits its room", escaped_text_fits_its_room },
	{ "endings and hashes", endings_and_hashes },
	CU_TEST_INFO_NULL,
};

UNIT_MAIN("base/text", tests)
