/* SPDX-License-Identifier: MIT
 *
 * keeper/back.h - the last good policy beside the newest (docs/last-good.md): which
 * policy is which, what was proven here, and the set to go back to.  In the loader
 * alone: opens and writes files of STATE_DIR.
 */
#ifndef GUARDD_KEEPER_BACK_H
#define GUARDD_KEEPER_BACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <guard/identity.h>

#include "guardd.h"

#define KEEPER_GOOD_FILE "policy-good"	   /* it ran here for the length of a trial */
#define KEEPER_BOOTED_FILE "policy-booted" /* and with it the machine came up */
#define KEEPER_BACK_FILE "policy-back"
#define KEEPER_BACK_MAX 16u /* policies that failed here are remembered, the newest */

/* What a policy consists of, whenever it was put together. */
int keeper_back_identify(struct guard_digest *ret_identity, int image) GUARD_WARN_UNUSED;

/* What is known here of the policy in `image`. */
struct keeper_standing {
	bool failed;	 /* the machine went back from it */
	bool is_back;	 /* it is what the machine went back to */
	bool ran, booted;
	bool may_go_back_run, may_go_back_boot; /* there is another one that was proven */
	char why[300]; /* failed or is_back: the sentence of that moment */
};
void keeper_back_standing(struct keeper_standing *ret_standing, int state_dir, int image);

/* The policy in force, in `image`, is proven: it ran, or the machine came up with it. */
int keeper_back_prove(int state_dir, int image, bool booted) GUARD_WARN_UNUSED;

/* A sealed set: what was proven last, and what the policy in `image` denies.
 * -GUARD_E_NOT_FOUND: nothing that the proven one allows was refused.  `ret_why`: what
 * was refused, in words.  `needed` NULL: the daemon could not start with that policy, so
 * nothing was refused; whether the set helps the caller looks himself. */
int keeper_back_make(int *ret_set, char *ret_why, size_t size, int state_dir, int image, bool boot,
		     const struct guardd_needed *needed, const struct guardd_config *config) GUARD_WARN_UNUSED;
/* It is in force: `image` failed, `set` is what the machine went back to. */
int keeper_back_remember(int state_dir, int image, int set, const char *why) GUARD_WARN_UNUSED;

#endif
