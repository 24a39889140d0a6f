/* SPDX-License-Identifier: MIT
 *
 * compile_property_test.c - policies made by chance are written as source,
 * compiled, opened and asked; every answer must be that of an evaluator which
 * goes through the rules one after the other, as policy/README.md has it, and
 * shares no code with compiler, image or matcher.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <guard/policy.h>

#include "policy/compile/compile.h"
#include "unit.h"

#define NOW INT64_C(1795000000)
#define RULES_MAX 12
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Small worlds, so that chance meets itself. */
static const char *const paths[] = { "/opt/a/x",   "/opt/a/b/x", "/opt/b",	"/usr/bin/x", "/usr/bin/xy",
				     "/srv/a b/x", "/x",	 "/opt/a/[x]", "/usr/lib/x/y/z/x" };
static const char *const patterns[] = { "/opt/a/**", "/opt/*/x",   "/usr/bin/x",  "/usr/bin/x?",  "/opt/**/x",
					"/srv/a b/*", "/usr/**",   "/opt/a/\\\\[x]", "/opt/[ab]/*", "/usr/lib/*/**/x" };
/* These reach where users can write: for deny rules only. */
static const char *const wide[] = { "/**", "/*", "/**/x" };
static const char *const programs[] = { "/usr/bin/apt", "/usr/bin/bash", NULL };
static const char *const kinds[] = { "other", "executable", "library", "script", "module" };
static const char *const media[] = { "fixed", "removable", "network", "memory" };
static const char *const offices[] = { "osaka", "tokyo" };
static const char *const hosts[] = { "pc-0*", "pc-1" };
static const char passwd[] = "root:x:0:0::/:/bin/sh\nalice:x:1000:1000::/:/bin/sh\n";
static const char group[] = "root:x:0:\nstaff:x:50:alice\n";

struct rule {
	bool deny, exception;
	unsigned digests, signers; /* masks */
	unsigned patterns;         /* mask, bits 16.. of `wide` */
	unsigned kinds, media, parents, offices, hosts;
	int user, group_id;        /* -1: any */
	int64_t from, until;
};

struct world {
	struct rule rules[RULES_MAX];
	size_t count;
	bool allow_by_default;
	int64_t expires; /* of the policy */
	unsigned seed;
};

static unsigned chance(struct world *world, unsigned of)
{
	return (unsigned)rand_r(&world->seed) % of;
}

/* A mask over `of` bits, most often none. */
static unsigned chance_mask(struct world *world, unsigned of, unsigned one_in)
{
	return chance(world, one_in) ? 0 : 1u + chance(world, (1u << of) - 1);
}

static void make_rule(struct world *world, struct rule *rule, bool exception)
{
	*rule = (struct rule){ .exception = exception, .user = -1, .group_id = -1, .from = INT64_MIN, .until = INT64_MAX };
	rule->deny = !exception && chance(world, 3) == 0;
	rule->digests = chance_mask(world, 4, 2);
	rule->signers = chance_mask(world, 2, 4);
	rule->patterns = chance_mask(world, COUNT(patterns), 3);
	rule->patterns &= chance(world, 1u << COUNT(patterns));
	if (rule->deny)
		rule->patterns |= chance_mask(world, COUNT(wide), 6) << 16;
	if (exception)
		rule->patterns &= ~(1u << 1 | 1u << 3 | 1u << 4 | 1u << 6 | 1u << 8); /* too broad */
	if (!rule->digests && !rule->signers && !rule->patterns)
		rule->digests = 1;
	rule->kinds = chance_mask(world, 5, 3);
	rule->media = chance_mask(world, 4, 5);
	rule->parents = chance_mask(world, 2, 5);
	rule->offices = exception ? 1 : chance_mask(world, 2, 5);
	rule->hosts = chance_mask(world, 2, 5);
	if (chance(world, 5) == 0)
		rule->user = chance(world, 2) ? 1000 : 0;
	if (rule->deny && rule->patterns & (1u << 6 | 1u << 16) && rule->user <= 0)
		rule->user = 1000; /* for everybody, or root, it would be refused: a lock-out */
	if (chance(world, 6) == 0)
		rule->group_id = chance(world, 2) ? 50 : 0;
	if (chance(world, 5) == 0)
		rule->from = NOW - 200 + chance(world, 4) * 100;
	if (chance(world, 5) == 0)
		rule->until = NOW + 150 + chance(world, 3) * 100;
	if (exception && rule->until > NOW + 250)
		rule->until = NOW + 250; /* the exception's own end */
}

/* ---- as source ------------------------------------------------------------------- */

static void put_digest(FILE *out, unsigned byte)
{
	for (int i = 0; i < 32; i++)
		fprintf(out, "%02x", byte);
}

static void put_words(FILE *out, const char *name, unsigned mask, const char *const *words)
{
	if (!mask)
		return;
	fprintf(out, " %s = [", name);
	for (unsigned i = 0, any = 0; mask >> i; i++)
		if (mask >> i & 1)
			fprintf(out, "%s\"%s\"", any++ ? ", " : "", words[i]);
	fputs("];", out);
}

static void put_paths(FILE *out, unsigned mask)
{
	unsigned any = 0;

	if (!mask)
		return;
	fputs(" paths = [", out);
	for (unsigned i = 0; i < 32; i++)
		if (mask >> i & 1)
			fprintf(out, "%s\"%s\"", any++ ? ", " : "", i < 16 ? patterns[i] : wide[i - 16]);
	fputs("];", out);
}

static void put_content(FILE *out, const struct rule *rule)
{
	unsigned any = 0;

	if (rule->digests)
		fputs(" sha256 = [", out);
	for (unsigned i = 0; i < 4; i++)
		if (rule->digests >> i & 1) {
			fputs(any++ ? ", \"" : "\"", out);
			put_digest(out, 0x10 + i);
			fprintf(out, "  /name/%u\"", i);
		}
	if (rule->digests)
		fputs("];", out);
	any = 0;
	if (rule->signers)
		fputs(" signers = (", out);
	for (unsigned i = 0; i < 2; i++)
		if (rule->signers >> i & 1) {
			fprintf(out, "%s{ provider = \"package\"; key = \"", any++ ? ", " : "");
			put_digest(out, 0x20 + i);
			fputs("\"; }", out);
		}
	if (rule->signers)
		fputs(");", out);
}

static void put_time(FILE *out, const char *name, int64_t seconds)
{
	time_t value = (time_t)seconds;
	char text[64];
	struct tm tm;

	if (seconds == INT64_MIN || seconds == INT64_MAX)
		return;
	gmtime_r(&value, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	fprintf(out, " %s = \"%s\";", name, text);
}

static void put_rule(FILE *out, const struct rule *rule)
{
	fputs("{", out);
	if (rule->deny)
		fputs(" action = \"deny\";", out);
	put_content(out, rule);
	put_paths(out, rule->patterns);
	put_words(out, "kinds", rule->kinds, kinds);
	put_words(out, "media", rule->media, media);
	put_words(out, "parents", rule->parents, programs);
	if (!rule->exception)
		put_words(out, "offices", rule->offices, offices);
	put_words(out, "hosts", rule->hosts, hosts);
	if (rule->user >= 0)
		fprintf(out, " users = [\"%s\"];", rule->user ? "alice" : "0");
	if (rule->group_id >= 0)
		fprintf(out, " groups = [\"%s\"];", rule->group_id ? "staff" : "0");
	put_time(out, "valid_from", rule->from);
	if (!rule->exception || rule->until != NOW + 250)
		put_time(out, "valid_until", rule->until);
	fputs(" }", out);
}

static void put_rules(FILE *out, const struct world *world, bool exceptions)
{
	unsigned any = 0;

	fputs("groups = ( { name = \"g\"; rules = (\n", out);
	for (size_t i = 0; i < world->count; i++)
		if (world->rules[i].exception == exceptions) {
			fputs(any++ ? ",\n" : "", out);
			put_rule(out, &world->rules[i]);
		}
	fputs(" ); } );\n", out);
}

static void write_source(const struct world *world, const char *path, bool exceptions)
{
	FILE *out = fopen(path, "we");

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	if (exceptions) {
		fputs("exception = { id = \"x\"; version = 1; office = \"osaka\";", out);
		put_time(out, "expires", NOW + 250);
	} else {
		fprintf(out, "policy = { id = \"p\"; version = 1; default = \"%s\";",
			world->allow_by_default ? "allow" : "deny");
		put_time(out, "expires", world->expires);
	}
	fputs(" };\n", out);
	put_rules(out, world, exceptions);
	fclose(out);
}

/* ---- the plain evaluator ----------------------------------------------------------- */

/* Whether what `pattern` says is what `path` is, component by component. */
static bool plain_match(const char *pattern, const char *path)
{
	if (!*pattern)
		return !*path;
	if (strncmp(pattern, "/**", 3) == 0 && (pattern[3] == '/' || !pattern[3])) {
		/* None, or one component and again. */
		if (plain_match(&pattern[3], path))
			return true;
		return *path == '/' && plain_match(pattern, path + 1 + strcspn(path + 1, "/"));
	}
	if (*pattern == '*')
		return plain_match(pattern + 1, path) || (*path && *path != '/' && plain_match(pattern, path + 1));
	if (!*path)
		return false;
	if (*pattern == '?')
		return *path != '/' && plain_match(pattern + 1, path + 1);
	if (*pattern == '[') {
		size_t length = strcspn(pattern, "]");

		return *path != '/' && memchr(pattern + 1, *path, length - 1) &&
		       plain_match(pattern + length + 1, path + 1);
	}
	if (*pattern == '\\')
		while (*pattern == '\\')
			pattern++;
	return *pattern == *path && plain_match(pattern + 1, path + 1);
}

static bool any_path(unsigned mask, const char *path)
{
	for (unsigned i = 0; path && i < 32; i++)
		if ((mask >> i & 1) && plain_match(i < 16 ? patterns[i] : wide[i - 16], path))
			return true;
	return false;
}

struct question {
	struct guard_identity identity;
	uint32_t gids[2];
	struct guard_subject subject;
	struct guard_object object;
	int office, host; /* of the machine, -1: none */
	int64_t now;
};

static bool content_holds(const struct rule *rule, const struct question *question)
{
	unsigned digest = question->identity.digest.bytes[0] - 0x10u;

	if (!rule->digests && !rule->signers)
		return true;
	if (digest < 4 && (rule->digests >> digest & 1))
		return true;
	for (unsigned i = 0; i < question->identity.signer_count; i++)
		if (rule->signers >> (question->identity.signers[i].key_id[0] - 0x20) & 1)
			return true;
	return false;
}

static bool path_holds(const struct rule *rule, const struct question *question)
{
	if (!rule->patterns)
		return true;
	if (rule->deny && rule->patterns & 1u << 16)
		return true; /* any file, also without a path that is known */
	if (rule->deny)
		return any_path(rule->patterns, question->object.path) ||
		       any_path(rule->patterns, question->object.claimed_path);
	if (!rule->digests && !rule->signers && !question->object.path_protected)
		return false;
	return any_path(rule->patterns, question->object.path);
}

static bool subject_holds(const struct rule *rule, const struct question *question)
{
	const struct guard_subject *subject = &question->subject;
	bool in_group = false, by_parent = !rule->parents;

	for (unsigned i = 0; i < subject->gid_count; i++)
		in_group |= (int)subject->gids[i] == rule->group_id;
	for (unsigned i = 0; subject->program && i < 2; i++)
		by_parent |= (rule->parents >> i & 1) && strcmp(programs[i], subject->program) == 0;
	return (rule->user < 0 || (uint32_t)rule->user == subject->uid) && (rule->group_id < 0 || in_group) && by_parent;
}

static bool machine_holds(const struct rule *rule, const struct question *question)
{
	/* Host 0 is pc-01, which the first pattern takes; host 1 is pc-1. */
	return (!rule->offices || (question->office >= 0 && (rule->offices >> question->office & 1))) &&
	       (!rule->hosts || (question->host >= 0 && (rule->hosts >> question->host & 1)));
}

static bool rule_holds(const struct world *world, const struct rule *rule, const struct question *question)
{
	if (rule->exception && question->now >= world->expires)
		return false;
	return content_holds(rule, question) && path_holds(rule, question) && subject_holds(rule, question) &&
	       machine_holds(rule, question) && (!rule->kinds || (rule->kinds >> question->identity.kind & 1)) &&
	       (!rule->media || (rule->media >> question->object.medium & 1)) && question->now >= rule->from &&
	       (rule->until == INT64_MAX || question->now < rule->until);
}

static int strength(const struct rule *rule)
{
	return rule->deny ? 3 : rule->exception ? 2 : 1;
}

/* The rule that decides, or -1; rules lie in the order of their source. */
static int plain_decide(const struct world *world, const struct question *question)
{
	int best = -1;

	for (size_t i = 0; i < world->count; i++)
		if (rule_holds(world, &world->rules[i], question) &&
		    (best < 0 || strength(&world->rules[i]) > strength(&world->rules[best])))
			best = (int)i;
	return best;
}

/* ---- asking -------------------------------------------------------------------------- */

static void make_question(struct world *world, struct question *question)
{
	*question = (struct question){ .office = (int)chance(world, 3) - 1, .host = (int)chance(world, 3) - 1 };
	memset(question->identity.digest.bytes, (int)(0x10 + chance(world, 5)), GUARD_DIGEST_SIZE);
	question->identity.kind = (uint8_t)chance(world, 5);
	question->identity.signer_count = (uint8_t)chance(world, 2);
	for (unsigned i = 0; i < question->identity.signer_count; i++) {
		unsigned which = chance(world, 2);

		question->identity.signers[i].provider = GUARD_PROVIDER_PACKAGE;
		memset(question->identity.signers[i].key_id, (int)(0x20 + which), GUARD_KEY_ID_SIZE);
	}
	question->gids[0] = chance(world, 2) ? 50 : 7;
	question->gids[1] = chance(world, 2) ? 0 : 8;
	question->subject = (struct guard_subject){ .uid = chance(world, 2) ? 1000 : 0, .gid_count = chance(world, 3),
						    .gids = question->gids, .program = programs[chance(world, 3)] };
	question->object = (struct guard_object){ .identity = &question->identity,
						  .claimed_path = paths[chance(world, COUNT(paths))],
						  .path_protected = (uint8_t)chance(world, 2),
						  .medium = (uint8_t)chance(world, 4) };
	if (chance(world, 4))
		question->object.path = question->object.claimed_path;
	if (chance(world, 6) == 0)
		question->object.claimed_path = NULL;
	question->now = NOW + (int64_t)chance(world, 8) * 50 - 50;
}

static struct guard_policy *open_image(const uint8_t *bytes, size_t size, int office, int host)
{
	struct guard_machine machine = { office < 0 ? NULL : offices[office], host < 0 ? NULL : host ? "pc-1" : "pc-01",
					 passwd, group };
	int fd = memfd_create("policy", MFD_CLOEXEC);
	struct guard_policy *policy = NULL;

	CU_ASSERT_EQUAL_FATAL(write(fd, bytes, size), (ssize_t)size);
	CU_ASSERT_EQUAL_FATAL(guard_policy_open(&policy, fd, &machine), 0);
	close(fd);
	return policy;
}

/* How often each strength decided: all must come up for the test to mean much. */
static unsigned answers[4];

static bool ask(struct world *world, struct guard_policy *policies[3][3])
{
	struct question question;
	struct guard_verdict verdict;
	int rule;

	make_question(world, &question);
	rule = plain_decide(world, &question);
	answers[rule < 0 ? 0 : strength(&world->rules[rule])]++;
	guard_policy_decide(policies[question.office + 1][question.host + 1], &verdict, &question.subject,
			    &question.object, question.now);
	if (rule < 0)
		return verdict.action == world->allow_by_default &&
		       (verdict.reason == GUARD_REASON_DEFAULT || verdict.reason == GUARD_REASON_POLICY_EXPIRED);
	return verdict.rule == (uint32_t)rule && verdict.action == !world->rules[rule].deny &&
	       verdict.reason == (strength(&world->rules[rule]) == 3 ? GUARD_REASON_RULE_DENY :
				  strength(&world->rules[rule]) == 2 ? GUARD_REASON_EXCEPTION :
								       GUARD_REASON_RULE_ALLOW);
}

static void make_world(struct world *world)
{
	size_t exceptions = chance(world, 4);

	world->count = 1 + chance(world, RULES_MAX - 4);
	for (size_t i = 0; i < world->count; i++)
		make_rule(world, &world->rules[i], false);
	for (size_t i = 0; i < exceptions; i++)
		make_rule(world, &world->rules[world->count++], true);
	world->allow_by_default = chance(world, 4) == 0;
	world->expires = chance(world, 2) ? INT64_MAX : NOW + 100;
}

static char folder[] = "/tmp/guard-property-XXXXXX";
static char source[64], exception[64];

/* One world: compile, open on nine machines, ask; false when an answer differs. */
static bool run_world(struct world *world)
{
	const char *const names[] = { source, exception };
	struct guard_compile_options options = { .now = NOW - 1000, .need_policy = true };
	struct guard_policy *policies[3][3];
	struct guard_compile *compile = NULL;
	uint8_t *bytes = NULL;
	size_t size = 0;
	bool good = true;

	make_world(world);
	write_source(world, source, false);
	write_source(world, exception, true);
	CU_ASSERT_EQUAL_FATAL(guard_compile_sources(&compile, names, 2, &options), 0);
	for (size_t i = 0; guard_compile_error_count(compile) && i < guard_compile_diagnostic_count(compile); i++)
		fprintf(stderr, "%s:%u: %s\n", guard_compile_diagnostic(compile, i)->file,
			guard_compile_diagnostic(compile, i)->line, guard_compile_diagnostic(compile, i)->message);
	CU_ASSERT_EQUAL_FATAL(guard_compile_image(&bytes, &size, compile), 0);
	guard_compile_free(compile);
	for (int i = 0; i < 9; i++)
		policies[i / 3][i % 3] = open_image(bytes, size, i / 3 - 1, i % 3 - 1);
	for (int i = 0; i < 300 && good; i++)
		good = ask(world, policies);
	for (int i = 0; i < 9; i++)
		guard_policy_free(policies[i / 3][i % 3]);
	free(bytes);
	return good;
}

static void test_by_chance(void)
{
	static struct world world;

	umask(022);
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
	snprintf(source, sizeof(source), "%s/policy.conf", folder);
	snprintf(exception, sizeof(exception), "%s/exception.conf", folder);
	for (unsigned i = 1; i <= 1500; i++) {
		world.seed = i;
		if (run_world(&world))
			continue;
		fprintf(stderr, "world %u is answered otherwise; its sources stay in %s\n", i, folder);
		CU_FAIL("an answer differs from the plain evaluator's");
		return;
	}
	for (size_t i = 0; i < 4; i++)
		CU_ASSERT(answers[i] > 10000);
	unlink(source);
	unlink(exception);
	CU_ASSERT_EQUAL(rmdir(folder), 0);
}

static void test_plain_match(void)
{
	/* The evaluator itself, against cases that are plain to see. */
	CU_ASSERT_TRUE(plain_match("/opt/**", "/opt/a/b"));
	CU_ASSERT_TRUE(plain_match("/opt/**", "/opt"));
	CU_ASSERT_TRUE(plain_match("/opt/**/x", "/opt/x"));
	CU_ASSERT_FALSE(plain_match("/opt/*", "/opt/a/b"));
	CU_ASSERT_FALSE(plain_match("/opt/?", "/opt/"));
	CU_ASSERT_FALSE(plain_match("/opt/a/**", "/opt/ab"));
}

static CU_TestInfo tests[] = { { "plain match", test_plain_match },
			       { "policies by chance", test_by_chance },
			       CU_TEST_INFO_NULL };
UNIT_MAIN("compile_property", tests)
