/* SPDX-License-Identifier: MIT
 *
 * record/record.h - the record process without its jail: what
 * guardd_record_main runs, for the daemon and for tests.
 */
#ifndef GUARDD_RECORD_RECORD_H
#define GUARDD_RECORD_RECORD_H

#include "guardd.h"

#define RECORD_EVENTS_PER_TURN 256u

/* guardd_record_prepare: what needs more than the jail allows; call before it. */
struct record;
int guardd_record_prepare(struct record **ret_record,
			  const struct guardd_record_arguments *arguments) GUARD_WARN_UNUSED;

/* guardd_record_run: until the events socket is closed by all others or SIGTERM
 * comes; then what waits is written.  Returns 0, or negative when it must be
 * started again.  Frees `record`. */
int guardd_record_run(struct record *record) GUARD_WARN_UNUSED;
#endif
