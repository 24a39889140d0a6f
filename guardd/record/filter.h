/* SPDX-License-Identifier: MIT
 *
 * record/filter.h - does an event answer a question?  Pure.
 */
#ifndef GUARDD_RECORD_FILTER_H
#define GUARDD_RECORD_FILTER_H

#include <stdbool.h>

#include "wire/wire.h"

#define FILTER_GLOB_MAX 256u /* bytes of a pattern with a `*` in it */
#define FILTER_LIMIT_DEFAULT 1000u
#define FILTER_LIMIT_MAX 100000u

/* filter_check: 0, or GUARD_E_LIMIT for a pattern that would cost too much. */
int filter_check(const struct guard_event_filter *filter) GUARD_WARN_UNUSED;
bool filter_matches(const struct guard_event_filter *filter, const struct guard_event *event);

/* filter_glob: `*` any bytes, `?` one byte, `\` quotes the next; all else
 * stands for itself.  Time grows with the product of both lengths at worst. */
bool filter_glob(const char *pattern, const char *text);
#endif
