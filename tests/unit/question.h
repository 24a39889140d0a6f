/* SPDX-License-Identifier: MIT
 *
 * unit/question.h - what the tests of decisions share: one question with
 * everything known, and a policy of one rule to put it to.
 */
#ifndef GUARD_TESTS_QUESTION_H
#define GUARD_TESTS_QUESTION_H

#include "image_fixture.h"

#define NOW 1700000000

/* Sorts of rules, as bits of a set. */
enum { ALLOW = 1, EXCEPTION = 2, DENY = 4, BARRED = 8 };

/* An office PC: osaka, pc-01, with the user alice (1001) and the group staff (50). */
extern const struct guard_machine question_machine;

struct question {
	struct guard_identity identity;
	struct guard_subject subject;
	struct guard_object object;
	uint32_t gids[2];
	int64_t now;
};

/* alice, in staff, starts /usr/bin/x with this content from /usr/bin/apt. */
struct question ask_for(const char *content);
struct guard_verdict decide(const struct guard_policy *policy, struct question *question);

/* A policy of what is in `fixture`, which is freed, and `rule` for the content
 * "x". */
struct guard_policy *one_rule(struct image_fixture *fixture, struct guard_image_rule rule);

typedef void (*set_condition)(struct image_fixture *fixture, struct guard_image_rule *rule);
/* The rule with the condition that `set` adds, as allow and as deny rule: it
 * matches `good` and does not match `bad`, and says that it leaned on it. */
void check_condition(set_condition set, struct question good, struct question bad, uint8_t depends);
#endif
