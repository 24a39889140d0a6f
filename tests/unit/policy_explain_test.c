/* SPDX-License-Identifier: MIT
 *
 * unit/policy_explain_test.c - what a policy says about itself, interpreters,
 * readers, and the sentences for people.
 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "image_fixture.h"

static struct guard_policy *policy;
static const struct guard_machine machine = { .office = "osaka", .host = "pc-01" };

static char *explain(const char *content, const char *path, uint32_t uid, int mode_audit)
{
	struct guard_identity identity = { .digest = fixture_digest_of(content), .kind = GUARD_KIND_EXECUTABLE, .size = 5 };
	struct guard_subject subject = { .uid = uid, .program = "/usr/bin/apt" };
	struct guard_object object = { .identity = &identity, .path = path, .claimed_path = path, .path_protected = 0 };
	struct guard_verdict verdict;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	guard_policy_decide(policy, &verdict, &subject, &object, 1700000000);
	if (mode_audit)
		verdict.mode = GUARD_MODE_AUDIT;
	CU_ASSERT_EQUAL(guard_policy_explain(policy, out, &verdict, &subject, &object), 0);
	fclose(out);
	return text;
}

static void check_says(char *text, const char *const *needed)
{
	for (; *needed; needed++) {
		if (!strstr(text, *needed))
			printf("\n    missing \"%s\" in:\n%s", *needed, text);
		CU_ASSERT_PTR_NOT_NULL(strstr(text, *needed));
	}
	free(text);
}

#define SAYS(text, ...) check_says(text, (const char *const[]){ __VA_ARGS__, NULL })

static void unlisted_files_are_explained(void)
{
	SAYS(explain("unknown", "/srv/tool", 1000, 0), "Denied: /srv/tool\n", "No rule of the policy lists it.",
	     "What no rule lists, this policy denies.", "executable, 5 bytes, on a fixed medium, SHA-256 ",
	     "by user id 1000, by /usr/bin/apt", "What to do: ", "Help desk: 03-1234-5678, IT desk");
	SAYS(explain("unknown", "/srv/tool", 1000, 1), "Would be denied (audit mode, so it runs): /srv/tool");
	SAYS(explain("unknown", NULL, 1000, 0), "a file whose path is not known", "Its path could not be verified");
}

static void near_misses_are_named(void)
{
	SAYS(explain("rm", "/srv/rm", 5, 0), "A rule comes close, but it is for other users.",
	     "group \"office\" of the exception \"test\", written at test.conf:1", "Note: a note",
	     "Comes from: https://example.org/");
	SAYS(explain("x", "/opt/acme/x", 5, 0), "nobody but root can write there, and others can");
	SAYS(explain("x", "/usr/bin/ls", 5, 0), "The policy lists other content under the name /usr/bin/ls");
}

static void decided_files_name_their_rule(void)
{
	SAYS(explain("ls", "/usr/bin/ls", 5, 0), "Allowed: /usr/bin/ls", "The policy lists it.",
	     "group \"base\" of the policy \"test\"", "knows this content as /usr/bin/ls");
	SAYS(explain("ls", "/home/me/ls", 5, 0), "Denied: ", "A rule of the policy forbids it.", "group \"forbidden\"",
	     "forbidden on purpose");
}

static void hostile_names_do_not_reach_the_terminal(void)
{
	char *text = explain("unknown", "/srv/a\n\033[2Jb\xff", 5, 0);

	CU_ASSERT_PTR_NOT_NULL(strstr(text, "/srv/a\\n\\033[2Jb\\377\n"));
	CU_ASSERT_PTR_NULL(strchr(text, '\033'));
	free(text);
}

static void a_stream_that_fails_is_reported(void)
{
	struct guard_identity identity = { .digest = fixture_digest_of("x") };
	struct guard_object object = { .identity = &identity };
	struct guard_verdict verdict;
	FILE *full = fopen("/dev/full", "we");

	setvbuf(full, NULL, _IONBF, 0);
	guard_policy_decide(policy, &verdict, NULL, &object, 0);
	CU_ASSERT_EQUAL(guard_policy_explain(policy, full, &verdict, NULL, &object), -GUARD_E_IO);
	fclose(full);
}

static void interpreters_are_known_by_path_and_digest(void)
{
	const struct guard_digest bash = fixture_digest_of("bash"), python = fixture_digest_of("python"),
				  other = fixture_digest_of("other");
	struct guard_interpreter_info info = { 0 };

	CU_ASSERT_EQUAL(guard_policy_interpreter_by_path(policy, "/usr/bin/perl"), GUARD_NO_INTERPRETER);
	CU_ASSERT_EQUAL(guard_policy_interpreter_by_path(policy, NULL), GUARD_NO_INTERPRETER);
	CU_ASSERT_EQUAL(guard_policy_interpreter_by_digest(policy, &other), GUARD_NO_INTERPRETER);
	CU_ASSERT_EQUAL(guard_policy_interpreter_info(policy, 2, &info), -GUARD_E_NOT_FOUND);
	CU_ASSERT_EQUAL(guard_policy_interpreter_info(policy, GUARD_NO_INTERPRETER, &info), -GUARD_E_NOT_FOUND);
	CU_ASSERT_PTR_NULL(info.name);
	CU_ASSERT_EQUAL(guard_policy_interpreter_by_path(policy, "/usr/bin/python3.11"), 0);
	CU_ASSERT_EQUAL(guard_policy_interpreter_by_path(policy, "/usr/bin/bash"), 1);
	CU_ASSERT_EQUAL(guard_policy_interpreter_by_digest(policy, &python), 0);
	CU_ASSERT_EQUAL(guard_policy_interpreter_by_digest(policy, &bash), 1);
	CU_ASSERT_EQUAL(guard_policy_interpreter_info(policy, 1, &info), 0);
	CU_ASSERT_STRING_EQUAL(info.name, "bash");
	CU_ASSERT_EQUAL(info.scripts, GUARD_SCRIPTS_TEXT);
	CU_ASSERT_EQUAL(info.inline_code, GUARD_INLINE_LOG);
	CU_ASSERT_EQUAL(info.standard_input, GUARD_INLINE_ALLOW);
}

static void scripts_are_told_from_data(void)
{
	CU_ASSERT_FALSE(guard_policy_interpreter_suffix(policy, 0, "/a/x.txt"));
	CU_ASSERT_FALSE(guard_policy_interpreter_suffix(policy, 0, NULL));
	CU_ASSERT_FALSE(guard_policy_interpreter_suffix(policy, 9, "/a/x.py"));
	CU_ASSERT_TRUE(guard_policy_interpreter_suffix(policy, 0, "/a/x.py"));
	CU_ASSERT_TRUE(guard_policy_interpreter_suffix(policy, 0, "/a/x.pyc"));
	CU_ASSERT_FALSE(guard_policy_interpreter_data(policy, 1, "/tmp/x"));
	CU_ASSERT_FALSE(guard_policy_interpreter_data(policy, 1, NULL));
	CU_ASSERT_FALSE(guard_policy_interpreter_data(policy, 0, "/etc/profile"));
	CU_ASSERT_TRUE(guard_policy_interpreter_data(policy, 1, "/etc/profile"));
	CU_ASSERT_EQUAL(guard_policy_interpreter_script_argument(policy, 0, "py\0-W\0i\0x", 10), 8);
	CU_ASSERT_EQUAL(guard_policy_interpreter_script_argument(policy, 9, "py\0x", 5), GUARD_ARGUMENT_NONE);
	CU_ASSERT_FALSE(guard_policy_is_reader(policy, "/usr/bin/cat"));
	CU_ASSERT_FALSE(guard_policy_is_reader(policy, NULL));
	CU_ASSERT_TRUE(guard_policy_is_reader(policy, "/usr/bin/tar"));
}

static void reasons_have_words_and_sentences(void)
{
	enum guard_reason reason = GUARD_REASON_MAX_;

	CU_ASSERT_EQUAL(guard_reason_parse(&reason, "no such word"), -GUARD_E_NOT_FOUND);
	CU_ASSERT_STRING_EQUAL(guard_reason_name(GUARD_REASON_MAX_), "unknown");
	for (int i = 0; i < GUARD_REASON_MAX_; i++) {
		const char *text = guard_reason_text((enum guard_reason)i);

		CU_ASSERT_EQUAL(guard_reason_parse(&reason, guard_reason_name((enum guard_reason)i)), 0);
		CU_ASSERT_EQUAL((int)reason, i);
		CU_ASSERT_EQUAL(text[strlen(text) - 1], '.');
	}
	CU_ASSERT_STRING_EQUAL(guard_action_name(GUARD_ALLOW), "allow");
	CU_ASSERT_STRING_EQUAL(guard_mode_name(GUARD_MODE_AUDIT), "audit");
	CU_ASSERT_STRING_EQUAL(guard_medium_name(GUARD_MEDIUM_MEMORY), "memory");
	CU_ASSERT_STRING_EQUAL(guard_medium_name(GUARD_MEDIUM_MAX_), "unknown");
}

static CU_TestInfo tests[] = {
	{ "unlisted files are explained", unlisted_files_are_explained },
	{ "near misses are named", near_misses_are_named },
	{ "decided files name their rule", decided_files_name_their_rule },
	{ "hostile names do not reach the terminal", hostile_names_do_not_reach_the_terminal },
	{ "a stream that fails is reported", a_stream_that_fails_is_reported },
	{ "interpreters are known by path and digest", interpreters_are_known_by_path_and_digest },
	{ "scripts are told from data", scripts_are_told_from_data },
	{ "reasons have words and sentences", reasons_have_words_and_sentences },
	CU_TEST_INFO_NULL,
};

static int open_policy(void)
{
	struct image_fixture fixture;

	fixture_everything(&fixture);
	policy = fixture_open(&fixture, &machine);
	fixture_free(&fixture);
	return 0;
}

static int close_policy(void)
{
	guard_policy_free(policy);
	return 0;
}

UNIT_MAIN_WITH("policy/explain", open_policy, close_policy, tests)
