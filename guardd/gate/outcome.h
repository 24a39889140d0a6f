/* SPDX-License-Identifier: MIT
 *
 * gate/outcome.h - what comes out for an event: decide.c finds it, conclude.c acts by it.
 */
#ifndef GUARDD_GATE_OUTCOME_H
#define GUARDD_GATE_OUTCOME_H

#include <stdbool.h>
#include <stdint.h>

#include <guard/policy.h>

struct gate;
struct gate_event;
struct gate_identity;

struct gate_outcome {
	struct guard_verdict verdict;
	uint64_t version;
	uint64_t generation; /* of the policy that decided */
	uint32_t interpreter; /* whose command line is to be looked at, or GUARD_NO_INTERPRETER */
	uint32_t seconds[GUARD_POLICY_UNLOCK_SCOPES]; /* of the unlocks that it offers */
	char rule_text[256];
	bool judges_words; /* it matters what that says; else only what of data is its script */
	bool holds_words; /* the kernel layer is to compare that command line */
	bool interprets; /* what it opens may be its script */
	bool allows_all; /* what no rule lists */
	bool recorded; /* an allow that is recorded whatever the configuration says */
};

/* gate_decide: by the policy in force, unlocks, words and containments; `identity` has
 * a digest.  *ret_identity: what was decided by, `identity` or, when another policy wanted
 * the signers verified anew, `renewed`.  false: names lead where this worker must not
 * wait, the event has gone to one that may. */
bool gate_decide(struct gate_outcome *ret_outcome, const struct gate_identity **ret_identity, struct gate *gate,
		 struct gate_event *event, const struct gate_identity *identity, struct gate_identity *renewed);

/* gate_overrule: denied, whatever the policy says. */
void gate_overrule(struct gate_outcome *outcome, enum guard_reason reason);

#endif
