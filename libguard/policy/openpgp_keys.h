/* SPDX-License-Identifier: MIT
 *
 * policy/openpgp_keys.h - the keys of repositories that a policy brings along
 * (docs/signers-package.md).
 */
#ifndef GUARD_POLICY_OPENPGP_KEYS_H
#define GUARD_POLICY_OPENPGP_KEYS_H

#include <guard/policy.h>

#include "base/buffer.h"

/* Write all of them, those of every image of a set, behind what `keys` has. */
void guard_policy_openpgp_keys(const struct guard_policy *policy, struct guard_writer *keys);

#endif
