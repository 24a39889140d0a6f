/* SPDX-License-Identifier: MIT
 *
 * unit/trust_targets.c - section 5.6.7 and 5.7: who may speak of a target, and
 * whether bytes are that target.
 */
#include "unit.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "trust_fixture.h"

static void open_with(struct fixture *fixture, void (*change)(struct fixture *))
{
	fixture_open(fixture);
	if (change)
		change(fixture);
	fixture_bump_all(fixture);
	CU_ASSERT_EQUAL_FATAL(fixture_init(fixture), 0);
	CU_ASSERT_EQUAL_FATAL(fixture_refresh(fixture), 0);
	fixture->log[0] = '\0';
}

/* The lookup must fail with `code` and say `word`. */
static void check_refused(struct fixture *fixture, const char *path, int code, const char *word)
{
	struct guard_trust_target *target = NULL;
	int r = guard_trust_find(&target, fixture->trust, path);

	if (r != -code || !strstr(guard_trust_message(fixture->trust), word))
		fprintf(stderr, "%s: %s\n", guard_error_name(r), guard_trust_message(fixture->trust));
	CU_ASSERT_EQUAL(r, -code);
	CU_ASSERT_PTR_NOT_NULL(strstr(guard_trust_message(fixture->trust), word));
	CU_ASSERT_PTR_NULL(target);
}

static void check_found(struct fixture *fixture, const char *path, const char *role)
{
	struct guard_trust_target *target = NULL;
	struct guard_trust_target_info info;

	CU_ASSERT_EQUAL_FATAL(guard_trust_find(&target, fixture->trust, path), 0);
	guard_trust_target_info(target, &info);
	CU_ASSERT_STRING_EQUAL(info.path, path);
	CU_ASSERT_STRING_EQUAL(info.role, role);
	guard_trust_target_free(target);
}

static void offices(struct fixture *fixture)
{
	fixture_delegate(fixture, "targets", "osaka", "office/osaka/*", true, 20);
	fixture_delegate(fixture, "targets", "tokyo", "office/tokyo/*", true, 21);
	fixture_target(fixture, "targets", "policy", "the policy");
	fixture_target(fixture, "osaka", "office/osaka/list", "for osaka");
	fixture_target(fixture, "tokyo", "office/tokyo/list", "for tokyo");
	fixture_target(fixture, "osaka", "office/tokyo/evil", "by osaka");
	fixture_target(fixture, "osaka", "policy", "by osaka");
	fixture_target(fixture, "osaka", "other", "by osaka");
	fixture_publish(fixture, "osaka");
	fixture_publish(fixture, "tokyo");
}

static void test_usage(void)
{
	struct fixture fixture;
	char path[GUARD_TRUST_PATH_MAX + 2];

	fixture_open(&fixture);
	CU_ASSERT_EQUAL_FATAL(fixture_init(&fixture), 0);
	check_refused(&fixture, "policy", GUARD_E_USAGE, "after a refresh");
	CU_ASSERT_EQUAL_FATAL(fixture_refresh(&fixture), 0);
	check_refused(&fixture, "", GUARD_E_LIMIT, "1 to");
	memset(path, 'p', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	check_refused(&fixture, path, GUARD_E_LIMIT, "1 to");
	/* A refresh that fails takes the right to look up away. */
	fixture.fetch_result = -GUARD_E_TIMEOUT;
	CU_ASSERT_EQUAL(fixture_refresh(&fixture), -GUARD_E_TIMEOUT);
	check_refused(&fixture, "policy", GUARD_E_USAGE, "after a refresh");
	fixture_close(&fixture);
}

static void test_offices(void)
{
	struct fixture fixture;

	open_with(&fixture, offices);
	check_refused(&fixture, "office/tokyo/evil", GUARD_E_NOT_FOUND, "no role");
	check_refused(&fixture, "other", GUARD_E_NOT_FOUND, "no role");
	check_refused(&fixture, "office/osaka/../tokyo/list", GUARD_E_NOT_FOUND, "no role");
	check_found(&fixture, "policy", "targets");
	check_found(&fixture, "office/osaka/list", "osaka");
	check_found(&fixture, "office/tokyo/list", "tokyo");
	fixture_close(&fixture);
}

/* What cannot be verified ends the search: it is not "no such target". */
static void test_unverified(void)
{
	struct fixture fixture;

	open_with(&fixture, offices);
	fixture_remove(&fixture, "1.osaka.json");
	check_refused(&fixture, "office/osaka/list", GUARD_E_CHECKSUM, "no 1.osaka.json");
	check_found(&fixture, "office/tokyo/list", "tokyo");
	json_array_set_new(json_object_get(fixture.signers, "osaka"), 0, json_integer(21));
	fixture_publish(&fixture, "osaka");
	check_refused(&fixture, "office/osaka/list", GUARD_E_SIGNATURE, "signatures that targets asks for");
	json_array_set_new(json_object_get(fixture.signers, "osaka"), 0, json_integer(20));
	fixture_expire(&fixture, "osaka", FIXTURE_NOW);
	fixture_publish(&fixture, "osaka");
	check_refused(&fixture, "office/osaka/list", GUARD_E_EXPIRED, "osaka.json version 1");
	fixture_version(&fixture, "osaka", 2);
	fixture_expire(&fixture, "osaka", FIXTURE_NOW + 1);
	fixture_publish(&fixture, "osaka");
	json_object_del(json_object_get(fixture_body(&fixture, "snapshot"), "meta"), "osaka.json");
	CU_ASSERT_EQUAL(fixture_stored(&fixture, "osaka"), 0);
	fixture_close(&fixture);
}

static void unlisted(struct fixture *fixture)
{
	offices(fixture);
	json_object_del(json_object_get(fixture_body(fixture, "snapshot"), "meta"), "osaka.json");
}

static void test_unlisted(void)
{
	struct fixture fixture;

	open_with(&fixture, unlisted);
	check_refused(&fixture, "office/osaka/list", GUARD_E_CHECKSUM, "does not list osaka.json");
	fixture_close(&fixture);
}

/* One role under two delegators: each time by the delegator's own keys. */
static void two_delegators(struct fixture *fixture)
{
	json_t *delegations;

	fixture_delegate(fixture, "targets", "shared", "a/*", true, 30);
	fixture_delegate(fixture, "targets", "other", "b/*", true, 31);
	delegations = json_pack("{s{so}s[{sss[s]sis[s]}]}", "keys", fixture_key_id(32), fixture_key(32),
				"roles", "name", "shared", "keyids", fixture_key_id(32), "threshold", 1,
				"paths", "b/*");
	CU_ASSERT_PTR_NOT_NULL_FATAL(delegations);
	json_object_set_new(fixture_body(fixture, "other"), "delegations", delegations);
	fixture_target(fixture, "shared", "a/file", "content");
	fixture_target(fixture, "shared", "b/file", "content");
	fixture_publish(fixture, "shared");
	fixture_publish(fixture, "other");
}

static void test_two_delegators(void)
{
	struct fixture fixture;

	open_with(&fixture, two_delegators);
	check_found(&fixture, "a/file", "shared");
	check_refused(&fixture, "b/file", GUARD_E_SIGNATURE, "that other asks for");
	check_found(&fixture, "a/file", "shared");
	fixture_close(&fixture);
}

/* SHA-256 of "some/file" begins with 93f. */
static void hash_prefixes(struct fixture *fixture)
{
	json_t *roles;

	fixture_delegate(fixture, "targets", "other", "*", false, 30);
	fixture_delegate(fixture, "targets", "bin", "*", false, 31);
	roles = json_object_get(json_object_get(fixture_body(fixture, "targets"), "delegations"), "roles");
	for (size_t i = 0; i < 2; i++) {
		json_object_del(json_array_get(roles, i), "paths");
		json_object_set_new(json_array_get(roles, i), "path_hash_prefixes",
				    json_pack("[ss]", "000", i == 0 ? "930" : "93"));
	}
	fixture_target(fixture, "other", "some/file", "not for it to say");
	fixture_target(fixture, "bin", "some/file", "content");
	fixture_publish(fixture, "other");
	fixture_publish(fixture, "bin");
}

static void test_hash_prefixes(void)
{
	struct fixture fixture;

	open_with(&fixture, hash_prefixes);
	check_found(&fixture, "some/file", "bin");
	CU_ASSERT_PTR_NULL(strstr(fixture.log, "other"));
	check_refused(&fixture, "another", GUARD_E_NOT_FOUND, "no role");
	fixture_close(&fixture);
}

/* All of 2^2 bins in one line, with one key. */
static void hash_bins(struct fixture *fixture)
{
	json_object_set_new(fixture_body(fixture, "targets"), "delegations",
			    json_pack("{s{so}s{s[s]sisiss}}", "keys", fixture_key_id(30), fixture_key(30),
				      "succinct_roles", "keyids", fixture_key_id(30), "threshold", 1, "bit_length", 2,
				      "name_prefix", "office"));
	fixture_add_role(fixture, "office-2", 30);
	fixture_target(fixture, "office-2", "some/file", "content");
	fixture_publish(fixture, "office-2");
}

static void test_hash_bins(void)
{
	struct fixture fixture;

	open_with(&fixture, hash_bins);
	check_found(&fixture, "some/file", "office-2");
	fixture_close(&fixture);
}

static void chain(struct fixture *fixture)
{
	char above[16] = "targets", role[16];

	for (unsigned i = 0; i < GUARD_TRUST_VISITS_MAX + 4; i++) {
		snprintf(role, sizeof(role), "r%u", i);
		fixture_delegate(fixture, above, role, "*", false, 40);
		memcpy(above, role, sizeof(above));
	}
	fixture_target(fixture, "r20", "near", "content");
	fixture_target(fixture, "r66", "far", "content");
	for (unsigned i = 0; i < GUARD_TRUST_VISITS_MAX + 4; i++) {
		snprintf(role, sizeof(role), "r%u", i);
		fixture_publish(fixture, role);
	}
}

static void test_chain(void)
{
	struct fixture fixture;

	open_with(&fixture, chain);
	check_found(&fixture, "near", "r20");
	check_refused(&fixture, "far", GUARD_E_LIMIT, "more than 64 roles");
	fixture_close(&fixture);
}

static void content(struct fixture *fixture)
{
	fixture_target(fixture, "targets", "dir/file", "content");
	fixture_target(fixture, "targets", "empty", "");
	json_object_set_new(
		json_object_get(json_object_get(fixture_body(fixture, "targets"), "targets"), "dir/file"),
		"custom", json_pack("{sisb}", "b", 2, "a", 1));
}

/* Download into a memory file; returns its size afterwards in `ret_size`. */
static int download(struct fixture *fixture, const char *path, off_t *ret_size, int *ret_verified)
{
	struct guard_trust_target *target = NULL;
	struct stat status;
	int fd = memfd_create("target", MFD_CLOEXEC), r;

	CU_ASSERT_FATAL(fd >= 0 && guard_trust_find(&target, fixture->trust, path) == 0);
	r = guard_trust_download(fixture->trust, target, fd);
	CU_ASSERT_EQUAL(fstat(fd, &status), 0);
	*ret_size = status.st_size;
	*ret_verified = guard_trust_target_verify(target, fd);
	guard_trust_target_free(target);
	close(fd);
	return r;
}

static void test_download(void)
{
	struct fixture fixture;
	off_t size;
	int verified;

	open_with(&fixture, content);
	CU_ASSERT_EQUAL(download(&fixture, "dir/file", &size, &verified), 0);
	CU_ASSERT(size == 7 && verified == 0);
	CU_ASSERT_STRING_EQUAL(guard_trust_message(fixture.trust), "");
	CU_ASSERT_PTR_NOT_NULL(strstr(
		fixture.log, "dir/ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73.file"));
	CU_ASSERT_EQUAL(download(&fixture, "empty", &size, &verified), 0);
	CU_ASSERT(size == 0 && verified == 0);
	fixture_close(&fixture);
}

static void test_arbitrary_software(void)
{
	static const char *const offered[] = { "Content", "conten", "", "contents and more" };
	static const int wanted[] = { -GUARD_E_CHECKSUM, -GUARD_E_CHECKSUM, -GUARD_E_CHECKSUM,
				      -GUARD_E_LIMIT };
	static const char url[] = "dir/ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73.file";

	for (size_t i = 0; i < 4; i++)
		for (int polite = 0; polite < 2; polite++) {
			struct fixture fixture;
			off_t size;
			int verified;

			open_with(&fixture, content);
			fixture.polite = polite;
			fixture_serve(&fixture, url, offered[i], strlen(offered[i]));
			CU_ASSERT_EQUAL(download(&fixture, "dir/file", &size, &verified), wanted[i]);
			CU_ASSERT(size == 0 && verified == -GUARD_E_CHECKSUM);
			fixture_remove(&fixture, url);
			CU_ASSERT_EQUAL(download(&fixture, "dir/file", &size, &verified), -GUARD_E_NOT_FOUND);
			fixture.fetch_result = -GUARD_E_TIMEOUT;
			CU_ASSERT_EQUAL(download(&fixture, "dir/file", &size, &verified), -GUARD_E_TIMEOUT);
			CU_ASSERT_EQUAL(size, 0);
			fixture_close(&fixture);
		}
}

/* What was looked up before a refresh is not fetched after it. */
static void test_stale(void)
{
	struct fixture fixture;
	struct guard_trust_target *target = NULL;
	int fd = memfd_create("target", MFD_CLOEXEC);

	open_with(&fixture, content);
	CU_ASSERT_FATAL(fd >= 0 && guard_trust_find(&target, fixture.trust, "dir/file") == 0);
	CU_ASSERT_EQUAL_FATAL(fixture_refresh(&fixture), 0);
	CU_ASSERT_EQUAL(guard_trust_download(fixture.trust, target, fd), -GUARD_E_USAGE);
	CU_ASSERT_PTR_NOT_NULL(strstr(guard_trust_message(fixture.trust), "a lookup"));
	guard_trust_target_free(target);
	CU_ASSERT_EQUAL_FATAL(guard_trust_find(&target, fixture.trust, "dir/file"), 0);
	CU_ASSERT_EQUAL(guard_trust_download(fixture.trust, target, fd), 0);
	guard_trust_target_free(target);
	fixture_close(&fixture);
	close(fd);
}

static void test_info(void)
{
	struct fixture fixture;
	struct guard_trust_target *target = NULL;
	struct guard_trust_target_info info;

	open_with(&fixture, content);
	CU_ASSERT_EQUAL_FATAL(guard_trust_find(&target, fixture.trust, "dir/file"), 0);
	guard_trust_target_info(target, &info);
	CU_ASSERT_STRING_EQUAL(info.file_name, "dir%2Ffile");
	CU_ASSERT_STRING_EQUAL(info.custom, "{\"a\":true,\"b\":2}");
	CU_ASSERT(info.length == 7 && info.sha256 && info.sha256[0] == 0xed);
	CU_ASSERT_EQUAL(guard_trust_target_verify(target, -1), -GUARD_E_IO);
	guard_trust_target_free(target);
	guard_trust_target_free(NULL);
	fixture_close(&fixture);
}

static void odd_names(struct fixture *fixture)
{
	char path[1000];

	memset(path, '/', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	fixture_target(fixture, "targets", "..", "dots");
	path[300] = '\0';
	fixture_target(fixture, "targets", path, "slashes");
}

static void test_file_names(void)
{
	struct fixture fixture;
	struct guard_trust_target *target = NULL;
	struct guard_trust_target_info info;
	char path[301];

	open_with(&fixture, odd_names);
	CU_ASSERT_EQUAL_FATAL(guard_trust_find(&target, fixture.trust, ".."), 0);
	guard_trust_target_info(target, &info);
	CU_ASSERT_EQUAL(strlen(info.file_name), 64);
	guard_trust_target_free(target);
	memset(path, '/', 300);
	path[300] = '\0';
	CU_ASSERT_EQUAL_FATAL(guard_trust_find(&target, fixture.trust, path), 0);
	guard_trust_target_info(target, &info);
	CU_ASSERT_EQUAL(strlen(info.file_name), 64);
	guard_trust_target_free(target);
	fixture_close(&fixture);
}

static CU_TestInfo tests[] = {
	{ "looked up after a refresh only", test_usage },
	{ "an office speaks for itself alone", test_offices },
	{ "what cannot be verified ends the search", test_unverified },
	{ "a role that snapshot does not list", test_unlisted },
	{ "a role under two delegators", test_two_delegators },
	{ "hash prefixes", test_hash_prefixes },
	{ "hash bins in one line", test_hash_bins },
	{ "a chain without end", test_chain },
	{ "download", test_download },
	{ "arbitrary software", test_arbitrary_software },
	{ "a lookup from before the refresh", test_stale },
	{ "what is signed about a target", test_info },
	{ "file names of odd targets", test_file_names },
	CU_TEST_INFO_NULL,
};
UNIT_MAIN("trust targets", tests)
