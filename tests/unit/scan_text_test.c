/* SPDX-License-Identifier: MIT
 *
 * unit/scan_text_test.c - file names as text: nothing breaks out of a string,
 * everything comes back as it was.
 */
#include <libconfig.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "scan.h"
#include "unit.h"

static char *escaped(const char *bytes)
{
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);

	scan_put_string(stream, bytes);
	fclose(stream);
	return text;
}

static void test_table(void)
{
	static const struct {
		const char *bytes, *text;
	} cases[] = {
		{ "", "" },
		{ "/usr/bin/ls", "/usr/bin/ls" },
		{ "a\nb", "a\\x0ab" },
		{ "a\tb\rc\x7f", "a\\x09b\\x0dc\\x7f" },
		{ "\033[2J", "\\x1b[2J" },
		{ "say \"hi\"", "say \\\"hi\\\"" },
		{ "back\\slash", "back\\\\slash" },
		{ "\\x41", "\\\\x41" },
		{ "\xc3\xa9t\xc3\xa9", "\xc3\xa9t\xc3\xa9" },                /* valid UTF-8 stays */
		{ "\xff\xfe", "\\xff\\xfe" },                                /* no UTF-8 at all */
		{ "\xc3", "\\xc3" },                                         /* cut short */
		{ "\xe2\x82z", "\\xe2\\x82z" },                              /* cut short before a letter */
		{ "\xc0\xaf", "\\xc0\\xaf" },                                /* overlong slash */
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80" },                       /* a surrogate */
		{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" },              /* above U+10FFFF */
		{ "\xe2\x80\xae" "gpj.exe", "\\xe2\\x80\\xaegpj.exe" },      /* right-to-left override */
		{ "\xc2\x9b" "31m", "\\xc2\\x9b" "31m" },                    /* C1 control */
		{ "\xf0\x9f\x94\x92", "\xf0\x9f\x94\x92" },                  /* four bytes */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		GUARD_AUTO_FREE char *text = escaped(cases[i].bytes);
		CU_ASSERT_STRING_EQUAL(text, cases[i].text);
	}
}

static void check_round_trip(const char *bytes)
{
	GUARD_AUTO_FREE char *text = escaped(bytes);
	GUARD_AUTO_FREE char *source = NULL;
	const char *value = NULL;
	config_t config;

	CU_ASSERT_FATAL(asprintf(&source, "s = \"%s\";", text) > 0);
	config_init(&config);
	CU_ASSERT(config_read_string(&config, source) && config_lookup_string(&config, "s", &value));
	CU_ASSERT(value && strcmp(value, bytes) == 0);
	config_destroy(&config);
}

static void test_round_trip(void)
{
	char bytes[64];

	for (int byte = 1; byte < 256; byte++) {
		snprintf(bytes, sizeof(bytes), "a%cb%c", byte, byte);
		check_round_trip(bytes);
	}
	srand(1);
	for (int round = 0; round < 20000; round++) {
		size_t length = (size_t)rand() % (sizeof(bytes) - 1);
		for (size_t i = 0; i < length; i++)
			bytes[i] = (char)(1 + rand() % 255);
		bytes[length] = '\0';
		check_round_trip(bytes);
	}
}

static void test_group_directory(void)
{
	static const char *const cases[][2] = {
		{ "/vmlinuz", "/" },
		{ "/etc/profile", "/etc" },
		{ "/opt/acme/run", "/opt/acme" },
		{ "/opt/acme/lib/deep/x.so", "/opt/acme" },
		{ "/a/b", "/a" },
	};
	char directory[64];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scan_group_directory(directory, sizeof(directory), cases[i][0]);
		CU_ASSERT_STRING_EQUAL(directory, cases[i][1]);
	}
	/* Too long for the room given: cut, never overrun. */
	scan_group_directory(directory, 5, "/opt/acme/run");
	CU_ASSERT_STRING_EQUAL(directory, "/opt");
}

static void test_clean_id(void)
{
	char id[] = "pc 07/\xc3\xa9.example_x-Y";

	scan_clean_id(id);
	CU_ASSERT_STRING_EQUAL(id, "pc-07---.example_x-Y");
}

static CU_TestInfo tests[] = {
	{ "odd bytes are escaped", test_table },
	{ "every name comes back through libconfig", test_round_trip },
	{ "group directory", test_group_directory },
	{ "id", test_clean_id },
	CU_TEST_INFO_NULL,
};

UNIT_MAIN("scan_text", tests)
