/* SPDX-License-Identifier: MIT
 *
 * gate/patience.h - a name may lead through a filesystem whose server does not
 * answer.  A worker that must not be kept looks up only what the kernel knows by
 * heart; where that is not enough, the event goes to one that may wait.
 */
#ifndef GUARDD_GATE_PATIENCE_H
#define GUARDD_GATE_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

/* Of the calling thread; threads are patient until told otherwise.  Begins anew:
 * nothing has run out. */
void gate_patience_begin(bool patient);
/* Something was left undone because it could have kept us. */
bool gate_patience_ran_out(void);
/* May this thread wait?  If not, remembers that it should have. */
bool gate_patience_allows(void);

/* openat2(2) for O_PATH, flags O_CLOEXEC added. */
int gate_patience_open(int directory, const char *path, uint64_t flags, uint64_t resolve);

#endif
