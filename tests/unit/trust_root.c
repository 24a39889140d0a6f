/* SPDX-License-Identifier: MIT
 *
 * unit/trust_root.c - the client workflow, sections 5.1 to 5.3: every MUST
 * by the code and the sentence that its violation gives, and by what the state
 * folder holds afterwards.  docs/tuf-coverage.md says which test shows what.
 */
#include "unit.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "trust_checks.h"

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
	fixture_check_stored(&fixture, 0, 0, 0, 0);
	fixture_check_refused(&fixture, GUARD_E_NOT_FOUND, "enrol");
	CU_ASSERT_STRING_EQUAL(fixture.log, "");
	fixture_close(&fixture);
}

static void test_init_once(void)
{
	struct fixture fixture;

	fixture_open_refreshed(&fixture);
	CU_ASSERT_EQUAL(fixture_init(&fixture), 0);
	fixture_rotate(&fixture, "root", 50);
	fixture_publish(&fixture, "root");
	CU_ASSERT_EQUAL(fixture_init(&fixture), -GUARD_E_EXISTS);
	fixture_check_stored(&fixture, 1, 1, 1, 1);
	fixture_close(&fixture);
}

static void test_one_at_a_time(void)
{
	struct fixture fixture;
	struct guard_trust *second = NULL;

	fixture_open_refreshed(&fixture);
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

	fixture_open_refreshed(&fixture);
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

	fixture_open_refreshed(&fixture);
	fd = openat(fixture.directory, "root.json", O_WRONLY | O_TRUNC | O_CLOEXEC);
	CU_ASSERT_FATAL(fd >= 0 && write(fd, "{}", 2) == 2);
	close(fd);
	fixture_check_refused(&fixture, GUARD_E_FORMAT, "root.json");
	CU_ASSERT_STRING_EQUAL(fixture.log, "");
	CU_ASSERT_EQUAL(guard_trust_load(fixture.trust), -GUARD_E_FORMAT);
	CU_ASSERT(unlinkat(fixture.directory, "root.json", 0) == 0 &&
		  mkfifoat(fixture.directory, "root.json", 0600) == 0);
	fixture_check_refused(&fixture, GUARD_E_UNSAFE, "root.json");
	CU_ASSERT(unlinkat(fixture.directory, "root.json", 0) == 0 &&
		  symlinkat("/etc/passwd", fixture.directory, "root.json") == 0);
	fixture_check_refused(&fixture, GUARD_E_UNSAFE, "root.json");
	fixture_close(&fixture);
}

/* 5.3.4 */
static void test_root_signatures(void)
{
	struct fixture fixture;

	fixture_open_refreshed(&fixture);
	fixture_rotate(&fixture, "root", 50); /* signed by the new key alone */
	fixture_bump(&fixture, "root");
	fixture_check_refused(&fixture, GUARD_E_SIGNATURE, "the trusted root");
	fixture_check_stored(&fixture, 1, 1, 1, 1);
	/* By the old key alone. */
	json_array_set_new(json_object_get(fixture.signers, "root"), 0, json_integer(1));
	fixture_publish(&fixture, "root");
	fixture_check_refused(&fixture, GUARD_E_SIGNATURE, "the new root itself");
	fixture_check_stored(&fixture, 1, 1, 1, 1);
	json_array_append_new(json_object_get(fixture.signers, "root"), json_integer(50));
	fixture_publish(&fixture, "root");
	CU_ASSERT_EQUAL(fixture_refresh(&fixture), 0);
	fixture_check_stored(&fixture, 2, 1, 1, 1);
	fixture_close(&fixture);
}

/* 5.3.5 */
static void test_root_version(void)
{
	struct fixture fixture;
	char *bytes;
	GUARD_AUTO_JSON json_t *document = NULL;

	fixture_open_refreshed(&fixture);
	fixture_bump(&fixture, "root");
	fixture_bump(&fixture, "root");
	fixture_remove(&fixture, "2.root.json");
	document = fixture_sign(fixture_body(&fixture, "root"), json_object_get(fixture.signers, "root"));
	bytes = json_dumps(document, 0);
	fixture_serve(&fixture, "2.root.json", bytes, strlen(bytes)); /* says 3 */
	free(bytes);
	fixture_check_refused(&fixture, GUARD_E_CHECKSUM, "version 3 where version 2");
	fixture_check_stored(&fixture, 1, 1, 1, 1);
	fixture_version(&fixture, "root", 2);
	fixture_publish(&fixture, "root");
	CU_ASSERT_EQUAL(fixture_refresh(&fixture), 0);
	fixture_check_stored(&fixture, 3, 1, 1, 1);
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

	fixture_open_refreshed(&fixture);
	fixture_bump(&fixture, "root");
	CU_ASSERT_EQUAL(fixture_refresh(&fixture), 0);
	serve_root_as(&fixture, 1, "3.root.json");
	fixture_check_refused(&fixture, GUARD_E_ROLLBACK, "version 1 of root, but version 2");
	/* The trusted version again: passed over, the update goes on. */
	serve_root_as(&fixture, 2, "3.root.json");
	fixture_bump(&fixture, "timestamp");
	CU_ASSERT_EQUAL(fixture_refresh(&fixture), 0);
	fixture_check_stored(&fixture, 2, 2, 1, 1);
	fixture_close(&fixture);
}

/* 5.3.6, 5.3.10 */
static void test_root_expiry(void)
{
	struct fixture fixture;

	fixture_open_refreshed(&fixture);
	fixture_expire(&fixture, "root", FIXTURE_NOW - 1);
	fixture_bump(&fixture, "root");
	fixture_bump(&fixture, "timestamp");
	fixture_check_refused(&fixture, GUARD_E_EXPIRED, "root.json version 2 expired at 2029-12-31T23:59:59Z");
	fixture_check_stored(&fixture, 2, 1, 1, 1);
	CU_ASSERT_STRING_EQUAL(fixture.log, "2.root.json 3.root.json ");
	fixture_expire(&fixture, "root", FIXTURE_NOW + 1);
	fixture_bump(&fixture, "root");
	CU_ASSERT_EQUAL(fixture_refresh(&fixture), 0);
	fixture_check_stored(&fixture, 3, 2, 1, 1);
	fixture_close(&fixture);
}

/* 5.3.3: no more than Y steps in one update; the rest in the next. */
static void test_root_steps(void)
{
	struct fixture fixture;

	fixture_open_refreshed(&fixture);
	for (unsigned i = 0; i < 20; i++)
		fixture_bump(&fixture, "root");
	CU_ASSERT_EQUAL(fixture_refresh(&fixture), 0);
	fixture_check_stored(&fixture, 21, 1, 1, 1);
	fixture_close(&fixture);
}

/* 5.4.2 to 5.4.5 */
static CU_TestInfo tests[] = {
	{ "first root refused", test_init_refused },
	{ "first root once", test_init_once },
	{ "one client at a time", test_one_at_a_time },
	{ "fixed start time", test_start_time },
	{ "damaged root", test_damaged_root },
	{ "root: both thresholds", test_root_signatures },
	{ "root: next version", test_root_version },
	{ "root: rollback", test_root_rollback },
	{ "root: expiry", test_root_expiry },
	{ "root: many steps", test_root_steps },
	CU_TEST_INFO_NULL,
};
UNIT_MAIN("trust root", tests)
