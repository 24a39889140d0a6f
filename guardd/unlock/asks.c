/* SPDX-License-Identifier: MIT
 *
 * unlock/asks.c - requests, their cancelling, the end of an unlock, the list, and
 * reports.  Answers are answer.c's.
 */
#include <stdio.h>
#include <string.h>

#include "unlock/process.h"

static bool may_touch(const struct guard_handed *handed, const struct unlock_entry *entry)
{
	return handed->uid == 0 || entry->uid == handed->uid;
}

/* ---- what stands against any unlock ------------------------------------------------ */

static bool is_off(struct unlock_process *process, int client, const struct guard_handed *handed)
{
	struct guard_unlock_state_info info;
	struct guard_unlock_clock clock;

	if (process->off[0]) {
		unlock_reply_refusal(client, handed->sequence,
				     process->restored_epoch && process->restored_epoch >= process->info.epoch
					 ? GUARD_REFUSAL_RESTORED
					 : GUARD_REFUSAL_OFF,
				     process->restored_epoch, process->off);
		return true;
	}
	unlock_now(&clock, process);
	guard_unlock_state_info(&info, process->state, process->set, &clock);
	if (!info.locked)
		return false;
	unlock_reply_refusal(client, handed->sequence, GUARD_REFUSAL_LOCKED, info.epoch,
			     "Unlock by phone is locked on this machine after too many wrong answers: the help desk "
			     "must issue new verifiers.");
	return true;
}

bool unlock_refuse(struct unlock_process *process, int client, const struct guard_handed *handed, uint8_t scope)
{
	if (unlock_note_look(process) < 0) {
		unlock_reply_refusal(client, handed->sequence, GUARD_REFUSAL_NO_RECORD, 0,
				     "It cannot be recorded now (the recorder does not answer, or its disk is full), "
				     "and nothing is unlocked without a record: see `guardctl status`.");
		return true;
	}
	if (is_off(process, client, handed))
		return true;
	if (handed->denied) {
		unlock_reply_refusal(client, handed->sequence, GUARD_REFUSAL_DENIED, 0,
				     "Headquarters denies this file. The help desk cannot unlock it: do not phone "
				     "for that, ask your administrator.");
		return true;
	}
	if (scope && handed->seconds[scope - 1] == 0) {
		unlock_reply_refusal(client, handed->sequence, GUARD_REFUSAL_SCOPE, scope,
				     "The policy does not offer this kind of unlock.");
		return true;
	}
	return false;
}

/* ---- request ----------------------------------------------------------------------- */

static void refuse_open(int client, const struct guard_handed *handed, int error)
{
	switch (error) {
	case -GUARD_E_DENIED:
		unlock_reply_refusal(client, handed->sequence, GUARD_REFUSAL_LOCKED, 0,
				     "Unlock by phone is locked on this machine.");
		break;
	case -GUARD_E_NOT_FOUND:
		unlock_reply_refusal(client, handed->sequence, GUARD_REFUSAL_NO_SLOT, handed->ask.scope,
				     "All one-time codes of this kind are used: the help desk must issue new "
				     "verifiers for this machine.");
		break;
	case -GUARD_E_BUSY:
	case -GUARD_E_LIMIT:
		unlock_reply_refusal(client, handed->sequence, GUARD_REFUSAL_TOO_MANY, 0,
				     "Too many requests are open, or were made in this hour: cancel one, or wait.");
		break;
	default:
		unlock_reply_refusal(client, handed->sequence, GUARD_REFUSAL_OTHER, 0, guard_error_text(error));
	}
}

static int open_request(struct guard_unlock_request *ret_request, struct unlock_process *process,
			const struct guard_handed *handed)
{
	const struct guard_ask *ask = &handed->ask;
	struct guard_unlock_clock clock;
	uint16_t nonce;
	int r = -GUARD_E_BUSY;

	unlock_now(&clock, process);
	/* Another open request may have the same nonce: draw again. */
	for (unsigned i = 0; i < 3 && r == -GUARD_E_BUSY; i++) {
		r = guard_unlock_nonce(&nonce);
		if (r == 0)
			r = guard_unlock_request_open(ret_request, process->state, process->set, &clock, handed->uid,
						      handed->user, ask->scope, &ask->digest, nonce);
	}
	return r;
}

static void fill(struct unlock_entry *entry, const struct guard_handed *handed,
		 const struct guard_unlock_request *request)
{
	entry->uid = request->uid;
	entry->scope = request->scope;
	entry->number = request->number;
	entry->digest = request->digest;
	entry->opened_ms = request->opened_ms;
	memcpy(entry->user, handed->user, sizeof(entry->user));
	memcpy(entry->path, handed->ask.path, sizeof(entry->path));
	memcpy(entry->reason, handed->ask.reason, sizeof(entry->reason));
}

static void take_back(struct unlock_process *process, const struct unlock_entry *entry)
{
	struct guard_unlock_clock clock;

	unlock_now(&clock, process);
	(void)!guard_unlock_request_cancel(process->state, &clock, &entry->number);
	unlock_entries_settle(process);
}

static void request(struct unlock_process *process, int client, const struct guard_handed *handed)
{
	struct guard_unlock_request made;
	struct unlock_entry *entry;
	int r;

	if (unlock_refuse(process, client, handed, handed->ask.scope))
		return;
	if (handed->ask.scope == GUARD_UNLOCK_MAINTENANCE && handed->uid != 0) {
		unlock_reply_refusal(client, handed->sequence, GUARD_REFUSAL_NOT_ROOT, 0,
				     "Maintenance is root's: ask again as root.");
		return;
	}
	r = open_request(&made, process, handed);
	if (r < 0) {
		refuse_open(client, handed, r);
		return;
	}
	unlock_entries_settle(process);
	entry = unlock_entry_of_number(process, &made.number);
	if (!entry) {
		entry = unlock_entry_add(process);
		if (!entry)
			return; /* as many as the library has: cannot be */
		fill(entry, handed, &made);
		r = unlock_store_save(process);
		if (r == 0)
			r = unlock_note(process, GUARD_DAEMON_UNLOCK_REQUESTED, entry, "%s asks for an unlock (%s): %s",
					entry->user, guard_unlock_scope_name(entry->scope), entry->reason);
		if (r < 0) {
			take_back(process, entry);
			unlock_reply_refusal(client, handed->sequence, GUARD_REFUSAL_NO_RECORD, 0,
					     "The request could not be saved and recorded: see `guardctl status`.");
			return;
		}
	}
	unlock_reply_entry(process, client, handed->sequence, entry);
}

/* ---- cancel, end, list, report -------------------------------------------------------- */

static void reply_count(int client, const struct guard_handed *handed, unsigned count)
{
	const struct guard_told told = {.what = GUARD_TOLD_DONE, .id = count};

	if (count)
		unlock_reply_told(client, handed->sequence, &told);
	else
		unlock_reply_refusal(client, handed->sequence, GUARD_REFUSAL_NOT_YOURS, 0,
				     "Nothing of yours is open under that number.");
}

static bool is_meant(const struct unlock_entry *entry, const struct guard_handed *handed,
		     const struct guard_unlock_number *number)
{
	return entry->id == 0 && entry->uid == handed->uid && (!handed->ask.number[0] ||
	       memcmp(number, &entry->number, sizeof(*number)) == 0);
}

static void cancel(struct unlock_process *process, int client, const struct guard_handed *handed)
{
	struct guard_unlock_number number = {{0}};
	struct guard_unlock_flaw flaw = {0};
	unsigned count = 0;

	if (handed->ask.number[0] && guard_unlock_number_parse(&number, &flaw, handed->ask.number,
							       strlen(handed->ask.number)) < 0) {
		unlock_reply_flaw(client, handed->sequence, &flaw);
		return;
	}
	unlock_entries_settle(process);
	for (unsigned i = process->count; i > 0; i--) {
		struct unlock_entry entry = process->entries[i - 1];

		if (!is_meant(&entry, handed, &number))
			continue;
		take_back(process, &entry);
		(void)!unlock_store_save(process);
		(void)!unlock_note(process, GUARD_DAEMON_UNLOCK_CANCELLED, &entry, "%s takes the request back",
				   entry.user);
		count++;
	}
	reply_count(client, handed, count);
}

static void end(struct unlock_process *process, int client, const struct guard_handed *handed)
{
	unsigned count = 0;

	for (unsigned i = process->count; i > 0; i--) {
		struct unlock_entry *entry = &process->entries[i - 1];

		if (!entry->id || !may_touch(handed, entry) || (handed->ask.id && entry->id != handed->ask.id) ||
		    (!handed->ask.id && entry->uid != handed->uid) ||
		    (handed->ask.scope && entry->scope != handed->ask.scope))
			continue;
		unlock_entry_close(process, entry, "ended by the user");
		count++;
	}
	reply_count(client, handed, count);
}

static void list(struct unlock_process *process, int client, const struct guard_handed *handed)
{
	unlock_entries_settle(process);
	for (unsigned i = 0; i < process->count; i++)
		if (may_touch(handed, &process->entries[i]))
			unlock_reply_entry(process, client, handed->sequence, &process->entries[i]);
	unlock_reply_end(client, handed->sequence);
}

static bool report_is_one_too_many(struct unlock_process *process)
{
	struct guard_unlock_clock clock;

	unlock_now(&clock, process);
	if (process->reports == 0 || clock.boot_ms - process->hour_ms >= 3600000u) {
		process->hour_ms = clock.boot_ms;
		process->reports = 0;
	}
	return ++process->reports > UNLOCK_REPORTS_PER_HOUR;
}

static void report(struct unlock_process *process, int client, const struct guard_handed *handed)
{
	struct unlock_entry entry = {.uid = handed->uid, .scope = GUARD_UNLOCK_SHORT, .digest = handed->ask.digest};

	memcpy(entry.path, handed->ask.path, sizeof(entry.path));
	if (report_is_one_too_many(process))
		unlock_reply_refusal(client, handed->sequence, GUARD_REFUSAL_TOO_MANY, 0,
				     "Too many reports in this hour; they were heard.");
	else if (unlock_note(process, GUARD_DAEMON_REPORTED, &entry, "%s reports: %s", handed->user,
			     handed->ask.reason) < 0)
		unlock_reply_refusal(client, handed->sequence, GUARD_REFUSAL_NO_RECORD, 0,
				     "The report could not be recorded: phone the help desk.");
	else
		reply_count(client, handed, 1);
}

void unlock_ask(struct unlock_process *process, int client, const struct guard_handed *handed)
{
	switch (handed->ask.verb) {
	case GUARD_ASK_REQUEST:
		request(process, client, handed);
		break;
	case GUARD_ASK_ANSWER:
		unlock_answer(process, client, handed);
		break;
	case GUARD_ASK_CANCEL:
		cancel(process, client, handed);
		break;
	case GUARD_ASK_END:
		end(process, client, handed);
		break;
	case GUARD_ASK_BEGIN:
		unlock_begin(process, client, handed);
		break;
	case GUARD_ASK_PERMITS:
		unlock_permits(process, client, handed);
		break;
	case GUARD_ASK_LIST:
		list(process, client, handed);
		break;
	default:
		report(process, client, handed);
	}
}
