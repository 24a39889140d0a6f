/* SPDX-License-Identifier: MIT
 *
 * inspect/inspect.h - asking for untrusted bytes to be parsed (docs/signers.md).
 *
 * One request is one packet to the inspectors: struct inspect_request, then `size`
 * bytes, and the end of a socket pair by SCM_RIGHTS.  A fresh inspector takes the
 * request, writes one packet to that socket and ends.  What it says has no weight:
 * see identity/claim.h.
 */
#ifndef GUARDD_INSPECT_INSPECT_H
#define GUARDD_INSPECT_INSPECT_H

#include <stddef.h>
#include <stdint.h>

#include "identity/chain.h"

#define INSPECT_BYTES_MAX GUARD_INSPECT_BYTES_MAX  /* of one request */
#define INSPECT_REPLY_MAX GUARD_INSPECT_REPLY_MAX  /* bytes of one reply */
#define INSPECT_SECONDS 2u	  /* for one request, and of processor time */
#define INSPECT_MEMORY (96u << 20) /* bytes of data, its program's own among them */
#define INSPECT_AT_ONCE 16u	  /* inspectors */
#define INSPECT_WAITING 8u	  /* of these, started and shut in before there is a request */
#define INSPECT_FEW 2u		  /* with fewer waiting others are started at once, else */
#define INSPECT_REFILL_MS 5u	  /* a little later: by then the file in hand has been answered */
#define INSPECT_NAME "guardd-inspect1" /* what an inspector is called in ps */

struct inspect_request {
	uint32_t type; /* enum guard_inspection (identity/chain.h) */
	uint32_t size; /* bytes behind it */
};

/* request.c: what one inspector does; also what the fuzz targets call.  Returns
 * bytes written to `reply`. */
size_t inspect_answer(uint8_t *reply, size_t capacity, const void *packet, size_t size);

/* warm.c: before the first request, and before the jail: what OpenSSL looks up once in a
 * process.  `reply` is scratch. */
void inspect_warm_up(uint8_t reply[INSPECT_REPLY_MAX]);

#endif
