/* SPDX-License-Identifier: MIT
 *
 * gate/needed.h - refusals of what the machine needs (docs/last-good.md): noted for the
 * keeper, which judges a policy on trial by them.  Changes no answer.
 */
#ifndef GUARDD_GATE_NEEDED_H
#define GUARDD_GATE_NEEDED_H

#include "gate/gate.h"

/* A program by which a machine starts, lets people in or reaches the network; the last
 * part of its name. */
bool gate_needed_name(const char *path);
/* The event was refused because nothing lists its file. */
void gate_needed_refused(struct gate *gate, const struct gate_event *event, const struct gate_identity *identity);
/* Another policy is in force. */
void gate_needed_begin(struct gate *gate);

#endif
