/* SPDX-License-Identifier: MIT
 *
 * gate/interpreters.h - is a program an interpreter of the policy, and which?
 */
#ifndef GUARDD_GATE_INTERPRETERS_H
#define GUARDD_GATE_INTERPRETERS_H

#include "gate/gate.h"

#define GATE_INTERPRETERS_MAX 256u

/* Hash what lies where the policy names interpreters by path and gives no digest.
 * Opens files; for a policy that is not in force yet. */
int gate_interpreters_learn(struct gate_interpreters **ret_table, const struct guard_policy *policy) GUARD_WARN_UNUSED;
/* Over what was learned.  Errors: GUARD_E_NOMEM. */
int gate_interpreters_checksum(struct guard_digest *ret_digest, const struct gate_interpreters *table) GUARD_WARN_UNUSED;
void gate_interpreters_free(struct gate_interpreters *table);

/* Under a policy that is held; never blocks.  `path` and `digest` may be NULL.
 * GUARD_NO_INTERPRETER: none. */
uint32_t gate_interpreter_of(const struct gate_policy *policy, const char *path, const struct guard_digest *digest);

/* Is the file one whose opens may be scripts, not modules of the kernel alone?  Under a
 * policy that is held. */
bool gate_interprets(const struct gate_policy *policy, const struct guard_object *object);

#endif
