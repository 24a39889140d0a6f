/* SPDX-License-Identifier: MIT
 *
 * unit/trust_refresh.c - the client workflow, sections 5.4 to 5.6.6: every MUST
 * by the code and the sentence that its violation gives, and by what the state
 * folder holds afterwards.  docs/tuf-coverage.md says which test shows what.
 */
#include "unit.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "trust_checks.h"

/* Damage to the others is repaired from the repository. */
static void test_damaged_others(void)
{
	static const char *const roles[] = { "timestamp", "snapshot", "targets" };
	struct fixture fixture;

	fixture_open_refreshed(&fixture);
	for (size_t i = 0; i < 3; i++) {
		char file[32];
		int fd;

		snprintf(file, sizeof(file), "%s.json", roles[i]);
		fd = openat(fixture.directory, file, O_WRONLY | O_TRUNC | O_CLOEXEC);
		CU_ASSERT_FATAL(fd >= 0);
		close(fd);
		CU_ASSERT_EQUAL(fixture_refresh(&fixture), 0);
		CU_ASSERT_EQUAL(fixture_stored(&fixture, roles[i]), 1);
	}
	fixture_close(&fixture);
}

static void test_timestamp(void)
{
	struct fixture fixture;

	fixture_open_refreshed(&fixture);
	fixture_bump(&fixture, "timestamp");
	CU_ASSERT_EQUAL(fixture_refresh(&fixture), 0);
	fixture_version(&fixture, "timestamp", 1);
	fixture_publish(&fixture, "timestamp");
	fixture_check_refused(&fixture, GUARD_E_ROLLBACK, "version 1 of timestamp, but version 2");
	fixture_check_stored(&fixture, 1, 2, 1, 1);
	json_array_set_new(json_object_get(fixture.signers, "timestamp"), 0, json_integer(3));
	fixture_version(&fixture, "timestamp", 3);
	fixture_publish(&fixture, "timestamp");
	fixture_check_refused(&fixture, GUARD_E_SIGNATURE, "timestamp.json version 3 has 0 of the 1 signatures");
	json_array_set_new(json_object_get(fixture.signers, "timestamp"), 0, json_integer(2));
	fixture_expire(&fixture, "timestamp", FIXTURE_NOW);
	fixture_publish(&fixture, "timestamp");
	fixture_check_refused(&fixture, GUARD_E_EXPIRED, "timestamp.json version 3");
	fixture_check_stored(&fixture, 1, 2, 1, 1);
	fixture_close(&fixture);
}

/* 5.4.3.2 */
static void test_timestamp_snapshot_rollback(void)
{
	struct fixture fixture;

	fixture_open_refreshed(&fixture);
	fixture_bump_all(&fixture);
	CU_ASSERT_EQUAL(fixture_refresh(&fixture), 0);
	fixture_version(&fixture, "snapshot", 1);
	fixture_publish(&fixture, "snapshot");
	fixture_bump(&fixture, "timestamp");
	fixture_check_refused(&fixture, GUARD_E_ROLLBACK, "version 1 of snapshot, but version 2");
	fixture_check_stored(&fixture, 1, 2, 2, 2);
	fixture_close(&fixture);
}

/* 5.5.2 to 5.5.6 */
static void test_snapshot(void)
{
	struct fixture fixture;

	fixture_open_refreshed(&fixture);
	fixture.with_hashes = true;
	fixture_bump_all(&fixture);
	CU_ASSERT_EQUAL(fixture_refresh(&fixture), 0);
	fixture_bump(&fixture, "snapshot");
	fixture_bump(&fixture, "timestamp");
	fixture_publish(&fixture, "targets");
	fixture_expire(&fixture, "snapshot", FIXTURE_NOW + FIXTURE_DAY);
	fixture_publish(&fixture, "snapshot"); /* other bytes, other hash */
	fixture_check_refused(&fixture, GUARD_E_CHECKSUM, "hash");
	fixture_check_stored(&fixture, 1, 3, 2, 2);
	json_array_set_new(json_object_get(fixture.signers, "snapshot"), 0, json_integer(2));
	fixture_bump(&fixture, "snapshot");
	fixture_bump(&fixture, "timestamp");
	fixture_check_refused(&fixture, GUARD_E_SIGNATURE, "snapshot.json version 4");
	json_array_set_new(json_object_get(fixture.signers, "snapshot"), 0, json_integer(3));
	fixture_expire(&fixture, "snapshot", FIXTURE_NOW - 1);
	fixture_bump(&fixture, "snapshot");
	fixture_bump(&fixture, "timestamp");
	fixture_check_refused(&fixture, GUARD_E_EXPIRED, "snapshot.json version 5");
	fixture_check_stored(&fixture, 1, 5, 2, 2);
	fixture_close(&fixture);
}

/* 5.5.4 */
static void test_snapshot_version(void)
{
	struct fixture fixture;

	fixture_open_refreshed(&fixture);
	fixture_bump_all(&fixture);
	json_object_set_new(json_object_get(json_object_get(fixture_body(&fixture, "timestamp"), "meta"),
					    "snapshot.json"),
			    "version", json_integer(3));
	fixture_bump(&fixture, "timestamp");
	fixture_publish(&fixture, "snapshot");
	fixture_check_refused(&fixture, GUARD_E_NOT_FOUND, "3.snapshot.json");
	fixture_check_stored(&fixture, 1, 3, 1, 1);
	fixture_close(&fixture);
}

/* 5.5.5 */
static void test_snapshot_rollback(void)
{
	struct fixture fixture;

	fixture_open_refreshed(&fixture);
	fixture_delegate(&fixture, "targets", "osaka", "office/osaka/*", true, 20);
	fixture_version(&fixture, "osaka", 7);
	fixture_publish(&fixture, "osaka");
	fixture_bump_all(&fixture);
	CU_ASSERT_EQUAL(fixture_refresh(&fixture), 0);
	fixture_version(&fixture, "osaka", 6);
	fixture_publish(&fixture, "osaka");
	fixture_bump(&fixture, "snapshot");
	fixture_bump(&fixture, "timestamp");
	fixture_check_refused(&fixture, GUARD_E_ROLLBACK, "version 6 of osaka.json, but version 7");
	json_object_del(json_object_get(fixture_body(&fixture, "snapshot"), "meta"), "osaka.json");
	fixture_bump(&fixture, "snapshot");
	fixture_bump(&fixture, "timestamp");
	fixture_check_refused(&fixture, GUARD_E_ROLLBACK, "no longer lists osaka.json");
	fixture_check_stored(&fixture, 1, 4, 2, 2);
	fixture_close(&fixture);
}

/* 5.6.2 to 5.6.6 */
static void test_targets(void)
{
	struct fixture fixture;

	fixture_open_refreshed(&fixture);
	fixture.with_hashes = true;
	fixture_bump_all(&fixture);
	fixture_expire(&fixture, "targets", FIXTURE_NOW + FIXTURE_DAY);
	{
		json_t *snapshot = json_deep_copy(fixture_body(&fixture, "snapshot"));

		fixture_publish(&fixture, "targets");
		json_object_set_new(fixture.bodies, "snapshot", snapshot);
	}
	fixture_check_refused(&fixture, GUARD_E_CHECKSUM, "targets.json");
	fixture_check_stored(&fixture, 1, 2, 2, 1);
	json_array_set_new(json_object_get(fixture.signers, "targets"), 0, json_integer(2));
	fixture_bump_all(&fixture);
	fixture_check_refused(&fixture, GUARD_E_SIGNATURE, "targets.json version 3");
	json_array_set_new(json_object_get(fixture.signers, "targets"), 0, json_integer(4));
	fixture_expire(&fixture, "targets", FIXTURE_NOW - 1);
	fixture_bump_all(&fixture);
	fixture_check_refused(&fixture, GUARD_E_EXPIRED, "targets.json version 4");
	fixture_check_stored(&fixture, 1, 4, 4, 1);
	fixture_expire(&fixture, "targets", FIXTURE_NOW + 1);
	fixture_bump_all(&fixture);
	CU_ASSERT_EQUAL(fixture_refresh(&fixture), 0);
	fixture_check_stored(&fixture, 1, 5, 5, 5);
	fixture_close(&fixture);
}

/* Frozen: the same genuine files for ever. */
static void test_freeze(void)
{
	struct fixture fixture;
	int64_t late = FIXTURE_NOW + 31 * FIXTURE_DAY;

	fixture_open_refreshed(&fixture);
	fixture_expire(&fixture, "root", late + 1);
	fixture_bump(&fixture, "root");
	CU_ASSERT_EQUAL(guard_trust_refresh(fixture.trust, late), -GUARD_E_EXPIRED);
	CU_ASSERT_PTR_NOT_NULL(strstr(guard_trust_message(fixture.trust), "timestamp.json"));
	/* A new timestamp for the old snapshot. */
	fixture_expire(&fixture, "timestamp", late + 1);
	fixture_bump(&fixture, "timestamp");
	CU_ASSERT_EQUAL(guard_trust_refresh(fixture.trust, late), -GUARD_E_EXPIRED);
	CU_ASSERT_PTR_NOT_NULL(strstr(guard_trust_message(fixture.trust), "snapshot.json"));
	fixture_expire(&fixture, "snapshot", late + 1);
	fixture_bump(&fixture, "snapshot");
	fixture_bump(&fixture, "timestamp");
	CU_ASSERT_EQUAL(guard_trust_refresh(fixture.trust, late), -GUARD_E_EXPIRED);
	CU_ASSERT_PTR_NOT_NULL(strstr(guard_trust_message(fixture.trust), "targets.json"));
	fixture_expire(&fixture, "targets", late + 1);
	fixture_bump_all(&fixture);
	CU_ASSERT_EQUAL(guard_trust_refresh(fixture.trust, late), 0);
	fixture_close(&fixture);
}

/* Length limits: W, X, Y, Z, and what was promised. */
static void test_endless(void)
{
	static const struct {
		const char *url;
		size_t size;
	} cases[] = {
		{ "2.root.json", GUARD_TRUST_ROOT_SIZE_MAX + 1 },
		{ "timestamp.json", GUARD_TRUST_TIMESTAMP_SIZE_MAX + 1 },
		{ "2.snapshot.json", GUARD_TRUST_SNAPSHOT_SIZE_MAX + 1 },
		{ "2.targets.json", GUARD_TRUST_TARGETS_SIZE_MAX + 1 },
	};

	for (size_t i = 0; i < 4; i++)
		for (int polite = 0; polite < 2; polite++) {
			struct fixture fixture;
			char *bytes = malloc(cases[i].size);

			fixture_open_refreshed(&fixture);
			fixture.polite = polite;
			fixture_bump_all(&fixture);
			memset(bytes, ' ', cases[i].size);
			fixture_serve(&fixture, cases[i].url, bytes, cases[i].size);
			fixture_check_refused(&fixture, GUARD_E_LIMIT, "longer than");
			free(bytes);
			fixture_close(&fixture);
		}
}

static void test_promised_length(void)
{
	struct fixture fixture;
	json_t *entry;

	fixture_open_refreshed(&fixture);
	fixture.with_hashes = true;
	fixture_bump_all(&fixture);
	entry = json_object_get(json_object_get(fixture_body(&fixture, "timestamp"), "meta"),
				"snapshot.json");
	json_object_set_new(entry, "length",
			    json_integer(json_integer_value(json_object_get(entry, "length")) - 1));
	fixture_publish(&fixture, "timestamp");
	fixture_check_refused(&fixture, GUARD_E_LIMIT, "longer than");
	json_object_del(entry, "hashes");
	json_object_set_new(entry, "length",
			    json_integer(json_integer_value(json_object_get(entry, "length")) + 2));
	fixture_bump(&fixture, "timestamp");
	fixture_check_refused(&fixture, GUARD_E_CHECKSUM, "were promised");
	json_object_set_new(entry, "length", json_integer(INT64_MAX));
	fixture_bump(&fixture, "timestamp");
	fixture_check_refused(&fixture, GUARD_E_LIMIT, "announced");
	fixture_close(&fixture);
}

/* What the network does changes nothing. */
static void test_unreachable(void)
{
	struct fixture fixture;

	fixture_open_refreshed(&fixture);
	fixture_bump_all(&fixture);
	fixture.fetch_result = -GUARD_E_TIMEOUT;
	fixture_check_refused(&fixture, GUARD_E_TIMEOUT, "could not be fetched");
	fixture.fetch_result = 7;
	fixture_check_refused(&fixture, GUARD_E_USAGE, "could not be fetched");
	fixture.fetch_result = -GUARD_E_NOT_FOUND;
	fixture_check_refused(&fixture, GUARD_E_NOT_FOUND, "no timestamp.json");
	fixture_check_stored(&fixture, 1, 1, 1, 1);
	fixture.fetch_result = 0;
	CU_ASSERT_EQUAL(fixture_refresh(&fixture), 0);
	fixture_check_stored(&fixture, 1, 2, 2, 2);
	fixture_close(&fixture);
}

/* 5.3.11 */
static void test_fast_forward(void)
{
	static const char *const rotated[] = { "timestamp", "snapshot" };

	for (size_t i = 0; i < 2; i++) {
		struct fixture fixture;

		fixture_open_refreshed(&fixture);
		fixture_version(&fixture, rotated[i], 999);
		fixture_publish(&fixture, rotated[i]);
		fixture_bump(&fixture, "timestamp");
		CU_ASSERT_EQUAL(fixture_refresh(&fixture), 0);
		fixture_version(&fixture, rotated[i], 2);
		fixture_publish(&fixture, rotated[i]);
		if (i == 1)
			fixture_bump(&fixture, "timestamp");
		CU_ASSERT_EQUAL(fixture_refresh(&fixture), -GUARD_E_ROLLBACK);
		fixture_rotate(&fixture, rotated[i], 60);
		fixture_bump(&fixture, "root");
		fixture_publish(&fixture, rotated[i]);
		fixture_publish(&fixture, "timestamp");
		CU_ASSERT_EQUAL(fixture_refresh(&fixture), 0);
		CU_ASSERT_EQUAL(fixture_stored(&fixture, rotated[i]), 2);
		CU_ASSERT(faccessat(fixture.directory, "rotated", F_OK, 0) < 0);
		fixture_close(&fixture);
	}
}

/* A key added takes nothing away: what was accepted stays the measure. */
static void test_added_key_forgets_nothing(void)
{
	struct fixture fixture;

	fixture_open_refreshed(&fixture);
	fixture_version(&fixture, "timestamp", 999);
	fixture_publish(&fixture, "timestamp");
	CU_ASSERT_EQUAL(fixture_refresh(&fixture), 0);
	fixture_add_key(&fixture, "timestamp", 60);
	fixture_bump(&fixture, "root");
	fixture_version(&fixture, "timestamp", 2);
	fixture_publish(&fixture, "timestamp");
	fixture_check_refused(&fixture, GUARD_E_ROLLBACK, "version 999");
	fixture_close(&fixture);
}

/* Key compromise below the threshold of each role. */
static void test_below_threshold(void)
{
	static const char *const roles[] = { "root", "timestamp", "snapshot", "targets" };

	for (unsigned i = 0; i < 4; i++) {
		struct fixture fixture;
		json_t *entry;

		fixture_open_refreshed(&fixture);
		fixture_add_key(&fixture, roles[i], 70);
		fixture_add_key(&fixture, roles[i], 71);
		entry = json_object_get(json_object_get(fixture_body(&fixture, "root"), "roles"), roles[i]);
		json_object_set_new(entry, "threshold", json_integer(3));
		fixture_bump(&fixture, "root");
		fixture_bump_all(&fixture);
		CU_ASSERT_EQUAL_FATAL(fixture_refresh(&fixture), 0);
		/* One key of three stays with its owner; a stranger helps. */
		json_array_remove(json_object_get(fixture.signers, roles[i]), 0);
		json_array_append_new(json_object_get(fixture.signers, roles[i]), json_integer(99));
		fixture_bump(&fixture, "root");
		fixture_bump_all(&fixture);
		fixture_check_refused(&fixture, GUARD_E_SIGNATURE, "2 of the 3 signatures");
		fixture_close(&fixture);
	}
}

static void test_info(void)
{
	struct fixture fixture;
	struct guard_trust_info info;

	fixture_open_refreshed(&fixture);
	fixture_bump(&fixture, "timestamp");
	CU_ASSERT_EQUAL(fixture_refresh(&fixture), 0);
	fixture_restart(&fixture);
	guard_trust_info(fixture.trust, &info);
	CU_ASSERT(info.root_version == 0 && info.root_expires == INT64_MIN);
	CU_ASSERT_EQUAL(guard_trust_load(fixture.trust), 0);
	guard_trust_info(fixture.trust, &info);
	CU_ASSERT(info.root_version == 1 && info.timestamp_version == 2 && info.snapshot_version == 1 &&
		  info.targets_version == 1 && info.consistent_snapshot == 1);
	CU_ASSERT_EQUAL(info.timestamp_expires, FIXTURE_NOW + 30 * FIXTURE_DAY);
	CU_ASSERT_EQUAL(unlinkat(fixture.directory, "snapshot.json", 0), 0);
	CU_ASSERT_EQUAL(guard_trust_load(fixture.trust), 0);
	guard_trust_info(fixture.trust, &info);
	CU_ASSERT(info.snapshot_version == 0 && info.snapshot_expires == INT64_MIN);
	fixture_close(&fixture);
}

static CU_TestInfo tests[] = {
	{ "damaged others", test_damaged_others },
	{ "timestamp", test_timestamp },
	{ "timestamp: snapshot rollback", test_timestamp_snapshot_rollback },
	{ "snapshot", test_snapshot },
	{ "snapshot: version", test_snapshot_version },
	{ "snapshot: targets rollback", test_snapshot_rollback },
	{ "targets", test_targets },
	{ "freeze", test_freeze },
	{ "endless data", test_endless },
	{ "promised length", test_promised_length },
	{ "network failures", test_unreachable },
	{ "fast-forward recovery", test_fast_forward },
	{ "an added key forgets nothing", test_added_key_forgets_nothing },
	{ "keys stolen below the threshold", test_below_threshold },
	{ "what is trusted", test_info },
	CU_TEST_INFO_NULL,
};
UNIT_MAIN("trust refresh", tests)
