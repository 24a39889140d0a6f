/* SPDX-License-Identifier: MIT
 *
 * unit/gate_unlocks.c - whose child a process is, and what belongs to an unlocked
 * installer.
 */
#include "gate/unlock_install.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

static int parse(struct gate_process *ret_process, const char *text)
{
	return gate_process_parse(ret_process, text, strlen(text), 100);
}

static void stat_refused(void)
{
	static const char *const bad[] = { "", "12", "12 (a) S", "12 (a) S 1 2 3", "x (a) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19" };
	struct gate_process process;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_EQUAL(parse(&process, bad[i]), -GUARD_E_SYNTAX);
}

static void stat_read(void)
{
	struct gate_process process;

	/* A name that looks like the fields behind it. */
	CU_ASSERT_EQUAL(parse(&process, "42 (a) R 1 1) S 7 2 3 4 -1 5 6 7 8 9 10 11 12 13 14 15 16 0 250 99 100\n"), 0);
	CU_ASSERT_EQUAL(process.pid, 42);
	CU_ASSERT_EQUAL(process.ppid, 7);
	CU_ASSERT_EQUAL(process.began_ms, 2500);
	CU_ASSERT_EQUAL(gate_process_read(&process, (int32_t)getpid()), 0);
	CU_ASSERT_EQUAL(process.ppid, (int32_t)getppid());
}

static void descent(void)
{
	const struct gate_key file = { .device = 1, .inode = 2, .born_ns = 3 };
	struct gate_installs *installs;
	int32_t self = (int32_t)getpid();
	int stop[2];
	pid_t child;
	char byte;

	CU_ASSERT_EQUAL_FATAL(gate_installs_new(&installs), 0);
	CU_ASSERT_EQUAL_FATAL(pipe(stop), 0);
	child = fork();
	if (child == 0) {
		close(stop[1]);
		_exit(read(stop[0], &byte, 1) < 0);
	}
	CU_ASSERT_FALSE(gate_installs_cover(installs, 1, child, &file, true));
	gate_installs_join(installs, 1, self);
	CU_ASSERT_TRUE(gate_installs_cover(installs, 1, child, &file, false));
	CU_ASSERT_FALSE(gate_installs_cover(installs, 2, child, &file, true)); /* another unlock */
	CU_ASSERT_FALSE(gate_installs_cover(installs, 1, (int32_t)getppid(), &file, true)); /* a parent */
	CU_ASSERT_FALSE(gate_installs_cover(installs, 1, 1, &file, true));
	gate_installs_forget(installs, 1);
	CU_ASSERT_FALSE(gate_installs_cover(installs, 1, child, &file, true));
	close(stop[0]);
	close(stop[1]);
	CU_ASSERT_EQUAL(waitpid(child, NULL, 0), child);
	free(installs);
}

static void files(void)
{
	const struct gate_key file = { .device = 1, .inode = 2, .born_ns = 3 };
	struct gate_key reused = file;
	struct gate_installs *installs;
	int32_t self = (int32_t)getpid(), other = (int32_t)getppid();

	reused.born_ns = 4;
	CU_ASSERT_EQUAL_FATAL(gate_installs_new(&installs), 0);
	CU_ASSERT_FALSE(gate_installs_writer(installs, 1, self, &file)); /* no member */
	gate_installs_join(installs, 1, self);
	CU_ASSERT_TRUE(gate_installs_writer(installs, 1, self, &file));
	CU_ASSERT_FALSE(gate_installs_writer(installs, 1, self, &file)); /* known */
	CU_ASSERT_FALSE(gate_installs_cover(installs, 1, other, &file, false)); /* another user */
	CU_ASSERT_FALSE(gate_installs_cover(installs, 1, other, &reused, true)); /* the number, used again */
	CU_ASSERT_FALSE(gate_installs_writer(installs, 1, other, &file));
	CU_ASSERT_FALSE(gate_installs_cover(installs, 1, other, &file, true)); /* another wrote it since */
	CU_ASSERT_TRUE(gate_installs_writer(installs, 1, self, &file));
	CU_ASSERT_TRUE(gate_installs_cover(installs, 1, other, &file, true));
	gate_installs_forget(installs, 1);
	CU_ASSERT_FALSE(gate_installs_cover(installs, 1, other, &file, true));
	free(installs);
}

static CU_TestInfo tests[] = {
	{ "malformed stat", stat_refused },
	{ "stat", stat_read },
	{ "descent", descent },
	{ "files written", files },
	CU_TEST_INFO_NULL,
};
UNIT_MAIN("the gate's unlocks", tests)
