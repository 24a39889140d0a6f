/* SPDX-License-Identifier: MIT
 *
 * unlock/state.c - the machine's open requests and slots.  A pure state machine:
 * time is handed in, storing is the caller's.  Trying answers is attempt.c's.
 */
#include "unlock/unlock.h"

#include <string.h>

#define HOUR_MS 3600000u

int guard_unlock_state_new(struct guard_unlock_state **ret_state)
{
	struct guard_unlock_state *state = calloc(1, sizeof(*state));

	if (!state)
		return -GUARD_E_NOMEM;
	*ret_state = state;
	return 0;
}

void guard_unlock_state_free(struct guard_unlock_state *state)
{
	free(state);
}

int guard_unlock_state_adopt(struct guard_unlock_state *state, const struct guard_unlock_set *set)
{
	uint64_t serial = state->serial;

	if (set->epoch < state->epoch)
		return -GUARD_E_ROLLBACK;
	if (set->epoch == state->epoch)
		return guard_digest_compare(&state->set, &set->checksum) == 0 ? 0 : -GUARD_E_CHANGED;
	*state = (struct guard_unlock_state){ .serial = serial + 1, .epoch = set->epoch, .set = set->checksum };
	return 0;
}

/* ---- time --------------------------------------------------------------------------------- */

/* Times of another boot mean nothing in this one: requests end, and a wait
 * begins anew in full. */
static void change_boot(struct guard_unlock_state *state, const struct guard_unlock_clock *clock)
{
	if (memcmp(state->boot_id, clock->boot_id, sizeof(state->boot_id)) == 0)
		return;
	memcpy(state->boot_id, clock->boot_id, sizeof(state->boot_id));
	state->wait_since = clock->boot_ms;
	state->hour_since = clock->boot_ms;
	state->count = 0;
	state->serial++;
}

void guard_unlock_settle(struct guard_unlock_state *state, const struct guard_unlock_clock *clock)
{
	change_boot(state, clock);
	for (unsigned i = state->count; i > 0; i--)
		if (guard_unlock_since(clock, state->requests[i - 1].opened_ms) >= GUARD_UNLOCK_REQUEST_MS)
			guard_unlock_request_drop(state, i - 1);
	if (state->hour_count > 0 && guard_unlock_since(clock, state->hour_since) >= HOUR_MS) {
		state->hour_count = 0;
		state->serial++;
	}
	if (state->wait_ms > 0 && guard_unlock_wait_left(state, clock) == 0) {
		state->wait_ms = 0;
		state->serial++;
	}
}

uint64_t guard_unlock_wait_left(const struct guard_unlock_state *state, const struct guard_unlock_clock *clock)
{
	uint64_t past = guard_unlock_since(clock, state->wait_since);

	return state->wait_ms > past ? state->wait_ms - past : 0;
}

/* ---- requests ------------------------------------------------------------------------------ */

void guard_unlock_request_drop(struct guard_unlock_state *state, unsigned index)
{
	memmove(&state->requests[index], &state->requests[index + 1],
		(state->count - index - 1) * sizeof(state->requests[0]));
	state->count--;
	state->serial++;
}

int guard_unlock_request_find(const struct guard_unlock_state *state, const struct guard_unlock_number *number)
{
	for (unsigned i = 0; i < state->count; i++)
		if (memcmp(&state->requests[i].number, number, sizeof(*number)) == 0)
			return (int)i;
	return -GUARD_E_NOT_FOUND;
}

static const struct guard_unlock_request *find_same(const struct guard_unlock_state *state, uint32_t uid,
						    uint8_t scope, const struct guard_digest *digest)
{
	for (unsigned i = 0; i < state->count; i++) {
		const struct guard_unlock_request *request = &state->requests[i];

		if (request->uid == uid && request->scope == scope &&
		    guard_digest_compare(&request->digest, digest) == 0)
			return request;
	}
	return NULL;
}

static uint32_t slots_on_offer(const struct guard_unlock_state *state, uint8_t scope)
{
	uint32_t offered = 0;

	for (unsigned i = 0; i < state->count; i++)
		if (state->requests[i].scope == scope)
			offered |= UINT32_C(1) << state->requests[i].slot;
	return offered;
}

/* In turn, so that the slot of a call that broke off rests; one that another
 * request has now, only if there is no other. */
static int pick_slot(uint8_t *ret_slot, const struct guard_unlock_state *state,
		     const struct guard_unlock_set *set, uint8_t scope)
{
	uint32_t left = set->present[scope - 1] & ~state->burned[scope - 1];
	uint32_t rested = left & ~slots_on_offer(state, scope), choice = rested ? rested : left;
	const unsigned slots = guard_unlock_slots(scope);

	for (unsigned i = 0; i < slots; i++) {
		unsigned slot = (state->next[scope - 1] + i) % slots;

		if (choice & (UINT32_C(1) << slot)) {
			*ret_slot = (uint8_t)slot;
			return 0;
		}
	}
	return -GUARD_E_NOT_FOUND;
}

static int check_room(const struct guard_unlock_state *state)
{
	if (state->locked)
		return -GUARD_E_DENIED;
	if (state->count >= GUARD_UNLOCK_REQUESTS_MAX)
		return -GUARD_E_LIMIT;
	if (state->hour_count >= GUARD_UNLOCK_REQUESTS_PER_HOUR)
		return -GUARD_E_BUSY;
	return 0;
}

static void add_request(struct guard_unlock_state *state, const struct guard_unlock_request *request)
{
	if (state->hour_count == 0)
		state->hour_since = request->opened_ms;
	state->hour_count++;
	state->next[request->scope - 1] = (uint8_t)((request->slot + 1u) % guard_unlock_slots(request->scope));
	state->requests[state->count++] = *request;
	state->serial++;
}

int guard_unlock_request_open(struct guard_unlock_request *ret_request, struct guard_unlock_state *state,
			      const struct guard_unlock_set *set, const struct guard_unlock_clock *clock,
			      uint32_t uid, const char *user, enum guard_unlock_scope scope,
			      const struct guard_digest *digest, uint16_t nonce)
{
	struct guard_unlock_request request = { .uid = uid, .scope = (uint8_t)scope, .opened_ms = clock->boot_ms };
	struct unlock_asked asked = { .user = user, .digest = &request.digest, .epoch = set->epoch, .nonce = nonce };
	const struct guard_unlock_request *same;
	int r;

	if (scope < GUARD_UNLOCK_SHORT || scope >= GUARD_UNLOCK_SCOPE_MAX_ || nonce >= GUARD_UNLOCK_NONCES ||
	    !guard_unlock_user_is_valid(user))
		return -GUARD_E_USAGE;
	if (guard_digest_compare(&state->set, &set->checksum) != 0)
		return -GUARD_E_CHANGED;
	if (GUARD_UNLOCK_HAS_FILE(scope))
		request.digest = *digest;
	guard_unlock_settle(state, clock);
	same = find_same(state, uid, request.scope, &request.digest);
	if (same && !state->locked) {
		*ret_request = *same;
		return 0;
	}
	r = check_room(state);
	if (r == 0)
		r = pick_slot(&request.slot, state, set, request.scope);
	if (r < 0)
		return r;
	asked.scope = request.scope;
	asked.slot = request.slot;
	r = guard_unlock_number_make(&request.number, set->mask, &asked);
	if (r < 0)
		return r;
	if (guard_unlock_request_find(state, &request.number) >= 0)
		return -GUARD_E_BUSY; /* the nonce of another open request: draw again */
	add_request(state, &request);
	*ret_request = request;
	return 0;
}

int guard_unlock_request_cancel(struct guard_unlock_state *state, const struct guard_unlock_clock *clock,
				const struct guard_unlock_number *number)
{
	int index;

	guard_unlock_settle(state, clock);
	index = guard_unlock_request_find(state, number);
	if (index < 0)
		return index;
	guard_unlock_request_drop(state, (unsigned)index);
	return 0;
}

int guard_unlock_request_at(struct guard_unlock_request *ret_request, struct guard_unlock_state *state,
			    const struct guard_unlock_clock *clock, unsigned index)
{
	guard_unlock_settle(state, clock);
	if (index >= state->count)
		return -GUARD_E_NOT_FOUND;
	*ret_request = state->requests[index];
	return 0;
}

void guard_unlock_state_info(struct guard_unlock_state_info *ret_info, struct guard_unlock_state *state,
			     const struct guard_unlock_set *set, const struct guard_unlock_clock *clock)
{
	guard_unlock_settle(state, clock);
	*ret_info = (struct guard_unlock_state_info){
		.serial = state->serial,
		.epoch = state->epoch,
		.failures = state->failures,
		.locked = state->locked,
		.requests = (uint8_t)state->count,
		.wait_ms = guard_unlock_wait_left(state, clock),
	};
	for (unsigned i = 0; i < GUARD_UNLOCK_SCOPES && set; i++)
		ret_info->slots_left[i] = (uint8_t)__builtin_popcount(set->present[i] & ~state->burned[i]);
}
