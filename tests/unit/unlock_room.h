/* SPDX-License-Identifier: MIT
 *
 * unit/unlock_room.h - an unlock process without its jail, with a recorder and a gate
 * played by the test, for the tests of guardd/unlock.  Failing CUnit assertions say
 * what did not work.
 */
#ifndef GUARD_TESTS_UNLOCK_ROOM_H
#define GUARD_TESTS_UNLOCK_ROOM_H

#include "unlock/process.h"
#include "unlock_fixture.h"

#define ROOM_USER 1000u

extern struct unlock_room {
	int directory;			 /* of the state */
	int first_list;			 /* how many the gate was told of when the process began */
	_Atomic uint32_t record_error;	 /* what the recorder answers */
	_Atomic uint64_t ledger_serial;	 /* the newest that it has heard of */
	_Atomic unsigned rows[GUARD_DAEMON_MAX_]; /* recorded, by what happened */
} room;

int room_set_up(void); /* of the suite */
int room_tear_down(void);

/* A process on the state folder as it is, in the boot `boot`; the caller frees it. */
struct unlock_process *room_start_with(uint32_t epoch, uint8_t boot);
struct unlock_process *room_start(void);
void room_forget(void); /* the state, and the serial */
void room_copy_state(const char *from, const char *to);

/* What control hands over for ROOM_USER. */
struct guard_handed room_handed(uint8_t verb);
struct guard_handed room_answer(const struct guard_unlock_number *number, uint64_t off);
/* The answer to one ask: 0 and what was told, or a refusal's kind. */
int room_ask(struct guard_told *ret_told, struct unlock_process *process, const struct guard_handed *handed);
struct guard_unlock_number room_request(struct unlock_process *process);
/* How many grants the newest list has that the gate was sent; -1: none came. */
int room_told_gate(void);

#endif
