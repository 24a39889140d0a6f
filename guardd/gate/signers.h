/* SPDX-License-Identifier: MIT
 *
 * gate/signers.h - who vouches for a file: asks the inspectors for claims and
 * verifies each with a key of the policy in force over a hash of the gate's own.
 */
#ifndef GUARDD_GATE_SIGNERS_H
#define GUARDD_GATE_SIGNERS_H

#include "gate/gate.h"
#include "identity/claim.h"
#include "identity/detach.h"
#include "inspect/inspect.h"
#include "policy/vouch.h"

/* ---- keys.c: the keys of one policy, ready to verify ----------------------- */

struct gate_keys {
	unsigned providers; /* mask: those that rules ask for */
	unsigned authorities; /* mask: those whose rules name an authority */
	size_t count;
	struct guard_public_key *keys[]; /* by index of guard_policy_key(); NULL: no key */
};
int gate_keys_new(struct gate_keys **ret_keys, const struct guard_policy *policy) GUARD_WARN_UNUSED;
void gate_keys_free(struct gate_keys *keys);

/* ---- carried.c: the signatures that a file carries ----------------------------- */

#define GATE_CARRIED_PROVIDERS (1u << GUARD_PROVIDER_IMA | 1u << GUARD_PROVIDER_APPENDED)

/* Signatures that lie beside or behind a content. */
struct gate_carried {
	uint8_t ima[GUARD_IMA_XATTR_MAX];
	size_t ima_size;
	uint8_t *appended; /* CMS */
	size_t appended_size;
	uint64_t content_size; /* what the appended one is about */
};
/* Those of the providers in the mask; says so in `identity`. */
void gate_carried_look(struct gate_carried *ret_carried, struct gate_identity *identity, unsigned providers, int fd);
void gate_carried_clear(struct gate_carried *carried);

/* ---- signers.c --------------------------------------------------------------- */

/* gate_signers_try: who vouches for a file by a policy that is not in force yet, its
 * table of packages included.  Opens nothing; asks inspectors. */
void gate_signers_try(struct gate *gate, const struct gate_policy *policy, struct gate_identity *identity, int fd);

/* Does a claim speak of a key of the policy that a rule asks for? */
bool gate_claim_is_meant(const struct guard_policy *policy, size_t index, enum guard_provider provider,
			 const struct guard_claim *claim);
/* Is this claim about this content the work of the policy's key `index`, and does
 * a rule ask for it? */
bool gate_claim_is_by(const struct guard_policy *policy, const struct gate_keys *keys, size_t index,
		      enum guard_provider provider, const struct guard_claim *claim,
		      const struct guard_hash_value *content);

/* ---- inspect.c --------------------------------------------------------------- */

/* Errors: GUARD_E_TIMEOUT, GUARD_E_UNREACHABLE (the inspector died), GUARD_E_FORMAT. */
int gate_inspect(struct gate *gate, struct guard_claims *ret_claims, enum guard_inspection type, const void *bytes,
		 size_t size) GUARD_WARN_UNUSED;

/* The same, with the certificates of GUARD_INSPECT_SIGNED; of other questions it has the
 * claims alone. */
int gate_inspect_signed(struct gate *gate, struct guard_signed *ret_signed, enum guard_inspection type, const void *bytes,
			size_t size) GUARD_WARN_UNUSED;

/* Where the content of a CMS lies, and the CMS without it. */
int gate_inspect_detach(struct gate *gate, struct guard_detached *ret_detached, const uint8_t *file,
			size_t size) GUARD_WARN_UNUSED;

/* The answer as it came, at most INSPECT_REPLY_MAX bytes. */
int gate_inspect_raw(struct gate *gate, uint8_t *reply, size_t *ret_size, enum guard_inspection type, const void *bytes,
		     size_t size) GUARD_WARN_UNUSED;

/* ---- authority.c: behind a certificate that somebody issued ------------------------- */

struct gate_authority {
	struct gate *gate;
	uint64_t generation; /* of the policy in force, or */
	const struct guard_policy *policy; /* another, with its keys */
	const struct gate_keys *keys;
	const struct guard_signed *signed_by; /* what an inspector said of the CMS `cms`; NULL: it was not */
	const void *cms;		      /* asked for certificates */
	size_t cms_size;
};
/* As guard_vouch().  Asks inspectors: never while a policy is held. */
size_t gate_authority_find(struct guard_vouched ret_vouched[GUARD_VOUCHED_MAX], char *reason,
			   struct gate_authority *authority, enum guard_provider provider,
			   const struct guard_claim *claim, const struct guard_hash_value *content, const void *cms,
			   size_t size);

/* ---- details.c: what certificates say, remembered by their bytes ------------------ */

struct gate_details;
int gate_details_new(struct gate_details **ret_details) GUARD_WARN_UNUSED;
/* As gate_inspect_raw about a certificate that a key of the policy has signed. */
int gate_details_ask(struct gate *gate, uint8_t *reply, size_t *ret_size, const void *tbs, size_t size) GUARD_WARN_UNUSED;
/* As guard_link_verify, once for each link and key; `key_id`: SHA-256 of the key's
 * SubjectPublicKeyInfo. */
int gate_details_verify(struct gate_details *details, const struct guard_link *link, const struct guard_public_key *key,
			const uint8_t *key_id) GUARD_WARN_UNUSED;
/* As guard_public_key_load, without loading what is remembered. */
int gate_details_key(struct gate_details *details, struct guard_public_key **ret_key, const void *spki,
		     size_t size) GUARD_WARN_UNUSED;

/* ---- vouchers.c: who vouches for a content, remembered -------------------------- */

/* Facts of a policy's generation; bounded, the older of two goes. */
struct gate_vouchers;
int gate_vouchers_new(struct gate_vouchers **ret_vouchers) GUARD_WARN_UNUSED;
bool gate_vouchers_get(struct gate_vouchers *vouchers, struct gate_identity *identity, uint8_t carried,
		       uint64_t generation);
void gate_vouchers_put(struct gate_vouchers *vouchers, const struct gate_identity *identity, uint8_t carried,
		       uint64_t generation);

#endif
