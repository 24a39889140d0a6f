/* SPDX-License-Identifier: MIT
 *
 * bench/loops.h - what the loops share.  Times are CLOCK_MONOTONIC in
 * nanoseconds.  Whatever goes wrong in the measuring itself ends the program.
 */
#ifndef GUARD_BENCH_LOOPS_H
#define GUARD_BENCH_LOOPS_H

#include <stdint.h>
#include <stdlib.h>

void die(const char *what) __attribute__((noreturn));
uint64_t now_ns(void);
int compare_u64(const void *a, const void *b);

/* Open `file` again and again for `seconds` and print how long it took, while
 * `processes` run PROG in a loop and one more tries the program `unlisted`:
 * {"samples", "p50_us", "p99_us", "p999_us", "max_us", "execs", "refused" (of
 * what is listed), "tries" and "ran" (of what is not)}. */
void storm(unsigned seconds, unsigned processes, const char *file, char *unlisted, char **argv);

#endif
