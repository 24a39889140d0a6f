/* SPDX-License-Identifier: MIT
 *
 * bench/rules.c - what a decision costs where rules name signers and paths and
 * no digest: `rules [RULES [QUESTIONS]]` opens an image of RULES (1,000 unless
 * given) of them, half signers and half folders, and asks for files of these
 * signers, in these folders, and of neither.  Under
 * `valgrind --tool=callgrind --toggle-collect=guard_policy_decide` it counts
 * instructions.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "image_fixture.h"

#define RULES 1000u
#define QUESTIONS 3000u /* different ones, asked in each part */
#define PARTS 30u
#define SORTS 3u /* of questions: signer, path, neither */
#define PATH_SIZE 64u

/* Of this process, so that others on the machine count little. */
static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static struct guard_signer signer_number(unsigned number)
{
	struct guard_signer signer = { .provider = GUARD_PROVIDER_IMA };
	struct guard_digest digest;
	char text[32];

	snprintf(text, sizeof(text), "key %u", number);
	digest = fixture_digest_of(text);
	memcpy(signer.key_id, digest.bytes, sizeof(signer.key_id));
	return signer;
}

static struct guard_policy *make_policy(unsigned rules)
{
	struct image_fixture fixture;
	struct guard_policy *policy;
	char pattern[PATH_SIZE];

	fixture_init(&fixture);
	for (unsigned i = 0; i < rules; i++) {
		struct guard_image_rule rule = fixture_allow(&fixture, i % 2 ? "folder" : "signer");
		struct guard_signer signer = signer_number(i);

		if (i % 2) {
			snprintf(pattern, sizeof(pattern), "/opt/vendor%u/**", i);
			rule.paths = fixture_list(&fixture, pattern);
			fixture_rule(&fixture, rule);
		} else {
			rule.flags = GUARD_RULE_HAS_SIGNERS;
			fixture_signer(&fixture, &signer, fixture_rule(&fixture, rule));
		}
	}
	policy = fixture_open(&fixture, NULL);
	fixture_free(&fixture);
	return policy;
}

struct question {
	struct guard_identity identity;
	char path[PATH_SIZE];
	enum guard_action expected;
};

static void make_question(struct question *ret, unsigned number, unsigned rules)
{
	const unsigned sort = number % SORTS;
	const unsigned rule = (unsigned)((uint64_t)number * 2654435761u % rules);

	*ret = (struct question){ .identity = { .kind = GUARD_KIND_EXECUTABLE, .signer_count = 1 } };
	ret->expected = sort == 2 ? GUARD_DENY : GUARD_ALLOW;
	ret->identity.signers[0] = signer_number(sort == 0 ? rule / 2 * 2 : rules + rule);
	snprintf(ret->path, sizeof(ret->path), sort == 1 ? "/opt/vendor%u/bin/program" : "/opt/other%u/bin/program",
		 rule / 2 * 2 + 1);
}

static double ask(const struct guard_policy *policy, const struct question *questions, unsigned count)
{
	double start = now();

	for (unsigned i = 0; i < count; i++) {
		struct guard_object object = { .identity = &questions[i].identity,
					       .path = questions[i].path,
					       .path_protected = 1 };
		struct guard_subject subject = { .uid = 1000, .program = "/usr/bin/bash" };
		struct guard_verdict verdict;

		guard_policy_decide(policy, &verdict, &subject, &object, 1700000000);
		if (verdict.action != questions[i].expected)
			abort();
	}
	return (now() - start) * 1e9 / count;
}

static int by_number(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return left < right ? -1 : left > right;
}

int main(int argc, char **argv)
{
	unsigned rules = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : RULES;
	unsigned count = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : QUESTIONS;
	struct question *questions = calloc(count, sizeof(*questions));
	struct guard_policy *policy;
	double parts[PARTS];

	if (rules < 2 || rules % 2 || count == 0 || !questions) {
		fprintf(stderr, "usage: rules [RULES (even) [QUESTIONS]]\n");
		return 2;
	}
	policy = make_policy(rules);
	for (unsigned i = 0; i < count; i++)
		make_question(&questions[i], i, rules);
	for (unsigned i = 0; i < PARTS; i++)
		parts[i] = ask(policy, questions, count);
	qsort(parts, PARTS, sizeof(parts[0]), by_number);
	printf("rules: median %.0f ns, best %.0f ns per decision\n", parts[PARTS / 2], parts[0]);
	guard_policy_free(policy);
	free(questions);
	return 0;
}
