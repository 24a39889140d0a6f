/* SPDX-License-Identifier: MIT
 *
 * unit/policy_accounts_test.c - ids from passwd(5) and group(5) texts.
 */
#include "unit.h"

#include "policy/accounts.h"

static void malformed_lines_are_passed_over(void)
{
	static const char text[] = "\n:\nnofields\nshort:x\nnoid:x:\nneg:x:-1:0::/:/bin/sh\nhex:x:0x1:0::\n"
				   "big:x:4294967296:0::\nnobody:x:4294967295:0::\ncut:x:5\n+::::::\n"
				   "good:x:7:0:a:b:c";
	struct guard_accounts accounts;

	CU_ASSERT_EQUAL_FATAL(guard_accounts_parse(&accounts, text), 0);
	CU_ASSERT_EQUAL(accounts.count, 1);
	CU_ASSERT_EQUAL(guard_accounts_find(&accounts, "good"), 7);
	CU_ASSERT_EQUAL(guard_accounts_find(&accounts, "cut"), UINT32_MAX);
	CU_ASSERT_EQUAL(guard_accounts_find(&accounts, "goo"), UINT32_MAX);
	CU_ASSERT_EQUAL(guard_accounts_find(&accounts, "goodx"), UINT32_MAX);
	CU_ASSERT_EQUAL(guard_accounts_find(&accounts, ""), UINT32_MAX);
	guard_accounts_free(&accounts);
}

static void names_and_numbers_are_found(void)
{
	static const char text[] = "root:x:0:0:root:/root:/bin/sh\nzoe:x:1002:1::\nalice:x:1001:1::\n"
				   "alice:x:5:1::\n1003:x:9:1::\n";
	struct guard_accounts accounts;

	CU_ASSERT_EQUAL_FATAL(guard_accounts_parse(&accounts, text), 0);
	CU_ASSERT_EQUAL(guard_accounts_find(&accounts, "root"), 0);
	CU_ASSERT_EQUAL(guard_accounts_find(&accounts, "zoe"), 1002);
	CU_ASSERT_EQUAL(guard_accounts_find(&accounts, "alice"), 1001); /* the first line counts */
	CU_ASSERT_EQUAL(guard_accounts_find(&accounts, "1003"), 1003);   /* a number is an id */
	CU_ASSERT_EQUAL(guard_accounts_find(&accounts, "4294967295"), UINT32_MAX);
	guard_accounts_free(&accounts);
}

static void no_text_has_no_names(void)
{
	struct guard_accounts accounts;

	CU_ASSERT_EQUAL_FATAL(guard_accounts_parse(&accounts, NULL), 0);
	CU_ASSERT_EQUAL(guard_accounts_find(&accounts, "root"), UINT32_MAX);
	CU_ASSERT_EQUAL(guard_accounts_find(&accounts, "12"), 12);
	guard_accounts_free(&accounts);
}

static CU_TestInfo tests[] = {
	{ "malformed lines are passed over", malformed_lines_are_passed_over },
	{ "names and numbers are found", names_and_numbers_are_found },
	{ "no text has no names", no_text_has_no_names },
	CU_TEST_INFO_NULL,
};

UNIT_MAIN("policy/accounts", tests)
