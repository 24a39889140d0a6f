/* SPDX-License-Identifier: MIT
 *
 * unlock/maintenance.c - a maintenance that headquarters signed (docs/distribution.md):
 * root begins it, once; it is saved and recorded before the gate hears of it, and ends
 * like every unlock.  That a grant is there, and its bounds, control read in the
 * keeper's memory; the gate reads them there once more.
 */
#include <stdio.h>
#include <string.h>

#include "unlock/process.h"

bool unlock_entry_is_signed(const struct unlock_entry *entry)
{
	static const struct guard_digest none;

	return entry->scope == GUARD_UNLOCK_MAINTENANCE && guard_digest_compare(&entry->digest, &none) != 0;
}

static int id_of(struct guard_digest *ret_digest, const struct guard_permit *permit)
{
	return guard_digest_bytes(ret_digest, permit->id, strnlen(permit->id, sizeof(permit->id)));
}

static bool is_used(const struct unlock_process *process, const struct guard_permit *permit)
{
	struct guard_digest id;

	if (permit->from < process->permits_from || id_of(&id, permit) < 0)
		return true;
	for (unsigned i = 0; i < process->used_count; i++)
		if (guard_digest_compare(&process->used[i].id, &id) == 0)
			return true;
	return false;
}

static bool holds_now(const struct guard_permit *permit, const struct guard_permits *permits)
{
	return permit->from <= permits->now && permits->now < permit->until && permits->now < permits->fresh_until;
}

static uint32_t seconds_of(const struct guard_permit *permit, const struct guard_handed *handed)
{
	uint32_t seconds = permit->seconds < handed->maintenance_longest ? permit->seconds : handed->maintenance_longest;
	int64_t left = permit->until - handed->permits.now;

	return left < (int64_t)seconds ? (uint32_t)(left > 0 ? left : 0) : seconds;
}

/* The one that is named, else the first that can be begun. */
static const struct guard_permit *choose(const struct unlock_process *process, const struct guard_handed *handed)
{
	const struct guard_permits *permits = &handed->permits;

	for (uint32_t i = 0; i < permits->count; i++) {
		const struct guard_permit *permit = &permits->all[i];

		if (handed->ask.path[0] ? strcmp(permit->id, handed->ask.path) == 0
					: holds_now(permit, permits) && !is_used(process, permit))
			return permit;
	}
	return NULL;
}

/* ---- why not -------------------------------------------------------------------- */

static void refuse(int client, const struct guard_handed *handed, enum guard_refusal_kind kind, const char *text)
{
	unlock_reply_refusal(client, handed->sequence, kind, 0, text);
}

static bool is_refused(struct unlock_process *process, int client, const struct guard_handed *handed)
{
	if (handed->uid != 0)
		refuse(client, handed, GUARD_REFUSAL_NOT_ROOT, "Maintenance is root's: ask again as root.");
	else if (process->unreadable || unlock_note_look(process) < 0)
		refuse(client, handed, GUARD_REFUSAL_NO_RECORD,
		       "It cannot be recorded now, and nothing is begun without a record: see `guardctl status`.");
	else if (unlock_entries_open(process) == GUARDD_GRANTS_MAX)
		refuse(client, handed, GUARD_REFUSAL_FULL, "Too many unlocks are open on this machine: end one first.");
	else
		return false;
	return true;
}

static bool is_refused_permit(const struct unlock_process *process, int client, const struct guard_handed *handed,
			      const struct guard_permit *permit)
{
	const char *text = NULL;

	if (!permit)
		text = handed->ask.path[0] ?
			       "Headquarters signed no maintenance of that name for this machine, or it has not arrived." :
			       "Headquarters signed no maintenance for this machine that could be begun now.";
	else if (is_used(process, permit))
		text = "That maintenance was begun before, or signed before the unlock state was put back: each holds once. "
		       "Ask headquarters for another.";
	else if (handed->permits.now >= handed->permits.fresh_until)
		text = "What headquarters signed is no longer known to be current: the machine must reach its repository "
		       "first.";
	else if (!holds_now(permit, &handed->permits))
		text = "That maintenance does not hold now: `guardctl maintenance` says from when until when.";
	if (text)
		refuse(client, handed, GUARD_REFUSAL_NO_PERMIT, text);
	return text != NULL;
}

/* ---- begin ------------------------------------------------------------------------ */

static bool remember(struct unlock_process *process, const struct guard_permit *permit, int64_t now)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < process->used_count; i++)
		if (process->used[i].until > now)
			process->used[kept++] = process->used[i];
	process->used_count = kept;
	if (kept == UNLOCK_USED_MAX || id_of(&process->used[kept].id, permit) < 0)
		return false;
	process->used[kept].until = permit->until;
	process->used_count++;
	return true;
}

static void fill(struct unlock_entry *entry, struct unlock_process *process, const struct guard_handed *handed,
		 const struct guard_permit *permit)
{
	struct guard_unlock_clock clock;

	unlock_now(&clock, process);
	entry->id = process->next_id++;
	entry->uid = handed->uid;
	entry->scope = GUARD_UNLOCK_MAINTENANCE;
	entry->opened_ms = clock.boot_ms;
	entry->until_ms = clock.boot_ms + (uint64_t)seconds_of(permit, handed) * 1000u;
	memcpy(entry->user, handed->user, sizeof(entry->user));
	memcpy(entry->reason, handed->ask.reason, sizeof(entry->reason));
}

static void begin_under(struct unlock_process *process, int client, const struct guard_handed *handed,
			const struct guard_permit *permit)
{
	struct unlock_entry *entry = unlock_entry_add(process);
	int r = entry ? id_of(&entry->digest, permit) : -GUARD_E_LIMIT;

	if (r == 0) {
		fill(entry, process, handed, permit);
		r = remember(process, permit, handed->permits.now) ? unlock_store_save(process) : -GUARD_E_LIMIT;
	}
	if (r == 0)
		r = unlock_note(process, GUARD_DAEMON_UNLOCK_OPENED, entry,
				"Unlock %u (maintenance) for %s until %u s from now, signed by headquarters (%s): %s", entry->id,
				entry->user, seconds_of(permit, handed), permit->id, entry->reason);
	if (r < 0) {
		if (entry)
			unlock_entry_drop(process, entry);
		(void)!unlock_store_save(process);
		refuse(client, handed, GUARD_REFUSAL_NO_RECORD,
		       "It could not be saved and recorded: nothing was begun, and this grant is used up.");
		return;
	}
	process->next_look_ms = 0;
	unlock_entries_tell_gate(process);
	unlock_reply_entry(process, client, handed->sequence, entry);
}

void unlock_begin(struct unlock_process *process, int client, const struct guard_handed *handed)
{
	const struct guard_permit *permit = choose(process, handed);

	if (is_refused(process, client, handed) || is_refused_permit(process, client, handed, permit))
		return;
	begin_under(process, client, handed, permit);
}

/* ---- which there are ---------------------------------------------------------------- */

void unlock_permits(struct unlock_process *process, int client, const struct guard_handed *handed)
{
	for (uint32_t i = 0; i < handed->permits.count; i++) {
		const struct guard_permit *permit = &handed->permits.all[i];
		struct guard_told told = {.what = GUARD_TOLD_PERMIT,
					  .scope = GUARD_UNLOCK_MAINTENANCE,
					  .wrong = is_used(process, permit),
					  .seconds = permit->seconds < handed->maintenance_longest ?
							     permit->seconds :
							     handed->maintenance_longest,
					  .from = permit->from,
					  .until = permit->until};

		memcpy(told.path, permit->id, sizeof(permit->id));
		unlock_reply_told(client, handed->sequence, &told);
	}
	unlock_reply_end(client, handed->sequence);
}
