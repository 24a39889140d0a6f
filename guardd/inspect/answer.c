/* SPDX-License-Identifier: MIT
 *
 * inspect/answer.c - from a request's bytes to a reply's, in memory alone.
 */
#include <stdio.h>
#include <string.h>

#include "identity/detach.h"
#include "inspect/inspect.h"

static void refuse(struct guard_claims *claims, const char *reason)
{
	memset(claims, 0, sizeof(*claims));
	snprintf(claims->reason, sizeof(claims->reason), "%s", reason);
}

static void claims_of(struct guard_writer *writer, uint32_t type, const uint8_t *bytes, size_t size)
{
	static struct guard_claims claims;
	int r = type == GUARD_INSPECT_IMA ? guard_ima_parse(&claims, bytes, size) : guard_cms_parse(&claims, bytes, size);

	if (r < 0 && !claims.reason[0])
		refuse(&claims, guard_error_text(r));
	guard_claims_encode(writer, &claims);
}

/* Of questions with the number of a signer in front.  An answer that cannot be
 * given is an empty one. */
static void of_signer(struct guard_writer *writer, uint32_t type, const uint8_t *bytes, size_t size)
{
	static struct guard_chain chain;
	struct guard_reader reader;
	unsigned index;
	const uint8_t *cms;
	size_t cms_size;

	guard_reader_init(&reader, bytes, size);
	index = guard_read_u8(&reader);
	cms_size = guard_reader_left(&reader);
	cms = guard_read_bytes(&reader, cms_size);
	if (!cms)
		return;
	if (type == GUARD_INSPECT_TOKEN) {
		(void)!guard_token_parse(writer, index, cms, cms_size);
		return;
	}
	(void)!guard_chain_parse(&chain, index, cms, cms_size);
	guard_chain_encode(writer, &chain);
}

static void detail_of(struct guard_writer *writer, const uint8_t *bytes, size_t size)
{
	static struct guard_certificate_detail detail;

	(void)!guard_certificate_detail_parse(&detail, bytes, size);
	guard_certificate_detail_encode(writer, &detail);
}

static void time_of(struct guard_writer *writer, const uint8_t *bytes, size_t size)
{
	struct guard_time_stamp stamp;

	if (guard_time_stamp_parse(&stamp, bytes, size) == 0)
		guard_time_stamp_encode(writer, &stamp);
}

static void signed_by(struct guard_writer *writer, const uint8_t *bytes, size_t size)
{
	static struct guard_signed answer;

	guard_signed_parse(&answer, bytes, size);
	guard_signed_encode(writer, &answer);
}

static void detach(struct guard_writer *writer, const uint8_t *bytes, size_t size)
{
	static struct guard_detached detached;

	(void)!guard_detach(&detached, bytes, size);
	guard_detached_encode(writer, &detached);
}

static void answer(struct guard_writer *writer, uint32_t type, const uint8_t *bytes, size_t size)
{
	switch (type) {
	case GUARD_INSPECT_IMA:
	case GUARD_INSPECT_CMS:
		claims_of(writer, type, bytes, size);
		break;
	case GUARD_INSPECT_CHAIN:
	case GUARD_INSPECT_TOKEN:
		of_signer(writer, type, bytes, size);
		break;
	case GUARD_INSPECT_CERTIFICATE:
		detail_of(writer, bytes, size);
		break;
	case GUARD_INSPECT_CONTENT:
		(void)!guard_content_parse(writer, bytes, size);
		break;
	case GUARD_INSPECT_TIME:
		time_of(writer, bytes, size);
		break;
	case GUARD_INSPECT_DETACH:
		detach(writer, bytes, size);
		break;
	case GUARD_INSPECT_SIGNED:
		signed_by(writer, bytes, size);
		break;
	default:
		break;
	}
}

static void refuse_question(struct guard_writer *writer)
{
	static struct guard_claims claims;

	refuse(&claims, "the question is malformed");
	guard_claims_encode(writer, &claims);
}

size_t inspect_answer(uint8_t *reply, size_t capacity, const void *packet, size_t size)
{
	struct inspect_request request = { 0 };
	struct guard_reader reader;
	struct guard_writer writer;
	const uint8_t *bytes;

	guard_reader_init(&reader, packet, size);
	request.type = guard_read_u32(&reader);
	request.size = guard_read_u32(&reader);
	bytes = request.size <= INSPECT_BYTES_MAX ? guard_read_bytes(&reader, request.size) : NULL;
	guard_writer_init_fixed(&writer, reply, capacity);
	if (!bytes || !guard_reader_done(&reader))
		refuse_question(&writer);
	else
		answer(&writer, request.type, bytes, request.size);
	return writer.failed ? 0 : writer.size;
}
