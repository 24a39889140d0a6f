/* SPDX-License-Identifier: MIT
 *
 * identity/chain.c - links, details and time stamps on their way out of a jail,
 * and whether a link is an issuer's own.  Takes nothing apart.
 */
#include "identity/chain.h"

#include <string.h>

static uint32_t take_blob(uint8_t *ret_bytes, struct guard_reader *reader, size_t max)
{
	size_t size = 0;
	const uint8_t *bytes = guard_read_blob(reader, &size, max);

	if (bytes && size > 0)
		memcpy(ret_bytes, bytes, size);
	return bytes ? (uint32_t)size : 0;
}

static void take_bytes(uint8_t *ret_bytes, struct guard_reader *reader, size_t size)
{
	const uint8_t *bytes = guard_read_bytes(reader, size);

	if (bytes)
		memcpy(ret_bytes, bytes, size);
}

static void take_string(char *ret_text, struct guard_reader *reader, size_t capacity)
{
	const char *text = guard_read_string(reader, capacity - 1);

	if (text)
		memcpy(ret_text, text, strlen(text) + 1);
}

void guard_chain_encode(struct guard_writer *writer, const struct guard_chain *chain)
{
	guard_write_u32(writer, chain->count);
	guard_write_string(writer, chain->reason);
	for (uint32_t i = 0; i < chain->count && i < GUARD_CHAIN_MAX; i++) {
		const struct guard_link *link = &chain->links[i];

		guard_write_u8(writer, link->scheme);
		guard_write_u8(writer, link->hash);
		guard_write_blob(writer, link->tbs, link->tbs_size);
		guard_write_blob(writer, link->signature, link->signature_size);
	}
}

static void decode_link(struct guard_link *link, struct guard_reader *reader)
{
	link->scheme = guard_read_u8(reader);
	link->hash = guard_read_u8(reader);
	link->tbs_size = take_blob(link->tbs, reader, GUARD_TBS_MAX);
	link->signature_size = take_blob(link->signature, reader, GUARD_SIGNATURE_MAX);
	if (link->scheme == GUARD_SCHEME_NONE || link->scheme >= GUARD_SCHEME_MAX_ || !guard_hash_size(link->hash) ||
	    !link->tbs_size || !link->signature_size)
		reader->failed = true;
}

int guard_chain_decode(struct guard_chain *ret_chain, const void *bytes, size_t size)
{
	struct guard_reader reader;

	guard_reader_init(&reader, bytes, size);
	memset(ret_chain, 0, sizeof(*ret_chain));
	ret_chain->count = guard_read_u32(&reader);
	take_string(ret_chain->reason, &reader, sizeof(ret_chain->reason));
	if (ret_chain->count > GUARD_CHAIN_MAX)
		reader.failed = true;
	for (uint32_t i = 0; i < ret_chain->count && !reader.failed; i++)
		decode_link(&ret_chain->links[i], &reader);
	if (guard_reader_done(&reader))
		return 0;
	memset(ret_chain, 0, sizeof(*ret_chain));
	return -GUARD_E_FORMAT;
}

void guard_signed_encode(struct guard_writer *writer, const struct guard_signed *signed_by)
{
	struct guard_writer claims, chain;

	guard_writer_init(&claims);
	guard_writer_init(&chain);
	guard_claims_encode(&claims, &signed_by->claims);
	guard_chain_encode(&chain, &signed_by->chain);
	guard_write_blob(writer, claims.bytes, claims.size);
	guard_write_u8(writer, signed_by->index);
	guard_write_blob(writer, chain.bytes, chain.size);
	writer->failed |= claims.failed || chain.failed;
	guard_writer_free(&claims);
	guard_writer_free(&chain);
}

int guard_signed_decode(struct guard_signed *ret_signed, const void *bytes, size_t size)
{
	struct guard_reader reader;
	size_t claims_size = 0, chain_size = 0;
	const uint8_t *claims, *chain;
	int r = -GUARD_E_FORMAT;

	guard_reader_init(&reader, bytes, size);
	claims = guard_read_blob(&reader, &claims_size, GUARD_INSPECT_REPLY_MAX);
	ret_signed->index = guard_read_u8(&reader);
	chain = guard_read_blob(&reader, &chain_size, GUARD_INSPECT_REPLY_MAX);
	if (claims && chain && guard_reader_done(&reader))
		r = guard_claims_decode(&ret_signed->claims, claims, claims_size);
	if (r == 0)
		r = guard_chain_decode(&ret_signed->chain, chain, chain_size);
	if (r < 0)
		memset(ret_signed, 0, sizeof(*ret_signed));
	return r;
}

void guard_certificate_detail_encode(struct guard_writer *writer, const struct guard_certificate_detail *detail)
{
	guard_write_string(writer, detail->reason);
	guard_write_i64(writer, detail->not_before);
	guard_write_i64(writer, detail->not_after);
	guard_write_u32(writer, (uint32_t)detail->path_length);
	guard_write_u8(writer, detail->is_ca);
	guard_write_u8(writer, detail->signs);
	guard_write_u8(writer, detail->code);
	guard_write_u8(writer, detail->time);
	guard_write_u8(writer, detail->unlimited);
	guard_write_bytes(writer, detail->serial, sizeof(detail->serial));
	guard_write_bytes(writer, detail->issuer, sizeof(detail->issuer));
	guard_write_bytes(writer, detail->subject, sizeof(detail->subject));
	guard_write_blob(writer, detail->spki, detail->spki_size);
	guard_write_u32(writer, detail->subject_count);
	for (uint32_t i = 0; i < detail->subject_count && i < GUARD_SUBJECT_COUNT; i++)
		guard_write_string(writer, detail->subjects[i]);
}

int guard_certificate_detail_decode(struct guard_certificate_detail *ret_detail, const void *bytes, size_t size)
{
	struct guard_reader reader;

	guard_reader_init(&reader, bytes, size);
	memset(ret_detail, 0, sizeof(*ret_detail));
	take_string(ret_detail->reason, &reader, sizeof(ret_detail->reason));
	ret_detail->not_before = guard_read_i64(&reader);
	ret_detail->not_after = guard_read_i64(&reader);
	ret_detail->path_length = (int32_t)guard_read_u32(&reader);
	ret_detail->is_ca = guard_read_u8(&reader);
	ret_detail->signs = guard_read_u8(&reader);
	ret_detail->code = guard_read_u8(&reader);
	ret_detail->time = guard_read_u8(&reader);
	ret_detail->unlimited = guard_read_u8(&reader);
	take_bytes(ret_detail->serial, &reader, sizeof(ret_detail->serial));
	take_bytes(ret_detail->issuer, &reader, sizeof(ret_detail->issuer));
	take_bytes(ret_detail->subject, &reader, sizeof(ret_detail->subject));
	ret_detail->spki_size = take_blob(ret_detail->spki, &reader, GUARD_SPKI_MAX);
	ret_detail->subject_count = guard_read_u32(&reader);
	if (ret_detail->subject_count > GUARD_SUBJECT_COUNT)
		reader.failed = true;
	for (uint32_t i = 0; i < ret_detail->subject_count && !reader.failed; i++)
		take_string(ret_detail->subjects[i], &reader, sizeof(ret_detail->subjects[i]));
	if (guard_reader_done(&reader))
		return 0;
	memset(ret_detail, 0, sizeof(*ret_detail));
	return -GUARD_E_FORMAT;
}

void guard_time_stamp_encode(struct guard_writer *writer, const struct guard_time_stamp *stamp)
{
	guard_write_i64(writer, stamp->time);
	guard_write_u8(writer, stamp->imprint.hash);
	guard_write_bytes(writer, stamp->imprint.bytes, sizeof(stamp->imprint.bytes));
}

int guard_time_stamp_decode(struct guard_time_stamp *ret_stamp, const void *bytes, size_t size)
{
	struct guard_reader reader;

	guard_reader_init(&reader, bytes, size);
	memset(ret_stamp, 0, sizeof(*ret_stamp));
	ret_stamp->time = guard_read_i64(&reader);
	ret_stamp->imprint.hash = guard_read_u8(&reader);
	take_bytes(ret_stamp->imprint.bytes, &reader, sizeof(ret_stamp->imprint.bytes));
	return guard_reader_done(&reader) && guard_hash_size(ret_stamp->imprint.hash) ? 0 : -GUARD_E_FORMAT;
}

int guard_link_verify(const struct guard_link *link, const struct guard_public_key *key)
{
	struct guard_hash_value value;
	int r = guard_hash_bytes(&value, link->hash, link->tbs, link->tbs_size);

	return r == 0 ? guard_signature_verify(key, link->scheme, &value, link->signature, link->signature_size) : r;
}
