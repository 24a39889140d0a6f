/* SPDX-License-Identifier: MIT
 *
 * fuzz/fuzz.h - the entry point of a fuzz target, called by libFuzzer or by
 * replay.c.
 */
#ifndef GUARD_TESTS_FUZZ_H
#define GUARD_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A broken promise is a crash, with or without NDEBUG. */
#define FUZZ_REQUIRE(condition)  \
	do {                     \
		if (!(condition)) \
			abort(); \
	} while (0)

#endif
