/* SPDX-License-Identifier: MIT
 *
 * trust/trust.h - the process that verifies what comes from the repository: no
 * network, no files but STATE_DIR/trust.  It asks sync for bytes, runs the TUF
 * client of guard/trust.h over them, and hands the keeper policy sets
 * (docs/policy-set.md) made of verified targets.  docs/distribution.md says what
 * is in a repository and what a machine makes of it.
 *
 * Messages over SOCK_SEQPACKET, both ways struct guardd_trust_message:
 *   trust -> keeper: SETTINGS, what headquarters signed of this machine's settings; SET
 *     with the sealed set as fd, answered by one RESULT when it
 *     is in force or refused; STATE whenever it changes; NOTE, a row for the ledger
 *     UNLOCK, a delivery of the help desk's as fd; VERIFIERS, a verifier set for this
 *     machine as fd
 *     RELEASED, the machine is no longer managed: the keeper ends sync and trust
 *     PERMITS, the maintenance grants that headquarters signed for this machine, all
 *     of them, after each check that was good
 *   keeper -> trust: RESULT; CHECK: ask the repository now
 */
#ifndef GUARDD_TRUST_TRUST_H
#define GUARDD_TRUST_TRUST_H

#include <stdbool.h>
#include <stdint.h>

#include "guardd.h"
#include "settings.h"

#define GUARDD_TRUST_TEXT_MAX 400u

enum guardd_trust_type {
	GUARDD_TRUST_SET = 1,
	GUARDD_TRUST_RESULT,
	GUARDD_TRUST_STATE,
	GUARDD_TRUST_NOTE,
	GUARDD_TRUST_CHECK,
	GUARDD_TRUST_RELEASED,
	GUARDD_TRUST_UNLOCK,
	GUARDD_TRUST_SETTINGS,
	GUARDD_TRUST_PERMITS,
	GUARDD_TRUST_VERIFIERS
};

struct guardd_trust_message {
	uint32_t type;
	int32_t error; /* RESULT: 0 or -GUARD_E_... */
	uint32_t what; /* NOTE: enum guard_daemon_event */
	struct guard_distribution state;  /* STATE */
	struct guardd_settings settings;  /* SETTINGS */
	struct guard_permits permits;     /* PERMITS */
	char text[GUARDD_TRUST_TEXT_MAX]; /* NOTE, RESULT */
};

struct guardd_trust_arguments {
	const struct guardd_config *config;
	int keeper;  /* SOCK_SEQPACKET */
	int sync;    /* SOCK_SEQPACKET, blocking: sync/sync.h */
	int folder;  /* STATE_DIR/trust, owned by the trust user */
	int policy;  /* the set in force, or -1 */
};
void guardd_trust_main(const struct guardd_trust_arguments *arguments) __attribute__((noreturn));

#endif
