/* SPDX-License-Identifier: MIT
 *
 * unit/trust_refresh.c - the client workflow, sections 5.1 to 5.6.6: every MUST
 * by the code and the sentence that its violation gives, and by what the state
 * folder holds afterwards.  docs/tuf-coverage.md says which test shows what.
 */
#include "unit.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "trust_fixture.h"

static void check_stored(const struct fixture *fixture, uint64_t root, uint64_t timestamp, uint64_t snapshot,
			 uint64_t targets)
{
	CU_ASSERT_EQUAL(fixture_stored(fixture, "root"), root);
	CU_ASSERT_EQUAL(fixture_stored(fixture, "timestamp"), timestamp);
	CU_ASSERT_EQUAL(fixture_stored(fixture, "snapshot"), snapshot);
	CU_ASSERT_EQUAL(fixture_stored(fixture, "targets"), targets);
}

/* Refresh must fail with `code` and say `word`. */
static void check_refused(struct fixture *fixture, int code, const char *word)
{
	int r = fixture_refresh(fixture);

	if (r != -code || !strstr(guard_trust_message(fixture->trust), word))
		fprintf(stderr, "%s: %s\n", guard_error_name(r), guard_trust_message(fixture->trust));
	CU_ASSERT_EQUAL(r, -code);
	CU_ASSERT_PTR_NOT_NULL(strstr(guard_trust_message(fixture->trust), word));
}

/* An enrolled client with all of version 1. */
static void open_refreshed(struct fixture *fixture)
{
	fixture_open(fixture);
	CU_ASSERT_EQUAL_FATAL(fixture_init(fixture), 0);
	CU_ASSERT_EQUAL_FATAL(fixture_refresh(fixture), 0);
	CU_ASSERT_STRING_EQUAL(guard_trust_message(fixture->trust), "");
}

static void test_init_refused(void)
{
	struct fixture fixture;
	GUARD_AUTO_JSON json_t *nobody = json_array(), *document = NULL;
	char *bytes;

	fixture_open(&fixture);
	CU_ASSERT_EQUAL(guard_trust_init(fixture.trust, "", 0), -GUARD_E_SYNTAX);
	document = fixture_sign(fixture_body(&fixture, "root"), nobody);
	bytes = json_dumps(document, 0);
	CU_ASSERT_EQUAL(guard_trust_init(fixture.trust, bytes, strlen(bytes)), -GUARD_E_SIGNATURE);
	free(bytes);
	bytes = calloc(1, GUARD_TRUST_ROOT_SIZE_MAX + 1);
	CU_ASSERT_EQUAL(guard_trust_init(fixture.trust, bytes, GUARD_TRUST_ROOT_SIZE_MAX + 1),
			-GUARD_E_LIMIT);
	free(bytes);
	check_stored(&fixture, 0, 0, 0, 0);
	check_refused(&fixture, GUARD_E_NOT_FOUND, "enrol");
	CU_ASSERT_STRING_EQUAL(fixture.log, "");
	fixture_close(&fixture);
}

static void test_init_once(void)
{
	struct fixture fixture;

	open_refreshed(&fixture);
	CU_ASSERT_EQUAL(fixture_init(&fixture), 0);
	fixture_rotate(&fixture, "root", 50);
	fixture_publish(&fixture, "root");
	CU_ASSERT_EQUAL(fixture_init(&fixture), -GUARD_E_EXISTS);
	check_stored(&fixture, 1, 1, 1, 1);
	fixture_close(&fixture);
}

static void test_one_at_a_time(void)
{
	struct fixture fixture;
	struct guard_trust *second = NULL;

	open_refreshed(&fixture);
	CU_ASSERT_EQUAL(guard_trust_new(&second, fixture.directory, NULL, NULL), -GUARD_E_BUSY);
	CU_ASSERT_PTR_NULL(second);
	CU_ASSERT_EQUAL(guard_trust_new(&second, -1, NULL, NULL), -GUARD_E_IO);
	guard_trust_free(NULL);
	fixture_restart(&fixture);
	CU_ASSERT_EQUAL(fixture_refresh(&fixture), 0);
	fixture_close(&fixture);
}

/* 5.1: one start time for the whole update. */
static void test_start_time(void)
{
	struct fixture fixture;

	open_refreshed(&fixture);
	fixture_expire(&fixture, "timestamp", FIXTURE_NOW + 1);
	fixture_bump(&fixture, "timestamp");
	CU_ASSERT_EQUAL(guard_trust_refresh(fixture.trust, FIXTURE_NOW), 0);
	/* The expiry must be higher than the start time, not equal. */
	CU_ASSERT_EQUAL(guard_trust_refresh(fixture.trust, FIXTURE_NOW + 1), -GUARD_E_EXPIRED);
	CU_ASSERT_EQUAL(guard_trust_refresh(fixture.trust, FIXTURE_NOW), 0);
	fixture_close(&fixture);
}

static void test_damaged_root(void)
{
	struct fixture fixture;
	int fd;

	open_refreshed(&fixture);
	fd = openat(fixture.directory, "root.json", O_WRONLY | O_TRUNC | O_CLOEXEC);
	CU_ASSERT_FATAL(fd >= 0 && write(fd, "{}", 2) == 2);
	close(fd);
	check_refused(&fixture, GUARD_E_FORMAT, "root.json");
	CU_ASSERT_STRING_EQUAL(fixture.log, "");
	CU_ASSERT_EQUAL(guard_trust_load(fixture.trust), -GUARD_E_FORMAT);
	CU_ASSERT(unlinkat(fixture.directory, "root.json", 0) == 0 &&
		  mkfifoat(fixture.directory, "root.json", 0600) == 0);
	check_refused(&fixture, GUARD_E_UNSAFE, "root.json");
	CU_ASSERT(unlinkat(fixture.directory, "root.json", 0) == 0 &&
		  symlinkat("/etc/passwd", fixture.directory, "root.json") == 0);
	check_refused(&fixture, GUARD_E_UNSAFE, "root.json");
	fixture_close(&fixture);
}

/* Damage to the others is repaired from the repository. */
static void test_damaged_others(void)
{
	static const char *const roles[] = { "timestamp", "snapshot", "targets" };
	struct fixture fixture;

	open_refreshed(&fixture);
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

/* 5.3.4 */
static void test_root_signatures(void)
{
	struct fixture fixture;

	open_refreshed(&fixture);
	fixture_rotate(&fixture, "root", 50); /* signed by the new key alone */
	fixture_bump(&fixture, "root");
	check_refused(&fixture, GUARD_E_SIGNATURE, "the trusted root");
	check_stored(&fixture, 1, 1, 1, 1);
	/* By the old key alone. */
	json_array_set_new(json_object_get(fixture.signers, "root"), 0, json_integer(1));
	fixture_publish(&fixture, "root");
	check_refused(&fixture, GUARD_E_SIGNATURE, "the new root itself");
	check_stored(&fixture, 1, 1, 1, 1);
	json_array_append_new(json_object_get(fixture.signers, "root"), json_integer(50));
	fixture_publish(&fixture, "root");
	CU_ASSERT_EQUAL(fixture_refresh(&fixture), 0);
	check_stored(&fixture, 2, 1, 1, 1);
	fixture_close(&fixture);
}

/* 5.3.5 */
static void test_root_version(void)
{
	struct fixture fixture;
	char *bytes;
	GUARD_AUTO_JSON json_t *document = NULL;

	open_refreshed(&fixture);
	fixture_bump(&fixture, "root");
	fixture_bump(&fixture, "root");
	fixture_remove(&fixture, "2.root.json");
	document = fixture_sign(fixture_body(&fixture, "root"), json_object_get(fixture.signers, "root"));
	bytes = json_dumps(document, 0);
	fixture_serve(&fixture, "2.root.json", bytes, strlen(bytes)); /* says 3 */
	free(bytes);
	check_refused(&fixture, GUARD_E_CHECKSUM, "version 3 where version 2");
	check_stored(&fixture, 1, 1, 1, 1);
	fixture_version(&fixture, "root", 2);
	fixture_publish(&fixture, "root");
	CU_ASSERT_EQUAL(fixture_refresh(&fixture), 0);
	check_stored(&fixture, 3, 1, 1, 1);
	fixture_close(&fixture);
}

static void serve_root_as(struct fixture *fixture, json_int_t version, const char *url)
{
	GUARD_AUTO_JSON json_t *document = NULL;
	char *bytes;

	fixture_version(fixture, "root", version);
	document = fixture_sign(fixture_body(fixture, "root"), json_object_get(fixture->signers, "root"));
	bytes = json_dumps(document, 0);
	fixture_serve(fixture, url, bytes, strlen(bytes));
	free(bytes);
}

static void test_root_rollback(void)
{
	struct fixture fixture;

	open_refreshed(&fixture);
	fixture_bump(&fixture, "root");
	CU_ASSERT_EQUAL(fixture_refresh(&fixture), 0);
	serve_root_as(&fixture, 1, "3.root.json");
	check_refused(&fixture, GUARD_E_ROLLBACK, "version 1 of root, but version 2");
	/* The trusted version again: passed over, the update goes on. */
	serve_root_as(&fixture, 2, "3.root.json");
	fixture_bump(&fixture, "timestamp");
	CU_ASSERT_EQUAL(fixture_refresh(&fixture), 0);
	check_stored(&fixture, 2, 2, 1, 1);
	fixture_close(&fixture);
}

/* 5.3.6, 5.3.10 */
static void test_root_expiry(void)
{
	struct fixture fixture;

	open_refreshed(&fixture);
	fixture_expire(&fixture, "root", FIXTURE_NOW - 1);
	fixture_bump(&fixture, "root");
	fixture_bump(&fixture, "timestamp");
	check_refused(&fixture, GUARD_E_EXPIRED, "root.json version 2 expired at 2029-12-31T23:59:59Z");
	check_stored(&fixture, 2, 1, 1, 1);
	CU_ASSERT_STRING_EQUAL(fixture.log, "2.root.json 3.root.json ");
	fixture_expire(&fixture, "root", FIXTURE_NOW + 1);
	fixture_bump(&fixture, "root");
	CU_ASSERT_EQUAL(fixture_refresh(&fixture), 0);
	check_stored(&fixture, 3, 2, 1, 1);
	fixture_close(&fixture);
}

/* 5.3.3: no more than Y steps in one update; the rest in the next. */
static void test_root_steps(void)
{
	struct fixture fixture;

	open_refreshed(&fixture);
	for (unsigned i = 0; i < 20; i++)
		fixture_bump(&fixture, "root");
	CU_ASSERT_EQUAL(fixture_refresh(&fixture), 0);
	check_stored(&fixture, 21, 1, 1, 1);
	fixture_close(&fixture);
}

/* 5.4.2 to 5.4.5 */
static void test_timestamp(void)
{
	struct fixture fixture;

	open_refreshed(&fixture);
	fixture_bump(&fixture, "timestamp");
	CU_ASSERT_EQUAL(fixture_refresh(&fixture), 0);
	fixture_version(&fixture, "timestamp", 1);
	fixture_publish(&fixture, "timestamp");
	check_refused(&fixture, GUARD_E_ROLLBACK, "version 1 of timestamp, but version 2");
	check_stored(&fixture, 1, 2, 1, 1);
	json_array_set_new(json_object_get(fixture.signers, "timestamp"), 0, json_integer(3));
	fixture_version(&fixture, "timestamp", 3);
	fixture_publish(&fixture, "timestamp");
	check_refused(&fixture, GUARD_E_SIGNATURE, "timestamp.json version 3 has 0 of the 1 signatures");
	json_array_set_new(json_object_get(fixture.signers, "timestamp"), 0, json_integer(2));
	fixture_expire(&fixture, "timestamp", FIXTURE_NOW);
	fixture_publish(&fixture, "timestamp");
	check_refused(&fixture, GUARD_E_EXPIRED, "timestamp.json version 3");
	check_stored(&fixture, 1, 2, 1, 1);
	fixture_close(&fixture);
}

/* 5.4.3.2 */
static void test_timestamp_snapshot_rollback(void)
{
	struct fixture fixture;

	open_refreshed(&fixture);
	fixture_bump_all(&fixture);
	CU_ASSERT_EQUAL(fixture_refresh(&fixture), 0);
	fixture_version(&fixture, "snapshot", 1);
	fixture_publish(&fixture, "snapshot");
	fixture_bump(&fixture, "timestamp");
	check_refused(&fixture, GUARD_E_ROLLBACK, "version 1 of snapshot, but version 2");
	check_stored(&fixture, 1, 2, 2, 2);
	fixture_close(&fixture);
}

/* 5.5.2 to 5.5.6 */
static void test_snapshot(void)
{
	struct fixture fixture;

	open_refreshed(&fixture);
	fixture.with_hashes = true;
	fixture_bump_all(&fixture);
	CU_ASSERT_EQUAL(fixture_refresh(&fixture), 0);
	fixture_bump(&fixture, "snapshot");
	fixture_bump(&fixture, "timestamp");
	fixture_publish(&fixture, "targets");
	fixture_expire(&fixture, "snapshot", FIXTURE_NOW + FIXTURE_DAY);
	fixture_publish(&fixture, "snapshot"); /* other bytes, other hash */
	check_refused(&fixture, GUARD_E_CHECKSUM, "hash");
	check_stored(&fixture, 1, 3, 2, 2);
	json_array_set_new(json_object_get(fixture.signers, "snapshot"), 0, json_integer(2));
	fixture_bump(&fixture, "snapshot");
	fixture_bump(&fixture, "timestamp");
	check_refused(&fixture, GUARD_E_SIGNATURE, "snapshot.json version 4");
	json_array_set_new(json_object_get(fixture.signers, "snapshot"), 0, json_integer(3));
	fixture_expire(&fixture, "snapshot", FIXTURE_NOW - 1);
	fixture_bump(&fixture, "snapshot");
	fixture_bump(&fixture, "timestamp");
	check_refused(&fixture, GUARD_E_EXPIRED, "snapshot.json version 5");
	check_stored(&fixture, 1, 5, 2, 2);
	fixture_close(&fixture);
}

/* 5.5.4 */
static void test_snapshot_version(void)
{
	struct fixture fixture;

	open_refreshed(&fixture);
	fixture_bump_all(&fixture);
	json_object_set_new(json_object_get(json_object_get(fixture_body(&fixture, "timestamp"), "meta"),
					    "snapshot.json"),
			    "version", json_integer(3));
	fixture_bump(&fixture, "timestamp");
	fixture_publish(&fixture, "snapshot");
	check_refused(&fixture, GUARD_E_NOT_FOUND, "3.snapshot.json");
	check_stored(&fixture, 1, 3, 1, 1);
	fixture_close(&fixture);
}

/* 5.5.5 */
static void test_snapshot_rollback(void)
{
	struct fixture fixture;

	open_refreshed(&fixture);
	fixture_delegate(&fixture, "targets", "osaka", "office/osaka/*", true, 20);
	fixture_version(&fixture, "osaka", 7);
	fixture_publish(&fixture, "osaka");
	fixture_bump_all(&fixture);
	CU_ASSERT_EQUAL(fixture_refresh(&fixture), 0);
	fixture_version(&fixture, "osaka", 6);
	fixture_publish(&fixture, "osaka");
	fixture_bump(&fixture, "snapshot");
	fixture_bump(&fixture, "timestamp");
	check_refused(&fixture, GUARD_E_ROLLBACK, "version 6 of osaka.json, but version 7");
	json_object_del(json_object_get(fixture_body(&fixture, "snapshot"), "meta"), "osaka.json");
	fixture_bump(&fixture, "snapshot");
	fixture_bump(&fixture, "timestamp");
	check_refused(&fixture, GUARD_E_ROLLBACK, "no longer lists osaka.json");
	check_stored(&fixture, 1, 4, 2, 2);
	fixture_close(&fixture);
}

/* 5.6.2 to 5.6.6 */
static void test_targets(void)
{
	struct fixture fixture;

	open_refreshed(&fixture);
	fixture.with_hashes = true;
	fixture_bump_all(&fixture);
	fixture_expire(&fixture, "targets", FIXTURE_NOW + FIXTURE_DAY);
	{
		json_t *snapshot = json_deep_copy(fixture_body(&fixture, "snapshot"));

		fixture_publish(&fixture, "targets");
		json_object_set_new(fixture.bodies, "snapshot", snapshot);
	}
	check_refused(&fixture, GUARD_E_CHECKSUM, "targets.json");
	check_stored(&fixture, 1, 2, 2, 1);
	json_array_set_new(json_object_get(fixture.signers, "targets"), 0, json_integer(2));
	fixture_bump_all(&fixture);
	check_refused(&fixture, GUARD_E_SIGNATURE, "targets.json version 3");
	json_array_set_new(json_object_get(fixture.signers, "targets"), 0, json_integer(4));
	fixture_expire(&fixture, "targets", FIXTURE_NOW - 1);
	fixture_bump_all(&fixture);
	check_refused(&fixture, GUARD_E_EXPIRED, "targets.json version 4");
	check_stored(&fixture, 1, 4, 4, 1);
	fixture_expire(&fixture, "targets", FIXTURE_NOW + 1);
	fixture_bump_all(&fixture);
	CU_ASSERT_EQUAL(fixture_refresh(&fixture), 0);
	check_stored(&fixture, 1, 5, 5, 5);
	fixture_close(&fixture);
}

/* Frozen: the same genuine files for ever. */
static void test_freeze(void)
{
	struct fixture fixture;
	int64_t late = FIXTURE_NOW + 31 * FIXTURE_DAY;

	open_refreshed(&fixture);
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

			open_refreshed(&fixture);
			fixture.polite = polite;
			fixture_bump_all(&fixture);
			memset(bytes, ' ', cases[i].size);
			fixture_serve(&fixture, cases[i].url, bytes, cases[i].size);
			check_refused(&fixture, GUARD_E_LIMIT, "longer than");
			free(bytes);
			fixture_close(&fixture);
		}
}

static void test_promised_length(void)
{
	struct fixture fixture;
	json_t *entry;

	open_refreshed(&fixture);
	fixture.with_hashes = true;
	fixture_bump_all(&fixture);
	entry = json_object_get(json_object_get(fixture_body(&fixture, "timestamp"), "meta"),
				"snapshot.json");
	json_object_set_new(entry, "length",
			    json_integer(json_integer_value(json_object_get(entry, "length")) - 1));
	fixture_publish(&fixture, "timestamp");
	check_refused(&fixture, GUARD_E_LIMIT, "longer than");
	json_object_del(entry, "hashes");
	json_object_set_new(entry, "length",
			    json_integer(json_integer_value(json_object_get(entry, "length")) + 2));
	fixture_bump(&fixture, "timestamp");
	check_refused(&fixture, GUARD_E_CHECKSUM, "were promised");
	json_object_set_new(entry, "length", json_integer(INT64_MAX));
	fixture_bump(&fixture, "timestamp");
	check_refused(&fixture, GUARD_E_LIMIT, "announced");
	fixture_close(&fixture);
}

/* What the network does changes nothing. */
static void test_unreachable(void)
{
	struct fixture fixture;

	open_refreshed(&fixture);
	fixture_bump_all(&fixture);
	fixture.fetch_result = -GUARD_E_TIMEOUT;
	check_refused(&fixture, GUARD_E_TIMEOUT, "could not be fetched");
	fixture.fetch_result = 7;
	check_refused(&fixture, GUARD_E_USAGE, "could not be fetched");
	fixture.fetch_result = -GUARD_E_NOT_FOUND;
	check_refused(&fixture, GUARD_E_NOT_FOUND, "no timestamp.json");
	check_stored(&fixture, 1, 1, 1, 1);
	fixture.fetch_result = 0;
	CU_ASSERT_EQUAL(fixture_refresh(&fixture), 0);
	check_stored(&fixture, 1, 2, 2, 2);
	fixture_close(&fixture);
}

/* 5.3.11 */
static void test_fast_forward(void)
{
	static const char *const rotated[] = { "timestamp", "snapshot" };

	for (size_t i = 0; i < 2; i++) {
		struct fixture fixture;

		open_refreshed(&fixture);
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

	open_refreshed(&fixture);
	fixture_version(&fixture, "timestamp", 999);
	fixture_publish(&fixture, "timestamp");
	CU_ASSERT_EQUAL(fixture_refresh(&fixture), 0);
	fixture_add_key(&fixture, "timestamp", 60);
	fixture_bump(&fixture, "root");
	fixture_version(&fixture, "timestamp", 2);
	fixture_publish(&fixture, "timestamp");
	check_refused(&fixture, GUARD_E_ROLLBACK, "version 999");
	fixture_close(&fixture);
}

/* Key compromise below the threshold of each role. */
static void test_below_threshold(void)
{
	static const char *const roles[] = { "root", "timestamp", "snapshot", "targets" };

	for (unsigned i = 0; i < 4; i++) {
		struct fixture fixture;
		json_t *entry;

		open_refreshed(&fixture);
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
		check_refused(&fixture, GUARD_E_SIGNATURE, "2 of the 3 signatures");
		fixture_close(&fixture);
	}
}

static void test_info(void)
{
	struct fixture fixture;
	struct guard_trust_info info;

	open_refreshed(&fixture);
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
	{ "first root refused", test_init_refused },
	{ "first root once", test_init_once },
	{ "one client at a time", test_one_at_a_time },
	{ "fixed start time", test_start_time },
	{ "damaged root", test_damaged_root },
	{ "damaged others", test_damaged_others },
	{ "root: both thresholds", test_root_signatures },
	{ "root: next version", test_root_version },
	{ "root: rollback", test_root_rollback },
	{ "root: expiry", test_root_expiry },
	{ "root: many steps", test_root_steps },
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
