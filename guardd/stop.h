/* SPDX-License-Identifier: MIT
 *
 * guardd/stop.h - how a helper is asked to end: SIGTERM and SIGINT.  One flag for
 * each process.
 */
#ifndef GUARDD_STOP_H
#define GUARDD_STOP_H

#include <stdbool.h>

#include <guard/error.h>

/* From here on SIGTERM and SIGINT set the flag, which is clear.  They are delivered
 * only while ppoll(2) waits with an empty mask, so that none is missed; SIGPIPE and
 * SIGHUP are ignored.  Errors: GUARD_E_IO. */
int guardd_stop_listen(void) GUARD_WARN_UNUSED;

void guardd_stop(void); /* as if a signal had come */
bool guardd_stop_asked(void);

#endif
