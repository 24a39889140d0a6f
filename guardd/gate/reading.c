/* SPDX-License-Identifier: MIT
 *
 * gate/reading.c - who reads a program and does not run it.  Where the kernel layer
 * looks again when a file is mapped as code, an open alone decides nothing: a
 * copy, a backup, a scanner may read what is not listed.  A dynamic loader is still
 * refused at its open: it says more of that than of a mapping.  Allows nothing to
 * be run; must not be asked about execs and scripts.
 */
#include "gate/gate.h"

bool gate_only_reads(struct gate *gate, const struct gate_event *event)
{
	const struct gate_facts *facts = event->facts;
	struct gate_call call;

	if (!facts || facts->kind != GUARD_KIND_LIBRARY || facts->exec ||
	    (facts->program && facts->program->loader) || !gate_layer_holds(gate, event->file.key.device))
		return false;
	return gate_call_wait(&call, event->tid) == 0 && call.kind != GATE_CALL_EXEC &&
	       gate_ip_read(event->tid, &call) == GATE_IP_OUTSIDE;
}
