/* SPDX-License-Identifier: MIT
 *
 * unit/trust_canonical.c - canonical JSON and the hashes of metadata.
 */
#include "unit.h"

#include <string.h>

#include "trust/metadata.h"

static int canonical(char *ret_text, size_t capacity, const char *source)
{
	GUARD_AUTO_JSON json_t *json = json_loads(source, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
	struct guard_writer writer;
	int r;

	CU_ASSERT_PTR_NOT_NULL_FATAL(json);
	guard_writer_init_fixed(&writer, ret_text, capacity);
	r = guard_trust_canonical(&writer, json);
	guard_write_u8(&writer, 0);
	return r;
}

static void check(const char *source, const char *wanted)
{
	char text[512];

	CU_ASSERT_EQUAL_FATAL(canonical(text, sizeof(text), source), 0);
	CU_ASSERT_STRING_EQUAL(text, wanted);
}

static void test_refused(void)
{
	char text[8192], nested[4096];

	CU_ASSERT_EQUAL(canonical(text, sizeof(text), "1.0"), -GUARD_E_FORMAT);
	CU_ASSERT_EQUAL(canonical(text, sizeof(text), "{\"a\": [1e3]}"), -GUARD_E_FORMAT);
	memset(nested, '[', 200);
	memset(&nested[200], ']', 200);
	nested[400] = '\0';
	CU_ASSERT_EQUAL(canonical(text, sizeof(text), nested), -GUARD_E_FORMAT);
	CU_ASSERT_EQUAL(canonical(text, 3, "\"longer than that\""), -GUARD_E_NOMEM);
}

static void test_form(void)
{
	check(" { } ", "{}");
	check("[ ]", "[]");
	check("{\"b\": 1, \"a\" : [true, false, null, -7]}", "{\"a\":[true,false,null,-7],\"b\":1}");
	check("{\"aa\":1,\"a\":2,\"B\":3,\"\\u00e9\":4,\"z\":5}", "{\"B\":3,\"a\":2,\"aa\":1,\"z\":5,\"\xc3\xa9\":4}");
	check("9223372036854775807", "9223372036854775807");
	check("-9223372036854775808", "-9223372036854775808");
}

static void test_strings(void)
{
	check("\"a\\\"b\\\\c\\/\"", "\"a\\\"b\\\\c/\"");
	check("\"\\u0001\\n\\t\\u007f\"", "\"\x01\n\t\x7f\"");
	check("\"\\u5927\\ud83d\\ude00\"", "\"\xe5\xa4\xa7\xf0\x9f\x98\x80\"");
	check("{\"\\\"\":1}", "{\"\\\"\":1}");
}

static int parse_hashes(struct guard_trust_hashes *ret_hashes, const char *source)
{
	GUARD_AUTO_JSON json_t *json = json_loads(source, JSON_DECODE_ANY, NULL);

	return guard_trust_hashes_parse(ret_hashes, json);
}

#define EMPTY_256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void test_hashes_refused(void)
{
	struct guard_trust_hashes hashes;

	CU_ASSERT_EQUAL(parse_hashes(&hashes, "null"), -GUARD_E_FORMAT);
	CU_ASSERT_EQUAL(parse_hashes(&hashes, "{}"), -GUARD_E_FORMAT);
	CU_ASSERT_EQUAL(parse_hashes(&hashes, "{\"md5\":\"d41d8cd98f00b204e9800998ecf8427e\"}"), -GUARD_E_UNSUPPORTED);
	CU_ASSERT_EQUAL(parse_hashes(&hashes, "{\"sha256\":\"e3b0\"}"), -GUARD_E_FORMAT);
	CU_ASSERT_EQUAL(parse_hashes(&hashes, "{\"sha256\":7}"), -GUARD_E_FORMAT);
	CU_ASSERT_EQUAL(parse_hashes(&hashes, "{\"sha512\":\"" EMPTY_256 "\"}"), -GUARD_E_FORMAT);
	CU_ASSERT_EQUAL(parse_hashes(&hashes, "{\"sha256\":\"zz" EMPTY_256 "\"}"), -GUARD_E_FORMAT);
}

static void test_hashes(void)
{
	struct guard_trust_hashes hashes;

	CU_ASSERT_EQUAL_FATAL(parse_hashes(&hashes, "{\"md5\":\"x\",\"sha256\":\"" EMPTY_256 "\"}"), 0);
	CU_ASSERT_EQUAL(hashes.count, 1);
	CU_ASSERT_EQUAL(guard_trust_hashes_check(&hashes, "", 0), 0);
	CU_ASSERT_EQUAL(guard_trust_hashes_check(&hashes, "x", 1), -GUARD_E_CHECKSUM);
	/* One right and one wrong is wrong. */
	CU_ASSERT_EQUAL_FATAL(parse_hashes(&hashes, "{\"sha256\":\"" EMPTY_256 "\",\"sha512\":\"" EMPTY_256 EMPTY_256
						    "\"}"), 0);
	CU_ASSERT_EQUAL(hashes.count, 2);
	CU_ASSERT_EQUAL(guard_trust_hashes_check(&hashes, "", 0), -GUARD_E_CHECKSUM);
}

static CU_TestInfo tests[] = {
	{ "what has no canonical form", test_refused },
	{ "order, numbers, white space", test_form },
	{ "strings", test_strings },
	{ "hashes refused", test_hashes_refused },
	{ "hashes compared", test_hashes },
	CU_TEST_INFO_NULL,
};
UNIT_MAIN("trust canonical JSON", tests)
