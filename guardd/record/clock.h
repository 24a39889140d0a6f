/* SPDX-License-Identifier: MIT
 *
 * record/clock.h - the two clocks, in nanoseconds.
 */
#ifndef GUARDD_RECORD_CLOCK_H
#define GUARDD_RECORD_CLOCK_H

#include <stdint.h>
#include <time.h>

#define CLOCK_MS 1000000ll /* nanoseconds */

static inline int64_t clock_read_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}
static inline int64_t clock_monotonic_ns(void)
{
	return clock_read_ns(CLOCK_MONOTONIC);
}
static inline int64_t clock_real_ns(void)
{
	return clock_read_ns(CLOCK_REALTIME);
}
#endif
