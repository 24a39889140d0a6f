/* SPDX-License-Identifier: MIT
 *
 * unit/ledger_fold.c - repeats are counted, and nothing else is.
 */
#include <string.h>

#include "ledger_support.h"
#include "record/filter.h"
#include "record/fold.h"
#include "record/journal.h"
#include "record/sentence.h"
#include "unit.h"

#define SECOND 1000000000ll

/* Events that differ in `change` are no repeats. */
static void check_different(void (*change)(struct guard_event *))
{
	struct guard_event first = make_event(1, true), second = first;
	struct fold *fold;

	CU_ASSERT_EQUAL_FATAL(fold_new(&fold), 0);
	change(&second);
	CU_ASSERT_EQUAL(fold_take(fold, &first, 0), 1);
	CU_ASSERT_EQUAL(fold_take(fold, &second, 0), 1);
	CU_ASSERT_EQUAL(fold_take(fold, &first, 0), 0);
	fold_free(fold);
}

static void change_path(struct guard_event *event)
{
	strcpy(event->path, "/other");
}
static void change_program(struct guard_event *event)
{
	strcpy(event->program, "/other");
}
static void shift_paths(struct guard_event *event)
{
	strcat(event->path, "/");
	memmove(event->program, event->program + 1, strlen(event->program));
}
static void change_digest(struct guard_event *event)
{
	event->digest.bytes[31] ^= 1;
}
static void change_uid(struct guard_event *event)
{
	event->uid++;
}
static void change_verdict(struct guard_event *event)
{
	event->action = GUARD_ALLOW;
	event->denied = 0;
}
static void change_mode(struct guard_event *event)
{
	event->mode = GUARD_MODE_AUDIT;
}
static void change_reason(struct guard_event *event)
{
	event->reason = GUARD_REASON_CHANGED;
}
static void change_rule(struct guard_event *event)
{
	event->rule = 3;
}
static void change_policy(struct guard_event *event)
{
	event->policy_version++;
}
static void change_access(struct guard_event *event)
{
	event->access_exec = 0;
}

static void test_different(void)
{
	check_different(change_path);
	check_different(change_program);
	check_different(shift_paths);
	check_different(change_digest);
	check_different(change_uid);
	check_different(change_verdict);
	check_different(change_mode);
	check_different(change_reason);
	check_different(change_rule);
	check_different(change_policy);
	check_different(change_access);
}

static void test_daemon_events(void)
{
	struct guard_event event = {.source = GUARD_EVENT_DAEMON, .what = GUARD_DAEMON_STARTED, .count = 1};
	struct fold *fold;

	CU_ASSERT_EQUAL_FATAL(fold_new(&fold), 0);
	for (int i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(fold_take(fold, &event, 0), 1);
	fold_free(fold);
}

static void test_repeats(void)
{
	struct guard_event event = make_event(1, true), folded;
	struct fold *fold;

	CU_ASSERT_EQUAL_FATAL(fold_new(&fold), 0);
	CU_ASSERT_EQUAL(fold_next(fold), INT64_MAX);
	CU_ASSERT_EQUAL(fold_take(fold, &event, 0), 1);
	for (unsigned i = 1; i <= 5; i++) {
		event.pid = 500 + i;
		event.time_ns += SECOND;
		event.inode++; /* another copy of the same file */
		CU_ASSERT_EQUAL(fold_take(fold, &event, i * SECOND), 0);
	}
	CU_ASSERT_EQUAL(fold_due(fold, &folded, FOLD_WINDOW_NS - 1, 0), 0);
	CU_ASSERT_EQUAL(fold_next(fold), FOLD_WINDOW_NS);
	CU_ASSERT_EQUAL(fold_due(fold, &folded, FOLD_WINDOW_NS, 0), 1);
	CU_ASSERT_EQUAL(folded.count, 5);
	CU_ASSERT_EQUAL(folded.pid, 505);
	CU_ASSERT_EQUAL(folded.time_ns, event.time_ns);
	CU_ASSERT_STRING_EQUAL(folded.path, event.path);
	CU_ASSERT_EQUAL(fold_due(fold, &folded, FOLD_WINDOW_NS, 0), 0);
	CU_ASSERT_EQUAL(fold_take(fold, &event, FOLD_WINDOW_NS), 1); /* a new window */
	CU_ASSERT_EQUAL(fold_due(fold, &folded, 2 * FOLD_WINDOW_NS, 1), 0);
	CU_ASSERT_EQUAL(fold_next(fold), INT64_MAX);
	fold_free(fold);
}

/* More different events than are remembered: all are recorded. */
static void test_many(void)
{
	struct guard_event event;
	struct fold *fold;
	unsigned recorded = 0;

	CU_ASSERT_EQUAL_FATAL(fold_new(&fold), 0);
	for (unsigned i = 0; i < FOLD_ENTRIES_MAX + 1000; i++) {
		event = make_event(i, true);
		recorded += (unsigned)fold_take(fold, &event, 0);
	}
	CU_ASSERT_EQUAL(recorded, FOLD_ENTRIES_MAX + 1000);
	fold_free(fold);
}

/* ---- the pure neighbours ------------------------------------------------------------- */

static void test_glob(void)
{
	CU_ASSERT_FALSE(filter_glob("/bin/*", "/usr/bin/ls"));
	CU_ASSERT_FALSE(filter_glob("/bin/?", "/bin/ls"));
	CU_ASSERT_FALSE(filter_glob("", "x"));
	CU_ASSERT_FALSE(filter_glob("x", ""));
	CU_ASSERT_FALSE(filter_glob("/a\\*", "/ab"));
	CU_ASSERT_FALSE(filter_glob("*a*b*c", "aXbX"));
	CU_ASSERT_FALSE(filter_glob("?", ""));
	CU_ASSERT_TRUE(filter_glob("/bin/*", "/bin/a/b"));
	CU_ASSERT_TRUE(filter_glob("*", ""));
	CU_ASSERT_TRUE(filter_glob("*b*", "abc"));
	CU_ASSERT_TRUE(filter_glob("/a\\*", "/a*"));
	CU_ASSERT_TRUE(filter_glob("a?c", "abc"));
	CU_ASSERT_TRUE(filter_glob("*.sh", "/x/y.sh.sh"));
	CU_ASSERT_TRUE(filter_glob("\\", "\\"));
}

static void test_filter_limits(void)
{
	struct guard_event_filter filter = {0};

	memset(filter.program, 'a', 1000);
	CU_ASSERT_EQUAL(filter_check(&filter), 0);
	filter.program[5] = '*';
	CU_ASSERT_EQUAL(filter_check(&filter), -GUARD_E_LIMIT);
	filter.program[FILTER_GLOB_MAX] = '\0';
	CU_ASSERT_EQUAL(filter_check(&filter), 0);
}

static bool contains(const struct guard_writer *writer, const char *text)
{
	return memmem(writer->bytes, writer->size, text, strlen(text)) != NULL;
}

/* A path with a newline must not make a field of its own in the journal, nor a
 * line or an escape on a terminal. */
static void test_hostile_names(void)
{
	struct ledger_row row = {.event = make_event(1, true)};
	struct guard_writer writer;
	char sentence[SENTENCE_SIZE];

	strcpy(row.event.path, "/tmp/a\nMESSAGE_ID=x\n\033[2Jb\xff");
	sentence_of_event(sentence, sizeof(sentence), &row.event);
	CU_ASSERT_PTR_NULL(strchr(sentence, '\n'));
	CU_ASSERT_PTR_NULL(strchr(sentence, '\033'));
	CU_ASSERT_PTR_NULL(strchr(sentence, '\xff'));
	CU_ASSERT_PTR_NOT_NULL(strstr(sentence, "denied: /tmp/a"));
	guard_writer_init(&writer);
	CU_ASSERT_EQUAL(journal_encode(&writer, &row, true), 0);
	CU_ASSERT_TRUE(contains(&writer, "GUARD_PATH\n"));
	CU_ASSERT_FALSE(contains(&writer, "GUARD_PATH="));
	CU_ASSERT_TRUE(contains(&writer, "GUARD_LEDGER_HASH\n"));
	CU_ASSERT_TRUE(contains(&writer, "5d1f0a3c8b5e4c0e9a7741c2e6b1d301"));
	guard_writer_free(&writer);
}

/* The longest names fit everywhere. */
static void test_long_names(void)
{
	struct ledger_row row = {.event = make_event(1, true)};
	uint8_t bytes[2 * GUARD_WIRE_PATH_MAX + SENTENCE_SIZE + 4096];
	struct guard_digest zero = {0};
	struct guard_writer writer;

	memset(row.event.path, 1, sizeof(row.event.path) - 1);
	memset(row.event.program, 'p', sizeof(row.event.program) - 1);
	memset(row.event.rule_text, 'r', sizeof(row.event.rule_text) - 1);
	memset(row.event.text, 't', sizeof(row.event.text) - 1);
	guard_writer_init_fixed(&writer, bytes, sizeof(bytes));
	CU_ASSERT_EQUAL(journal_encode(&writer, &row, true), 0);
	CU_ASSERT_EQUAL(ledger_row_hash(&row.hash, &zero, &zero, &row), 0);
}

static CU_TestInfo tests[] = {
    {"different events", test_different},
    {"events of the daemon", test_daemon_events},
    {"repeats", test_repeats},
    {"more than are remembered", test_many},
    {"glob", test_glob},
    {"limits of a pattern", test_filter_limits},
    {"hostile names", test_hostile_names},
    {"long names", test_long_names},
    CU_TEST_INFO_NULL,
};
UNIT_MAIN("folding", tests)
