/* SPDX-License-Identifier: MIT
 *
 * unlock/attempt.c - the rules about trying an answer: counted before it is
 * looked at, waits that grow, locks.  Pure; evaluates no answer itself.
 */
#include "unlock/unlock.h"

#define WAIT_FIRST_MS 60000u

/* After the fifth wrong answer in a row, and each one behind it, twice as long. */
static uint64_t wait_after(unsigned failures)
{
	uint64_t wait = WAIT_FIRST_MS;

	if (failures < GUARD_UNLOCK_WRONG_MAX)
		return 0;
	for (unsigned i = GUARD_UNLOCK_WRONG_MAX; i < failures && wait < GUARD_UNLOCK_WAIT_MAX_MS; i++)
		wait *= 2;
	return wait < GUARD_UNLOCK_WAIT_MAX_MS ? wait : GUARD_UNLOCK_WAIT_MAX_MS;
}

static void count_failure(struct guard_unlock_state *state, struct guard_unlock_request *request,
			  const struct guard_unlock_clock *clock)
{
	request->wrong++;
	state->failures++;
	state->wait_ms = wait_after(state->failures);
	state->wait_since = clock->boot_ms;
	if (state->failures >= GUARD_UNLOCK_FAILURES_MAX)
		state->locked = 1;
	state->serial++;
}

int guard_unlock_attempt_begin(struct guard_unlock_state *state, const struct guard_unlock_clock *clock,
			       const struct guard_unlock_number *number)
{
	int index;

	guard_unlock_settle(state, clock);
	if (state->locked)
		return -GUARD_E_DENIED;
	index = guard_unlock_request_find(state, number);
	if (index < 0)
		return index;
	if (state->requests[index].wrong >= GUARD_UNLOCK_WRONG_MAX)
		return -GUARD_E_LIMIT;
	if (guard_unlock_wait_left(state, clock) > 0)
		return -GUARD_E_BUSY;
	count_failure(state, &state->requests[index], clock);
	return 0;
}

int guard_unlock_attempt_succeed(struct guard_unlock_request *ret_request, struct guard_unlock_state *state,
				 const struct guard_unlock_clock *clock,
				 const struct guard_unlock_number *number)
{
	struct guard_unlock_request request;
	int index;

	guard_unlock_settle(state, clock);
	index = guard_unlock_request_find(state, number);
	if (index < 0)
		return index;
	request = state->requests[index];
	/* Only after attempt_begin, and never twice for a slot. */
	if (request.wrong == 0 || (state->burned[request.scope - 1] & (UINT32_C(1) << request.slot)) != 0)
		return -GUARD_E_NOT_FOUND;
	state->burned[request.scope - 1] |= UINT32_C(1) << request.slot;
	state->failures = 0;
	state->locked = 0;
	state->wait_ms = 0;
	for (unsigned i = state->count; i > 0; i--)
		if (state->requests[i - 1].scope == request.scope && state->requests[i - 1].slot == request.slot)
			guard_unlock_request_drop(state, i - 1);
	state->serial++;
	*ret_request = request;
	return 0;
}
