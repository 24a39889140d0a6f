/* SPDX-License-Identifier: MIT
 *
 * gate/contain.h - risky programs that the policy contains.  The gate judges what
 * such a program starts itself, with or without the kernel layer; what its children
 * start in turn, and where they write, the layer holds by what the gate tells it of
 * each program before it answers an exec.
 */
#ifndef GUARDD_GATE_CONTAIN_H
#define GUARDD_GATE_CONTAIN_H

#include "gate/gate.h"

/* A policy that comes into force soon: slots of the layer, places, one round of marks. */
void gate_contain_prepare(struct gate *gate, struct gate_policy *policy, uint32_t round);
/* It is in force: what only the one before contained is free. */
void gate_contain_begin(struct gate *gate, const struct gate_policy *policy);

/* Must each exec of the file be seen?  Never blocks; under a policy that is held. */
bool gate_contain_wanted(const struct gate *gate, const struct gate_policy *policy, const struct guard_object *object);
/* The layer, of a program that is about to be allowed.  `judged`: an interpreter that
 * starts with a command line that was judged alone.  With no policy held. */
void gate_contain_tell(struct gate *gate, const struct gate_event *event, bool judged);

struct gate_contained {
	bool found;     /* the acting program is contained and may not start this */
	bool deny;      /* false: it is recorded only */
	char said[256]; /* by which containment */
};
void gate_contain_judge(struct gate *gate, struct gate_contained *ret_contained, const struct gate_event *event);
/* The name of the containment in a slot of the layer; "" none in force. */
void gate_contain_name(struct gate *gate, char *ret_name, size_t size, uint32_t slot);

#endif
