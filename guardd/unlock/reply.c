/* SPDX-License-Identifier: MIT
 *
 * unlock/reply.c - answers to one client.  Never waits: a client that does not
 * read loses its answer, not others theirs.
 */
#include <stdio.h>
#include <string.h>

#include "unlock/process.h"

#define REPLY_MAX (2 * GUARD_WIRE_PATH_MAX)

void unlock_reply_told(int client, uint32_t sequence, const struct guard_told *told)
{
	uint8_t bytes[REPLY_MAX];
	struct guard_writer writer;

	guard_writer_init_fixed(&writer, bytes, sizeof(bytes));
	guard_wire_begin(&writer, GUARD_WIRE_UNLOCK_TOLD, sequence);
	if (guard_told_encode(&writer, told) == 0)
		(void)!guard_wire_send(client, &writer);
}

static uint32_t seconds_left(const struct unlock_process *process, const struct unlock_entry *entry)
{
	struct guard_unlock_clock clock;
	uint64_t until = entry->id ? entry->until_ms : entry->opened_ms + GUARD_UNLOCK_REQUEST_MS;

	unlock_now(&clock, process);
	return until > clock.boot_ms ? (uint32_t)((until - clock.boot_ms + 999) / 1000) : 0;
}

void unlock_reply_entry(const struct unlock_process *process, int client, uint32_t sequence,
			const struct unlock_entry *entry)
{
	struct guard_told told = {.what = entry->id ? GUARD_TOLD_UNLOCK : GUARD_TOLD_REQUEST,
				  .scope = entry->scope,
				  .id = entry->id,
				  .uid = entry->uid,
				  .epoch = process->info.epoch,
				  .seconds = seconds_left(process, entry),
				  .digest = entry->digest};

	guard_unlock_number_format(told.number, &entry->number);
	if (process->info.machine)
		snprintf(told.machine, sizeof(told.machine), "%s", process->info.machine);
	memcpy(told.user, entry->user, sizeof(told.user));
	memcpy(told.path, entry->path, sizeof(told.path));
	memcpy(told.reason, entry->reason, sizeof(told.reason));
	unlock_reply_told(client, sequence, &told);
}

static void send_refusal(int client, uint32_t sequence, const struct guard_refusal *refusal)
{
	uint8_t bytes[1024];
	struct guard_writer writer;

	guard_writer_init_fixed(&writer, bytes, sizeof(bytes));
	guard_wire_begin(&writer, GUARD_WIRE_UNLOCK_REFUSED, sequence);
	if (guard_refusal_encode(&writer, refusal) == 0)
		(void)!guard_wire_send(client, &writer);
}

void unlock_reply_refusal(int client, uint32_t sequence, enum guard_refusal_kind kind, uint32_t number,
			  const char *text)
{
	struct guard_refusal refusal = {.kind = (uint8_t)kind, .number = number};

	snprintf(refusal.text, sizeof(refusal.text), "%s", text);
	send_refusal(client, sequence, &refusal);
}

void unlock_reply_flaw(int client, uint32_t sequence, const struct guard_unlock_flaw *flaw)
{
	struct guard_refusal refusal = {
	    .kind = GUARD_REFUSAL_FLAW, .group = flaw->group, .number = flaw->kind};

	guard_unlock_flaw_text(refusal.text, sizeof(refusal.text), flaw);
	send_refusal(client, sequence, &refusal);
}

void unlock_reply_end(int client, uint32_t sequence)
{
	uint8_t bytes[16];
	struct guard_writer writer;

	guard_writer_init_fixed(&writer, bytes, sizeof(bytes));
	guard_wire_begin(&writer, GUARD_WIRE_END, sequence);
	(void)!guard_wire_send(client, &writer);
}
