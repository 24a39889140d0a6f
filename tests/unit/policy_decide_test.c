/* SPDX-License-Identifier: MIT
 *
 * unit/policy_decide_test.c - the decision: precedence, rules by path, rules of
 * other machines.
 */
#include "unit.h"

#include "question.h"

/* ---- precedence ------------------------------------------------------------ */

/* A policy whose rules for the content "x" are those of `set`, strongest last
 * or first. */
static struct guard_policy *policy_of(unsigned set, int strongest_first, uint8_t default_action)
{
	static const unsigned up[] = { ALLOW, EXCEPTION, BARRED, DENY }, down[] = { DENY, BARRED, EXCEPTION, ALLOW };
	const struct guard_digest digest = fixture_digest_of("x");
	struct image_fixture fixture;
	struct guard_policy *policy;

	fixture_init(&fixture);
	fixture.meta.default_action = default_action;
	for (size_t i = 0; i < 4; i++) {
		unsigned one = strongest_first ? down[i] : up[i];
		struct guard_image_rule rule = fixture_allow(&fixture, "g");

		if (!(set & one))
			continue;
		rule.flags = GUARD_RULE_HAS_DIGESTS | (one == BARRED ? GUARD_RULE_UNLOCKABLE : 0u);
		rule.action = one & (DENY | BARRED) ? GUARD_DENY : GUARD_ALLOW;
		rule.origin = one == EXCEPTION;
		fixture_digest(&fixture, &digest, fixture_rule(&fixture, rule), NULL);
	}
	policy = fixture_open(&fixture, &question_machine);
	fixture_free(&fixture);
	return policy;
}

static void the_strongest_rule_decides(void)
{
	for (unsigned set = 0; set < 16; set++)
		for (unsigned turn = 0; turn < 4; turn++) {
			uint8_t fallback = turn & 1;
			struct guard_policy *policy = policy_of(set, turn >> 1, fallback);
			struct question question = ask_for("x");
			struct guard_verdict verdict = decide(policy, &question);
			uint8_t reason = set & DENY	 ? GUARD_REASON_RULE_DENY :
					 set & BARRED	 ? GUARD_REASON_BARRED :
					 set & EXCEPTION ? GUARD_REASON_EXCEPTION :
					 set & ALLOW	 ? GUARD_REASON_RULE_ALLOW :
							   GUARD_REASON_DEFAULT;

			CU_ASSERT_EQUAL(verdict.reason, reason);
			CU_ASSERT_EQUAL(verdict.action, set & (DENY | BARRED) ? GUARD_DENY : set ? GUARD_ALLOW : fallback);
			CU_ASSERT_EQUAL(verdict.rule == GUARD_NO_RULE, set == 0);
			CU_ASSERT_EQUAL(verdict.mode, GUARD_MODE_ENFORCE);
			CU_ASSERT_EQUAL(verdict.depends, 0);
			CU_ASSERT_EQUAL(verdict.valid_until, INT64_MAX);
			question = ask_for("y");
			verdict = decide(policy, &question);
			CU_ASSERT_EQUAL(verdict.reason, GUARD_REASON_DEFAULT);
			CU_ASSERT_EQUAL(verdict.action, fallback);
			guard_policy_free(policy);
		}
}

static void the_lowest_rule_of_a_class_is_named(void)
{
	struct image_fixture fixture;
	struct guard_policy *policy;
	struct question question = ask_for("x");
	const struct guard_signer signer = { .provider = GUARD_PROVIDER_PACKAGE, .key_id = { 1 } };
	struct guard_image_rule rule;

	fixture_init(&fixture);
	rule = fixture_allow(&fixture, "signer");
	rule.flags = GUARD_RULE_HAS_SIGNERS;
	fixture_signer(&fixture, &signer, fixture_rule(&fixture, rule));
	rule = fixture_allow(&fixture, "digest");
	rule.flags = GUARD_RULE_HAS_DIGESTS;
	fixture_digest(&fixture, &question.identity.digest, fixture_rule(&fixture, rule), NULL);
	policy = fixture_open(&fixture, NULL);
	CU_ASSERT_EQUAL(decide(policy, &question).rule, 1);
	question.identity.signer_count = 1;
	question.identity.signers[0] = signer;
	CU_ASSERT_EQUAL(decide(policy, &question).rule, 0);
	question = ask_for("other");
	question.identity.signer_count = 2;
	question.identity.signers[0] = (struct guard_signer){ .provider = GUARD_PROVIDER_IMA, .key_id = { 1 } };
	question.identity.signers[1] = (struct guard_signer){ .provider = GUARD_PROVIDER_PACKAGE, .key_id = { 2 } };
	CU_ASSERT_EQUAL(decide(policy, &question).action, GUARD_DENY);
	question.identity.signers[1].key_id[0] = 1;
	CU_ASSERT_EQUAL(decide(policy, &question).action, GUARD_ALLOW);
	guard_policy_free(policy);
	fixture_free(&fixture);
}

/* ---- rules by path ----------------------------------------------------------------- */

static struct guard_policy *path_policy(const char *allow, const char *deny)
{
	struct image_fixture fixture;
	struct guard_policy *policy;
	struct guard_image_rule rule;

	fixture_init(&fixture);
	if (allow) {
		rule = fixture_allow(&fixture, "allowed");
		rule.paths = fixture_list(&fixture, allow);
		fixture_rule(&fixture, rule);
	}
	if (deny) {
		rule = fixture_allow(&fixture, "denied");
		rule.action = GUARD_DENY;
		rule.paths = fixture_list(&fixture, deny);
		fixture_rule(&fixture, rule);
	}
	policy = fixture_open(&fixture, NULL);
	fixture_free(&fixture);
	return policy;
}

static void a_path_alone_allows_only_where_it_is_protected(void)
{
	struct guard_policy *policy = path_policy("/opt/acme/** /usr/local/bin/t*", NULL);
	struct question question = ask_for("x");
	struct guard_verdict verdict;

	question.object.path = "/opt/acme/bin/x";
	verdict = decide(policy, &question);
	CU_ASSERT_EQUAL(verdict.action, GUARD_ALLOW);
	CU_ASSERT_EQUAL(verdict.depends, GUARD_DEPENDS_PATH);
	question.object.path = "/usr/local/bin/tool";
	CU_ASSERT_EQUAL(decide(policy, &question).action, GUARD_ALLOW);
	question.object.path_protected = 0;
	CU_ASSERT_EQUAL(decide(policy, &question).action, GUARD_DENY);
	CU_ASSERT_EQUAL(decide(policy, &question).depends, GUARD_DEPENDS_PATH);
	question.object.path_protected = 1;
	question.object.path = NULL;
	question.object.claimed_path = "/opt/acme/bin/x";
	CU_ASSERT_EQUAL(decide(policy, &question).action, GUARD_DENY);
	question.object.path = "/opt/acmex/x";
	CU_ASSERT_EQUAL(decide(policy, &question).action, GUARD_DENY);
	question.object.path = "/opt/acme";
	CU_ASSERT_EQUAL(decide(policy, &question).action, GUARD_ALLOW);
	guard_policy_free(policy);
}

static void prefixes_of_every_depth_are_found(void)
{
	static const char *const patterns[] = { "/a/**", "/a/b/**", "/a/b/c/*", "/a/b/c/d", "/**/d", "/*/b/c/d" };

	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		struct guard_policy *policy = path_policy(NULL, patterns[i]);
		struct question question = ask_for("x");

		question.object.path = "/a/b/c/d";
		CU_ASSERT_EQUAL(decide(policy, &question).reason, GUARD_REASON_RULE_DENY);
		question.object.path = NULL;
		question.object.claimed_path = "/a/b/c/d";
		CU_ASSERT_EQUAL(decide(policy, &question).reason, GUARD_REASON_RULE_DENY);
		question.object.claimed_path = "/b/c";
		CU_ASSERT_EQUAL(decide(policy, &question).reason, GUARD_REASON_DEFAULT);
		question.object.claimed_path = "";
		CU_ASSERT_EQUAL(decide(policy, &question).reason, GUARD_REASON_DEFAULT);
		question.object.claimed_path = "/";
		CU_ASSERT_EQUAL(decide(policy, &question).reason, GUARD_REASON_DEFAULT);
		CU_ASSERT_TRUE(guard_policy_needs_path(policy));
		guard_policy_free(policy);
	}
}

/* ---- machine ------------------------------------------------------------------ */

static void rules_of_other_machines_fall_out(void)
{
	static const struct {
		const char *office, *host;
		uint8_t action;
	} machines[] = {
		{ "osaka", "pc-01", GUARD_ALLOW }, { "tokyo", "pc-01", GUARD_DENY }, { "osaka", "srv-1", GUARD_DENY },
		{ NULL, "pc-01", GUARD_DENY },	   { "osaka", NULL, GUARD_DENY },    { "osak", "pc-01", GUARD_DENY },
		{ "osaka2", "pc-01", GUARD_DENY },
	};
	struct question question = ask_for("x");

	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
		const struct guard_machine here = { .office = machines[i].office, .host = machines[i].host };
		struct image_fixture fixture;
		struct guard_image_rule rule;
		struct guard_policy *policy;
		struct guard_verdict verdict;

		fixture_init(&fixture);
		rule = fixture_allow(&fixture, "g");
		rule.flags = GUARD_RULE_HAS_DIGESTS;
		rule.offices = fixture_list(&fixture, "kyoto osaka");
		rule.hosts = fixture_list(&fixture, "pc-0?");
		fixture_digest(&fixture, &question.identity.digest, fixture_rule(&fixture, rule), NULL);
		policy = fixture_open(&fixture, &here);
		verdict = decide(policy, &question);
		CU_ASSERT_EQUAL(verdict.action, machines[i].action);
		CU_ASSERT_EQUAL(verdict.depends, 0); /* machines do not change their office */
		guard_policy_free(policy);
		policy = fixture_open(&fixture, NULL);
		CU_ASSERT_EQUAL(decide(policy, &question).action, GUARD_DENY);
		guard_policy_free(policy);
		fixture_free(&fixture);
	}
}

static CU_TestInfo tests[] = {
	{ "the strongest rule decides", the_strongest_rule_decides },
	{ "the lowest rule of a class is named", the_lowest_rule_of_a_class_is_named },
	{ "a path alone allows only where it is protected", a_path_alone_allows_only_where_it_is_protected },
	{ "prefixes of every depth are found", prefixes_of_every_depth_are_found },
	{ "rules of other machines fall out", rules_of_other_machines_fall_out },
	CU_TEST_INFO_NULL,
};

UNIT_MAIN("policy/decide", tests)
