/* SPDX-License-Identifier: MIT
 *
 * wire/identity.c - an identity in a message.  Names and versions of packages, when
 * they are read, lie in the message.
 */
#include "wire/body.h"

#include <string.h>

int guard_identity_encode(struct guard_writer *writer, const struct guard_identity *identity)
{
	if (identity->kind >= GUARD_KIND_MAX_ || identity->signer_count > GUARD_SIGNERS_MAX)
		return -GUARD_E_USAGE;
	guard_write_bytes(writer, identity->digest.bytes, GUARD_DIGEST_SIZE);
	guard_write_u64(writer, identity->size);
	guard_write_u8(writer, identity->kind);
	guard_write_u8(writer, identity->signer_count);
	for (size_t i = 0; i < identity->signer_count; i++) {
		const struct guard_signer *signer = &identity->signers[i];

		if (signer->provider == GUARD_PROVIDER_NONE || signer->provider >= GUARD_PROVIDER_MAX_)
			return -GUARD_E_USAGE;
		guard_write_u8(writer, signer->provider);
		guard_write_bytes(writer, signer->key_id, GUARD_KEY_ID_SIZE);
		guard_write_string(writer, signer->name ? signer->name : "");
		guard_write_string(writer, signer->version ? signer->version : "");
	}
	return guard_body_end(writer);
}

static const char *take_name(struct guard_reader *reader)
{
	const char *name = guard_read_string(reader, GUARD_WIRE_PACKAGE_MAX);

	return name && name[0] ? name : NULL;
}

static void take_signer(struct guard_signer *signer, struct guard_reader *reader)
{
	const uint8_t *key_id;

	signer->provider = guard_body_take_enum(reader, GUARD_PROVIDER_MAX_);
	if (signer->provider == GUARD_PROVIDER_NONE)
		reader->failed = true;
	key_id = guard_read_bytes(reader, GUARD_KEY_ID_SIZE);
	if (key_id)
		memcpy(signer->key_id, key_id, GUARD_KEY_ID_SIZE);
	signer->name = take_name(reader);
	signer->version = take_name(reader);
}

int guard_identity_decode(struct guard_identity *ret_identity, struct guard_reader *reader)
{
	struct guard_identity identity = { 0 };
	const uint8_t *digest = guard_read_bytes(reader, GUARD_DIGEST_SIZE);

	if (digest)
		memcpy(identity.digest.bytes, digest, GUARD_DIGEST_SIZE);
	identity.size = guard_read_u64(reader);
	identity.kind = guard_body_take_enum(reader, GUARD_KIND_MAX_);
	identity.signer_count = guard_body_take_enum(reader, GUARD_SIGNERS_MAX + 1);
	for (size_t i = 0; i < identity.signer_count && !reader->failed; i++)
		take_signer(&identity.signers[i], reader);
	if (reader->failed)
		return -GUARD_E_FORMAT;
	*ret_identity = identity;
	return 0;
}
