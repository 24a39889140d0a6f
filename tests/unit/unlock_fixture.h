/* SPDX-License-Identifier: MIT
 *
 * unit/unlock_fixture.h - the help desk's key, the machine and the clock that
 * docs/phone-unlock.md takes for its vectors.
 */
#ifndef GUARD_TESTS_UNLOCK_FIXTURE_H
#define GUARD_TESTS_UNLOCK_FIXTURE_H

#include "unlock/unlock.h"

#define FIXTURE_MACHINE "pc-0042.osaka"
#define FIXTURE_USER "tanaka"
#define FIXTURE_EPOCH 207u

void unlock_fixture_key(struct guard_unlock_key *ret_key);
/* SHA-256 of `text`. */
struct guard_digest unlock_fixture_digest(const char *text);
/* A set with `slots` slots in each scope, at the least cost; to be freed. */
struct guard_unlock_set *unlock_fixture_set(const char *machine, uint32_t epoch, uint8_t slots);
struct guard_unlock_clock unlock_fixture_clock(uint8_t boot, uint64_t boot_ms);
/* What the operator says to this number. */
struct guard_unlock_answer unlock_fixture_answer(const char *machine, const char *user,
						 const struct guard_unlock_number *number);
/* A request number as machine and user would get it. */
struct guard_unlock_number unlock_fixture_number(const struct guard_unlock_set *set, const char *user,
						 uint8_t scope, uint8_t slot, uint16_t nonce,
						 const struct guard_digest *digest);
#endif
