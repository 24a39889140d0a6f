/* SPDX-License-Identifier: MIT
 *
 * compile/describe.h - an opened policy taken apart again, to be compared with
 * another or shown.  Not for decisions.
 */
#ifndef GUARD_COMPILE_DESCRIBE_H
#define GUARD_COMPILE_DESCRIBE_H

#include <stdbool.h>
#include <stdio.h>

#include <guard/policy.h>

/* One program that a rule lists by content. */
struct guard_listed {
	struct guard_digest digest;
	const char *name; /* "" when the author gave none */
	uint32_t rule;
};

/* How many there are, a digest in two rules counting twice. */
size_t guard_policy_listed_count(const struct guard_policy *policy);
/* All of them, in the order of the digests; room for the count above. */
void guard_policy_listed(struct guard_listed *ret_listed, const struct guard_policy *policy);

/* A rule in words, without its digests, note and place: equal words, equal
 * effect.  "allow listed content, for users alice, bob".  Released with
 * free(3); NULL when memory is exhausted. */
char *guard_policy_rule_words(const struct guard_policy *policy, uint32_t rule) GUARD_WARN_UNUSED;
/* The same for an interpreter. */
char *guard_policy_interpreter_words(const struct guard_policy *policy, uint32_t interpreter) GUARD_WARN_UNUSED;
/* The same for a containment; `ret_name` is the policy's.  NULL also behind the last. */
char *guard_policy_containment_words(const struct guard_policy *policy, uint32_t containment,
				     const char **ret_name) GUARD_WARN_UNUSED;
/* The same for a key, a certificate or a revocation list (its content by the first
 * digits of its hash). */
char *guard_policy_certificate_words(const struct guard_policy *policy, size_t certificate) GUARD_WARN_UNUSED;
/* Does a rule ask for signers of this provider, or of any (GUARD_PROVIDER_NONE)? */
bool guard_policy_asks_signers(const struct guard_policy *policy, enum guard_provider provider);
/* A folder in which an allow rule trusts a file's place alone: the literal part of
 * its pattern, into `ret_folder`.  `*at` counts from 0 and is moved on; false behind
 * the last. */
bool guard_policy_next_folder(const struct guard_policy *policy, char *ret_folder, size_t size, uint64_t *at);
const char *guard_policy_reader(const struct guard_policy *policy, uint32_t index); /* NULL behind the last */

#endif
