/* SPDX-License-Identifier: MIT
 *
 * compile_syntax_test.c - the compiler's own reader of the libconfig syntax is
 * held to libconfig's answers: over hand-written texts and over many that are
 * made by chance, both accept and read the same, or both refuse.  A comma
 * behind the last element is taken here and by later releases of libconfig.
 */
#include <libconfig.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy/compile/syntax.h"
#include "unit.h"

/* libconfig leaks what it had read of a bad text; the leak check of a sanitizer
 * build is about this project's memory. */
const char *__lsan_default_suppressions(void);
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void)
{
	return "leak:libconfig\n";
}

static char folder[] = "/tmp/guard-syntax-XXXXXX";
static char path[64];
/* The last text ended inside a string or a comment.  libconfig drops what is
 * not closed without a word; in a list of what may run that is a mistake. */
static bool not_closed;

static void write_source(const char *text)
{
	FILE *file = fopen(path, "we");

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fputs(text, file);
	fclose(file);
}

/* The same settings, of the same type and value, on the same lines. */
static bool same(const struct compile_node *mine, const config_setting_t *theirs, bool lines)
{
	static const int types[] = { CONFIG_TYPE_GROUP, CONFIG_TYPE_LIST,  CONFIG_TYPE_ARRAY, CONFIG_TYPE_STRING,
				     CONFIG_TYPE_INT,	CONFIG_TYPE_FLOAT, CONFIG_TYPE_BOOL };
	int type = config_setting_type(theirs);

	if (type == CONFIG_TYPE_INT64)
		type = CONFIG_TYPE_INT;
	if (types[mine->type] != type)
		return false;
	if (mine->name && strcmp(mine->name, config_setting_name(theirs)) != 0)
		return false;
	if (lines && mine->name && mine->line != config_setting_source_line(theirs))
		return false;
	if (mine->type == COMPILE_STRING)
		return strcmp(mine->value.string, config_setting_get_string(theirs)) == 0 &&
		       mine->count == strlen(mine->value.string);
	if (mine->type == COMPILE_INTEGER)
		return config_setting_type(theirs) == CONFIG_TYPE_INT64 ?
			       mine->value.integer == config_setting_get_int64(theirs) :
			       mine->value.integer == (int64_t)config_setting_get_int(theirs);
	if (mine->type == COMPILE_BOOLEAN)
		return mine->value.integer == config_setting_get_bool(theirs);
	if (mine->type == COMPILE_FLOAT)
		return mine->value.number <= config_setting_get_float(theirs) &&
		       mine->value.number >= config_setting_get_float(theirs);
	if ((int)mine->count != config_setting_length(theirs))
		return false;
	mine = mine->value.first;
	for (unsigned i = 0; mine; mine = mine->next, i++)
		if (!same(mine, config_setting_get_elem((config_setting_t *)(uintptr_t)theirs, i), lines))
			return false;
	return true;
}

enum outcome { BOTH_REFUSE, BOTH_TAKE, ONLY_MINE, ONLY_THEIRS, DIFFERENT };

static enum outcome compare(const char *text, bool lines)
{
	struct compile_arena arena = { 0 };
	struct compile_diagnostics list = { .arena = &arena };
	struct compile_node *root = NULL;
	enum outcome outcome;
	size_t files = 0;
	config_t config;
	bool theirs;
	int mine;

	write_source(text);
	mine = compile_syntax_read(&root, &list, path, &files);
	config_init(&config);
	theirs = config_read_string(&config, text) == CONFIG_TRUE;
	CU_ASSERT_EQUAL(list.errors, mine == 0 ? 0 : 1);
	not_closed = list.count && strstr(list.items[0].message, "is not closed");
	if (mine == 0 && theirs)
		outcome = same(root, config_root_setting(&config), lines) ? BOTH_TAKE : DIFFERENT;
	else
		outcome = mine == 0 ? ONLY_MINE : theirs ? ONLY_THEIRS : BOTH_REFUSE;
	config_destroy(&config);
	compile_diagnostics_free(&list);
	compile_arena_free(&arena);
	return outcome;
}

static void test_refused(void)
{
	static const char *const texts[] = { "a", "a =", "a = ;", "= 1;", "a = b;", "a = \"x", "a = { b = 1;",
					     "a = [ 1, \"x\" ];", "a = [ ( ) ];", "a = ( 1 2 );", "a = 1; a = 2;",
					     "a = /* x", "a = 1;; b = 2;", "a = 1 }", "@", "a = @;", "1a = 2;",
					     "a = 0x;", "a = { { } };", "a = 99999999999999999999;", "\x01" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		enum outcome outcome = compare(texts[i], true);

		/* libconfig wraps numbers that are too large. */
		if (outcome != BOTH_REFUSE && !(outcome == ONLY_THEIRS && strstr(texts[i], "99999")))
			fprintf(stderr, "taken: %s (%d)\n", texts[i], outcome);
		CU_ASSERT(outcome == BOTH_REFUSE || strstr(texts[i], "99999"));
	}
}

static void test_taken(void)
{
	static const char *const texts[] = {
		"", "a = 1;", "a : 1", "a = 1, b = 2", "a = 1 b = 2", "a = \"x\" \"y\"\n \"z\";",
		"a = \"\\\\ \\\" \\n\\t\\r\\f \\x41 \\q\";", "# c\na = 1; // d\n/* e\n */ b = 2;",
		"a = { b = ( 1, \"x\", [ 2, 3 ], { c = true; } ); };", "a = ( );\nb = [ ];\nc = { };",
		"a = 0x1F; b = -5; c = +7; d = 5000000000L; e = 0xFFL;", "a = 1.5; b = -2e10; c = .5; d = 1.e2;",
		"a = True; b = FALSE;", "a-b_c* = 1; *x = 2;", "a\n=\n1\n;", "a = \"line\nbreak\"; b = 1;",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		enum outcome outcome = compare(texts[i], true);

		if (outcome != BOTH_TAKE)
			fprintf(stderr, "not taken alike: %s (%d)\n", texts[i], outcome);
		CU_ASSERT_EQUAL(outcome, BOTH_TAKE);
	}
	CU_ASSERT_EQUAL(compare("a = [ 1, 2, ]; b = ( { }, );", true), ONLY_MINE);
}

/* ---- texts made by chance ---------------------------------------------------- */

struct maker {
	char text[4096];
	size_t length;
	unsigned seed;
};

static void put(struct maker *maker, const char *word)
{
	size_t length = strlen(word);

	if (maker->length + length >= sizeof(maker->text))
		return;
	memcpy(&maker->text[maker->length], word, length + 1);
	maker->length += length;
}

static unsigned chance(struct maker *maker, unsigned of)
{
	return (unsigned)rand_r(&maker->seed) % of;
}

static void put_scalar(struct maker *maker)
{
	static const char *const scalars[] = { "1",    "-2",	"0x3",	 "4L",	     "1.5",	      "true",
					       "\"\"", "\"s\"", "False", "\"a\" \"b\"", "\"\\\\ \\\"\"", "+7" };

	put(maker, scalars[chance(maker, 12)]);
}

static void put_settings(struct maker *maker, unsigned depth);

static void put_value(struct maker *maker, unsigned depth)
{
	unsigned what = depth > 4 ? 0 : chance(maker, 6);

	if (what < 3) {
		put_scalar(maker);
	} else if (what == 3) {
		put(maker, "{ ");
		put_settings(maker, depth + 1);
		put(maker, "}");
	} else {
		bool list = what == 4;

		put(maker, list ? "( " : "[ ");
		for (unsigned i = 0, count = chance(maker, 4); i < count; i++) {
			put(maker, i ? ", " : "");
			if (list)
				put_value(maker, depth + 1);
			else
				put(maker, "5");
		}
		put(maker, list ? " )" : " ]");
	}
}

static void put_settings(struct maker *maker, unsigned depth)
{
	static const char *const names[] = { "a", "b-c", "d_e", "f*", "g1", "h" };
	static const char *const ends[] = { "; ", ";\n", ", ", "\n", " # x\n", " /* y */; " };
	unsigned first = chance(maker, 6);

	for (unsigned i = 0, count = chance(maker, 4); i < count; i++) {
		put(maker, names[(first + i) % 6]);
		put(maker, chance(maker, 5) ? " = " : ":");
		put_value(maker, depth);
		put(maker, ends[chance(maker, 6)]);
	}
}

/* A good text, of which one time in two one byte is another.  It ends in a
 * newline: libconfig 1.5 takes a comment at the very end for a mistake.
 * No letter or digit comes in: libconfig reads `1b = 2` as two settings and
 * `-.` as a number. */
static void make_text(struct maker *maker)
{
	static const char bytes[] = " ,;={}()[]\"#\\\n/@";

	maker->length = 0;
	maker->text[0] = '\0';
	put_settings(maker, 0);
	if (maker->length && chance(maker, 2))
		maker->text[chance(maker, (unsigned)maker->length)] = bytes[chance(maker, sizeof(bytes) - 1)];
	put(maker, "\n");
}

/* A comma with nothing behind it: the one thing that is taken here alone. */
static bool has_last_comma(const char *text)
{
	for (size_t i = 0; text[i]; i++) {
		size_t next = i + 1;

		if (text[i] != ',')
			continue;
		for (;;) {
			next += strspn(&text[next], " \n");
			if (text[next] == '#')
				next += strcspn(&text[next], "\n");
			else if (text[next] == '/')
				next += 7;
			else
				break;
		}
		if (text[next] == ')' || text[next] == ']')
			return true;
	}
	return false;
}

static void test_by_chance(void)
{
	static struct maker maker = { .seed = 20261121 };
	unsigned taken = 0, refused = 0;

	for (int i = 0; i < 20000; i++) {
		enum outcome outcome;

		make_text(&maker);
		outcome = compare(maker.text, false);
		taken += outcome == BOTH_TAKE;
		refused += outcome == BOTH_REFUSE;
		if (outcome == BOTH_TAKE || outcome == BOTH_REFUSE ||
		    (outcome == ONLY_MINE && has_last_comma(maker.text)) || (outcome == ONLY_THEIRS && not_closed))
			continue;
		fprintf(stderr, "outcome %d: %s\n", outcome, maker.text);
		CU_FAIL("libconfig answers otherwise");
		return;
	}
	CU_ASSERT(taken > 5000);
	CU_ASSERT(refused > 2000);
}

static void test_include(void)
{
	struct compile_arena arena = { 0 };
	struct compile_diagnostics list = { .arena = &arena };
	struct compile_node *root = NULL;
	size_t files = 0;
	char inner[64];
	FILE *file;

	snprintf(inner, sizeof(inner), "%s/inner.conf", folder);
	file = fopen(inner, "we");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fputs("b = 1;\nc = ( 1,\n", file);
	fclose(file);
	/* An include is text in place, as in libconfig; relative to its file. */
	write_source("a = 1;\n  @include \"inner.conf\"\n2 );\nd = \"@include \\\"x\\\"\"; # @include \"y\"\n");
	CU_ASSERT_EQUAL_FATAL(compile_syntax_read(&root, &list, path, &files), 0);
	CU_ASSERT_EQUAL(files, 2);
	CU_ASSERT_EQUAL(root->count, 4);
	CU_ASSERT_STRING_EQUAL(root->value.first->next->file, inner);
	CU_ASSERT_EQUAL(root->value.first->next->next->line, 2);
	CU_ASSERT_EQUAL(root->value.first->next->next->count, 2);
	CU_ASSERT_EQUAL(root->value.first->next->next->next->line, 4);
	unlink(inner);
	compile_arena_free(&arena);
}

static void test_clean_up(void)
{
	CU_ASSERT_EQUAL(unlink(path), 0);
	CU_ASSERT_EQUAL(rmdir(folder), 0);
}

static void test_set_up(void)
{
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/source.conf", folder);
	umask(022);
}

static CU_TestInfo tests[] = { { "set up", test_set_up },
			       { "refused by both", test_refused },
			       { "taken by both", test_taken },
			       { "by chance", test_by_chance },
			       { "include", test_include },
			       { "clean up", test_clean_up },
			       CU_TEST_INFO_NULL };
UNIT_MAIN("compile_syntax", tests)
