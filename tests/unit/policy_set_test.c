/* SPDX-License-Identifier: MIT
 *
 * unit/policy_set_test.c - a policy set: what an office's image may not do
 * whatever it says, what a deny list may not, and that a damaged set is refused.
 */
#include "unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "policy/policy.h"
#include "question.h"

#define DAY 86400
/* An image with one rule for `content` (NULL: for its path alone), or with none. */
struct spec {
	const char *content;
	struct guard_image_rule rule; /* only what narrows it */
	const char *offices;	      /* NULL: any */
	const char *signer;	      /* NULL: none */
	uint8_t permits;	      /* enum guard_image_exception_flags, as policy */
	unsigned more_digests;
	bool none;
};

static int image_of(const struct spec *spec)
{
	struct guard_writer image;
	struct image_fixture fixture;
	int fd;

	fixture_init(&fixture);
	fixture.meta.exception_flags = spec->permits;
	if (!spec->none) {
		struct guard_image_rule rule = fixture_allow(&fixture, "g");

		rule.action = spec->rule.action;
		rule.origin = spec->rule.origin;
		rule.kinds = spec->rule.kinds;
		rule.valid_from = spec->rule.valid_from ? spec->rule.valid_from : INT64_MIN;
		rule.valid_until = spec->rule.valid_until ? spec->rule.valid_until : INT64_MAX;
		if (spec->offices)
			rule.offices = fixture_list(&fixture, spec->offices);
		if (spec->content) {
			const struct guard_digest digest = fixture_digest_of(spec->content);

			rule.flags = GUARD_RULE_HAS_DIGESTS;
			fixture_digest(&fixture, &digest, fixture_rule(&fixture, rule), NULL);
			for (unsigned i = 0; i < spec->more_digests; i++) {
				const struct guard_digest other = {.bytes = {(uint8_t)i, (uint8_t)(i >> 8), 1}};

				fixture_digest(&fixture, &other, 0, NULL);
			}
		} else if (spec->signer) {
			const struct guard_signer signer = {.provider = GUARD_PROVIDER_CATALOG};

			rule.flags = GUARD_RULE_HAS_SIGNERS;
			fixture_signer(&fixture, &signer, fixture_rule(&fixture, rule));
		} else {
			rule.paths = fixture_list(&fixture, "/usr/bin/x");
			fixture_rule(&fixture, rule);
		}
	}
	fixture_finish(&fixture, &image);
	fd = fixture_fd(image.bytes, image.size, 1);
	guard_writer_free(&image);
	fixture_free(&fixture);
	return fd;
}

static const struct guard_set_facts facts = {.snapshot = 7, .made = NOW, .fresh_until = NOW + DAY};

static struct guard_set_source osaka(int fd)
{
	return (struct guard_set_source){.kind = GUARD_SET_EXCEPTION,
					 .fd = fd,
					 .office = "osaka"};
}

static int set_of(const struct guard_set_source *sources, size_t count)
{
	int fd = memfd_create("set", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	CU_ASSERT_EQUAL_FATAL(guard_set_write(fd, &facts, sources, count), 0);
	CU_ASSERT_EQUAL_FATAL(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW), 0);
	return fd;
}

/* Headquarters' image `hq`, and `part` with the limits of `source`. */
static struct guard_verdict ask(const struct spec *hq, const struct spec *part, struct guard_set_source source,
				struct question question)
{
	struct guard_set_source sources[2] = {{.kind = GUARD_SET_POLICY, .fd = image_of(hq)}, source};
	struct guard_policy *policy = NULL;
	struct guard_verdict verdict = {0};
	int fd;

	sources[1].fd = image_of(part);
	fd = set_of(sources, 2);
	CU_ASSERT_EQUAL_FATAL(guard_policy_open(&policy, fd, &question_machine), 0);
	verdict = decide(policy, &question);
	guard_policy_free(policy);
	close(fd);
	close(sources[0].fd);
	close(sources[1].fd);
	return verdict;
}

static const struct spec nothing = {.none = true};
static const struct spec allow_x = {.content = "x",
				    .rule = {.action = GUARD_ALLOW,
					     .origin = 1,
					     .valid_from = NOW - DAY,
					     .valid_until = NOW + 30 * DAY},
				    .offices = "osaka"};

static void an_exception_allows_on_its_office(void)
{
	struct guard_verdict verdict = ask(&nothing, &allow_x, osaka(-1), ask_for("x"));

	CU_ASSERT_EQUAL(verdict.action, GUARD_ALLOW);
	CU_ASSERT_EQUAL(verdict.reason, GUARD_REASON_EXCEPTION);
	CU_ASSERT_EQUAL(verdict.rule, 0);
	CU_ASSERT_EQUAL(verdict.valid_until, NOW + 30 * DAY);
	CU_ASSERT_TRUE(verdict.depends & GUARD_DEPENDS_TIME);
}

static void an_exception_of_another_office_is_none(void)
{
	struct guard_set_source source = osaka(-1);

	source.office = "tokyo";
	CU_ASSERT_EQUAL(ask(&nothing, &allow_x, source, ask_for("x")).action, GUARD_DENY);
}

static void an_exception_is_never_over_a_deny(void)
{
	const struct spec deny = {.content = "x", .rule = {.action = GUARD_DENY}};
	struct guard_verdict verdict = ask(&deny, &allow_x, osaka(-1), ask_for("x"));

	CU_ASSERT_EQUAL(verdict.action, GUARD_DENY);
	CU_ASSERT_EQUAL(verdict.reason, GUARD_REASON_RULE_DENY);
}

/* One change of the exception at a time: each alone makes it none. */
static void an_exception_beyond_a_bound_is_none(void)
{
	struct spec bad[8];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		bad[i] = allow_x;
	bad[0].rule.origin = 0;			      /* calls itself policy */
	bad[1].rule.valid_until = 0;		      /* never ends */
	bad[2].rule.valid_until = NOW - DAY + 92 * DAY + 1; /* too long */
	bad[3].rule.valid_from = 0;		      /* nobody knows how long */
	bad[4].offices = NULL;			      /* of any office */
	bad[5].offices = "osaka tokyo";
	bad[6].rule.kinds = 1u << GUARD_KIND_MODULE | 1u << GUARD_KIND_EXECUTABLE;
	bad[7].more_digests = 1000;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_EQUAL(ask(&nothing, &bad[i], osaka(-1), ask_for("x")).action, GUARD_DENY);
}

static void an_exception_at_its_bounds_holds(void)
{
	struct spec good[3] = {allow_x, allow_x, allow_x};

	good[0].rule.valid_until = NOW - DAY + 92 * DAY;
	good[1].more_digests = 999;
	good[2].rule.kinds = 1u << GUARD_KIND_EXECUTABLE;
	for (size_t i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(ask(&nothing, &good[i], osaka(-1), ask_for("x")).action, GUARD_ALLOW);
}

/* Signed by the office above: the machine's own office is another. */
static void an_exception_from_above_holds_below(void)
{
	struct spec spec = allow_x;
	struct guard_set_source source = osaka(-1);

	spec.offices = "kansai";
	source.office = "kansai";
	CU_ASSERT_EQUAL(ask(&nothing, &spec, source, ask_for("x")).action, GUARD_DENY);
	source.above = 1;
	CU_ASSERT_EQUAL(ask(&nothing, &spec, source, ask_for("x")).action, GUARD_ALLOW);
}

static void an_exception_ends(void)
{
	struct question question = ask_for("x");

	question.now = NOW + 30 * DAY;
	CU_ASSERT_EQUAL(ask(&nothing, &allow_x, osaka(-1), question).action, GUARD_DENY);
}

static void a_clock_put_back_makes_nothing_young_again(void)
{
	struct spec spec = allow_x;
	struct question question = ask_for("x");

	spec.rule.valid_until = NOW; /* over when the set was made */
	question.now = NOW - DAY;
	CU_ASSERT_EQUAL(ask(&nothing, &spec, osaka(-1), question).action, GUARD_DENY);
}

static void an_exception_is_of_the_kinds_that_are_allowed(void)
{
	struct question question = ask_for("x");

	question.identity.kind = GUARD_KIND_MODULE;
	CU_ASSERT_EQUAL(ask(&nothing, &allow_x, osaka(-1), question).action, GUARD_DENY);
	question.identity.kind = GUARD_KIND_SCRIPT;
	CU_ASSERT_EQUAL(ask(&nothing, &allow_x, osaka(-1), question).action, GUARD_ALLOW);
}

/* A path or a signer: broad, and only with leave. */
static void a_broad_exception_needs_leave(void)
{
	struct spec path = allow_x, signer = allow_x, hq = nothing;
	struct question question = ask_for("x");

	path.content = NULL;
	signer.content = NULL;
	signer.signer = "catalog";
	question.identity.signer_count = 1;
	question.identity.signers[0] = (struct guard_signer){.provider = GUARD_PROVIDER_CATALOG};
	for (uint8_t broad = 0; broad <= 1; broad++) {
		for (uint8_t permits = 0; permits < 4; permits++) {
			struct guard_set_source source = osaka(-1);

			source.broad = broad;
			hq.permits = permits;
			CU_ASSERT_EQUAL(ask(&hq, &signer, source, question).action,
					broad && (permits & GUARD_EXCEPTION_SIGNERS));
			CU_ASSERT_EQUAL(ask(&hq, &path, source, question).action,
					broad && (permits & GUARD_EXCEPTION_PATHS));
		}
	}
}

static void an_office_cannot_deny(void)
{
	const struct spec hq = {.content = "x", .rule = {.action = GUARD_ALLOW}};
	const struct spec deny = {.content = "x", .rule = {.action = GUARD_DENY}};

	CU_ASSERT_EQUAL(ask(&hq, &deny, osaka(-1), ask_for("x")).action, GUARD_ALLOW);
}

static void a_deny_list_denies_and_does_nothing_else(void)
{
	const struct spec hq = {.content = "x", .rule = {.action = GUARD_ALLOW}};
	const struct spec deny = {.content = "x", .rule = {.action = GUARD_DENY}};
	const struct guard_set_source list = {.kind = GUARD_SET_DENY};
	struct guard_verdict verdict = ask(&hq, &deny, list, ask_for("x"));

	CU_ASSERT_EQUAL(verdict.action, GUARD_DENY);
	CU_ASSERT_EQUAL(verdict.rule, 1); /* numbered through the set */
	CU_ASSERT_EQUAL(ask(&nothing, &allow_x, list, ask_for("x")).action, GUARD_DENY);
}

static void rules_of_all_parts_are_told_apart(void)
{
	const struct spec hq = {.content = "y", .rule = {.action = GUARD_ALLOW}};
	struct guard_set_source sources[2] = {{.kind = GUARD_SET_POLICY, .fd = image_of(&hq)},
					      osaka(image_of(&allow_x))};
	struct guard_policy *policy = NULL;
	struct guard_policy_info info;
	struct guard_rule_info rule;
	int fd = set_of(sources, 2);

	CU_ASSERT_EQUAL_FATAL(guard_policy_open(&policy, fd, &question_machine), 0);
	guard_policy_info(policy, &info);
	CU_ASSERT_EQUAL(info.rule_count, 2);
	CU_ASSERT_EQUAL(info.digest_count, 2);
	CU_ASSERT_EQUAL(info.part_count, 1);
	CU_ASSERT_EQUAL(info.snapshot, 7);
	CU_ASSERT_EQUAL(info.fresh_until, NOW + DAY);
	CU_ASSERT_EQUAL_FATAL(guard_policy_rule_info(policy, 0, &rule), 0);
	CU_ASSERT_FALSE(rule.is_exception);
	CU_ASSERT_EQUAL_FATAL(guard_policy_rule_info(policy, 1, &rule), 0);
	CU_ASSERT_TRUE(rule.is_exception);
	CU_ASSERT_EQUAL(guard_policy_rule_info(policy, 2, &rule), -GUARD_E_NOT_FOUND);
	guard_policy_free(policy);
	close(fd);
	close(sources[0].fd);
	close(sources[1].fd);
}

static void the_writer_refuses_what_the_reader_would(void)
{
	int fd = memfd_create("set", MFD_CLOEXEC), image = image_of(&nothing);
	struct guard_set_source sources[2] = {osaka(image), osaka(image)};

	CU_ASSERT_EQUAL(guard_set_write(fd, &facts, sources, 0), -GUARD_E_USAGE);
	CU_ASSERT_EQUAL(guard_set_write(fd, &facts, sources, 2), -GUARD_E_USAGE); /* no policy */
	sources[0] = (struct guard_set_source){.kind = GUARD_SET_POLICY, .fd = image};
	sources[1].office = "";
	CU_ASSERT_EQUAL(guard_set_write(fd, &facts, sources, 2), -GUARD_E_USAGE);
	sources[1] = sources[0];
	CU_ASSERT_EQUAL(guard_set_write(fd, &facts, sources, 2), -GUARD_E_USAGE); /* two policies */
	close(fd);
	close(image);
}

/* Whatever byte of header and table is changed, and wherever the set is cut. */
static void a_damaged_set_is_refused(void)
{
	struct guard_set_source sources[2] = {{.kind = GUARD_SET_POLICY, .fd = image_of(&nothing)},
					      osaka(image_of(&allow_x))};
	const size_t table = GUARD_SET_HEADER_SIZE + 2 * sizeof(struct guard_set_part);
	int fd = set_of(sources, 2);
	size_t size = (size_t)lseek(fd, 0, SEEK_END);
	uint8_t *bytes = malloc(size);
	struct guard_policy *policy = NULL;

	CU_ASSERT_EQUAL_FATAL(pread(fd, bytes, size, 0), (ssize_t)size);
	close(fd);
	for (size_t i = 0; i < table; i++) {
		bytes[i] ^= 1;
		fd = fixture_fd(bytes, size, 1);
		CU_ASSERT_TRUE(guard_policy_open(&policy, fd, &question_machine) < 0);
		close(fd);
		bytes[i] ^= 1;
	}
	for (size_t cut = 0; cut < size; cut += cut < table ? 7 : 509) {
		fd = fixture_fd(bytes, cut, 1);
		CU_ASSERT_TRUE(guard_policy_open(&policy, fd, &question_machine) < 0);
		close(fd);
	}
	for (int sealed = 0; sealed <= 1; sealed++) {
		fd = fixture_fd(bytes, size, sealed);
		CU_ASSERT_EQUAL_FATAL(guard_policy_open(&policy, fd, &question_machine), 0);
		guard_policy_free(policy);
		close(fd);
	}
	free(bytes);
	close(sources[0].fd);
	close(sources[1].fd);
}

/* What the policy of `hq` and `part` is called where its contents are kept. */
static struct guard_digest checksum_of(const struct spec *hq, const struct spec *part, bool above)
{
	struct guard_set_source sources[2] = {{.kind = GUARD_SET_POLICY, .fd = image_of(hq)}, osaka(image_of(part))};
	struct guard_digest checksum = {0};
	struct guard_policy *policy = NULL;
	int fd;

	sources[1].above = above;
	fd = set_of(sources, 2);
	CU_ASSERT_EQUAL_FATAL(guard_policy_open(&policy, fd, &question_machine), 0);
	CU_ASSERT_EQUAL(guard_policy_checksum(&checksum, policy), 0);
	guard_policy_free(policy);
	close(fd);
	close(sources[0].fd);
	close(sources[1].fd);
	return checksum;
}

static void the_checksum_is_of_all_parts(void)
{
	const struct guard_digest one = checksum_of(&nothing, &nothing, false),
				  same = checksum_of(&nothing, &nothing, false),
				  first = checksum_of(&allow_x, &nothing, false),
				  second = checksum_of(&nothing, &allow_x, false),
				  above = checksum_of(&nothing, &nothing, true);

	CU_ASSERT_EQUAL(guard_digest_compare(&one, &same), 0);
	CU_ASSERT_NOT_EQUAL(guard_digest_compare(&one, &first), 0);
	CU_ASSERT_NOT_EQUAL(guard_digest_compare(&one, &second), 0);
	CU_ASSERT_NOT_EQUAL(guard_digest_compare(&first, &second), 0);
	CU_ASSERT_NOT_EQUAL(guard_digest_compare(&one, &above), 0);
}

static CU_TestInfo tests[] = {
	{ "an exception of another office is none", an_exception_of_another_office_is_none },
	{ "an exception is never over a deny", an_exception_is_never_over_a_deny },
	{ "an exception beyond a bound is none", an_exception_beyond_a_bound_is_none },
	{ "an exception ends", an_exception_ends },
	{ "the checksum is of all parts", the_checksum_is_of_all_parts },
	{ "a clock put back makes nothing young again", a_clock_put_back_makes_nothing_young_again },
	{ "an exception is of the kinds that are allowed", an_exception_is_of_the_kinds_that_are_allowed },
	{ "a broad exception needs leave", a_broad_exception_needs_leave },
	{ "an office cannot deny", an_office_cannot_deny },
	{ "an exception at its bounds holds", an_exception_at_its_bounds_holds },
	{ "an exception from above holds below", an_exception_from_above_holds_below },
	{ "an exception allows on its office", an_exception_allows_on_its_office },
	{ "a deny list denies and does nothing else", a_deny_list_denies_and_does_nothing_else },
	{ "rules of all parts are told apart", rules_of_all_parts_are_told_apart },
	{ "the writer refuses what the reader would", the_writer_refuses_what_the_reader_would },
	{ "a damaged set is refused", a_damaged_set_is_refused },
	CU_TEST_INFO_NULL,
};

UNIT_MAIN("policy/set", tests)
