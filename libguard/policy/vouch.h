/* SPDX-License-Identifier: MIT
 *
 * policy/vouch.h - from a signature whose key the policy does not name to the
 * authority of the policy that stands behind it (docs/signers.md, "Chains").
 *
 * Asks fresh inspectors through a callback and gives them, but for the CMS itself,
 * only what a key that is already trusted has signed.  Knows no file and no
 * process; needs memory and time, and is no part of a decision.
 */
#ifndef GUARD_POLICY_VOUCH_H
#define GUARD_POLICY_VOUCH_H

#include "identity/chain.h"
#include "policy/keys.h"

#define GUARD_VOUCHED_MAX 2u	 /* authorities found behind one signature */
#define GUARD_STAMP_AHEAD 300	 /* seconds that a time stamp may be ahead of the clock */

/* A policy and its keys, ready to verify. */
struct guard_vouch_policy {
	const struct guard_policy *policy;
	struct guard_public_key *const *keys; /* by index of guard_policy_key(); NULL: no key */
	size_t key_count;
};

struct guard_vouching {
	void *context;
	/* One question to a fresh inspector; `reply` has GUARD_INSPECT_REPLY_MAX bytes. */
	int (*ask)(void *context, uint8_t *reply, size_t *ret_size, enum guard_inspection type, const void *bytes,
		   size_t size);
	/* The key of a certificate, the caller's to free; NULL: guard_public_key_load(). */
	int (*load)(void *context, struct guard_public_key **ret_key, const void *spki, size_t size);
	/* Did the key whose SubjectPublicKeyInfo has the SHA-256 `key_id` sign this link?  As
	 * guard_link_verify(), which NULL stands for.  Called while the policy is held. */
	int (*verify)(void *context, const struct guard_link *link, const struct guard_public_key *key,
		      const uint8_t *key_id);
	/* The policy, which stays until `release`; false: it is not in force any more. */
	bool (*hold)(void *context, struct guard_vouch_policy *ret_policy);
	void (*release)(void *context);
	int64_t now; /* Unix seconds */
};

struct guard_vouched {
	bool good;			       /* else `reason` says what is wrong with the chain */
	uint8_t authority[GUARD_KEY_ID_SIZE];  /* key of the policy */
	int64_t signed_at;		       /* by a time stamp that counts; 0 without */
	int64_t valid_until;		       /* INT64_MAX: for good */
	char reason[GUARD_REASON_MAX];
	struct guard_certificate_detail leaf;  /* of the one that signed */
};

/* guard_vouch: who stands behind `claim`, which came out of `cms` and is about the
 * content whose hash (by the claim's own algorithm) is `content`.  Each authority
 * that is returned has really issued the certificate whose key really signed.
 * Returns how many; with 0 `reason` (GUARD_REASON_MAX bytes) may say why. */
size_t guard_vouch(struct guard_vouched ret_vouched[GUARD_VOUCHED_MAX], char *reason,
		   const struct guard_vouching *vouching, enum guard_provider provider,
		   const struct guard_claim *claim, const struct guard_hash_value *content, const void *cms, size_t size);

/* guard_vouched_add: the signers that rules look for, under a policy that is held. */
void guard_vouched_add(const struct guard_policy *policy, struct guard_identity *identity, enum guard_provider provider,
		       const struct guard_vouched *vouched);

/* ---- vouch_judge.c: pure ------------------------------------------------------------ */

enum guard_purpose { GUARD_PURPOSE_CODE, GUARD_PURPOSE_TIME };
/* May a signature be made at `time` with the certificate details[0], issued through
 * details[1..count - 1] by `authority`?  `reason` gets a sentence when not. */
bool guard_vouch_judge(char *reason, int64_t *ret_valid_until, const struct guard_policy *policy,
		       const uint8_t *authority, const struct guard_certificate_detail *details, size_t count,
		       enum guard_purpose purpose, int64_t time);

#endif
