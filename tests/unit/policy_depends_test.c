/* SPDX-License-Identifier: MIT
 *
 * unit/policy_depends_test.c - a verdict's promise: what it does not say that
 * it depends on may change without changing the action.  Random policies over
 * a small world, from a fixed seed.
 */
#include "unit.h"

#include "image_fixture.h"

#define POLICIES 400
#define QUESTIONS 60
#define NOW 1000

static uint64_t state = 42;

/* xorshift64*: the same numbers on every machine. */
static unsigned dice(unsigned sides)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (unsigned)((state * UINT64_C(2685821657736338717)) >> 33) % sides;
}

static const char *const contents[] = { "a", "b", "c" };
static const char *const paths[] = { "/x/a", "/x/y/b", "/z/c", NULL };
static const char *const patterns[] = { "/x/**", "/x/*", "/**/b", "/z/c", "/**" };
static const char *const programs[] = { "/p/1", "/p/2", NULL };

static void random_rule(struct image_fixture *fixture)
{
	struct guard_image_rule rule = fixture_allow(fixture, "g");
	const struct guard_digest digest = fixture_digest_of(contents[dice(3)]);
	bool by_path = dice(3) == 0;

	rule.action = dice(2) ? GUARD_ALLOW : GUARD_DENY;
	rule.origin = rule.action == GUARD_ALLOW && dice(2);
	rule.kinds = dice(3) ? 0 : (uint8_t)(1 + dice(30));
	rule.media = dice(4) ? 0 : (uint8_t)(1 + dice(14));
	rule.paths = by_path || dice(3) == 0 ? fixture_list(fixture, patterns[dice(5)]) : 0;
	rule.users = dice(4) ? 0 : fixture_list(fixture, dice(2) ? "1" : "2");
	rule.groups = dice(5) ? 0 : fixture_list(fixture, dice(2) ? "1" : "2");
	rule.parents = dice(5) ? 0 : fixture_list(fixture, dice(2) ? "/p/1" : "/p/*");
	rule.valid_from = dice(4) ? INT64_MIN : NOW - 20 + (int64_t)dice(40);
	rule.valid_until = dice(4) ? INT64_MAX : NOW - 20 + (int64_t)dice(40);
	rule.flags = by_path ? 0 : GUARD_RULE_HAS_DIGESTS;
	if (by_path)
		fixture_rule(fixture, rule);
	else
		fixture_digest(fixture, &digest, fixture_rule(fixture, rule), NULL);
}

static struct guard_policy *random_policy(void)
{
	struct image_fixture fixture;
	struct guard_policy *policy;

	fixture_init(&fixture);
	fixture.meta.default_action = (uint8_t)dice(2);
	fixture.meta.expires = dice(2) ? INT64_MAX : NOW - 10 + (int64_t)dice(20);
	for (unsigned i = 0, count = 1 + dice(6); i < count; i++)
		random_rule(&fixture);
	policy = fixture_open(&fixture, NULL);
	fixture_free(&fixture);
	return policy;
}

struct question {
	struct guard_identity identity;
	struct guard_subject subject;
	struct guard_object object;
	uint32_t gid;
	int64_t now;
};

static void random_subject(struct question *question)
{
	question->subject.uid = 1 + dice(2);
	question->gid = 1 + dice(2);
	question->subject.gid_count = dice(2);
	question->subject.program = programs[dice(3)];
}

static void random_path(struct question *question)
{
	question->object.path = paths[dice(4)];
	question->object.claimed_path = dice(3) ? question->object.path : paths[dice(4)];
	question->object.path_protected = (uint8_t)dice(2);
}

static struct guard_verdict decide(const struct guard_policy *policy, struct question *question)
{
	struct guard_verdict verdict;

	question->object.identity = &question->identity;
	question->subject.gids = &question->gid;
	guard_policy_decide(policy, &verdict, &question->subject, &question->object, question->now);
	return verdict;
}

static struct question random_question(void)
{
	struct question question = { .identity = { .digest = fixture_digest_of(contents[dice(3)]) } };

	question.identity.kind = (uint8_t)dice(GUARD_KIND_MAX_);
	question.object.medium = (uint8_t)dice(GUARD_MEDIUM_MAX_);
	question.now = NOW - 25 + (int64_t)dice(50);
	random_subject(&question);
	random_path(&question);
	return question;
}

/* Everything may change that the verdict does not lean on; without TIME in it
 * also the time, otherwise the time up to `valid_until`. */
static struct question changed(const struct question *question, const struct guard_verdict *verdict)
{
	struct question other = *question;

	if (!(verdict->depends & GUARD_DEPENDS_SUBJECT))
		random_subject(&other);
	if (!(verdict->depends & GUARD_DEPENDS_PATH))
		random_path(&other);
	if (!(verdict->depends & GUARD_DEPENDS_TIME))
		other.now = NOW - 25 + (int64_t)dice(50);
	else if (verdict->valid_until == INT64_MAX)
		other.now += dice(50);
	else
		other.now += dice((unsigned)(verdict->valid_until - question->now));
	return other;
}

static void what_is_not_named_may_change(void)
{
	unsigned free_of_all = 0, allowed = 0;

	for (unsigned i = 0; i < POLICIES; i++) {
		struct guard_policy *policy = random_policy();

		for (unsigned j = 0; j < QUESTIONS; j++) {
			struct question question = random_question();
			struct guard_verdict verdict = decide(policy, &question);

			CU_ASSERT_TRUE_FATAL(verdict.valid_until > question.now);
			free_of_all += verdict.depends == 0;
			allowed += verdict.action == GUARD_ALLOW;
			for (unsigned k = 0; k < 20; k++) {
				struct question other = changed(&question, &verdict);

				CU_ASSERT_EQUAL(decide(policy, &other).action, verdict.action);
			}
		}
		guard_policy_free(policy);
	}
	/* The promise must not be kept by promising nothing. */
	CU_ASSERT_TRUE(free_of_all > POLICIES * QUESTIONS / 10);
	CU_ASSERT_TRUE(allowed > POLICIES * QUESTIONS / 10 && allowed < POLICIES * QUESTIONS * 9 / 10);
}

static CU_TestInfo tests[] = {
	{ "what is not named may change", what_is_not_named_may_change },
	CU_TEST_INFO_NULL,
};

UNIT_MAIN("policy/depends", tests)
