/* SPDX-License-Identifier: MIT
 *
 * unlock/answer.c - one answer code is tried.  Recorded and counted before it is
 * evaluated; the slot is burned, saved and recorded before anything is unlocked.
 */
#include <stdio.h>
#include <string.h>

#include "unlock/process.h"

#define WRONG_TRIES_MAX GUARD_UNLOCK_WRONG_MAX

static bool is_approved(const struct unlock_process *process, const struct unlock_entry *entry)
{
	return unlock_delivery_answer(process, &entry->number) != NULL;
}

/* The request that is meant: by number, or the user's only one; of several the
 * newest, and `ret_several` says that nobody knows.  What comes by the signed channel
 * says itself what it is for. */
static struct unlock_entry *find(unsigned *ret_several, struct unlock_process *process,
				 const struct guard_handed *handed, const struct guard_unlock_number *number)
{
	const struct guard_ask *ask = &handed->ask;
	struct unlock_entry *newest = NULL;
	unsigned count = 0;

	unlock_entries_settle(process);
	for (unsigned i = process->count; i > 0; i--) {
		struct unlock_entry *entry = &process->entries[i - 1];

		if (entry->id != 0 || entry->uid != handed->uid)
			continue;
		if (ask->number[0] ? memcmp(&entry->number, number, sizeof(*number)) == 0
				   : !ask->code[0] && is_approved(process, entry))
			return entry;
		newest = newest ? newest : entry;
		count++;
	}
	if (ask->number[0])
		return NULL;
	*ret_several = ask->code[0] && count > 1 ? count : 0;
	return newest;
}

/* false: something was said. */
static bool parse(struct guard_unlock_number *ret_number, struct guard_unlock_answer *ret_answer, int client,
		  const struct guard_handed *handed)
{
	const struct guard_ask *ask = &handed->ask;
	struct guard_unlock_flaw flaw = {0};
	int r = 0;

	if (ask->number[0])
		r = guard_unlock_number_parse(ret_number, &flaw, ask->number, strlen(ask->number));
	if (r == 0 && ask->code[0])
		r = guard_unlock_answer_parse(ret_answer, &flaw, ask->code, strlen(ask->code));
	if (r < 0)
		unlock_reply_flaw(client, handed->sequence, &flaw);
	return r == 0;
}

static void refuse_try(struct unlock_process *process, int client, const struct guard_handed *handed, int error)
{
	struct guard_unlock_state_info info;
	struct guard_unlock_clock clock;

	unlock_now(&clock, process);
	guard_unlock_state_info(&info, process->state, process->set, &clock);
	if (error == -GUARD_E_BUSY)
		unlock_reply_refusal(client, handed->sequence, GUARD_REFUSAL_WAIT,
				     (uint32_t)((info.wait_ms + 999) / 1000),
				     "After so many wrong answers the next try has to wait.");
	else if (error == -GUARD_E_LIMIT)
		unlock_reply_refusal(client, handed->sequence, GUARD_REFUSAL_REQUEST_LOCKED, 0,
				     "Five wrong answers have locked this request: cancel it and ask again.");
	else if (error == -GUARD_E_DENIED)
		unlock_reply_refusal(client, handed->sequence, GUARD_REFUSAL_LOCKED, info.epoch,
				     "Unlock by phone is locked on this machine.");
	else
		unlock_reply_refusal(client, handed->sequence, GUARD_REFUSAL_NO_REQUEST, 0,
				     "Nothing is asked for: the request has expired, was cancelled, or the machine "
				     "was restarted.");
}

static uint32_t tries_left(struct unlock_process *process, const struct unlock_entry *entry)
{
	struct guard_unlock_request request;
	struct guard_unlock_clock clock;

	unlock_now(&clock, process);
	for (unsigned i = 0; guard_unlock_request_at(&request, process->state, &clock, i) == 0; i++)
		if (memcmp(&request.number, &entry->number, sizeof(request.number)) == 0)
			return request.wrong < WRONG_TRIES_MAX ? WRONG_TRIES_MAX - request.wrong : 0;
	return 0;
}

static void was_wrong(struct unlock_process *process, int client, const struct guard_handed *handed,
		      const struct unlock_entry *entry)
{
	struct guard_unlock_state_info info;
	struct guard_unlock_clock clock;

	unlock_now(&clock, process);
	guard_unlock_state_info(&info, process->state, process->set, &clock);
	(void)!unlock_note(process, GUARD_DAEMON_UNLOCK_WRONG, entry, "A wrong answer code by %s, %u in a row",
			   entry->user, info.failures);
	if (info.locked)
		(void)!unlock_note(process, GUARD_DAEMON_UNLOCK_LOCKED, entry,
				   "Unlock by phone is locked after %u wrong answers, until verifiers of an epoch "
				   "above %u come",
				   info.failures, info.epoch);
	unlock_reply_refusal(client, handed->sequence, info.locked ? GUARD_REFUSAL_LOCKED : GUARD_REFUSAL_WRONG,
			     tries_left(process, entry), "The answer code is wrong.");
}

/* It verified. */
static void open_unlock(struct unlock_process *process, int client, const struct guard_handed *handed,
			struct unlock_entry *entry)
{
	struct guard_unlock_request request;
	struct guard_unlock_clock clock;
	int r;

	unlock_now(&clock, process);
	if (guard_unlock_attempt_succeed(&request, process->state, &clock, &entry->number) < 0) {
		refuse_try(process, client, handed, -GUARD_E_NOT_FOUND);
		return;
	}
	entry->id = process->next_id++;
	entry->opened_ms = clock.boot_ms;
	entry->until_ms = clock.boot_ms + (uint64_t)handed->seconds[entry->scope - 1] * 1000u;
	r = unlock_store_save(process);
	if (r == 0)
		r = unlock_note(process, GUARD_DAEMON_UNLOCK_OPENED, entry,
				"Unlock %u (%s) for %s until %u s from now, request %u tries: %s", entry->id,
				guard_unlock_scope_name(entry->scope), entry->user, handed->seconds[entry->scope - 1],
				request.wrong, entry->reason);
	if (r < 0) {
		unlock_entry_drop(process, entry);
		(void)!unlock_store_save(process);
		unlock_reply_refusal(client, handed->sequence, GUARD_REFUSAL_NO_RECORD, 0,
				     "The answer was right, but it could not be recorded: nothing is unlocked. Ask "
				     "again when `guardctl status` reports no problem.");
		return;
	}
	process->next_look_ms = 0;
	unlock_entries_tell_gate(process);
	unlock_reply_entry(process, client, handed->sequence, entry);
}

/* Without a code: is there one from the signed channel?  It is checked like any
 * other, and the try is counted. */
static bool approved(struct guard_unlock_answer *answer, const struct unlock_process *process, int client,
		     const struct guard_handed *handed, const struct unlock_entry *entry)
{
	const struct guard_unlock_answer *delivered;

	if (handed->ask.code[0])
		return true;
	delivered = unlock_delivery_answer(process, &entry->number);
	if (delivered)
		*answer = *delivered;
	else
		unlock_reply_refusal(client, handed->sequence, GUARD_REFUSAL_NOT_APPROVED, 0,
				     "The help desk has not approved the request yet, or the approval has not come.");
	return delivered != NULL;
}

void unlock_answer(struct unlock_process *process, int client, const struct guard_handed *handed)
{
	struct guard_unlock_number number = {{0}};
	struct guard_unlock_answer answer = {0};
	struct guard_unlock_clock clock;
	struct unlock_entry *entry;
	unsigned several = 0;
	int r;

	if (!parse(&number, &answer, client, handed))
		return;
	entry = find(&several, process, handed, &number);
	if (unlock_refuse(process, client, handed, entry ? entry->scope : 0))
		return;
	if (!entry) {
		refuse_try(process, client, handed, -GUARD_E_NOT_FOUND);
		return;
	}
	if (several) {
		unlock_reply_refusal(client, handed->sequence, GUARD_REFUSAL_SEVERAL, several,
				     "Several of your requests are open: say which one the code is for. No try was used up.");
		return;
	}
	if (unlock_entries_open(process) == GUARDD_GRANTS_MAX) {
		unlock_reply_refusal(client, handed->sequence, GUARD_REFUSAL_FULL, GUARDD_GRANTS_MAX,
				     "Too many unlocks are open on this machine: end one first.");
		return;
	}
	if (!approved(&answer, process, client, handed, entry))
		return;
	unlock_now(&clock, process);
	r = guard_unlock_attempt_begin(process->state, &clock, &entry->number);
	if (r < 0) {
		refuse_try(process, client, handed, r);
		return;
	}
	r = unlock_store_save(process);
	if (r == 0)
		r = unlock_note(process, GUARD_DAEMON_UNLOCK_TRIED, entry, "%s tries an answer code", entry->user);
	if (r < 0) {
		unlock_reply_refusal(client, handed->sequence, GUARD_REFUSAL_NO_RECORD, 0,
				     "The try could not be saved and recorded: nothing is unlocked.");
		return;
	}
	r = guard_unlock_verify(process->set, &entry->number, &answer);
	if (r == 0)
		open_unlock(process, client, handed, entry);
	else
		was_wrong(process, client, handed, entry);
}
