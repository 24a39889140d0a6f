/* SPDX-License-Identifier: MIT
 *
 * unlock/handover.h - control hands a client with its ask to the unlock process:
 * one packet, GUARD_WIRE_HANDED, with the client's socket as its descriptor.  On the same
 * socket the keeper hands it what the help desk sent by the signed channel.
 */
#ifndef GUARDD_UNLOCK_HANDOVER_H
#define GUARDD_UNLOCK_HANDOVER_H

#include "wire/unlock.h"

/* The caller still closes its own `client`.  Errors: GUARD_E_BUSY,
 * GUARD_E_UNREACHABLE, GUARD_E_LIMIT, GUARD_E_IO. */
int unlock_handover_send(int socket, int client, const struct guard_handed *handed) GUARD_WARN_UNUSED;
/* The keeper's: a file of the help desk's.  The same errors. */
int unlock_handover_deliver(int socket, int fd) GUARD_WARN_UNUSED;

#define UNLOCK_HANDOVER_DELIVERY 1
/* 0, or UNLOCK_HANDOVER_DELIVERY, when `ret_client` is such a file.  It is the caller's
 * to close.  Errors: GUARD_E_BUSY when there is none; GUARD_E_FORMAT for what is none (any descriptor in it is closed);
 * GUARD_E_UNREACHABLE when control is gone for good. */
int unlock_handover_receive(int *ret_client, struct guard_handed *ret_handed, int socket) GUARD_WARN_UNUSED;
#endif
