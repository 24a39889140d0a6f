/* SPDX-License-Identifier: MIT
 *
 * unit/trust_checks.c - what the tests of the client workflow check again and again.
 */
#include "trust_checks.h"

#include <stdio.h>
#include <string.h>

#include "unit.h"

void fixture_check_stored(const struct fixture *fixture, uint64_t root, uint64_t timestamp, uint64_t snapshot,
			 uint64_t targets)
{
	CU_ASSERT_EQUAL(fixture_stored(fixture, "root"), root);
	CU_ASSERT_EQUAL(fixture_stored(fixture, "timestamp"), timestamp);
	CU_ASSERT_EQUAL(fixture_stored(fixture, "snapshot"), snapshot);
	CU_ASSERT_EQUAL(fixture_stored(fixture, "targets"), targets);
}

/* Refresh must fail with `code` and say `word`. */
void fixture_check_refused(struct fixture *fixture, int code, const char *word)
{
	int r = fixture_refresh(fixture);

	if (r != -code || !strstr(guard_trust_message(fixture->trust), word))
		fprintf(stderr, "%s: %s\n", guard_error_name(r), guard_trust_message(fixture->trust));
	CU_ASSERT_EQUAL(r, -code);
	CU_ASSERT_PTR_NOT_NULL(strstr(guard_trust_message(fixture->trust), word));
}

/* An enrolled client with all of version 1. */
void fixture_open_refreshed(struct fixture *fixture)
{
	fixture_open(fixture);
	CU_ASSERT_EQUAL_FATAL(fixture_init(fixture), 0);
	CU_ASSERT_EQUAL_FATAL(fixture_refresh(fixture), 0);
	CU_ASSERT_STRING_EQUAL(guard_trust_message(fixture->trust), "");
}
