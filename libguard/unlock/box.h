/* SPDX-License-Identifier: MIT
 *
 * unlock/box.h - a machine's verifier set, sealed for the key by which a managed
 * machine is known to headquarters (docs/phone-unlock.md, "The first set"): anybody can
 * carry it, that machine alone opens it.  Not part of libguard's ABI.  Thread-safe: no
 * state of its own.
 */
#ifndef GUARD_UNLOCK_BOX_H
#define GUARD_UNLOCK_BOX_H

#include "unlock/unlock.h"

#define GUARD_UNLOCK_MACHINE_KEY_SIZE 32u /* Ed25519 (RFC 8032), public half or seed */
#define GUARD_UNLOCK_BOX_OVERHEAD 72u
#define GUARD_UNLOCK_BOX_MAX (GUARD_UNLOCK_SET_SIZE_MAX + GUARD_UNLOCK_BOX_OVERHEAD)

/* `ret_box` has room for `size` + GUARD_UNLOCK_BOX_OVERHEAD bytes, and gets as many.
 * Each call seals anew.  Errors: GUARD_E_USAGE (no public key), GUARD_E_LIMIT,
 * GUARD_E_NOMEM. */
int guard_unlock_box_seal(uint8_t *ret_box, const uint8_t machine[GUARD_UNLOCK_MACHINE_KEY_SIZE], const void *set,
			  size_t size) GUARD_WARN_UNUSED;
/* `ret_set` has room for GUARD_UNLOCK_SET_SIZE_MAX bytes.  Errors: GUARD_E_FORMAT,
 * GUARD_E_VERSION, GUARD_E_SIGNATURE (changed, or for another machine). */
int guard_unlock_box_open(uint8_t *ret_set, size_t *ret_size, const uint8_t seed[GUARD_UNLOCK_MACHINE_KEY_SIZE],
			  const void *box, size_t size) GUARD_WARN_UNUSED;

/* ---- curve.c: the same key for the other use (RFC 7748, 4.1) ---------------------------- */

/* The X25519 public key of an Ed25519 one.  GUARD_E_USAGE: it is none. */
int guard_unlock_curve_public(uint8_t ret_u[GUARD_UNLOCK_MACHINE_KEY_SIZE],
			      const uint8_t y[GUARD_UNLOCK_MACHINE_KEY_SIZE]) GUARD_WARN_UNUSED;
/* The X25519 private key of an Ed25519 seed. */
int guard_unlock_curve_private(uint8_t ret_key[GUARD_UNLOCK_MACHINE_KEY_SIZE],
			       const uint8_t seed[GUARD_UNLOCK_MACHINE_KEY_SIZE]) GUARD_WARN_UNUSED;
#endif
