/* SPDX-License-Identifier: MIT
 *
 * unit/gate_procparse.c - /proc texts of a caller: malformed ones first.
 */
#include "gate/access.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

static int call_of(struct gate_call *ret_call, const char *text)
{
	return gate_call_parse(ret_call, text, strlen(text));
}

static void call_refused(void)
{
	static const char *const bad[] = { "", "\n", "x", "257", "257 0x", "257 0x1 0x2 0x3 0x4 0x5 0x6 0x7",
					   "257 1 2 3 4 5 6 7 8", "99999999999999999999 0x1 0x1 0x1 0x1 0x1 0x1 0x1 0x1",
					   "-1", "-1 0x1", "257 0x11111111111111111 0x1 0x1 0x1 0x1 0x1 0x1 0x1" };
	struct gate_call call;

	CU_ASSERT_EQUAL(call_of(&call, "running\n"), -GUARD_E_BUSY);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_EQUAL(call_of(&call, bad[i]), -GUARD_E_SYNTAX);
}

static void call_read(void)
{
	struct gate_call call;

	CU_ASSERT_EQUAL(call_of(&call, "-1 0x7ffd 0x401000\n"), 0);
	CU_ASSERT_TRUE(call.kind == GATE_CALL_UNKNOWN && call.ip == 0);
#ifdef __x86_64__
	CU_ASSERT_EQUAL(call_of(&call, "257 0xffffff9c 0x5500 0x80000 0x0 0x0 0x0 0x7ffd 0x7f001234\n"), 0);
	CU_ASSERT_TRUE(call.kind == GATE_CALL_OPEN && call.has_flags && call.flags == 0x80000);
	CU_ASSERT_TRUE(call.name == 0x5500 && call.ip == 0x7f001234);
	CU_ASSERT_EQUAL(call_of(&call, "437 0xffffff9c 0x5500 0x80000 0x18 0x0 0x0 0x7ffd 0x7f001234\n"), 0);
	CU_ASSERT_TRUE(call.kind == GATE_CALL_OPEN && !call.has_flags);
	CU_ASSERT_EQUAL(call_of(&call, "59 0x1 0x2 0x3 0x4 0x5 0x6 0x7 0x8\n"), 0);
	CU_ASSERT_EQUAL(call.kind, GATE_CALL_EXEC);
	CU_ASSERT_EQUAL(call_of(&call, "322 0x1 0x2 0x3 0x4 0x5 0x6 0x7 0x8\n"), 0);
	CU_ASSERT_EQUAL(call.kind, GATE_CALL_EXEC);
	CU_ASSERT_EQUAL(call_of(&call, "426 0x1 0x2 0x3 0x4 0x5 0x6 0x7 0x8\n"), 0); /* io_uring_enter */
	CU_ASSERT_EQUAL(call.kind, GATE_CALL_UNKNOWN);
#endif
}

static const char good_status[] = "Name:\ta\\nUid:\t0\nUmask:\t0022\nTgid:\t77\nPid:\t78\nPPid:\t1\n"
				  "Uid:\t1000\t0\t0\t0\nGid:\t100\t100\t100\t100\nFDSize:\t64\nGroups:\t4 24 \nX:\t1\n";

static void status(void)
{
	struct gate_status parsed;

	CU_ASSERT_EQUAL_FATAL(gate_status_parse(&parsed, good_status, strlen(good_status)), 0);
	CU_ASSERT_TRUE(parsed.tgid == 77 && parsed.ppid == 1 && parsed.uid == 1000 && parsed.gid_count == 3);
	CU_ASSERT_TRUE(parsed.gids[0] == 100 && parsed.gids[1] == 4 && parsed.gids[2] == 24);
	/* Cut anywhere before the last needed field it is refused, never read beyond. */
	for (size_t size = 0; size < (size_t)(strstr(good_status, "\nGid:") - good_status) + 5; size++) {
		char *cut = malloc(size + 1);
		memcpy(cut, good_status, size);
		CU_ASSERT_EQUAL(gate_status_parse(&parsed, cut, size), -GUARD_E_SYNTAX);
		free(cut);
	}
}

static void many_groups(void)
{
	char text[8192] = "Tgid:\t1\nPPid:\t1\nUid:\t1\nGid:\t1\nGroups:\t";
	struct gate_status parsed;

	for (int i = 0; i < 500; i++)
		strcat(text, "12345 ");
	strcat(text, "\n");
	CU_ASSERT_EQUAL(gate_status_parse(&parsed, text, strlen(text)), 0);
	CU_ASSERT_EQUAL(parsed.gid_count, GUARD_GROUPS_MAX + 1); /* there are more */
	CU_ASSERT_EQUAL(parsed.gids[GUARD_GROUPS_MAX - 1], 12345);
}

static void mapping(void)
{
	struct gate_mapping parsed;

	CU_ASSERT_EQUAL(gate_mapping_parse(&parsed, ""), -GUARD_E_SYNTAX);
	CU_ASSERT_EQUAL(gate_mapping_parse(&parsed, "1000 r-xp 0 08:01 5 /x"), -GUARD_E_SYNTAX);
	CU_ASSERT_EQUAL(gate_mapping_parse(&parsed, "1000-2000 r-xp 0 08 5 /x"), -GUARD_E_SYNTAX);
	CU_ASSERT_EQUAL(gate_mapping_parse(&parsed, "7f00-7f10 r-xp 00000000 08:01 55    /lib/a b"), 0);
	CU_ASSERT_TRUE(parsed.start == 0x7f00 && parsed.end == 0x7f10 && parsed.inode == 55);
	CU_ASSERT_TRUE(parsed.major == 8 && parsed.minor == 1 && parsed.executable);
	CU_ASSERT_STRING_EQUAL(parsed.path, "/lib/a b");
	CU_ASSERT_EQUAL(gate_mapping_parse(&parsed, "7f00-7f10 rw-p 00000000 00:00 0 "), 0);
	CU_ASSERT_TRUE(parsed.path[0] == '\0' && !parsed.executable);
}

static void loader_base(void)
{
	uint64_t wide[] = { 3, 0x40, 7, 0x7f0012340000, 0, 0 }, none[] = { 3, 0x40, 0, 0 }, base = 1;
	uint32_t narrow[] = { 3, 0x40, 7, 0xf7700000, 0, 0 };

	CU_ASSERT_EQUAL(gate_auxv_parse_base(&base, wide, 0), -GUARD_E_SYNTAX);
	CU_ASSERT_EQUAL(gate_auxv_parse_base(&base, wide, 24), -GUARD_E_SYNTAX);
	CU_ASSERT_EQUAL(base, 1);
	CU_ASSERT_EQUAL(gate_auxv_parse_base(&base, wide, sizeof(wide)), 0);
	CU_ASSERT_EQUAL(base, 0x7f0012340000);
	CU_ASSERT_EQUAL(gate_auxv_parse_base(&base, narrow, sizeof(narrow)), 0);
	CU_ASSERT_EQUAL(base, 0xf7700000);
	CU_ASSERT_EQUAL(gate_auxv_parse_base(&base, none, sizeof(none)), 0);
	CU_ASSERT_EQUAL(base, 0);
}

static CU_TestInfo tests[] = {
	{ "malformed calls are refused", call_refused },
	{ "calls are read", call_read },
	{ "status", status },
	{ "more groups than are kept", many_groups },
	{ "mappings", mapping },
	{ "where the loader is", loader_base },
	CU_TEST_INFO_NULL,
};
UNIT_MAIN("gate_procparse", tests)
