/* SPDX-License-Identifier: MIT
 *
 * unit/trust_checks.h - what the tests of the client workflow check again and again,
 * as CUnit assertions.
 */
#ifndef GUARD_TESTS_TRUST_CHECKS_H
#define GUARD_TESTS_TRUST_CHECKS_H

#include "trust_fixture.h"

/* These versions lie in the state folder; 0: there is none. */
void fixture_check_stored(const struct fixture *fixture, uint64_t root, uint64_t timestamp, uint64_t snapshot,
			  uint64_t targets);
/* Refresh must fail with `code` and say `word`. */
void fixture_check_refused(struct fixture *fixture, int code, const char *word);
/* An enrolled client with all of version 1. */
void fixture_open_refreshed(struct fixture *fixture);

#endif
