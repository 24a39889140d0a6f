/* SPDX-License-Identifier: MIT
 *
 * unlock/entries.c - what is asked for and what is open, their ends, and the list
 * that the gate gets.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "unlock/process.h"

struct unlock_entry *unlock_entry_add(struct unlock_process *process)
{
	struct unlock_entry *entry;

	if (process->count == UNLOCK_ENTRIES_MAX)
		return NULL;
	entry = &process->entries[process->count++];
	memset(entry, 0, sizeof(*entry));
	return entry;
}

void unlock_entry_drop(struct unlock_process *process, struct unlock_entry *entry)
{
	size_t index = (size_t)(entry - process->entries);

	process->count--;
	memmove(entry, &process->entries[index + 1], (process->count - index) * sizeof(*entry));
}

struct unlock_entry *unlock_entry_of_number(struct unlock_process *process,
					    const struct guard_unlock_number *number)
{
	for (unsigned i = 0; i < process->count; i++)
		if (process->entries[i].id == 0 &&
		    memcmp(&process->entries[i].number, number, sizeof(*number)) == 0)
			return &process->entries[i];
	return NULL;
}

unsigned unlock_entries_open(const struct unlock_process *process)
{
	unsigned open = 0;

	for (unsigned i = 0; i < process->count; i++)
		open += process->entries[i].id != 0;
	return open;
}

static bool library_knows(struct unlock_process *process, const struct unlock_entry *entry)
{
	struct guard_unlock_request request;
	struct guard_unlock_clock clock;

	unlock_now(&clock, process);
	for (unsigned i = 0; guard_unlock_request_at(&request, process->state, &clock, i) == 0; i++)
		if (memcmp(&request.number, &entry->number, sizeof(request.number)) == 0)
			return true;
	return false;
}

void unlock_entries_settle(struct unlock_process *process)
{
	for (unsigned i = process->count; i > 0; i--) {
		struct unlock_entry *entry = &process->entries[i - 1];

		if (entry->id == 0 && !library_knows(process, entry))
			unlock_entry_drop(process, entry);
	}
}

/* ---- the gate -------------------------------------------------------------------- */

static void list_open(struct guardd_grants *ret_grants, const struct unlock_process *process)
{
	struct guardd_grants grants = {0};

	for (unsigned i = 0; i < process->count && grants.count < GUARDD_GRANTS_MAX; i++) {
		const struct unlock_entry *entry = &process->entries[i];

		if (entry->id)
			grants.all[grants.count++] = (struct guardd_grant){.id = entry->id,
									   .uid = entry->uid,
									   .scope = entry->scope,
									   .by_headquarters = unlock_entry_is_signed(entry),
									   .digest = entry->digest,
									   .opened_ms = entry->opened_ms,
									   .until_ms = entry->until_ms};
	}
	*ret_grants = grants;
}

/* Nothing is open without a record of it. */
void unlock_entries_tell_gate(struct unlock_process *process)
{
	struct guardd_grants grants = {0};

	if (process->missed < UNLOCK_LOOKS_MISSED)
		list_open(&grants, process);
	process->tell_gate =
	    send(process->gate, &grants, sizeof(grants), MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)sizeof(grants);
}

/* ---- ends ------------------------------------------------------------------------- */

void unlock_entry_close(struct unlock_process *process, struct unlock_entry *entry, const char *why)
{
	struct unlock_entry closed = *entry;

	unlock_entry_drop(process, entry);
	unlock_entries_tell_gate(process); /* first: it must not last longer than it may */
	(void)!unlock_store_save(process);
	(void)!unlock_note(process, GUARD_DAEMON_UNLOCK_ENDED, &closed, "Unlock %u (%s) for %s is over: %s.",
			   closed.id, guard_unlock_scope_name(closed.scope), closed.user, why);
}

void unlock_entries_of_old_boot(struct unlock_process *process)
{
	for (unsigned i = process->count; i > 0; i--)
		if (process->entries[i - 1].id == 0)
			unlock_entry_drop(process, &process->entries[i - 1]);
		else
			process->entries[i - 1].until_ms = 1; /* over, and expire() says so */
}

/* Compare with the recorder now and then, as long as something is open. */
static void look_at_record(struct unlock_process *process, uint64_t now_ms)
{
	bool was_well = process->missed < UNLOCK_LOOKS_MISSED;

	if (unlock_entries_open(process) == 0) {
		process->missed = 0;
		return;
	}
	if (now_ms < process->next_look_ms)
		return;
	process->next_look_ms = now_ms + UNLOCK_LOOK_MS;
	process->missed = unlock_note_look(process) == 0 ? 0 : process->missed + 1;
	if (was_well != (process->missed < UNLOCK_LOOKS_MISSED))
		unlock_entries_tell_gate(process);
}

int unlock_entries_expire(struct unlock_process *process)
{
	struct guard_unlock_clock clock;
	uint64_t wait = UINT64_MAX;

	unlock_now(&clock, process);
	for (unsigned i = process->count; i > 0; i--) {
		struct unlock_entry *entry = &process->entries[i - 1];

		if (!entry->id)
			continue;
		if (entry->until_ms <= clock.boot_ms)
			unlock_entry_close(process, entry,
					   entry->until_ms == 1 ? "the machine was started anew" : "its time has passed");
		else if (entry->until_ms - clock.boot_ms < wait)
			wait = entry->until_ms - clock.boot_ms;
	}
	look_at_record(process, clock.boot_ms);
	if (process->tell_gate) {
		unlock_entries_tell_gate(process);
		wait = 100;
	}
	/* poll(2) does not count suspend: look at least each second. */
	return wait == UINT64_MAX ? -1 : wait > 1000 ? 1000 : (int)wait;
}
