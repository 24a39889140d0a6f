/* SPDX-License-Identifier: MIT
 *
 * unit/keeper_bury.c - the gate lets the daemon's own processes pass by their number:
 * none of them keeps it when it is dead and the kernel may give it to another.
 */
#include "keeper/internal.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

/* A child that has ended and is not waited for yet. */
static void end_one(struct keeper_process *process, _Atomic uint32_t *told)
{
	siginfo_t info;

	process->told = told;
	if (keeper_clone(process, 0) == 0)
		_exit(3);
	CU_ASSERT_EQUAL_FATAL(waitid(P_PID, (id_t)process->pid, &info, WEXITED | WNOWAIT), 0);
}

static void its_number_goes_with_it(void)
{
	struct keeper_process process = { .pidfd = -1 };
	_Atomic uint32_t told;
	char how[64];

	end_one(&process, &told);
	atomic_store(&told, (uint32_t)process.pid);
	CU_ASSERT_EQUAL(keeper_process_bury(&process, how, sizeof(how)), 0);
	CU_ASSERT_STRING_EQUAL(how, "ended with exit code 3");
	CU_ASSERT_EQUAL(atomic_load(&told), 0);
}

static void anothers_number_stays(void)
{
	struct keeper_process process = { .pidfd = -1 };
	_Atomic uint32_t told;
	char how[64];

	end_one(&process, &told);
	atomic_store(&told, (uint32_t)process.pid + 1);
	(void)keeper_process_bury(&process, how, sizeof(how));
	CU_ASSERT_NOT_EQUAL(atomic_load(&told), 0);
	/* Whose number nobody was told. */
	end_one(&process, NULL);
	CU_ASSERT_EQUAL(keeper_process_bury(&process, how, sizeof(how)), 0);
}

static CU_TestInfo tests[] = {
	{ "its number goes with it", its_number_goes_with_it },
	{ "another's number stays", anothers_number_stays },
	CU_TEST_INFO_NULL,
};
UNIT_MAIN("a process of the daemon's is buried", tests)
