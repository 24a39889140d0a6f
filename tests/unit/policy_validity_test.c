/* SPDX-License-Identifier: MIT
 *
 * unit/policy_validity_test.c - times, and how far a verdict says that it holds.
 */
#include "unit.h"

#include "question.h"

/* ---- time ----------------------------------------------------------------------- */

static void set_times(struct image_fixture *fixture, struct guard_image_rule *rule)
{
	(void)fixture;
	rule->valid_from = NOW;
	rule->valid_until = NOW + 100;
}

static void rules_hold_from_and_until(void)
{
	struct question good = ask_for("x"), bad = ask_for("x");

	bad.now = NOW - 1;
	check_condition(set_times, good, bad, GUARD_DEPENDS_TIME);
	bad.now = INT64_MIN;
	check_condition(set_times, good, bad, GUARD_DEPENDS_TIME);
	good.now = NOW + 99;
	bad.now = NOW + 100;
	check_condition(set_times, good, bad, GUARD_DEPENDS_TIME);
	bad.now = INT64_MAX;
	check_condition(set_times, good, bad, GUARD_DEPENDS_TIME);
}

static void verdicts_say_how_long_they_hold(void)
{
	struct question question = ask_for("x");
	struct image_fixture fixture;
	struct guard_image_rule rule;
	struct guard_policy *policy;

	fixture_init(&fixture);
	rule = fixture_allow(&fixture, "g");
	set_times(&fixture, &rule);
	policy = one_rule(&fixture, rule);
	question.now = NOW - 50;
	CU_ASSERT_EQUAL(decide(policy, &question).valid_until, NOW);
	question.now = NOW;
	CU_ASSERT_EQUAL(decide(policy, &question).valid_until, NOW + 100);
	question.now = NOW + 100;
	CU_ASSERT_EQUAL(decide(policy, &question).valid_until, INT64_MAX);
	guard_policy_free(policy);
}

static void a_deny_rule_to_come_limits_an_allow(void)
{
	struct question question = ask_for("x");
	struct image_fixture fixture;
	struct guard_image_rule rule;
	struct guard_policy *policy;
	struct guard_verdict verdict;

	fixture_init(&fixture);
	rule = fixture_allow(&fixture, "g");
	rule.flags = GUARD_RULE_HAS_DIGESTS;
	fixture_digest(&fixture, &question.identity.digest, fixture_rule(&fixture, rule), NULL);
	rule.action = GUARD_DENY;
	rule.valid_from = NOW + 10;
	policy = one_rule(&fixture, rule);
	verdict = decide(policy, &question);
	CU_ASSERT_EQUAL(verdict.action, GUARD_ALLOW);
	CU_ASSERT_EQUAL(verdict.depends, GUARD_DEPENDS_TIME);
	CU_ASSERT_EQUAL(verdict.valid_until, NOW + 10);
	question.now = NOW + 10;
	verdict = decide(policy, &question);
	CU_ASSERT_EQUAL(verdict.action, GUARD_DENY);
	CU_ASSERT_EQUAL(verdict.valid_until, INT64_MAX);
	guard_policy_free(policy);
}

static void exceptions_lapse_with_the_policy(void)
{
	for (unsigned set = 1; set < 8; set++) {
		struct question question = ask_for("x");
		struct image_fixture fixture;
		struct guard_policy *policy;
		struct guard_verdict verdict;

		fixture_init(&fixture);
		fixture.meta.expires = NOW + 5;
		for (unsigned one = 1; one < 8; one *= 2) {
			struct guard_image_rule rule = fixture_allow(&fixture, "g");

			rule.flags = GUARD_RULE_HAS_DIGESTS;
			rule.origin = one == EXCEPTION;
			rule.action = one == DENY ? GUARD_DENY : GUARD_ALLOW;
			if (set & one)
				fixture_digest(&fixture, &question.identity.digest, fixture_rule(&fixture, rule), NULL);
		}
		policy = fixture_open(&fixture, NULL);
		fixture_free(&fixture);
		verdict = decide(policy, &question);
		if (set == EXCEPTION) {
			CU_ASSERT_EQUAL(verdict.depends, GUARD_DEPENDS_TIME);
			CU_ASSERT_EQUAL(verdict.valid_until, NOW + 5);
		} else {
			CU_ASSERT_EQUAL(verdict.depends, 0); /* another rule says the same for ever */
		}
		question.now = NOW + 5;
		verdict = decide(policy, &question);
		CU_ASSERT_EQUAL(verdict.action, !(set & DENY) && set & ALLOW ? GUARD_ALLOW : GUARD_DENY);
		CU_ASSERT_EQUAL(verdict.reason, set & DENY  ? GUARD_REASON_RULE_DENY :
						set & ALLOW ? GUARD_REASON_RULE_ALLOW :
							      GUARD_REASON_POLICY_EXPIRED);
		guard_policy_free(policy);
	}
}

/* ---- how far a verdict holds ---------------------------------------------------------- */

static void another_name_could_be_forbidden(void)
{
	struct question question = ask_for("x");
	struct image_fixture fixture;
	struct guard_image_rule rule;
	struct guard_policy *policy;

	fixture_init(&fixture);
	rule = fixture_allow(&fixture, "denied");
	rule.action = GUARD_DENY;
	rule.kinds = 1 << GUARD_KIND_EXECUTABLE;
	rule.paths = fixture_list(&fixture, "/home/**");
	fixture_rule(&fixture, rule);
	policy = one_rule(&fixture, fixture_allow(&fixture, "allowed"));
	/* The content is allowed, but as /home/me/x it would not be. */
	CU_ASSERT_EQUAL(decide(policy, &question).action, GUARD_ALLOW);
	CU_ASSERT_EQUAL(decide(policy, &question).depends, GUARD_DEPENDS_PATH);
	question.identity.kind = GUARD_KIND_LIBRARY; /* no such rule for libraries */
	CU_ASSERT_EQUAL(decide(policy, &question).depends, 0);
	guard_policy_free(policy);
}

static void a_deny_for_a_medium_leaves_the_others_alone(void)
{
	struct question question = ask_for("x");
	struct image_fixture fixture;
	struct guard_image_rule rule;
	struct guard_policy *policy;
	struct guard_verdict verdict;

	fixture_init(&fixture);
	rule = fixture_allow(&fixture, "denied");
	rule.action = GUARD_DENY;
	rule.media = 1 << GUARD_MEDIUM_REMOVABLE;
	rule.paths = fixture_list(&fixture, "/**");
	fixture_rule(&fixture, rule);
	rule.media = 1 << GUARD_MEDIUM_NETWORK;
	rule.paths = fixture_list(&fixture, "/srv/**");
	fixture_rule(&fixture, rule);
	policy = one_rule(&fixture, fixture_allow(&fixture, "allowed"));
	verdict = decide(policy, &question);
	CU_ASSERT_EQUAL(verdict.action, GUARD_ALLOW);
	CU_ASSERT_EQUAL(verdict.depends, 0);
	question.object.medium = GUARD_MEDIUM_NETWORK;
	verdict = decide(policy, &question);
	CU_ASSERT_EQUAL(verdict.action, GUARD_ALLOW);
	CU_ASSERT_EQUAL(verdict.depends, GUARD_DEPENDS_PATH);
	question.object.medium = GUARD_MEDIUM_REMOVABLE;
	question.object.path = NULL; /* any file is any file, also without a known path */
	verdict = decide(policy, &question);
	CU_ASSERT_EQUAL(verdict.action, GUARD_DENY);
	CU_ASSERT_EQUAL(verdict.depends, 0);
	guard_policy_free(policy);
}

static void weaker_rules_change_nothing(void)
{
	struct question question = ask_for("x");
	struct image_fixture fixture;
	struct guard_image_rule rule;
	struct guard_policy *policy;
	struct guard_verdict verdict;

	/* denied without condition: no allow rule can matter */
	fixture_init(&fixture);
	rule = fixture_allow(&fixture, "allowed");
	rule.flags = GUARD_RULE_HAS_DIGESTS;
	rule.users = fixture_list(&fixture, "alice");
	set_times(&fixture, &rule);
	fixture_digest(&fixture, &question.identity.digest, fixture_rule(&fixture, rule), NULL);
	rule = fixture_allow(&fixture, "denied");
	rule.action = GUARD_DENY;
	policy = one_rule(&fixture, rule);
	verdict = decide(policy, &question);
	CU_ASSERT_EQUAL(verdict.action, GUARD_DENY);
	CU_ASSERT_EQUAL(verdict.depends, 0);
	CU_ASSERT_EQUAL(verdict.valid_until, INT64_MAX);
	guard_policy_free(policy);
}

static void a_conditional_deny_taints_an_allow(void)
{
	struct question question = ask_for("x");
	struct image_fixture fixture;
	struct guard_image_rule rule;
	struct guard_policy *policy;
	struct guard_verdict verdict;

	fixture_init(&fixture);
	rule = fixture_allow(&fixture, "allowed");
	rule.flags = GUARD_RULE_HAS_DIGESTS;
	fixture_digest(&fixture, &question.identity.digest, fixture_rule(&fixture, rule), NULL);
	rule = fixture_allow(&fixture, "denied");
	rule.action = GUARD_DENY;
	rule.users = fixture_list(&fixture, "root");
	policy = one_rule(&fixture, rule);
	verdict = decide(policy, &question);
	CU_ASSERT_EQUAL(verdict.action, GUARD_ALLOW);
	CU_ASSERT_EQUAL(verdict.depends, GUARD_DEPENDS_SUBJECT);
	question.subject.uid = 0;
	verdict = decide(policy, &question);
	CU_ASSERT_EQUAL(verdict.action, GUARD_DENY);
	CU_ASSERT_EQUAL(verdict.depends, GUARD_DEPENDS_SUBJECT);
	guard_policy_free(policy);
}

/* One user's rule for one name leaves its neighbours to everybody. */
static void a_conditional_deny_taints_its_own_path_alone(void)
{
	struct question question = ask_for("x");
	struct image_fixture fixture;
	struct guard_image_rule rule;
	struct guard_policy *policy;

	fixture_init(&fixture);
	rule = fixture_allow(&fixture, "denied");
	rule.action = GUARD_DENY;
	rule.paths = fixture_list(&fixture, "/usr/bin/y*");
	rule.users = fixture_list(&fixture, "root");
	rule.valid_until = 5;
	fixture_rule(&fixture, rule);
	policy = one_rule(&fixture, fixture_allow(&fixture, "allowed"));
	question.object.path = question.object.claimed_path = "/usr/bin/x";
	CU_ASSERT_EQUAL(decide(policy, &question).action, GUARD_ALLOW);
	CU_ASSERT_EQUAL(decide(policy, &question).depends, GUARD_DEPENDS_PATH);
	question.object.claimed_path = "/usr/bin/y"; /* a deny rule believes this one too */
	CU_ASSERT_TRUE(decide(policy, &question).depends & GUARD_DEPENDS_SUBJECT);
	question.object.path = "/usr/bin/y";
	CU_ASSERT_TRUE(decide(policy, &question).depends & GUARD_DEPENDS_SUBJECT);
	guard_policy_free(policy);
}

static CU_TestInfo tests[] = {
	{ "rules hold from and until", rules_hold_from_and_until },
	{ "verdicts say how long they hold", verdicts_say_how_long_they_hold },
	{ "a deny rule to come limits an allow", a_deny_rule_to_come_limits_an_allow },
	{ "exceptions lapse with the policy", exceptions_lapse_with_the_policy },
	{ "another name could be forbidden", another_name_could_be_forbidden },
	{ "a deny for a medium leaves the others alone", a_deny_for_a_medium_leaves_the_others_alone },
	{ "weaker rules change nothing", weaker_rules_change_nothing },
	{ "a conditional deny taints an allow", a_conditional_deny_taints_an_allow },
	{ "a conditional deny taints its own path alone", a_conditional_deny_taints_its_own_path_alone },
	CU_TEST_INFO_NULL,
};

UNIT_MAIN("policy/validity", tests)
