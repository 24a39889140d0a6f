/* SPDX-License-Identifier: MIT
 *
 * identity/claim.c - claims on their way out of a jail, and their verification.
 */
#include "identity/claim.h"

#include <string.h>

size_t guard_hint_size(enum guard_hint hint)
{
	static const uint8_t sizes[GUARD_HINT_MAX_] = { 0, 4, 32, 32, 20 };

	return hint < GUARD_HINT_MAX_ ? sizes[hint] : 0;
}

static void encode_claim(struct guard_writer *writer, const struct guard_claim *claim)
{
	guard_write_u8(writer, claim->scheme);
	guard_write_u8(writer, claim->content_hash);
	guard_write_u8(writer, claim->signed_hash);
	guard_write_u8(writer, claim->hint);
	guard_write_u8(writer, claim->index);
	guard_write_u8(writer, claim->issued);
	guard_write_u8(writer, claim->stamped);
	guard_write_u8(writer, claim->file_id);
	guard_write_bytes(writer, claim->key, sizeof(claim->key));
	guard_write_blob(writer, claim->signature, claim->signature_size);
	guard_write_blob(writer, claim->attributes, claim->attributes_size);
}

void guard_claims_encode(struct guard_writer *writer, const struct guard_claims *claims)
{
	guard_write_u32(writer, claims->count);
	guard_write_string(writer, claims->reason);
	for (uint32_t i = 0; i < claims->count && i < GUARD_CLAIMS_MAX; i++)
		encode_claim(writer, &claims->claims[i]);
}

static void copy_blob(uint8_t *ret_bytes, uint32_t *ret_size, struct guard_reader *reader, size_t max)
{
	size_t size = 0;
	const uint8_t *bytes = guard_read_blob(reader, &size, max);

	if (!bytes)
		return;
	memcpy(ret_bytes, bytes, size);
	*ret_size = (uint32_t)size;
}

static void decode_claim(struct guard_claim *claim, struct guard_reader *reader)
{
	const uint8_t *key;

	claim->scheme = guard_read_u8(reader);
	claim->content_hash = guard_read_u8(reader);
	claim->signed_hash = guard_read_u8(reader);
	claim->hint = guard_read_u8(reader);
	claim->index = guard_read_u8(reader);
	claim->issued = guard_read_u8(reader);
	claim->stamped = guard_read_u8(reader);
	claim->file_id = guard_read_u8(reader);
	key = guard_read_bytes(reader, sizeof(claim->key));
	if (key)
		memcpy(claim->key, key, sizeof(claim->key));
	copy_blob(claim->signature, &claim->signature_size, reader, GUARD_SIGNATURE_MAX);
	copy_blob(claim->attributes, &claim->attributes_size, reader, GUARD_ATTRIBUTES_MAX);
	if (!guard_hash_size(claim->content_hash) || !guard_hash_size(claim->signed_hash) ||
	    claim->scheme == GUARD_SCHEME_NONE || claim->scheme >= GUARD_SCHEME_MAX_ ||
	    !guard_hint_size(claim->hint) || claim->signature_size == 0 ||
	    (claim->file_id != GUARD_FILE_ID_NONE && claim->file_id != GUARD_FILE_ID_DIGEST &&
	     claim->file_id != GUARD_FILE_ID_VERITY))
		reader->failed = true;
}

int guard_claims_decode(struct guard_claims *ret_claims, const void *bytes, size_t size)
{
	struct guard_reader reader;
	const char *reason;

	guard_reader_init(&reader, bytes, size);
	memset(ret_claims, 0, sizeof(*ret_claims));
	ret_claims->count = guard_read_u32(&reader);
	reason = guard_read_string(&reader, GUARD_REASON_MAX - 1);
	if (!reason || ret_claims->count > GUARD_CLAIMS_MAX)
		reader.failed = true;
	else
		memcpy(ret_claims->reason, reason, strlen(reason) + 1);
	for (uint32_t i = 0; i < ret_claims->count && !reader.failed; i++)
		decode_claim(&ret_claims->claims[i], &reader);
	if (guard_reader_done(&reader))
		return 0;
	memset(ret_claims, 0, sizeof(*ret_claims));
	return -GUARD_E_FORMAT;
}

/* struct ima_file_id, as long as the digest needs it. */
static int hash_file_id(struct guard_hash_value *value, uint8_t type)
{
	static const uint8_t algorithms[GUARD_HASH_MAX_] = { 0, 4, 5, 6 }; /* include/uapi/linux/hash_info.h */
	uint8_t bytes[2 + GUARD_HASH_SIZE_MAX];
	const size_t size = guard_hash_size(value->hash);

	bytes[0] = type;
	bytes[1] = algorithms[value->hash];
	memcpy(&bytes[2], value->bytes, size);
	return guard_hash_bytes(value, value->hash, bytes, 2 + size);
}

/* The SHA-256 of so many bytes, if that was found already. */
static const struct guard_digest *digest_of(const struct guard_content *known, uint64_t size)
{
	if (known && size == known->size)
		return &known->digest;
	return known && known->front_size && size == known->front_size ? &known->front : NULL;
}

static void free_witness(struct guard_witness **witness)
{
	guard_witness_free(*witness);
}

static int read_again(struct guard_hash_value *ret_value, const struct guard_claim *claim, int fd, uint64_t size,
		      const struct guard_content *known)
{
	__attribute__((cleanup(free_witness))) struct guard_witness *witness = NULL;
	int r = known ? guard_witness_new(&witness) : 0;

	if (r == 0)
		r = claim->file_id == GUARD_FILE_ID_VERITY ?
			    guard_verity_digest(ret_value, claim->content_hash, fd, size, witness) :
			    guard_hash_front(ret_value, claim->content_hash, fd, size, witness);
	return r == 0 && known ? guard_witness_agree(witness, fd, known) : r;
}

int guard_claim_hash(struct guard_hash_value *ret_value, const struct guard_claim *claim, int fd, uint64_t size,
		     const struct guard_content *known)
{
	struct guard_hash_value value = { .hash = GUARD_HASH_SHA256 };
	const struct guard_digest *digest = digest_of(known, size);
	int r = 0;

	if (digest && claim->content_hash == GUARD_HASH_SHA256 && claim->file_id != GUARD_FILE_ID_VERITY)
		memcpy(value.bytes, digest->bytes, sizeof(digest->bytes));
	else
		r = read_again(&value, claim, fd, size, known);
	if (r == 0 && claim->file_id != GUARD_FILE_ID_NONE)
		r = hash_file_id(&value, claim->file_id);
	if (r == 0)
		*ret_value = value;
	return r;
}

int guard_claim_verify(const struct guard_claim *claim, const struct guard_public_key *key,
		       const struct guard_hash_value *content)
{
	struct guard_hash_value value = *content;
	int r = 0;

	if (content->hash != claim->content_hash || claim->attributes_size > GUARD_ATTRIBUTES_MAX)
		return -GUARD_E_SIGNATURE;
	if (claim->attributes_size)
		r = guard_hash_bytes(&value, claim->signed_hash, claim->attributes, claim->attributes_size);
	else if (claim->signed_hash != claim->content_hash)
		r = -GUARD_E_SIGNATURE;
	if (r == 0)
		r = guard_signature_verify(key, claim->scheme, &value, claim->signature, claim->signature_size);
	/* Only now are the attributes known to be the signer's. */
	if (r == 0 && claim->attributes_size)
		r = guard_attributes_verify(claim->attributes, claim->attributes_size, content);
	return r;
}
