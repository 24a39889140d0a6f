/* SPDX-License-Identifier: MIT
 *
 * unit/keeper_back.c - the last good policy: which policy is which, what is proven,
 * what is gone back to, and what is remembered of that.
 */
#include "keeper/back.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image_fixture.h"
#include "keeper/remember.h"
#include "policy/set.h"
#include "unit.h"

static char folder[] = "/tmp/guard-back-XXXXXX";
static int state_dir;
static struct guardd_config config;

/* A policy that lists `listed` and denies `denied` (NULL: nothing). */
static int image_of(uint64_t version, const char *listed, const char *denied)
{
	struct guard_digest digest;
	struct image_fixture fixture;
	struct guard_image_rule rule;
	struct guard_writer image;
	int fd;

	fixture_init(&fixture);
	fixture.meta.version = version;
	fixture.meta.mode = GUARD_MODE_ENFORCE;
	rule = fixture_allow(&fixture, "listed");
	rule.flags = GUARD_RULE_HAS_DIGESTS;
	digest = fixture_digest_of(listed);
	fixture_digest(&fixture, &digest, fixture_rule(&fixture, rule), listed);
	if (denied) {
		rule = fixture_allow(&fixture, "denied");
		rule.action = GUARD_DENY;
		rule.flags = GUARD_RULE_HAS_DIGESTS;
		digest = fixture_digest_of(denied);
		fixture_digest(&fixture, &digest, fixture_rule(&fixture, rule), denied);
	}
	fixture_finish(&fixture, &image);
	fd = fixture_fd(image.bytes, image.size, 1);
	guard_writer_free(&image);
	fixture_free(&fixture);
	return fd;
}

static void keep(int image, uint64_t version)
{
	CU_ASSERT_EQUAL_FATAL(keeper_remember(state_dir, version, "test", image), 0);
}

static struct guardd_needed refused(const char *content)
{
	struct guardd_needed needed = { 0 };

	needed.all[0] = (struct guardd_needed_file){ .digest = fixture_digest_of(content), .kind = GUARD_KIND_EXECUTABLE };
	strcpy(needed.all[0].path, "/usr/sbin/sshd");
	strcpy(needed.all[0].program, "/usr/lib/systemd/systemd");
	atomic_store(&needed.whole[0], 1);
	atomic_store(&needed.count, 1);
	return needed;
}

static enum guard_action verdict_of(int set, const char *content)
{
	const struct guard_identity identity = { .digest = fixture_digest_of(content), .kind = GUARD_KIND_EXECUTABLE };
	const struct guard_subject subject = { .uid = 0 };
	const struct guard_object object = { .identity = &identity };
	struct guard_policy *policy = NULL;
	struct guard_verdict verdict = { .action = GUARD_DENY };

	CU_ASSERT_EQUAL_FATAL(guard_policy_open(&policy, set, NULL), 0);
	guard_policy_decide(policy, &verdict, &subject, &object, 0);
	guard_policy_free(policy);
	return (enum guard_action)verdict.action;
}

/* ---- tests --------------------------------------------------------------------------- */

static void identities(void)
{
	struct guard_set_facts facts = { .snapshot = 1, .made = 100, .fresh_until = 200 };
	struct guard_digest single, in_set, later, other;
	int image = image_of(1, "sshd", NULL), another = image_of(2, "sshd", NULL), sets[2];
	const struct guard_set_source source = { .kind = GUARD_SET_POLICY, .fd = image };

	for (int i = 0; i < 2; i++) {
		sets[i] = memfd_create("set", MFD_CLOEXEC);
		facts.made += i;
		CU_ASSERT_EQUAL_FATAL(guard_set_write(sets[i], &facts, &source, 1), 0);
	}
	CU_ASSERT_EQUAL(keeper_back_identify(&single, image), 0);
	CU_ASSERT_EQUAL(keeper_back_identify(&in_set, sets[0]), 0);
	CU_ASSERT_EQUAL(keeper_back_identify(&later, sets[1]), 0);
	CU_ASSERT_EQUAL(keeper_back_identify(&other, another), 0);
	CU_ASSERT_EQUAL(guard_digest_compare(&single, &in_set), 0);
	CU_ASSERT_EQUAL(guard_digest_compare(&in_set, &later), 0); /* when it was put together does not count */
	CU_ASSERT_NOT_EQUAL(guard_digest_compare(&single, &other), 0);
	close(image);
	close(another);
	close(sets[0]);
	close(sets[1]);
}

static void nothing_to_go_back_to(void)
{
	const struct guardd_needed needed = refused("sshd");
	int image = image_of(1, "sshd", NULL), set = -1;
	struct keeper_standing standing;
	char why[300];

	keeper_back_standing(&standing, state_dir, image);
	CU_ASSERT(!standing.failed && !standing.is_back && !standing.ran && !standing.booted);
	CU_ASSERT(!standing.may_go_back_run && !standing.may_go_back_boot);
	CU_ASSERT_EQUAL(keeper_back_make(&set, why, sizeof(why), state_dir, image, false, &needed, &config), -GUARD_E_NOT_FOUND);
	CU_ASSERT_EQUAL(keeper_back_prove(state_dir, image, false), -GUARD_E_NOT_FOUND); /* not what is remembered */
	close(image);
}

static void proven(void)
{
	int image = image_of(1, "sshd", NULL), next = image_of(2, "other", NULL);
	struct keeper_standing standing;

	keep(image, 1);
	CU_ASSERT_EQUAL(keeper_back_prove(state_dir, next, false), -GUARD_E_CHANGED);
	CU_ASSERT_EQUAL(keeper_back_prove(state_dir, image, false), 0);
	keeper_back_standing(&standing, state_dir, image);
	CU_ASSERT(standing.ran && !standing.booted && !standing.may_go_back_run);
	CU_ASSERT_EQUAL(keeper_back_prove(state_dir, image, true), 0); /* once more, by a boot */
	keeper_back_standing(&standing, state_dir, image);
	CU_ASSERT(standing.ran && standing.booted);
	keep(next, 2); /* the older files stay what they were */
	keeper_back_standing(&standing, state_dir, next);
	CU_ASSERT(!standing.ran && standing.may_go_back_run && standing.may_go_back_boot);
	close(image);
	close(next);
}

/* As `proven` left it: "sshd" is listed by the good one, "other" by the next. */
static void going_back(void)
{
	int next = image_of(2, "other", "worm"), set = -1;
	struct guardd_needed needed = refused("never listed");
	struct keeper_standing standing;
	char why[300] = "";

	CU_ASSERT_EQUAL(keeper_back_make(&set, why, sizeof(why), state_dir, next, false, &needed, &config), -GUARD_E_NOT_FOUND);
	needed = refused("sshd");
	atomic_store(&needed.whole[0], 0); /* half written */
	CU_ASSERT_EQUAL(keeper_back_make(&set, why, sizeof(why), state_dir, next, false, &needed, &config), -GUARD_E_NOT_FOUND);
	atomic_store(&needed.whole[0], 1);
	CU_ASSERT_EQUAL_FATAL(keeper_back_make(&set, why, sizeof(why), state_dir, next, false, &needed, &config), 0);
	CU_ASSERT_STRING_EQUAL(why, "/usr/sbin/sshd was refused to /usr/lib/systemd/systemd");
	CU_ASSERT_EQUAL(verdict_of(set, "sshd"), GUARD_ALLOW);
	CU_ASSERT_EQUAL(verdict_of(set, "other"), GUARD_DENY); /* allowed by the newer one alone */
	CU_ASSERT_EQUAL(keeper_back_remember(state_dir, next, set, why), 0);
	keeper_back_standing(&standing, state_dir, next);
	CU_ASSERT(standing.failed && !standing.is_back);
	CU_ASSERT_STRING_EQUAL(standing.why, why);
	keeper_back_standing(&standing, state_dir, set);
	CU_ASSERT(!standing.failed && standing.is_back);
	close(set);
	close(next);
}

static void denials_stay(void)
{
	int next = image_of(3, "other", "sshd"), set = -1;
	const struct guardd_needed needed = refused("sshd");
	char why[300];

	/* The good one would let it; the newer one denies it by rule, and that stays. */
	CU_ASSERT_EQUAL_FATAL(keeper_back_make(&set, why, sizeof(why), state_dir, next, false, &needed, &config), 0);
	CU_ASSERT_EQUAL(verdict_of(set, "sshd"), GUARD_DENY);
	close(set);
	close(next);
}

static void damaged_memory(void)
{
	int next = image_of(2, "other", "worm"), fd = openat(state_dir, KEEPER_BACK_FILE, O_WRONLY | O_CLOEXEC);
	struct keeper_standing standing;

	CU_ASSERT_EQUAL(pwrite(fd, "?", 1, 50), 1);
	keeper_back_standing(&standing, state_dir, next);
	CU_ASSERT(!standing.failed); /* it is tried once more */
	close(fd);
	close(next);
}

static void only_so_many(void)
{
	int set = image_of(1, "sshd", NULL), first = image_of(100, "a", NULL);
	struct keeper_standing standing;

	CU_ASSERT_EQUAL(keeper_back_remember(state_dir, first, set, "x"), 0);
	for (unsigned i = 0; i < KEEPER_BACK_MAX; i++) {
		int image = image_of(101 + i, "a", NULL);

		keeper_back_standing(&standing, state_dir, first);
		CU_ASSERT_EQUAL(standing.failed, i < KEEPER_BACK_MAX);
		CU_ASSERT_EQUAL(keeper_back_remember(state_dir, image, set, "x"), 0);
		close(image);
	}
	keeper_back_standing(&standing, state_dir, first);
	CU_ASSERT(!standing.failed); /* the oldest is forgotten */
	close(set);
	close(first);
}

static int set_up(void)
{
	umask(077);
	return mkdtemp(folder) && (state_dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) >= 0 ? 0 : 1;
}

static int tear_down(void)
{
	static const char *const files[] = { KEEPER_GOOD_FILE, KEEPER_BOOTED_FILE, KEEPER_BACK_FILE, KEEPER_LAST_FILE, KEEPER_VERSION_FILE };

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		(void)!unlinkat(state_dir, files[i], 0);
	return rmdir(folder);
}

static CU_TestInfo tests[] = {
	{ "a policy is its parts", identities },
	{ "nothing to go back to", nothing_to_go_back_to },
	{ "proven", proven },
	{ "going back", going_back },
	{ "denials of the newer one stay", denials_stay },
	{ "a damaged memory", damaged_memory },
	{ "only so many are remembered", only_so_many },
	CU_TEST_INFO_NULL,
};
UNIT_MAIN_WITH("the last good policy", set_up, tear_down, tests)
