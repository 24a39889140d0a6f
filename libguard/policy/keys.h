/* SPDX-License-Identifier: MIT
 *
 * policy/keys.h - the keys, certificates and revocation lists that a policy
 * brings along, and which of its signers a verified signature stands for.
 * Reads the image in place; allocates nothing.
 */
#ifndef GUARD_POLICY_KEYS_H
#define GUARD_POLICY_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <guard/policy.h>

#include "identity/claim.h"

struct guard_policy_key {
	uint8_t type; /* enum guard_certificate_type */
	bool is_ca, stamps; /* what it issues counts; the time stamps that it signs or that what it issued signs do */
	uint32_t ima_id;
	const uint8_t *key_id, *issuer_id, *ski; /* 32, 32, 20 bytes, owned by the policy */
	const uint8_t *der, *spki;
	size_t der_size, spki_size;
};

size_t guard_policy_key_count(const struct guard_policy *policy);
void guard_policy_key(const struct guard_policy *policy, struct guard_policy_key *ret_key, size_t index);

/* Does the claim speak of this key?  It says which to try, no more. */
bool guard_policy_key_is_meant(const struct guard_policy_key *key, const struct guard_claim *claim);
/* Is there an authority among the keys that rules name with this provider? */
bool guard_policy_has_authority(const struct guard_policy *policy, enum guard_provider provider);
/* Does a revocation list of the policy, of the issuer with this key, have this
 * serial number (20 bytes)? */
bool guard_policy_is_revoked(const struct guard_policy *policy, const uint8_t *issuer_key_id, const uint8_t *serial);

/* Mask of 1 << enum guard_provider: those that some rule asks for. */
unsigned guard_policy_providers(const struct guard_policy *policy);
/* true when some rule asks for this key of this provider. */
bool guard_policy_names_key(const struct guard_policy *policy, enum guard_provider provider, const uint8_t *key_id);

/* guard_policy_term_id: the id that stands for a key together with conditions on
 * the certificates that it issued; "" for a condition that is not there. */
int guard_policy_term_id(uint8_t ret_id[GUARD_KEY_ID_SIZE], const uint8_t *key_id, const char *serial,
			 const char *subject) GUARD_WARN_UNUSED;

/* What is known of the certificate whose key signed. */
#define GUARD_SUBJECTS_MAX 16u
struct guard_certificate_facts {
	const char *serial;                       /* lower-case hex, no leading zeros */
	const char *subjects[GUARD_SUBJECTS_MAX]; /* "CN=Acme Build" */
	unsigned subject_count;
};

/* guard_policy_add_signers: add to `identity` what rules look for: `key_id`
 * itself where some rule names it, and each set of conditions on certificates of
 * that key's which the facts meet (`facts` may be NULL).  What is there already
 * is not added twice; what has no room (GUARD_SIGNERS_MAX) is left out, signers
 * of deny rules coming first.  `only_denials`: the signature is the key's, but does
 * not count; it may then only be held against the file. */
void guard_policy_add_signers(const struct guard_policy *policy, struct guard_identity *identity,
			      enum guard_provider provider, const uint8_t *key_id,
			      const struct guard_certificate_facts *facts, bool only_denials);

#endif
