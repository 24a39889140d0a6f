/* SPDX-License-Identifier: MIT
 *
 * unit/unlock_restarts.c - the unlock process across its own death, a reboot, and a state that
 * was put back or damaged.
 */
#include "unlock_room.h"

#include <fcntl.h>
#include <unistd.h>

#include "unit.h"

static void survives_its_death_not_a_reboot(void)
{
	struct unlock_process *process = room_start();
	struct guard_unlock_number number = room_request(process);
	struct guard_handed handed = room_answer(&number, 0);
	struct guard_told told;

	CU_ASSERT_EQUAL(room_ask(&told, process, &handed), 0);
	unlock_process_free(process);
	process = room_start();
	CU_ASSERT_EQUAL(unlock_entries_open(process), 1);
	unlock_process_free(process);
	process = room_start_with(FIXTURE_EPOCH, 2);
	(void)unlock_entries_expire(process);
	CU_ASSERT_EQUAL(unlock_entries_open(process), 0);
	CU_ASSERT_EQUAL(room_told_gate(), 0);
	unlock_process_free(process);
	room_forget();
}

static void put_back_is_found(void)
{
	struct unlock_process *process = room_start();
	struct guard_unlock_number number = room_request(process);
	struct guard_handed handed = room_answer(&number, 0);
	unsigned found = room.rows[GUARD_DAEMON_UNLOCK_RESTORED];
	struct guard_told told;

	room_copy_state("state", "copy");
	CU_ASSERT_EQUAL(room_ask(&told, process, &handed), 0);
	unlock_process_free(process);
	room_copy_state("copy", "state");
	process = room_start();
	CU_ASSERT_EQUAL(room_ask(&told, process, &handed), GUARD_REFUSAL_RESTORED);
	CU_ASSERT_EQUAL(room.rows[GUARD_DAEMON_UNLOCK_RESTORED], found + 1);
	unlock_process_free(process);
	process = room_start(); /* and stays so */
	CU_ASSERT_EQUAL(room_ask(&told, process, &handed), GUARD_REFUSAL_RESTORED);
	unlock_process_free(process);
	(void)!unlinkat(room.directory, "state", 0); /* a state that is gone is one put back */
	process = room_start();
	CU_ASSERT_EQUAL(room_ask(&told, process, &handed), GUARD_REFUSAL_RESTORED);
	unlock_process_free(process);
	process = room_start_with(FIXTURE_EPOCH + 1, 1);
	(void)room_request(process);
	unlock_process_free(process);
	room_forget();
}

static void older_verifiers_and_damage(void)
{
	struct unlock_process *process = room_start_with(FIXTURE_EPOCH + 1, 1);
	struct guard_handed handed = room_handed(GUARD_ASK_REQUEST);
	struct guard_told told;
	int fd;

	(void)room_request(process);
	unlock_process_free(process);
	process = room_start();
	CU_ASSERT_EQUAL(room_ask(&told, process, &handed), GUARD_REFUSAL_OFF);
	unlock_process_free(process);
	fd = openat(room.directory, "state", O_WRONLY | O_CLOEXEC);
	CU_ASSERT_EQUAL(pwrite(fd, "\xff", 1, 30), 1);
	close(fd);
	room_copy_state("state", "copy");
	process = room_start_with(FIXTURE_EPOCH + 1, 1);
	CU_ASSERT_EQUAL(room_ask(&told, process, &handed), GUARD_REFUSAL_OFF);
	CU_ASSERT_TRUE(process->unreadable);
	CU_ASSERT_EQUAL(unlock_store_save(process), -GUARD_E_FORMAT); /* it is not written over */
	unlock_process_free(process);
	room_forget();
}

static CU_TestInfo tests[] = {
	{ "survives its own death, not a reboot", survives_its_death_not_a_reboot },
	{ "a state that was put back is found", put_back_is_found },
	{ "older verifiers, a damaged state", older_verifiers_and_damage },
	CU_TEST_INFO_NULL,
};
UNIT_MAIN_WITH("restarts of the unlock process", room_set_up, room_tear_down, tests)
