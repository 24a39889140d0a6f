/* SPDX-License-Identifier: MIT
 *
 * policy/decide.c - the decision of docs/policy-image.md.  Pure: no I/O, no
 * allocation, no lock.  Nothing here can fail.
 */
#include "policy/policy.h"

#include <string.h>

#include "base/text.h"

struct decision {
	const struct guard_policy *head;   /* says what holds for all */
	const struct guard_policy *policy; /* whose rules are looked at */
	const struct guard_subject *subject;
	const struct guard_object *object;
	int64_t now;
	uint32_t best[GUARD_CLASS_MAX_]; /* lowest rule that matched, by class */
	const struct guard_bound_rule *best_rule[GUARD_CLASS_MAX_];
	uint32_t lapsed;                 /* an exception that only the policy's expiry stops */
	/* by action */
	bool certain[2];                 /* some rule matched that has no condition */
	uint8_t missed_depends[2];       /* conditions of the rules that did not match */
	int64_t missed_until[2];         /* when the first of them begins */
};

/* A rule that the path alone keeps from matching leans on nothing else: who asks
 * and when changes nothing as long as the file is where it is. */
static void note_missed(struct decision *decision, const struct guard_bound_rule *rule, uint8_t action)
{
	if (guard_policy_path_condition(decision->policy, rule, decision->object) == GUARD_CONDITION_PATH) {
		decision->missed_depends[action] |= GUARD_DEPENDS_PATH;
		return;
	}
	decision->missed_depends[action] |= rule->depends;
	if (decision->now < rule->valid_from && rule->valid_from < decision->missed_until[action])
		decision->missed_until[action] = rule->valid_from;
}

static void consider(struct decision *decision, uint32_t index)
{
	const struct guard_bound_rule *rule = &decision->policy->bound[index];
	const uint32_t number = decision->policy->rule_base + index;
	const uint8_t action = rule->class_ >= GUARD_CLASS_BARRED ? GUARD_DENY : GUARD_ALLOW;

	if (guard_policy_static_condition(rule, decision->object) != GUARD_CONDITION_NONE)
		return;
	if (rule->depends == 0) {
		decision->certain[action] = true;
	} else if (guard_policy_failing_condition(decision->policy, rule, decision->subject, decision->object,
						  &decision->now) != GUARD_CONDITION_NONE) {
		note_missed(decision, rule, action);
		return;
	}
	if (rule->class_ == GUARD_CLASS_EXCEPTION && decision->now >= decision->head->meta->expires) {
		note_missed(decision, rule, action);
		if (number < decision->lapsed)
			decision->lapsed = number;
		return;
	}
	if (number < decision->best[rule->class_]) {
		decision->best[rule->class_] = number;
		decision->best_rule[rule->class_] = rule;
	}
}

static void consider_list(struct decision *decision, const struct guard_rule_list *list)
{
	for (uint32_t i = 0; i < list->count; i++)
		consider(decision, list->rules[i]);
}

/* The rules of every directory above `path`, and of itself: `/a/` + `**` also
 * matches `/a`. */
static void consider_prefixes(struct decision *decision, const char *path)
{
	uint64_t hash = GUARD_FNV1A_START;
	struct guard_rule_list list;

	for (size_t i = 0;; i++) {
		if (i > 0 && (path[i] == '/' || path[i] == '\0')) {
			guard_policy_rules_of_prefix(decision->policy, &list, hash, i);
			consider_list(decision, &list);
		}
		if (path[i] == '\0')
			return;
		hash = guard_fnv1a(hash, (uint8_t)path[i]);
	}
}

static void consider_content(struct decision *decision)
{
	const struct guard_identity *identity = decision->object->identity;
	struct guard_rule_list list;

	guard_policy_rules_of_digest(decision->policy, &list, &identity->digest);
	consider_list(decision, &list);
	for (size_t i = 0; i < identity->signer_count && i < GUARD_SIGNERS_MAX; i++) {
		guard_policy_rules_of_signer(decision->policy, &list, &identity->signers[i]);
		for (uint32_t j = 0; j < list.count; j++)
			if (guard_policy_takes_signer(decision->policy, list.rules[j], &identity->signers[i]))
				consider(decision, list.rules[j]);
	}
}

static void consider_path(struct decision *decision)
{
	const struct guard_policy *policy = decision->policy;
	const char *path = decision->object->path, *claimed = decision->object->claimed_path;
	const struct guard_rule_list always = { policy->always, (uint32_t)policy->always_count };

	if (policy->prefix_count == 0 && always.count == 0)
		return;
	consider_list(decision, &always);
	if (path)
		consider_prefixes(decision, path);
	if (claimed && (!path || strcmp(path, claimed) != 0))
		consider_prefixes(decision, claimed);
}

/* Who wins, before anything is said about how long it holds. */
static enum guard_class name_winner(const struct decision *decision, struct guard_verdict *verdict)
{
	static const uint8_t reasons[GUARD_CLASS_MAX_] = { GUARD_REASON_DEFAULT, GUARD_REASON_RULE_ALLOW,
							   GUARD_REASON_EXCEPTION, GUARD_REASON_BARRED,
							   GUARD_REASON_RULE_DENY };
	enum guard_class winner = GUARD_CLASS_DENY;

	while (winner > GUARD_CLASS_NONE && decision->best[winner] == GUARD_NO_RULE)
		winner--;
	verdict->rule = decision->best[winner];
	verdict->reason = reasons[winner];
	if (winner != GUARD_CLASS_NONE) {
		verdict->action = winner >= GUARD_CLASS_BARRED ? GUARD_DENY : GUARD_ALLOW;
		return winner;
	}
	verdict->action = decision->head->meta->default_action;
	if (decision->lapsed != GUARD_NO_RULE && verdict->action == GUARD_DENY) {
		verdict->reason = GUARD_REASON_POLICY_EXPIRED;
		verdict->rule = decision->lapsed;
	}
	return winner;
}

/* What the winner leans on: nothing, when an unconditional rule says the same. */
static void add_winner(const struct decision *decision, struct guard_verdict *verdict, enum guard_class winner)
{
	const struct guard_bound_rule *rule;

	if (winner == GUARD_CLASS_NONE || decision->certain[verdict->action])
		return;
	rule = decision->best_rule[winner];
	verdict->depends = rule->depends;
	verdict->valid_until = rule->valid_until;
	if (winner == GUARD_CLASS_EXCEPTION && decision->head->meta->expires < verdict->valid_until)
		verdict->valid_until = decision->head->meta->expires;
}

/* What could turn the verdict round: stronger rules of the other action whose
 * conditions did not hold, and rules that another path would lead to. */
static void add_missed(const struct decision *decision, struct guard_verdict *verdict, enum guard_class winner)
{
	const uint8_t other = verdict->action == GUARD_DENY ? GUARD_ALLOW : GUARD_DENY;
	const struct guard_object *object = decision->object;
	const bool known = object->identity->kind < GUARD_KIND_MAX_ && object->medium < GUARD_MEDIUM_MAX_;

	if (winner >= GUARD_CLASS_BARRED)
		return;
	verdict->depends |= decision->missed_depends[other];
	if (decision->missed_until[other] < verdict->valid_until)
		verdict->valid_until = decision->missed_until[other];
	for (const struct guard_policy *policy = decision->head; known && policy; policy = policy->next)
		if (policy->path_kinds[other][object->medium] >> object->identity->kind & 1)
			verdict->depends |= GUARD_DEPENDS_PATH;
}

void guard_policy_decide(const struct guard_policy *policy, struct guard_verdict *ret_verdict,
			 const struct guard_subject *subject, const struct guard_object *object, int64_t now)
{
	struct decision decision = {
		.head = policy,
		.subject = subject,
		.object = object,
		/* A clock that was put back does not make an exception young again. */
		.now = now < policy->made ? policy->made : now,
		.best = { GUARD_NO_RULE, GUARD_NO_RULE, GUARD_NO_RULE, GUARD_NO_RULE, GUARD_NO_RULE },
		.lapsed = GUARD_NO_RULE,
		.missed_until = { INT64_MAX, INT64_MAX },
	};
	struct guard_verdict verdict = { .mode = policy->meta->mode, .valid_until = INT64_MAX };
	enum guard_class winner;

	for (decision.policy = policy; decision.policy; decision.policy = decision.policy->next) {
		consider_content(&decision);
		consider_path(&decision);
	}
	winner = name_winner(&decision, &verdict);
	add_winner(&decision, &verdict, winner);
	add_missed(&decision, &verdict, winner);
	*ret_verdict = verdict;
}
