/* SPDX-License-Identifier: MIT
 *
 * unit/question.c - see question.h.
 */
#include "question.h"

#include "unit.h"

const struct guard_machine question_machine = {
	.office = "osaka",
	.host = "pc-01",
	.passwd = "root:x:0:0::/:/bin/sh\nalice:x:1001:1001::/:/bin/sh\n",
	.group = "root:x:0:\nstaff:x:50:alice\n",
};

struct question ask_for(const char *content)
{
	return (struct question){
		.identity = { .digest = fixture_digest_of(content), .kind = GUARD_KIND_EXECUTABLE },
		.subject = { .uid = 1001, .gid_count = 2, .program = "/usr/bin/apt" },
		.object = { .path = "/usr/bin/x", .path_protected = 1 },
		.gids = { 1001, 50 },
		.now = NOW,
	};
}

struct guard_verdict decide(const struct guard_policy *policy, struct question *question)
{
	struct guard_verdict verdict;

	question->object.identity = &question->identity;
	question->subject.gids = question->gids;
	guard_policy_decide(policy, &verdict, &question->subject, &question->object, question->now);
	return verdict;
}

struct guard_policy *one_rule(struct image_fixture *fixture, struct guard_image_rule rule)
{
	const struct guard_digest digest = fixture_digest_of("x");
	struct guard_policy *policy;

	rule.flags = GUARD_RULE_HAS_DIGESTS;
	fixture_digest(fixture, &digest, fixture_rule(fixture, rule), NULL);
	policy = fixture_open(fixture, &question_machine);
	fixture_free(fixture);
	return policy;
}

void check_condition(set_condition set, struct question good, struct question bad, uint8_t depends)
{
	for (uint8_t action = 0; action <= 1; action++) {
		struct image_fixture fixture;
		struct guard_image_rule rule;
		struct guard_policy *policy;
		struct guard_verdict verdict;

		fixture_init(&fixture);
		fixture.meta.default_action = !action;
		rule = fixture_allow(&fixture, "g");
		rule.action = action;
		set(&fixture, &rule);
		policy = one_rule(&fixture, rule);
		verdict = decide(policy, &good);
		CU_ASSERT_EQUAL(verdict.action, action);
		CU_ASSERT_EQUAL(verdict.rule, 0);
		CU_ASSERT_EQUAL(verdict.depends, depends);
		verdict = decide(policy, &bad);
		CU_ASSERT_EQUAL(verdict.action, !action);
		CU_ASSERT_EQUAL(verdict.rule, GUARD_NO_RULE);
		CU_ASSERT_EQUAL(verdict.depends, depends); /* what did not match could have */
		guard_policy_free(policy);
	}
}
