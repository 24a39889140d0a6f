/* SPDX-License-Identifier: MIT
 *
 * unit/policy_conditions_test.c - each condition of a rule both ways, as allow and
 * as deny rule.
 */
#include <string.h>

#include "unit.h"

#include "question.h"

/* ---- conditions, one at a time ---------------------------------------------- */

static void set_kinds(struct image_fixture *fixture, struct guard_image_rule *rule)
{
	(void)fixture;
	rule->kinds = 1 << GUARD_KIND_EXECUTABLE | 1 << GUARD_KIND_LIBRARY;
}

static void set_media(struct image_fixture *fixture, struct guard_image_rule *rule)
{
	(void)fixture;
	rule->media = 1 << GUARD_MEDIUM_FIXED;
}

static void set_users(struct image_fixture *fixture, struct guard_image_rule *rule)
{
	rule->users = fixture_list(fixture, "nosuchuser alice 7");
}

static void set_groups(struct image_fixture *fixture, struct guard_image_rule *rule)
{
	rule->groups = fixture_list(fixture, "nosuchgroup staff");
}

static void set_parents(struct image_fixture *fixture, struct guard_image_rule *rule)
{
	rule->parents = fixture_list(fixture, "/usr/bin/dpkg /usr/bin/ap*");
}

static void set_paths(struct image_fixture *fixture, struct guard_image_rule *rule)
{
	rule->paths = fixture_list(fixture, "/opt/** /usr/bin/x");
}

static void kinds_and_media_narrow(void)
{
	struct question good = ask_for("x"), bad = ask_for("x");

	bad.identity.kind = GUARD_KIND_SCRIPT;
	check_condition(set_kinds, good, bad, 0);
	bad.identity.kind = GUARD_KIND_MAX_;
	check_condition(set_kinds, good, bad, 0);
	bad = good;
	bad.object.medium = GUARD_MEDIUM_REMOVABLE;
	check_condition(set_media, good, bad, 0);
	bad.object.medium = 200;
	check_condition(set_media, good, bad, 0);
}

static void users_narrow(void)
{
	struct question good = ask_for("x"), bad = ask_for("x");

	bad.subject.uid = 1002;
	check_condition(set_users, good, bad, GUARD_DEPENDS_SUBJECT);
	good.subject.uid = 7;
	check_condition(set_users, good, bad, GUARD_DEPENDS_SUBJECT);
	bad.subject.uid = UINT32_MAX; /* what an unknown name becomes */
	check_condition(set_users, good, bad, GUARD_DEPENDS_SUBJECT);
}

static void groups_narrow(void)
{
	struct question good = ask_for("x"), bad = ask_for("x");

	bad.gids[1] = 51;
	check_condition(set_groups, good, bad, GUARD_DEPENDS_SUBJECT);
	bad = good;
	bad.subject.gid_count = 1;
	check_condition(set_groups, good, bad, GUARD_DEPENDS_SUBJECT);
	bad.subject.gid_count = 0;
	check_condition(set_groups, good, bad, GUARD_DEPENDS_SUBJECT);
	bad.gids[0] = UINT32_MAX;
	bad.subject.gid_count = 1;
	check_condition(set_groups, good, bad, GUARD_DEPENDS_SUBJECT);
}

/* In more groups than are looked at: what the others are is not known. */
static void more_groups_than_are_looked_at(void)
{
	for (uint8_t action = 0; action <= 1; action++) {
		uint32_t gids[GUARD_GROUPS_MAX];
		struct question question = ask_for("x");
		struct image_fixture fixture;
		struct guard_image_rule rule;
		struct guard_verdict verdict;
		struct guard_policy *policy;

		memset(gids, 0xff, sizeof(gids));
		fixture_init(&fixture);
		fixture.meta.default_action = !action;
		rule = fixture_allow(&fixture, "g");
		rule.action = action;
		set_groups(&fixture, &rule);
		policy = one_rule(&fixture, rule);
		question.object.identity = &question.identity;
		question.subject.gids = gids;
		question.subject.gid_count = GUARD_GROUPS_MAX;
		guard_policy_decide(policy, &verdict, &question.subject, &question.object, NOW);
		CU_ASSERT_EQUAL(verdict.action, !action);
		question.subject.gid_count++;
		guard_policy_decide(policy, &verdict, &question.subject, &question.object, NOW);
		CU_ASSERT_EQUAL(verdict.action, GUARD_DENY);
		gids[GUARD_GROUPS_MAX - 1] = 50;
		guard_policy_decide(policy, &verdict, &question.subject, &question.object, NOW);
		CU_ASSERT_EQUAL(verdict.action, action);
		guard_policy_free(policy);
	}
}

static void hosts_are_named_in_either_case(void)
{
	static const char *const patterns[] = { "PC-0*", "pc-0[A-B1]", "Pc-0?" };

	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
		for (int capitals = 0; capitals <= 1; capitals++) {
			struct guard_machine machine = question_machine;
			struct question question = ask_for("x");
			struct image_fixture fixture;
			struct guard_image_rule rule;
			struct guard_digest digest = fixture_digest_of("x");
			struct guard_policy *policy;

			machine.host = capitals ? "PC-01" : "pc-01";
			fixture_init(&fixture);
			fixture.meta.default_action = GUARD_ALLOW;
			rule = fixture_allow(&fixture, "g");
			rule.action = GUARD_DENY;
			rule.flags = GUARD_RULE_HAS_DIGESTS;
			rule.hosts = fixture_list(&fixture, patterns[i]);
			fixture_digest(&fixture, &digest, fixture_rule(&fixture, rule), NULL);
			policy = fixture_open(&fixture, &machine);
			fixture_free(&fixture);
			CU_ASSERT_EQUAL(decide(policy, &question).action, GUARD_DENY);
			guard_policy_free(policy);
		}
}

static void parents_narrow(void)
{
	struct question good = ask_for("x"), bad = ask_for("x");

	bad.subject.program = "/usr/bin/bash";
	check_condition(set_parents, good, bad, GUARD_DEPENDS_SUBJECT);
	bad.subject.program = NULL;
	check_condition(set_parents, good, bad, GUARD_DEPENDS_SUBJECT);
}

static void paths_narrow(void)
{
	struct question good = ask_for("x"), bad = ask_for("x");

	bad.object.path = "/home/me/x";
	check_condition(set_paths, good, bad, GUARD_DEPENDS_PATH);
	good.object.path_protected = 0; /* the digest allows, the path only narrows */
	check_condition(set_paths, good, bad, GUARD_DEPENDS_PATH);
	bad.object.path = NULL;
	check_condition(set_paths, good, bad, GUARD_DEPENDS_PATH);
}

static void an_unknown_subject_matches_no_condition(void)
{
	void (*const sets[])(struct image_fixture *, struct guard_image_rule *) = { set_users, set_groups, set_parents };

	for (size_t i = 0; i < 3; i++) {
		struct question question = ask_for("x");
		struct image_fixture fixture;
		struct guard_image_rule rule;
		struct guard_policy *policy;
		struct guard_verdict verdict;

		fixture_init(&fixture);
		rule = fixture_allow(&fixture, "g");
		sets[i](&fixture, &rule);
		policy = one_rule(&fixture, rule);
		question.object.identity = &question.identity;
		guard_policy_decide(policy, &verdict, NULL, &question.object, NOW);
		CU_ASSERT_EQUAL(verdict.action, GUARD_DENY);
		guard_policy_free(policy);
	}
}

static void claimed_paths_forbid_but_never_allow(void)
{
	for (uint8_t action = 0; action <= 1; action++) {
		struct question question = ask_for("x");
		struct image_fixture fixture;
		struct guard_image_rule rule;
		struct guard_policy *policy;

		fixture_init(&fixture);
		fixture.meta.default_action = GUARD_ALLOW;
		if (action == GUARD_ALLOW)
			fixture.meta.default_action = GUARD_DENY;
		rule = fixture_allow(&fixture, "g");
		rule.action = action;
		rule.paths = fixture_list(&fixture, "/opt/**");
		policy = one_rule(&fixture, rule);
		question.object.path = NULL;
		question.object.claimed_path = "/opt/x";
		CU_ASSERT_EQUAL(decide(policy, &question).action, GUARD_DENY);
		question.object.path = "/srv/x"; /* another name of the same file */
		CU_ASSERT_EQUAL(decide(policy, &question).action, GUARD_DENY);
		question.object.claimed_path = "/srv/x";
		question.object.path = "/opt/x";
		CU_ASSERT_EQUAL(decide(policy, &question).action, action);
		guard_policy_free(policy);
	}
}

static CU_TestInfo tests[] = {
	{ "kinds and media narrow", kinds_and_media_narrow },
	{ "users narrow", users_narrow },
	{ "groups narrow", groups_narrow },
	{ "more groups than are looked at", more_groups_than_are_looked_at },
	{ "hosts are named in either case", hosts_are_named_in_either_case },
	{ "parents narrow", parents_narrow },
	{ "paths narrow", paths_narrow },
	{ "an unknown subject matches no condition", an_unknown_subject_matches_no_condition },
	{ "claimed paths forbid but never allow", claimed_paths_forbid_but_never_allow },
	CU_TEST_INFO_NULL,
};

UNIT_MAIN("policy/conditions", tests)
