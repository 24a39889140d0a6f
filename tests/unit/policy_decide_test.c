/* SPDX-License-Identifier: MIT
 *
 * unit/policy_decide_test.c - the decision: precedence, each condition both
 * ways, times, and how far a verdict says that it holds.
 */
#include "unit.h"

#include <string.h>

#include "image_fixture.h"

#define NOW 1700000000

static const struct guard_machine machine = {
	.office = "osaka",
	.host = "pc-01",
	.passwd = "root:x:0:0::/:/bin/sh\nalice:x:1001:1001::/:/bin/sh\n",
	.group = "root:x:0:\nstaff:x:50:alice\n",
};

/* One question, with everything known and nothing special. */
struct question {
	struct guard_identity identity;
	struct guard_subject subject;
	struct guard_object object;
	uint32_t gids[2];
	int64_t now;
};

static struct question ask_for(const char *content)
{
	return (struct question){
		.identity = { .digest = fixture_digest_of(content), .kind = GUARD_KIND_EXECUTABLE },
		.subject = { .uid = 1001, .gid_count = 2, .program = "/usr/bin/apt" },
		.object = { .path = "/usr/bin/x", .path_protected = 1 },
		.gids = { 1001, 50 },
		.now = NOW,
	};
}

static struct guard_verdict decide(const struct guard_policy *policy, struct question *question)
{
	struct guard_verdict verdict;

	question->object.identity = &question->identity;
	question->subject.gids = question->gids;
	guard_policy_decide(policy, &verdict, &question->subject, &question->object, question->now);
	return verdict;
}

/* ---- precedence ------------------------------------------------------------ */

enum { ALLOW = 1, EXCEPTION = 2, DENY = 4 };

/* A policy whose rules for the content "x" are those of `set`, strongest last
 * or first. */
static struct guard_policy *policy_of(unsigned set, int strongest_first, uint8_t default_action)
{
	static const unsigned up[] = { ALLOW, EXCEPTION, DENY }, down[] = { DENY, EXCEPTION, ALLOW };
	const struct guard_digest digest = fixture_digest_of("x");
	struct image_fixture fixture;
	struct guard_policy *policy;

	fixture_init(&fixture);
	fixture.meta.default_action = default_action;
	for (size_t i = 0; i < 3; i++) {
		unsigned one = strongest_first ? down[i] : up[i];
		struct guard_image_rule rule = fixture_allow(&fixture, "g");

		if (!(set & one))
			continue;
		rule.flags = GUARD_RULE_HAS_DIGESTS;
		rule.action = one == DENY ? GUARD_DENY : GUARD_ALLOW;
		rule.origin = one == EXCEPTION;
		fixture_digest(&fixture, &digest, fixture_rule(&fixture, rule), NULL);
	}
	policy = fixture_open(&fixture, &machine);
	fixture_free(&fixture);
	return policy;
}

static void the_strongest_rule_decides(void)
{
	for (unsigned set = 0; set < 8; set++)
		for (unsigned turn = 0; turn < 4; turn++) {
			uint8_t fallback = turn & 1;
			struct guard_policy *policy = policy_of(set, turn >> 1, fallback);
			struct question question = ask_for("x");
			struct guard_verdict verdict = decide(policy, &question);
			uint8_t reason = set & DENY	 ? GUARD_REASON_RULE_DENY :
					 set & EXCEPTION ? GUARD_REASON_EXCEPTION :
					 set & ALLOW	 ? GUARD_REASON_RULE_ALLOW :
							   GUARD_REASON_DEFAULT;

			CU_ASSERT_EQUAL(verdict.reason, reason);
			CU_ASSERT_EQUAL(verdict.action, set & DENY ? GUARD_DENY : set ? GUARD_ALLOW : fallback);
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
	const struct guard_signer signer = { GUARD_PROVIDER_PACKAGE, { 1 } };
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
	question.identity.signers[0] = (struct guard_signer){ GUARD_PROVIDER_IMA, { 1 } };
	question.identity.signers[1] = (struct guard_signer){ GUARD_PROVIDER_PACKAGE, { 2 } };
	CU_ASSERT_EQUAL(decide(policy, &question).action, GUARD_DENY);
	question.identity.signers[1].key_id[0] = 1;
	CU_ASSERT_EQUAL(decide(policy, &question).action, GUARD_ALLOW);
	guard_policy_free(policy);
	fixture_free(&fixture);
}

/* ---- conditions, one at a time ---------------------------------------------- */

/* A policy of one rule for the content "x". */
static struct guard_policy *one_rule(struct image_fixture *fixture, struct guard_image_rule rule)
{
	const struct guard_digest digest = fixture_digest_of("x");
	struct guard_policy *policy;

	rule.flags = GUARD_RULE_HAS_DIGESTS;
	fixture_digest(fixture, &digest, fixture_rule(fixture, rule), NULL);
	policy = fixture_open(fixture, &machine);
	fixture_free(fixture);
	return policy;
}

/* The rule with the condition that `set` adds, as allow and as deny rule: it
 * matches `good` and does not match `bad`. */
static void check_condition(void (*set)(struct image_fixture *, struct guard_image_rule *), struct question good,
			    struct question bad, uint8_t depends)
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
	set_users(&fixture, &rule);
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

static CU_TestInfo tests[] = {
	{ "claimed paths forbid but never allow", claimed_paths_forbid_but_never_allow },
	{ "an unknown subject matches no condition", an_unknown_subject_matches_no_condition },
	{ "a path alone allows only where it is protected", a_path_alone_allows_only_where_it_is_protected },
	{ "the strongest rule decides", the_strongest_rule_decides },
	{ "the lowest rule of a class is named", the_lowest_rule_of_a_class_is_named },
	{ "kinds and media narrow", kinds_and_media_narrow },
	{ "users narrow", users_narrow },
	{ "groups narrow", groups_narrow },
	{ "parents narrow", parents_narrow },
	{ "paths narrow", paths_narrow },
	{ "rules of other machines fall out", rules_of_other_machines_fall_out },
	{ "rules hold from and until", rules_hold_from_and_until },
	{ "verdicts say how long they hold", verdicts_say_how_long_they_hold },
	{ "a deny rule to come limits an allow", a_deny_rule_to_come_limits_an_allow },
	{ "exceptions lapse with the policy", exceptions_lapse_with_the_policy },
	{ "prefixes of every depth are found", prefixes_of_every_depth_are_found },
	{ "another name could be forbidden", another_name_could_be_forbidden },
	{ "a deny for a medium leaves the others alone", a_deny_for_a_medium_leaves_the_others_alone },
	{ "weaker rules change nothing", weaker_rules_change_nothing },
	{ "a conditional deny taints an allow", a_conditional_deny_taints_an_allow },
	CU_TEST_INFO_NULL,
};

UNIT_MAIN("policy/decide", tests)
