/* SPDX-License-Identifier: MIT
 *
 * record/unlock_link.h - the one sender that waits for its records: the unlock
 * process opens nothing before its record is on the disk.
 */
#ifndef GUARDD_RECORD_UNLOCK_LINK_H
#define GUARDD_RECORD_UNLOCK_LINK_H

#include "record/store.h"

/* Take what is there: each GUARD_WIRE_EVENT is written at once and acknowledged,
 * a GUARD_WIRE_STATUS is answered alone.  The answer, GUARD_WIRE_RECORDED, has
 * what went wrong (0, or GUARD_E_IO: it is not on the disk) and the newest serial
 * number of the unlock state that the ledger knows (0 none). */
void unlock_link_serve(int socket, struct store *store, int64_t now_ns);
#endif
