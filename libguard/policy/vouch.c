/* SPDX-License-Identifier: MIT
 *
 * policy/vouch.c - see vouch.h.  The order is what matters: first a signature over
 * a certificate is verified with a key that is trusted, then the certificate is
 * taken apart, then its key is trusted with the next; and with a time stamp the
 * same once more.
 */
#include "policy/vouch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

struct trail {
	const struct guard_vouching *vouching;
	enum guard_provider provider;
	enum guard_purpose purpose;
	const struct guard_claim *claim;
	const struct guard_hash_value *content;
	struct guard_chain chain;
	struct guard_certificate_detail details[GUARD_CHAIN_MAX];
	uint8_t authority[GUARD_KEY_ID_SIZE];
	uint8_t reply[GUARD_INSPECT_REPLY_MAX];
	char *reason;
};

static void free_key(struct guard_public_key **key)
{
	guard_public_key_free(*key);
}
#define AUTO_KEY __attribute__((cleanup(free_key))) struct guard_public_key *

static void say(const struct trail *trail, const char *sentence)
{
	if (trail->reason && !trail->reason[0])
		snprintf(trail->reason, GUARD_REASON_MAX, "%s", sentence);
}

/* A question about one signer of a CMS. */
static int ask_of_signer(const struct guard_vouching *vouching, uint8_t *reply, size_t *ret_size,
			 enum guard_inspection type, unsigned index, const void *cms, size_t size)
{
	struct guard_writer question;
	int r;

	guard_writer_init(&question);
	guard_write_u8(&question, (uint8_t)index);
	guard_write_bytes(&question, cms, size);
	r = question.failed ? -GUARD_E_NOMEM :
			      vouching->ask(vouching->context, reply, ret_size, type, question.bytes, question.size);
	guard_writer_free(&question);
	return r;
}

static bool is_authority(const struct trail *trail, const struct guard_policy *policy, const struct guard_policy_key *key)
{
	if (trail->purpose == GUARD_PURPOSE_TIME)
		return key->stamps && key->is_ca;
	return key->is_ca && guard_policy_names_key(policy, trail->provider, key->key_id);
}

static int verify_link(const struct guard_vouching *vouching, const struct guard_link *link, const struct guard_public_key *key,
		       const uint8_t *key_id)
{
	return vouching->verify ? vouching->verify(vouching->context, link, key, key_id) : guard_link_verify(link, key);
}

/* The next pair of link and authority of the policy, from `cursor` on, where the
 * one is signed by the other. */
static bool find_authority(struct trail *trail, uint32_t *ret_link, size_t *cursor)
{
	const struct guard_vouching *vouching = trail->vouching;
	struct guard_vouch_policy policy;
	bool found = false;

	if (!vouching->hold(vouching->context, &policy))
		return false;
	for (; !found && policy.key_count && *cursor < policy.key_count * trail->chain.count; (*cursor)++) {
		const size_t link = *cursor / policy.key_count, index = *cursor % policy.key_count;
		struct guard_policy_key key;

		guard_policy_key(policy.policy, &key, index);
		if (!policy.keys[index] || !is_authority(trail, policy.policy, &key) ||
		    verify_link(vouching, &trail->chain.links[link], policy.keys[index], key.key_id) < 0)
			continue;
		memcpy(trail->authority, key.key_id, sizeof(trail->authority));
		*ret_link = (uint32_t)link;
		found = true;
	}
	vouching->release(vouching->context);
	return found;
}

/* Take a verified link apart. */
static int open_link(struct trail *trail, uint32_t at, struct guard_public_key **ret_key)
{
	const struct guard_vouching *vouching = trail->vouching;
	const struct guard_link *link = &trail->chain.links[at];
	struct guard_certificate_detail *detail = &trail->details[at];
	size_t size = 0;
	int r = vouching->ask(vouching->context, trail->reply, &size, GUARD_INSPECT_CERTIFICATE, link->tbs, link->tbs_size);

	if (r == 0)
		r = guard_certificate_detail_decode(detail, trail->reply, size);
	if (r < 0) {
		say(trail, "a certificate of the signature could not be looked at");
		return r;
	}
	if (detail->reason[0]) {
		say(trail, detail->reason);
		return -GUARD_E_UNSUPPORTED;
	}
	return vouching->load ? vouching->load(vouching->context, ret_key, detail->spki, detail->spki_size) :
				guard_public_key_load(ret_key, detail->spki, detail->spki_size);
}

/* From the link that the authority signed down to the signer's key, and to what it
 * signed. */
static int descend(struct trail *trail, uint32_t top)
{
	for (uint32_t at = top;; at--) {
		const struct guard_certificate_detail *detail = &trail->details[at];
		struct guard_digest key_id;
		AUTO_KEY key = NULL;
		int r = open_link(trail, at, &key);

		if (r == 0)
			r = guard_digest_bytes(&key_id, detail->spki, detail->spki_size);
		if (r == 0)
			r = at > 0 ? verify_link(trail->vouching, &trail->chain.links[at - 1], key, key_id.bytes) :
				     guard_claim_verify(trail->claim, key, trail->content);
		if (r < 0)
			say(trail, at > 0 ? "a certificate of the signature is not its issuer's" :
					    "the signature is not of this content");
		if (r < 0 || at == 0)
			return r;
	}
}

static int read_chain(struct trail *trail, const void *cms, size_t size)
{
	size_t reply_size = 0;
	int r = ask_of_signer(trail->vouching, trail->reply, &reply_size, GUARD_INSPECT_CHAIN, trail->claim->index, cms, size);

	if (r == 0)
		r = guard_chain_decode(&trail->chain, trail->reply, reply_size);
	if (r == 0 && trail->chain.reason[0])
		say(trail, trail->chain.reason);
	return r;
}

static bool judge(struct trail *trail, uint32_t top, char *reason, int64_t *ret_until, int64_t time)
{
	const struct guard_vouching *vouching = trail->vouching;
	struct guard_vouch_policy policy;
	bool good;

	if (!vouching->hold(vouching->context, &policy))
		return false;
	good = guard_vouch_judge(reason, ret_until, policy.policy, trail->authority, trail->details, top + 1,
				 trail->purpose, time);
	vouching->release(vouching->context);
	return good;
}

/* ---- time stamps (RFC 3161) ------------------------------------------------------- */

/* By a key that the policy itself names for time stamps. */
static bool is_stamped_directly(const struct guard_vouching *vouching, const struct guard_claim *claim,
				const struct guard_hash_value *content)
{
	struct guard_vouch_policy policy;
	bool good = false;

	if (!vouching->hold(vouching->context, &policy))
		return false;
	for (size_t i = 0; !good && i < policy.key_count; i++) {
		struct guard_policy_key key;

		guard_policy_key(policy.policy, &key, i);
		good = policy.keys[i] && key.stamps && guard_policy_key_is_meant(&key, claim) &&
		       guard_claim_verify(claim, policy.keys[i], content) == 0;
	}
	vouching->release(vouching->context);
	return good;
}

/* By a certificate that such an authority issued, good at the time it says. */
static bool is_stamped_by_chain(const struct guard_vouching *vouching, const struct guard_claim *claim,
				const struct guard_hash_value *content, const void *token, size_t size, int64_t time)
{
	GUARD_AUTO_FREE struct trail *trail = calloc(1, sizeof(*trail));
	char reason[GUARD_REASON_MAX];
	int64_t ignored;
	size_t cursor = 0;
	uint32_t top;

	if (!trail)
		return false;
	trail->vouching = vouching;
	trail->purpose = GUARD_PURPOSE_TIME;
	trail->claim = claim;
	trail->content = content;
	if (read_chain(trail, token, size) < 0)
		return false;
	while (find_authority(trail, &top, &cursor))
		if (descend(trail, top) == 0 && judge(trail, top, reason, &ignored, time))
			return true;
	return false;
}

struct stamping {
	uint8_t token[GUARD_INSPECT_REPLY_MAX], reply[GUARD_INSPECT_REPLY_MAX], content[GUARD_CONTENT_MAX];
	size_t token_size, content_size;
	struct guard_claims claims;
	struct guard_time_stamp stamp;
};

static int read_token(struct stamping *stamping, const struct trail *trail, const void *cms, size_t size)
{
	const struct guard_vouching *vouching = trail->vouching;
	size_t reply_size = 0;
	int r = ask_of_signer(vouching, stamping->token, &stamping->token_size, GUARD_INSPECT_TOKEN, trail->claim->index,
			      cms, size);

	if (r == 0)
		r = vouching->ask(vouching->context, stamping->reply, &reply_size, GUARD_INSPECT_CMS, stamping->token,
				  stamping->token_size);
	if (r == 0)
		r = guard_claims_decode(&stamping->claims, stamping->reply, reply_size);
	if (r == 0)
		r = vouching->ask(vouching->context, stamping->reply, &stamping->content_size, GUARD_INSPECT_CONTENT,
				  stamping->token, stamping->token_size);
	if (r == 0 && (stamping->content_size > sizeof(stamping->content) || stamping->claims.count == 0))
		r = -GUARD_E_FORMAT;
	if (r == 0)
		memcpy(stamping->content, stamping->reply, stamping->content_size);
	return r;
}

/* Is the stamp about this very signature? */
static bool is_about(const struct guard_time_stamp *stamp, const struct guard_claim *claim)
{
	uint8_t octets[GUARD_SIGNATURE_OCTETS_MAX];
	struct guard_hash_value value;
	size_t size;

	return guard_signature_octets(octets, &size, claim->scheme, claim->signature, claim->signature_size) == 0 &&
	       guard_hash_bytes(&value, stamp->imprint.hash, octets, size) == 0 &&
	       memcmp(value.bytes, stamp->imprint.bytes, guard_hash_size(value.hash)) == 0;
}

/* When the signature was there already; 0: nobody whom the policy names says so. */
static int64_t stamped_at(const struct trail *trail, const void *cms, size_t size)
{
	const struct guard_vouching *vouching = trail->vouching;
	GUARD_AUTO_FREE struct stamping *stamping = calloc(1, sizeof(*stamping));
	const struct guard_claim *claim;
	struct guard_hash_value content;
	size_t reply_size = 0;
	bool direct;

	if (!stamping || !trail->claim->stamped || read_token(stamping, trail, cms, size) < 0)
		return 0;
	claim = &stamping->claims.claims[0];
	if (guard_hash_bytes(&content, claim->content_hash, stamping->content, stamping->content_size) < 0)
		return 0;
	direct = is_stamped_directly(vouching, claim, &content);
	/* What it says is read before its chain is judged, since that is judged at the
	 * time it says; it counts only afterwards. */
	if (vouching->ask(vouching->context, stamping->reply, &reply_size, GUARD_INSPECT_TIME, stamping->content,
			  stamping->content_size) < 0 ||
	    guard_time_stamp_decode(&stamping->stamp, stamping->reply, reply_size) < 0)
		return 0;
	if (stamping->stamp.time > vouching->now + GUARD_STAMP_AHEAD || !is_about(&stamping->stamp, trail->claim))
		return 0;
	if (direct || is_stamped_by_chain(vouching, claim, &content, stamping->token, stamping->token_size,
					  stamping->stamp.time))
		return stamping->stamp.time;
	return 0;
}

/* ---- all of it ----------------------------------------------------------------------- */

static void conclude(struct guard_vouched *vouched, struct trail *trail, uint32_t top, int64_t at)
{
	*vouched = (struct guard_vouched){ .signed_at = at, .leaf = trail->details[0] };
	memcpy(vouched->authority, trail->authority, sizeof(vouched->authority));
	vouched->good = judge(trail, top, vouched->reason, &vouched->valid_until, at ? at : trail->vouching->now);
	if (at)
		vouched->valid_until = INT64_MAX;
}

size_t guard_vouch(struct guard_vouched ret_vouched[GUARD_VOUCHED_MAX], char *reason,
		   const struct guard_vouching *vouching, enum guard_provider provider,
		   const struct guard_claim *claim, const struct guard_hash_value *content, const void *cms, size_t size)
{
	GUARD_AUTO_FREE struct trail *trail = calloc(1, sizeof(*trail));
	size_t count = 0, cursor = 0;
	uint32_t top = 0;
	int64_t at = 0;

	if (!trail)
		return 0;
	trail->vouching = vouching;
	trail->provider = provider;
	trail->claim = claim;
	trail->content = content;
	trail->reason = reason;
	if (read_chain(trail, cms, size) < 0)
		return 0;
	while (count < GUARD_VOUCHED_MAX && find_authority(trail, &top, &cursor)) {
		if (descend(trail, top) < 0)
			continue;
		if (count == 0)
			at = stamped_at(trail, cms, size);
		conclude(&ret_vouched[count++], trail, top, at);
	}
	return count;
}

static void write_serial(char ret_hex[2 * GUARD_SERIAL_SIZE + 1], const uint8_t *serial)
{
	static const char digits[] = "0123456789abcdef";
	size_t length = 0;

	for (size_t i = 0; i < 2 * (size_t)GUARD_SERIAL_SIZE; i++) {
		const char digit = digits[i % 2 ? serial[i / 2] & 15 : serial[i / 2] >> 4];

		if (length > 0 || digit != '0' || i + 1 == 2 * (size_t)GUARD_SERIAL_SIZE)
			ret_hex[length++] = digit;
	}
	ret_hex[length] = '\0';
}

void guard_vouched_add(const struct guard_policy *policy, struct guard_identity *identity, enum guard_provider provider,
		       const struct guard_vouched *vouched)
{
	char serial[2 * GUARD_SERIAL_SIZE + 1];
	struct guard_certificate_facts facts = { .serial = serial, .subject_count = vouched->leaf.subject_count };

	write_serial(serial, vouched->leaf.serial);
	for (uint32_t i = 0; i < vouched->leaf.subject_count && i < GUARD_SUBJECTS_MAX; i++)
		facts.subjects[i] = vouched->leaf.subjects[i];
	guard_policy_add_signers(policy, identity, provider, vouched->authority, &facts, !vouched->good);
}
