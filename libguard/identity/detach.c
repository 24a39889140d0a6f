/* SPDX-License-Identifier: MIT
 *
 * identity/detach.c - see detach.h.  The outer elements of RFC 5652: ContentInfo,
 * SignedData, EncapsulatedContentInfo, by their DER headers alone.
 */
#include "identity/detach.h"

#include <stdio.h>
#include <string.h>

#include "identity/der.h"

void guard_detach_ask(struct guard_writer *question, const uint8_t *file, size_t size)
{
	const size_t head = size < GUARD_DETACH_HEAD ? size : GUARD_DETACH_HEAD;
	const size_t tail = size - head < GUARD_DETACH_CMS_MAX ? size - head : GUARD_DETACH_CMS_MAX;

	guard_write_u64(question, size);
	guard_write_u32(question, (uint32_t)head);
	guard_write_bytes(question, file, head);
	guard_write_bytes(question, &file[size - tail], tail);
}

void guard_detached_encode(struct guard_writer *writer, const struct guard_detached *detached)
{
	guard_write_string(writer, detached->reason);
	guard_write_u64(writer, detached->offset);
	guard_write_u64(writer, detached->size);
	guard_write_blob(writer, detached->cms, detached->cms_size);
}

int guard_detached_decode(struct guard_detached *ret_detached, const void *bytes, size_t size)
{
	struct guard_reader reader;
	const uint8_t *cms;
	const char *reason;
	size_t cms_size = 0;

	memset(ret_detached, 0, sizeof(*ret_detached));
	guard_reader_init(&reader, bytes, size);
	reason = guard_read_string(&reader, GUARD_REASON_MAX - 1);
	ret_detached->offset = guard_read_u64(&reader);
	ret_detached->size = guard_read_u64(&reader);
	cms = guard_read_blob(&reader, &cms_size, sizeof(ret_detached->cms));
	if (!reason || !cms || !guard_reader_done(&reader)) {
		memset(ret_detached, 0, sizeof(*ret_detached));
		return -GUARD_E_FORMAT;
	}
	memcpy(ret_detached->reason, reason, strlen(reason) + 1);
	memcpy(ret_detached->cms, cms, cms_size);
	ret_detached->cms_size = (uint32_t)cms_size;
	return 0;
}

static int refuse(struct guard_detached *detached, const char *sentence)
{
	memset(detached, 0, sizeof(*detached));
	snprintf(detached->reason, sizeof(detached->reason), "%s", sentence);
	return -GUARD_E_FORMAT;
}

/* What is seen of the file: its beginning and, right behind it, its end. */
struct seen {
	uint64_t file_size;
	struct guard_reader head;
	const uint8_t *bytes;
	size_t count;
};

/* Every element on the way ends where the file ends, but for the content's own. */
static bool enter(struct seen *seen, uint8_t tag)
{
	uint64_t length;

	return guard_der_header(&length, &seen->head, tag) && seen->head.offset + length == seen->file_size;
}

/* EncapsulatedContentInfo: the type, then [0] { OCTET STRING }.  `ret_type`: as it
 * stands there. */
static bool find_content(struct guard_detached *detached, struct guard_reader *ret_type, struct seen *seen)
{
	struct guard_reader *head = &seen->head, type;
	uint64_t outer, wrapped, length;
	size_t begin;

	if (!guard_der_header(&outer, head, GUARD_DER_SEQUENCE))
		return false;
	outer += head->offset;
	begin = head->offset;
	if (!guard_der_element(&type, head, GUARD_DER_OID))
		return false;
	guard_reader_init(ret_type, &head->bytes[begin], head->offset - begin);
	if (!guard_der_header(&wrapped, head, GUARD_DER_CONTEXT_0) || head->offset + wrapped != outer ||
	    !guard_der_header(&length, head, GUARD_DER_OCTETS) || head->offset + length != outer || length == 0)
		return false;
	detached->offset = head->offset;
	detached->size = length;
	return true;
}

/* All behind the content: certificates and signers. */
static const uint8_t *rest_of(size_t *ret_size, const struct guard_detached *detached, const struct seen *seen)
{
	const uint64_t end = detached->offset + detached->size;
	const uint64_t tail_at = seen->file_size - (seen->count - seen->head.size);

	if (end >= seen->file_size || (end < tail_at && seen->count != seen->file_size))
		return NULL;
	*ret_size = (size_t)(seen->file_size - end);
	return &seen->bytes[seen->count - *ret_size];
}

struct parts {
	struct guard_reader before, type; /* version and digest algorithms; content type */
	const uint8_t *rest;
	size_t rest_size;
};

static void put_element(struct guard_writer *writer, uint8_t tag, const struct guard_writer *content)
{
	guard_der_begin(writer, tag, content->size);
	guard_write_bytes(writer, content->bytes, content->size);
	writer->failed |= content->failed;
}

/* The same SignedData, whose content is elsewhere. */
static void build(struct guard_detached *detached, const struct parts *parts)
{
	static const uint8_t signed_data[] = { 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02 };
	struct guard_writer data, wrapped, info, whole;

	guard_writer_init(&data);
	guard_writer_init(&wrapped);
	guard_writer_init(&info);
	guard_writer_init_fixed(&whole, detached->cms, sizeof(detached->cms));
	guard_write_bytes(&data, parts->before.bytes, parts->before.size);
	guard_der_begin(&data, GUARD_DER_SEQUENCE, parts->type.size);
	guard_write_bytes(&data, parts->type.bytes, parts->type.size);
	guard_write_bytes(&data, parts->rest, parts->rest_size);
	put_element(&wrapped, GUARD_DER_SEQUENCE, &data);
	guard_write_bytes(&info, signed_data, sizeof(signed_data));
	put_element(&info, GUARD_DER_CONTEXT_0, &wrapped);
	put_element(&whole, GUARD_DER_SEQUENCE, &info);
	detached->cms_size = whole.failed ? 0 : (uint32_t)whole.size;
	guard_writer_free(&data);
	guard_writer_free(&wrapped);
	guard_writer_free(&info);
}

static int take_apart(struct guard_detached *detached, struct seen *seen)
{
	struct guard_reader *head = &seen->head, ignored;
	struct parts parts;
	size_t begin;

	if (!enter(seen, GUARD_DER_SEQUENCE) || !guard_der_element(&ignored, head, GUARD_DER_OID) ||
	    !enter(seen, GUARD_DER_CONTEXT_0) || !enter(seen, GUARD_DER_SEQUENCE))
		return refuse(detached, "it is no DER CMS signature (openssl's -stream writes BER, which is not taken)");
	begin = head->offset;
	if (!guard_der_element(&ignored, head, GUARD_DER_INTEGER) || !guard_der_element(&ignored, head, GUARD_DER_SET))
		return refuse(detached, "it is no CMS signature");
	guard_reader_init(&parts.before, &head->bytes[begin], head->offset - begin);
	if (!find_content(detached, &parts.type, seen))
		return refuse(detached, "it has no list inside (or one in pieces), and there is no list beside it");
	parts.rest = rest_of(&parts.rest_size, detached, seen);
	if (!parts.rest)
		return refuse(detached, "its certificates and signatures are larger than 30,000 bytes");
	build(detached, &parts);
	return detached->cms_size ? 0 : refuse(detached, "its certificates and signatures are too large");
}

int guard_detach(struct guard_detached *ret_detached, const void *question, size_t size)
{
	struct guard_reader reader;
	struct seen seen;
	size_t head_size;

	memset(ret_detached, 0, sizeof(*ret_detached));
	guard_reader_init(&reader, question, size);
	seen.file_size = guard_read_u64(&reader);
	head_size = guard_read_u32(&reader);
	seen.count = guard_reader_left(&reader);
	seen.bytes = guard_read_bytes(&reader, seen.count);
	if (!seen.bytes || head_size > seen.count || seen.count > seen.file_size)
		return refuse(ret_detached, "the question is malformed");
	guard_reader_init(&seen.head, seen.bytes, head_size);
	return take_apart(ret_detached, &seen);
}
