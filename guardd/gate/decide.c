/* SPDX-License-Identifier: MIT
 *
 * gate/decide.c - what comes out for an event: what the policy says of the file, what an
 * unlock lays over it, and how the file is used.  Answers nobody and remembers nothing.
 */
#include "gate/outcome.h"

#include <stdio.h>
#include <string.h>

#include "gate/contain.h"
#include "gate/gate.h"
#include "gate/interpreters.h"
#include "gate/patience.h"
#include "gate/unlocks.h"
#include "gate/words.h"

#define RENEWALS 3 /* of the signers, when one policy follows another */

void gate_rule_text(char *ret_text, size_t capacity, const struct guard_policy *policy, uint32_t rule)
{
	struct guard_rule_info info;

	ret_text[0] = '\0';
	if (rule != GUARD_NO_RULE && guard_policy_rule_info(policy, rule, &info) == 0)
		snprintf(ret_text, capacity, "%s/%s at %s", info.source, info.group, info.location);
}

/* What the policy does not list an unlock may allow; what a rule denies it may not. */
static void lay_unlock_over(struct gate *gate, struct gate_outcome *outcome, const struct gate_event *event,
			    const struct guard_digest *digest)
{
	const struct gate_facts *facts = event->facts;
	const struct gate_wanted wanted = { .subject = facts->no_subject ? NULL : &facts->subject,
					    .digest = digest,
					    .key = &event->file.key,
					    .kind = facts->kind };
	uint32_t id;

	if (outcome->verdict.action == GUARD_ALLOW || outcome->verdict.reason == GUARD_REASON_RULE_DENY)
		return;
	id = gate_unlock_covers(gate, &wanted, outcome->seconds);
	if (!id)
		return;
	outcome->verdict.action = GUARD_ALLOW;
	outcome->verdict.reason = GUARD_REASON_UNLOCK;
	outcome->verdict.rule = id;
	snprintf(outcome->rule_text, sizeof(outcome->rule_text), "unlock %u", id);
}

/* Nobody can say what a file holds that a process serves: neither a rule nor an unlock
 * makes it what was identified. */
static void distrust_server(struct gate *gate, struct gate_outcome *outcome, const struct gate_filesystem *filesystem)
{
	if (outcome->verdict.action == GUARD_DENY || outcome->allows_all ||
	    gate_filesystem_is_believed(gate, filesystem))
		return;
	outcome->verdict.action = GUARD_DENY;
	outcome->verdict.reason = GUARD_REASON_SERVED;
	outcome->verdict.rule = GUARD_NO_RULE;
	outcome->rule_text[0] = '\0';
}

/* It is started: by the kernel, or by a dynamic loader that was called by hand. */
static bool needs_words(const struct gate_facts *facts)
{
	return facts->kind == GUARD_KIND_EXECUTABLE ||
	       (facts->kind == GUARD_KIND_LIBRARY && facts->program && facts->program->loader);
}

static void decide(struct gate *gate, struct gate_outcome *outcome, const struct gate_event *event,
		   const struct gate_identity *identity)
{
	const struct gate_facts *facts = event->facts;
	struct guard_identity asked = identity->identity;
	struct gate_filesystem filesystem;
	const struct gate_policy *policy;
	struct guard_subject subject = { .uid = facts->subject.uid,
					 .gid_count = facts->subject.gid_count,
					 .gids = facts->subject.gids };
	struct guard_object object = { .identity = &asked,
				       .claimed_path = facts->path.claimed,
				       .path_protected = facts->path.protected };

	gate_filesystem_of(gate, &filesystem, event->file.key.device, event->fd);
	object.medium = filesystem.medium;
	if (facts->path.verified)
		object.path = facts->path.claimed;
	if (facts->program && facts->program->verified)
		subject.program = facts->program->path;
	if (facts->no_subject)
		subject.uid = UINT32_MAX;
	asked.kind = facts->kind;
	policy = gate_policy_hold(gate);
	guard_attribution_add(policy->attributions, &asked);
	guard_policy_decide(policy->policy, &outcome->verdict, &subject, &object, gate_policy_now(policy));
	outcome->version = policy->info.version;
	outcome->generation = policy->generation;
	gate_rule_text(outcome->rule_text, sizeof(outcome->rule_text), policy->policy, outcome->verdict.rule);
	outcome->interpreter = needs_words(facts) ? gate_words_wanted(policy, &object) : GUARD_NO_INTERPRETER;
	outcome->judges_words = gate_words_judged(policy, outcome->interpreter);
	outcome->holds_words = gate_words_held(policy, outcome->interpreter);
	outcome->interprets = gate_interprets(policy, &object);
	outcome->allows_all = policy->info.default_action == GUARD_ALLOW;
	memcpy(outcome->seconds, policy->info.unlock_seconds, sizeof(outcome->seconds));
	gate_policy_release(gate);
	lay_unlock_over(gate, outcome, event, &asked.digest);
	distrust_server(gate, outcome, &filesystem);
}

/* The open beneath an exec comes without a word about it.  How the caller asked
 * is looked at only where it would change the answer. */
static void try_as_exec(struct gate *gate, struct gate_outcome *outcome, struct gate_event *event,
			const struct gate_identity *identity)
{
	struct gate_facts *facts = event->facts;
	struct gate_outcome other = { .recorded = false };
	struct gate_call call;

	if (facts->kind != GUARD_KIND_LIBRARY || !facts->call_unknown || facts->exec)
		return;
	facts->kind = GUARD_KIND_EXECUTABLE;
	decide(gate, &other, event, identity);
	if (other.verdict.action == GUARD_ALLOW && other.generation == identity->generation && gate_call_wait(&call, event->tid) == 0 &&
	    call.kind == GATE_CALL_EXEC) {
		facts->exec = true;
		*outcome = other;
	} else {
		facts->kind = GUARD_KIND_LIBRARY;
	}
}

void gate_overrule(struct gate_outcome *outcome, enum guard_reason reason)
{
	outcome->verdict.action = GUARD_DENY;
	outcome->verdict.reason = (uint8_t)reason;
}

/* The file is allowed, how it is used is not, or is recorded.  An unlock of the file
 * is one of its use. */
static void object_to_use(struct gate *gate, struct gate_outcome *outcome, struct gate_event *event,
			  const struct gate_identity *identity, enum guard_reason reason, bool deny)
{
	outcome->verdict.reason = (uint8_t)reason;
	outcome->verdict.rule = GUARD_NO_RULE;
	outcome->rule_text[0] = '\0';
	outcome->recorded = true;
	if (!deny)
		return;
	outcome->verdict.action = GUARD_DENY;
	lay_unlock_over(gate, outcome, event, &identity->identity.digest);
}

/* May the program that starts it do so? */
static void look_at_containment(struct gate *gate, struct gate_outcome *outcome, struct gate_event *event,
				const struct gate_identity *identity)
{
	struct gate_contained contained;

	if (outcome->verdict.action == GUARD_DENY || outcome->verdict.reason == GUARD_REASON_UNLOCK)
		return;
	gate_contain_judge(gate, &contained, event);
	if (!contained.found)
		return;
	memcpy(event->facts->said, contained.said, sizeof(event->facts->said));
	object_to_use(gate, outcome, event, identity, GUARD_REASON_CONTAINED, contained.deny);
}

/* The interpreter may run; may it run what it is told to?  Under an unlock of its
 * own it may.  false: names lead where this worker must not wait, the event is
 * looked at anew by one that may. */
static bool look_at_words(struct gate *gate, struct gate_outcome *outcome, struct gate_event *event,
			  const struct gate_identity *identity)
{
	struct gate_words words;

	/* What an unlock opened is looked at for the kernel layer alone. */
	if (outcome->verdict.action == GUARD_DENY || outcome->interpreter == GUARD_NO_INTERPRETER)
		return true;
	/* By another policy it may be another interpreter. */
	if (outcome->generation != gate_policy_generation(gate) && gate_triage_again(gate, event))
		return false;
	gate_patience_begin(event->patient || event->group == GUARDD_GROUP_SLOW);
	gate_words_judge(gate, &words, event, outcome);
	if (gate_patience_ran_out()) {
		event->patient = true;
		if (gate_triage_again(gate, event))
			return false;
		gate_overrule(outcome, GUARD_REASON_OVERLOAD);
	} else if (words.action != GUARD_INLINE_ALLOW && outcome->verdict.reason != GUARD_REASON_UNLOCK) {
		memcpy(event->facts->said, words.said, sizeof(event->facts->said));
		object_to_use(gate, outcome, event, identity, (enum guard_reason)words.reason,
			      words.action == GUARD_INLINE_DENY);
	}
	return true;
}

/* A policy that came meanwhile wants the signers verified by its own keys. */
static const struct gate_identity *decide_current(struct gate *gate, struct gate_outcome *outcome,
						  struct gate_identity *renewed, const struct gate_event *event,
						  const struct gate_identity *identity)
{
	decide(gate, outcome, event, identity);
	for (int i = 0; i < RENEWALS && outcome->generation != identity->generation; i++) {
		*renewed = *identity;
		gate_signers_find(gate, renewed, event->fd);
		identity = renewed;
		decide(gate, outcome, event, identity);
	}
	if (outcome->generation != identity->generation)
		gate_overrule(outcome, GUARD_REASON_OVERLOAD);
	return identity;
}

bool gate_decide(struct gate_outcome *ret_outcome, const struct gate_identity **ret_identity, struct gate *gate,
		 struct gate_event *event, const struct gate_identity *identity, struct gate_identity *renewed)
{
	*ret_outcome = (struct gate_outcome){ .recorded = false };
	identity = decide_current(gate, ret_outcome, renewed, event, identity);
	*ret_identity = identity;
	if (ret_outcome->verdict.action == GUARD_DENY)
		try_as_exec(gate, ret_outcome, event, identity);
	if (!look_at_words(gate, ret_outcome, event, identity))
		return false;
	look_at_containment(gate, ret_outcome, event, identity);
	return true;
}
