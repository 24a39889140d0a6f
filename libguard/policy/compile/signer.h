/* SPDX-License-Identifier: MIT
 *
 * compile/signer.h - signers in the sources, and keys on their way into the image.
 */
#ifndef GUARD_COMPILE_SIGNER_H
#define GUARD_COMPILE_SIGNER_H

#include "model.h"
#include "syntax.h"

int compile_load_signers(struct compile_rule *rule, struct guard_compile *compile, const struct compile_node *node) GUARD_WARN_UNUSED;
/* signer_keys.c: by `certificate`, which brings the key along, or by `key` alone;
 * with `crl` and `timestamp`. */
int compile_load_key(struct compile_signer *signer, struct guard_compile *compile, const struct compile_node *node) GUARD_WARN_UNUSED;
void compile_lint_signers(struct guard_compile *compile);

#endif
