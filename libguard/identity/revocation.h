/* SPDX-License-Identifier: MIT
 *
 * identity/revocation.h - certificate revocation lists (RFC 5280, 5) as the policy
 * compiler turns them into what a machine looks up: sorted serial numbers.
 */
#ifndef GUARD_IDENTITY_REVOCATION_H
#define GUARD_IDENTITY_REVOCATION_H

#include "identity/chain.h"

struct guard_revocations {
	uint8_t (*serials)[GUARD_SERIAL_SIZE]; /* sorted, unique, owned */
	size_t count;
	int64_t next_update; /* Unix seconds, INT64_MAX: not said */
};

/* guard_revocations_read: of a DER list that the DER certificate `issuer` signed.
 * `reason` gets a sentence on failure.  Errors: GUARD_E_FORMAT, GUARD_E_SIGNATURE
 * (another's), GUARD_E_UNSUPPORTED (a weak signature; a critical extension, such as
 * of a partial list; a serial number beyond 20 bytes), GUARD_E_NOMEM. */
int guard_revocations_read(struct guard_revocations *ret_revocations, const void *crl, size_t crl_size,
			   const void *issuer, size_t issuer_size, char *reason, size_t reason_size) GUARD_WARN_UNUSED;
void guard_revocations_clear(struct guard_revocations *revocations);

#endif
