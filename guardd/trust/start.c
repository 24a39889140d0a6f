/* SPDX-License-Identifier: MIT
 *
 * trust/start.c - what a trust process makes of what it finds: whether the set
 * that it remembers is the one in force, and whether a clock that was put back
 * while nobody looked would bring ended exceptions back.
 */
#include <unistd.h>

#include "trust/internal.h"

/* The power may have gone between the gate's taking over and the memory's being
 * written, or the keeper's copy is damaged: then the first good check hands the
 * whole set over once more. */
void trust_start_look(struct trust_process *trust, int policy)
{
	struct trust_failure failure = {0};

	trust->in_force = trust->memory.state.part_count > 0 && trust_set_is(policy, &trust->memory.set);
	if (policy >= 0)
		close(policy);
	if (!trust->in_force || !trust_clock_was_put_back(trust))
		return;
	/* The same parts, but known to be in force at this moment and not before. */
	trust->now = trust_now(trust);
	if (trust_deliver(trust, &trust->memory.state, &failure) < 0)
		trust_note(trust, GUARD_DAEMON_UPDATE_REFUSED,
			   "The clock was put back, and the policy could not be dated anew: %s", failure.text);
}
