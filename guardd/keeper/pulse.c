/* SPDX-License-Identifier: MIT
 *
 * keeper/pulse.c - notices a gate that lives and does not work: events wait in
 * the kernel's queue, and for two looks in a row it has read none.  It is
 * killed; the next one finds all that it left.
 */
#include <signal.h>
#include <sys/ioctl.h>

#include "internal.h"

#define PULSE_MS 4000

static bool events_wait(const struct keeper *keeper)
{
	int bytes = 0;

	return ioctl(keeper->handles.fanotify[GUARDD_GROUP_MAIN], FIONREAD, &bytes) == 0 && bytes > 0;
}

void keeper_pulse(struct keeper *keeper)
{
	const uint64_t events = atomic_load(&keeper->shared->counters.events);
	const bool stuck = keeper->gate_ready && events == keeper->pulse_events && events_wait(keeper);

	keeper->pulse_due_ms = keeper_now_ms() + PULSE_MS;
	keeper->pulse_events = events;
	keeper->pulse_missed = stuck ? keeper->pulse_missed + 1 : 0;
	if (keeper->pulse_missed < 2)
		return;
	keeper->pulse_missed = 0;
	keeper_say("the gate does not read while accesses wait: it is replaced");
	keeper_process_signal(&keeper->gate, SIGKILL);
}
