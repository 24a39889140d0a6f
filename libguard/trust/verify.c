/* SPDX-License-Identifier: MIT
 *
 * trust/verify.c - is a document signed by a threshold of a role's keys?  A
 * signature that cannot be checked (unknown key, unknown type, wrong id, wrong
 * bytes) counts for nothing and harms nothing.
 */
#include "trust/metadata.h"

#include <inttypes.h>
#include <string.h>

/* Keys that signed, each once. */
struct tally {
	size_t count;
	uint8_t fingerprints[GUARD_TRUST_SIGNATURES_MAX][32];
};

static bool is_counted(const struct tally *tally, const uint8_t *fingerprint)
{
	for (size_t i = 0; i < tally->count; i++)
		if (memcmp(tally->fingerprints[i], fingerprint, sizeof(tally->fingerprints[i])) == 0)
			return true;
	return false;
}

static bool lists(const struct guard_trust_role *role, const char *key_id)
{
	size_t i;
	json_t *item;

	json_array_foreach((json_t *)role->key_ids, i, item) {
		if (strcmp(json_string_value(item), key_id) == 0)
			return true;
	}
	return false;
}

static int check_one(struct tally *tally, const struct guard_trust_role *role, const json_t *entry,
		     const struct guard_writer *message)
{
	const char *key_id = json_string_value(json_object_get(entry, "keyid"));
	const json_t *hex = json_object_get(entry, "sig"), *json = json_object_get(role->keys, key_id);
	uint8_t signature[GUARD_TRUST_SIGNATURE_SIZE_MAX];
	ptrdiff_t size = guard_trust_hex_decode(signature, sizeof(signature), json_string_value(hex),
						json_string_length(hex));
	struct guard_trust_key key = { 0 };
	int r;

	if (size <= 0 || !json || !lists(role, key_id))
		return 0;
	r = guard_trust_key_parse(&key, key_id, json);
	if (r < 0)
		return r == -GUARD_E_NOMEM ? r : 0;
	if (!is_counted(tally, key.fingerprint) && tally->count < GUARD_TRUST_SIGNATURES_MAX) {
		r = guard_trust_key_verify(&key, message->bytes, message->size, signature, (size_t)size);
		if (r == 0)
			memcpy(tally->fingerprints[tally->count++], key.fingerprint, sizeof(key.fingerprint));
	}
	guard_trust_key_clear(&key);
	return r == -GUARD_E_NOMEM ? r : 0;
}

static int count_signers(struct tally *tally, const struct guard_trust_document *document,
			 const struct guard_trust_role *role)
{
	struct guard_writer message;
	size_t i;
	json_t *entry;
	int r;

	guard_writer_init(&message);
	r = guard_trust_canonical(&message, document->body);
	json_array_foreach(document->signatures, i, entry) {
		if (r < 0 || tally->count >= role->threshold)
			break;
		r = check_one(tally, role, entry, &message);
	}
	guard_writer_free(&message);
	return r;
}

int guard_trust_document_verify(const struct guard_trust_document *document,
				const struct guard_trust_role *role, const char *delegator,
				struct guard_trust_report *report)
{
	struct tally tally = { 0 };
	int r = count_signers(&tally, document, role);

	if (r == -GUARD_E_FORMAT)
		return guard_trust_fail(report, r, "%s.json holds numbers or nesting that cannot be signed",
					document->name);
	if (r < 0)
		return guard_trust_fail(report, r, "memory exhausted");
	if (tally.count < role->threshold)
		return guard_trust_fail(report, -GUARD_E_SIGNATURE,
					"%s.json version %" PRIu64 " has %zu of the %" PRIu64
					" signatures that %s asks for; it is not used",
					document->name, document->version, tally.count, role->threshold,
					delegator);
	return 0;
}
