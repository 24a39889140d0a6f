/* SPDX-License-Identifier: MIT
 *
 * gate/layer.h - what the gate tells the kernel layer, and what it leaves to it
 * (docs/kernel-layer.md).
 */
#ifndef GUARDD_GATE_LAYER_H
#define GUARDD_GATE_LAYER_H

#include <stdbool.h>
#include <stdint.h>

#include <guard/policy.h>

#include "guardd.h"

struct gate;
struct gate_beneath;
struct gate_event;
struct gate_filesystem;
struct gate_identity;
struct gate_policy;

/* ---- layer.c: what the gate tells the kernel layer (docs/kernel-layer.md) ------------------------- */

/* All of these do nothing where the layer is off. */
/* What anybody may use this inode as, before the answer, under the lease. */
void gate_layer_remember(struct gate *gate, const struct gate_event *event, const struct gate_identity *identity);
/* Whom the event is allowed for, when that is not everybody. */
void gate_layer_grant(struct gate *gate, const struct gate_event *event, uint32_t kinds);
/* Does the kernel itself refuse to map a file of this filesystem as code without a
 * verdict?  Then who only reads it need not be refused. */
bool gate_layer_holds(struct gate *gate, uint64_t device);
void gate_layer_filesystem(struct gate *gate, const struct gate_filesystem *filesystem);
void gate_layer_filesystem_gone(struct gate *gate, uint64_t device);
/* The disks that root is kept from. */
void gate_layer_beneath(struct gate *gate, const struct gate_beneath *beneath);
/* What anybody may use a file as; the object leans on no name that could change. */
uint32_t gate_layer_kinds(const struct gate_policy *policy, const struct guard_object *object);

/* reading.c: the event's library is only read, and the kernel sees to it that it stays so. */
bool gate_only_reads(struct gate *gate, const struct gate_event *event);

/* layer_contents.c: a digest over all that decides about a content by itself: policy, packages,
 * signed lists, what lies here as an interpreter, and these programs.  Errors: GUARD_E_IO, GUARD_E_NOMEM: none. */
int gate_layer_contents(struct guard_digest *ret_digest, struct gate *gate, const struct gate_policy *policy) GUARD_WARN_UNUSED;

/* layer_policy.c: whole policies.  Who changes the policy calls these. */
/* Give a policy that comes into force soon its generation: that of a gate before
 * when its contents are there already. */
void gate_layer_choose(struct gate *gate, struct gate_policy *policy);
/* Put its contents in, unless they are there.  Takes its time. */
void gate_layer_fill(struct gate *gate, struct gate_policy *policy);
/* It is in force in the gate: now in the kernel. */
void gate_layer_begin(struct gate *gate);
/* The first policy's contents; then, from now on the kernel refuses. */
void gate_layer_ready(struct gate *gate);
void gate_layer_enforce(struct gate *gate);

/* layer_events.c: a thread that records what the kernel refused. */
int gate_layer_listen(struct gate *gate) GUARD_WARN_UNUSED;

#endif
