/* SPDX-License-Identifier: MIT
 *
 * unit/unlock_process.c - the unlock process: what is refused, saved, recorded and told to the
 * gate, in which order.
 */
#include "unlock_room.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unit.h"

static void refusals(void)
{
	struct unlock_process *process = room_start();
	struct guard_handed handed = room_handed(GUARD_ASK_REQUEST);
	struct guard_told told;

	handed.denied = 1;
	CU_ASSERT_EQUAL(room_ask(&told, process, &handed), GUARD_REFUSAL_DENIED);
	handed.denied = 0;
	handed.ask.scope = GUARD_UNLOCK_AUDIT;
	CU_ASSERT_EQUAL(room_ask(&told, process, &handed), GUARD_REFUSAL_SCOPE);
	handed = room_handed(GUARD_ASK_ANSWER);
	strcpy(handed.ask.code, "397197 375442 922204 741951");
	CU_ASSERT_EQUAL(room_ask(&told, process, &handed), GUARD_REFUSAL_NO_REQUEST);
	strcpy(handed.ask.code, "397197 375442 922204 741952");
	CU_ASSERT_EQUAL(room_ask(&told, process, &handed), GUARD_REFUSAL_FLAW);
	handed = room_handed(GUARD_ASK_END);
	CU_ASSERT_EQUAL(room_ask(&told, process, &handed), GUARD_REFUSAL_NOT_YOURS);
	CU_ASSERT_EQUAL(room_told_gate(), -1);
	unlock_process_free(process);
	room_forget();
}

static void no_record_no_unlock(void)
{
	struct unlock_process *process = room_start();
	struct guard_unlock_number number = room_request(process);
	struct guard_handed handed = room_answer(&number, 0);
	struct guard_told told;

	room.record_error = GUARD_E_IO;
	CU_ASSERT_EQUAL(room_ask(&told, process, &handed), GUARD_REFUSAL_NO_RECORD);
	CU_ASSERT_EQUAL(unlock_entries_open(process), 0);
	CU_ASSERT_EQUAL(room_told_gate(), -1);
	room.record_error = 0;
	CU_ASSERT_EQUAL(room_ask(&told, process, &handed), 0);
	CU_ASSERT_EQUAL(room_told_gate(), 1);
	unlock_process_free(process);
	room_forget();
}

/* What is open is shut while nobody records, and open again afterwards. */
static void silent_recorder_shuts(void)
{
	struct unlock_process *process = room_start();
	struct guard_unlock_number number = room_request(process);
	struct guard_handed handed = room_answer(&number, 0);
	struct guard_told told;

	CU_ASSERT_EQUAL(room_ask(&told, process, &handed), 0);
	CU_ASSERT_EQUAL(room_told_gate(), 1);
	room.record_error = GUARD_E_IO;
	for (unsigned i = 0; i < UNLOCK_LOOKS_MISSED; i++) {
		CU_ASSERT_EQUAL(room_told_gate(), -1);
		process->next_look_ms = 0;
		(void)unlock_entries_expire(process);
	}
	CU_ASSERT_EQUAL(room_told_gate(), 0);
	room.record_error = 0;
	process->next_look_ms = 0;
	(void)unlock_entries_expire(process);
	CU_ASSERT_EQUAL(room_told_gate(), 1);
	unlock_process_free(process);
	room_forget();
}

/* Nobody at the other end at all: refused at once, nothing is tried or opened. */
static void dead_recorder(void)
{
	struct unlock_process *process = room_start();
	struct guard_unlock_number number = room_request(process);
	struct guard_handed handed = room_answer(&number, 0);
	uint64_t serial = process->serial;
	struct guard_unlock_clock before, after;
	struct guard_told told;
	int pair[2];

	CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	close(pair[1]);
	process->record = pair[0];
	unlock_now(&before, process);
	CU_ASSERT_EQUAL(room_ask(&told, process, &handed), GUARD_REFUSAL_NO_RECORD);
	unlock_now(&after, process);
	CU_ASSERT_TRUE(after.boot_ms - before.boot_ms < UNLOCK_RECORD_MS);
	CU_ASSERT_EQUAL(process->serial, serial); /* no try was taken */
	CU_ASSERT_EQUAL(room_told_gate(), -1);
	close(pair[0]);
	unlock_process_free(process);
	room_forget();
}

/* The state's own disk is full, here: its folder takes nothing. */
static void no_state_no_unlock(void)
{
	struct unlock_process *process = room_start();
	struct guard_unlock_number number = room_request(process);
	struct guard_handed handed = room_answer(&number, 0);
	struct guard_told told;
	int nowhere = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	process->directory = nowhere;
	CU_ASSERT_EQUAL(room_ask(&told, process, &handed), GUARD_REFUSAL_NO_RECORD);
	CU_ASSERT_EQUAL(unlock_entries_open(process), 0);
	CU_ASSERT_EQUAL(room_told_gate(), -1);
	process->directory = room.directory;
	CU_ASSERT_EQUAL(room_ask(&told, process, &handed), 0);
	close(nowhere);
	unlock_process_free(process);
	room_forget();
}

/* An unlock ended while no daemon ran: the gate hears of it all the same, since
 * what began under it may run still. */
static void over_while_nobody_ran(void)
{
	struct unlock_process *process = room_start();
	struct guard_unlock_number number = room_request(process);
	struct guard_handed handed = room_answer(&number, 0);
	struct guard_told told;

	CU_ASSERT_EQUAL(room.first_list, 0);
	CU_ASSERT_EQUAL(room_ask(&told, process, &handed), 0);
	process->entries[0].opened_ms = 1;
	process->entries[0].until_ms = 2;
	CU_ASSERT_EQUAL(unlock_store_save(process), 0);
	unlock_process_free(process);
	process = room_start();
	CU_ASSERT_EQUAL(room.first_list, 1);
	(void)unlock_entries_expire(process);
	CU_ASSERT_EQUAL(room_told_gate(), 0);
	unlock_process_free(process);
	room_forget();
}

static void opens_once(void)
{
	struct unlock_process *process = room_start();
	struct guard_unlock_number number = room_request(process), again = room_request(process);
	struct guard_handed handed = room_answer(&number, 0), other = room_answer(&number, 0);
	unsigned tried = room.rows[GUARD_DAEMON_UNLOCK_TRIED], opened = room.rows[GUARD_DAEMON_UNLOCK_OPENED];
	struct guard_told told;

	CU_ASSERT_EQUAL(memcmp(&number, &again, sizeof(number)), 0);
	other.uid = ROOM_USER + 1; /* another user types it */
	CU_ASSERT_EQUAL(room_ask(&told, process, &other), GUARD_REFUSAL_NO_REQUEST);
	CU_ASSERT_EQUAL(room_ask(&told, process, &handed), 0);
	CU_ASSERT_EQUAL(told.what, GUARD_TOLD_UNLOCK);
	CU_ASSERT_TRUE(told.seconds > 50 && told.seconds <= 60);
	CU_ASSERT_EQUAL(room.rows[GUARD_DAEMON_UNLOCK_TRIED], tried + 1);
	CU_ASSERT_EQUAL(room.rows[GUARD_DAEMON_UNLOCK_OPENED], opened + 1);
	CU_ASSERT_EQUAL(room_told_gate(), 1);
	CU_ASSERT_EQUAL(room_ask(&told, process, &handed), GUARD_REFUSAL_NO_REQUEST);
	process->entries[0].until_ms = 2; /* its time has passed */
	(void)unlock_entries_expire(process);
	CU_ASSERT_EQUAL(unlock_entries_open(process), 0);
	CU_ASSERT_EQUAL(room_told_gate(), 0);
	unlock_process_free(process);
	room_forget();
}

/* Nobody guesses which of two requests a code is for: that would cost tries. */
static void several_open(void)
{
	struct unlock_process *process = room_start();
	struct guard_unlock_number number = room_request(process);
	struct guard_handed handed = room_handed(GUARD_ASK_REQUEST), right = room_answer(&number, 0);
	unsigned tried = room.rows[GUARD_DAEMON_UNLOCK_TRIED];
	struct guard_told told;

	handed.ask.digest = unlock_fixture_digest("another tool");
	CU_ASSERT_EQUAL(room_ask(&told, process, &handed), 0);
	CU_ASSERT_EQUAL(room_ask(&told, process, &right), GUARD_REFUSAL_SEVERAL);
	CU_ASSERT_EQUAL(room.rows[GUARD_DAEMON_UNLOCK_TRIED], tried);
	guard_unlock_number_format(right.ask.number, &number);
	CU_ASSERT_EQUAL(room_ask(&told, process, &right), 0);
	unlock_process_free(process);
	room_forget();
}

static void sixth_try(void)
{
	struct unlock_process *process = room_start();
	struct guard_unlock_number number = room_request(process);
	struct guard_handed wrong = room_answer(&number, 1), right = room_answer(&number, 0);
	struct guard_told told;

	for (unsigned i = 0; i < GUARD_UNLOCK_WRONG_MAX; i++) {
		CU_ASSERT_EQUAL(room_ask(&told, process, &wrong), GUARD_REFUSAL_WRONG);
		/* A process that dies in between forgets none of them. */
		unlock_process_free(process);
		process = room_start();
	}
	CU_ASSERT_NOT_EQUAL(room_ask(&told, process, &right), 0);
	CU_ASSERT_EQUAL(unlock_entries_open(process), 0);
	unlock_process_free(process);
	room_forget();
}

static CU_TestInfo tests[] = {
	{ "what is refused", refusals },
	{ "no record, no unlock", no_record_no_unlock },
	{ "a silent recorder shuts what is open", silent_recorder_shuts },
	{ "a dead recorder: refused at once", dead_recorder },
	{ "no state on the disk, no unlock", no_state_no_unlock },
	{ "over while nobody ran: the gate is told", over_while_nobody_ran },
	{ "an answer opens once, for its user", opens_once },
	{ "several requests are open", several_open },
	{ "the sixth try, with a death before each", sixth_try },
	CU_TEST_INFO_NULL,
};
UNIT_MAIN_WITH("the unlock process", room_set_up, room_tear_down, tests)
