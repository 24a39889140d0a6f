/* SPDX-License-Identifier: MIT
 *
 * unit/unlock_channel.c - what reaches the unlock process by the signed channel: approvals and
 * fresh verifiers.
 */
#include "unlock_room.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

static struct guard_unlock_delivery delivery;

/* As the keeper hands it over. */
static void deliver(struct unlock_process *process, uint32_t base_epoch)
{
	struct guard_unlock_base base;
	struct guard_unlock_key key;
	void *bytes = NULL;
	size_t size = 0;
	FILE *file = tmpfile();

	unlock_fixture_key(&key);
	CU_ASSERT_EQUAL(guard_unlock_base_of_key(&base, &key, FIXTURE_MACHINE, base_epoch), 0);
	CU_ASSERT_EQUAL_FATAL(guard_unlock_delivery_seal(&bytes, &size, &base, &delivery), 0);
	CU_ASSERT_EQUAL(fwrite(bytes, 1, size, file), size);
	fflush(file);
	unlock_delivery_take(process, fileno(file));
	fclose(file);
	free(bytes);
}

static void approve(const struct guard_unlock_number *number)
{
	const struct guard_unlock_approval approval = {
	    *number, unlock_fixture_answer(FIXTURE_MACHINE, FIXTURE_USER, number)};

	guard_unlock_delivery_add(&delivery, &approval);
}

static void with_fresh_set(uint32_t epoch)
{
	const struct guard_unlock_plan plan = {{2, 2, 2, 2}, 12, 1, 1};
	struct guard_unlock_key key;
	void *bytes = NULL;

	memset(&delivery, 0, sizeof(delivery));
	unlock_fixture_key(&key);
	CU_ASSERT_EQUAL_FATAL(
	    guard_unlock_set_make(&bytes, &delivery.set_size, &key, FIXTURE_MACHINE, epoch, &plan), 0);
	memcpy(delivery.set, bytes, delivery.set_size);
	free(bytes);
}

static void approved_without_a_code(void)
{
	struct unlock_process *process = room_start();
	struct guard_unlock_number number = room_request(process);
	struct guard_handed handed = room_handed(GUARD_ASK_ANSWER), other = handed;
	struct guard_told told;

	memset(&delivery, 0, sizeof(delivery));
	CU_ASSERT_EQUAL(room_ask(&told, process, &handed), GUARD_REFUSAL_NOT_APPROVED);
	approve(&number);
	deliver(process, FIXTURE_EPOCH - 1); /* for a machine that was given another set */
	CU_ASSERT_EQUAL(room_ask(&told, process, &handed), GUARD_REFUSAL_NOT_APPROVED);
	deliver(process, FIXTURE_EPOCH);
	other.uid++;
	CU_ASSERT_EQUAL(room_ask(&told, process, &other), GUARD_REFUSAL_NO_REQUEST);
	handed.denied = 1; /* headquarters' rule stands above it */
	CU_ASSERT_EQUAL(room_ask(&told, process, &handed), GUARD_REFUSAL_DENIED);
	handed.denied = 0;
	CU_ASSERT_EQUAL(room_ask(&told, process, &handed), 0);
	CU_ASSERT_EQUAL(told.what, GUARD_TOLD_UNLOCK);
	CU_ASSERT_EQUAL(room_ask(&told, process, &handed), GUARD_REFUSAL_NO_REQUEST); /* once */
	(void)room_request(process);
	CU_ASSERT_EQUAL(room_ask(&told, process, &handed), GUARD_REFUSAL_NOT_APPROVED); /* another number */
	unlock_process_free(process);
	(void)!unlinkat(room.directory, "delivery", 0);
	room_forget();
}

/* Fresh codes come, stay through a start, and nothing older comes back. */
static void topped_up(void)
{
	struct unlock_process *process = room_start();

	with_fresh_set(FIXTURE_EPOCH + 2);
	deliver(process, FIXTURE_EPOCH);
	CU_ASSERT_EQUAL(process->info.epoch, FIXTURE_EPOCH + 2);
	(void)room_request(process);
	with_fresh_set(FIXTURE_EPOCH + 1);
	deliver(process, FIXTURE_EPOCH);
	CU_ASSERT_EQUAL(process->info.epoch, FIXTURE_EPOCH + 2);
	with_fresh_set(FIXTURE_EPOCH + 2);
	deliver(process, FIXTURE_EPOCH);
	unlock_process_free(process);
	process = room_start();
	CU_ASSERT_EQUAL(process->info.epoch, FIXTURE_EPOCH + 2);
	CU_ASSERT_EQUAL(process->off[0], 0);
	unlock_process_free(process);
	(void)!unlinkat(room.directory, "delivery", 0);
	room_forget();
}

static CU_TestInfo tests[] = {
	{ "approved by the signed channel", approved_without_a_code },
	{ "fresh verifiers by the signed channel", topped_up },
	CU_TEST_INFO_NULL,
};
UNIT_MAIN_WITH("unlocks by the signed channel", room_set_up, room_tear_down, tests)
