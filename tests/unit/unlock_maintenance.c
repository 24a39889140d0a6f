/* SPDX-License-Identifier: MIT
 *
 * unit/unlock_maintenance.c - maintenance that headquarters signed, begun at the machine.
 */
#include "unlock_room.h"

#include <string.h>
#include <unistd.h>

#include "unit.h"

/* Root begins `id`, signed for 1000 to 2000 with 120 s; the time is `now`. */
static struct guard_handed begins(const char *id, int64_t now)
{
	struct guard_handed handed = room_handed(GUARD_ASK_BEGIN);

	handed.uid = 0;
	handed.maintenance_longest = 100;
	handed.permits = (struct guard_permits){.count = 1, .now = now, .fresh_until = 5000};
	handed.permits.all[0] = (struct guard_permit){.from = 1000, .until = 2000, .seconds = 120};
	strcpy(handed.permits.all[0].id, id);
	strcpy(handed.ask.path, id);
	return handed;
}

static void maintenance_refused(void)
{
	struct unlock_process *process = room_start();
	struct guard_handed handed = begins("a", 1500);
	struct guard_told told;

	handed.uid = ROOM_USER;
	CU_ASSERT_EQUAL(room_ask(&told, process, &handed), GUARD_REFUSAL_NOT_ROOT);
	handed = begins("a", 1500);
	strcpy(handed.ask.path, "b");
	CU_ASSERT_EQUAL(room_ask(&told, process, &handed), GUARD_REFUSAL_NO_PERMIT);
	handed = begins("a", 999);
	CU_ASSERT_EQUAL(room_ask(&told, process, &handed), GUARD_REFUSAL_NO_PERMIT);
	handed = begins("a", 2000);
	CU_ASSERT_EQUAL(room_ask(&told, process, &handed), GUARD_REFUSAL_NO_PERMIT);
	handed = begins("a", 1500);
	handed.permits.fresh_until = 1500;
	CU_ASSERT_EQUAL(room_ask(&told, process, &handed), GUARD_REFUSAL_NO_PERMIT);
	handed = begins("a", 1500);
	room.record_error = GUARD_E_IO;
	CU_ASSERT_EQUAL(room_ask(&told, process, &handed), GUARD_REFUSAL_NO_RECORD);
	room.record_error = 0;
	handed = room_handed(GUARD_ASK_REQUEST);
	handed.ask.scope = GUARD_UNLOCK_MAINTENANCE;
	handed.seconds[GUARD_UNLOCK_MAINTENANCE - 1] = 60;
	CU_ASSERT_EQUAL(room_ask(&told, process, &handed), GUARD_REFUSAL_NOT_ROOT);
	CU_ASSERT_EQUAL(unlock_entries_open(process), 0);
	CU_ASSERT_EQUAL(room_told_gate(), -1);
	unlock_process_free(process);
	room_forget();
}

static void maintenance_once(void)
{
	struct unlock_process *process = room_start();
	struct guard_handed handed = begins("a", 1500);
	struct guard_told told;

	CU_ASSERT_EQUAL(room_ask(&told, process, &handed), 0);
	CU_ASSERT_EQUAL(told.scope, GUARD_UNLOCK_MAINTENANCE);
	CU_ASSERT_TRUE(told.seconds > 90 && told.seconds <= 100); /* no longer than the policy allows */
	CU_ASSERT_EQUAL(room_told_gate(), 1);
	unlock_process_free(process); /* killed: what is open stays open */
	process = room_start();
	CU_ASSERT_EQUAL(room.first_list, 1);
	CU_ASSERT_EQUAL(room_ask(&told, process, &handed), GUARD_REFUSAL_NO_PERMIT);
	unlock_process_free(process);
	process = room_start_with(FIXTURE_EPOCH, 2); /* a reboot: gone, and still used up */
	(void)unlock_entries_expire(process);
	CU_ASSERT_EQUAL(unlock_entries_open(process), 0);
	CU_ASSERT_EQUAL(room_ask(&told, process, &handed), GUARD_REFUSAL_NO_PERMIT);
	handed = begins("b", 1990);
	CU_ASSERT_EQUAL(room_ask(&told, process, &handed), 0);
	CU_ASSERT_TRUE(told.seconds <= 10); /* nor past its own end */
	unlock_process_free(process);
	room_forget();
}

/* A state of before would let it be begun again: what was signed before is void. */
static void maintenance_put_back(void)
{
	struct unlock_process *process = room_start();
	struct guard_handed handed = begins("a", 1500);
	struct guard_told told;

	CU_ASSERT_EQUAL(room_ask(&told, process, &handed), 0);
	unlock_process_free(process);
	(void)!unlinkat(room.directory, "state", 0);
	process = room_start();
	CU_ASSERT_EQUAL(room_ask(&told, process, &handed), GUARD_REFUSAL_NO_PERMIT);
	unlock_process_free(process);
	process = room_start();
	CU_ASSERT_EQUAL(room_ask(&told, process, &handed), GUARD_REFUSAL_NO_PERMIT);
	unlock_process_free(process);
	room_forget();
}

static CU_TestInfo tests[] = {
	{ "maintenance: what is refused", maintenance_refused },
	{ "maintenance: once, not past its bounds, not past a reboot", maintenance_once },
	{ "maintenance: not by a state that was put back", maintenance_put_back },
	CU_TEST_INFO_NULL,
};
UNIT_MAIN_WITH("signed maintenance", room_set_up, room_tear_down, tests)
