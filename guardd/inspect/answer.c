/* SPDX-License-Identifier: MIT
 *
 * inspect/answer.c - from a request's bytes to a reply's, in memory alone.
 */
#include <stdio.h>
#include <string.h>

#include "inspect/inspect.h"

static void refuse(struct guard_claims *claims, const char *reason)
{
	memset(claims, 0, sizeof(*claims));
	snprintf(claims->reason, sizeof(claims->reason), "%s", reason);
}

static void parse(struct guard_claims *claims, uint32_t type, const uint8_t *bytes, size_t size)
{
	int r;

	switch (type) {
	case INSPECT_IMA:
		r = guard_ima_parse(claims, bytes, size);
		break;
	case INSPECT_CMS:
		r = guard_cms_parse(claims, bytes, size);
		break;
	default:
		refuse(claims, "the question is unknown");
		return;
	}
	if (r < 0 && !claims->reason[0])
		refuse(claims, guard_error_text(r));
}

size_t inspect_answer(uint8_t *reply, size_t capacity, const void *packet, size_t size)
{
	static struct guard_claims claims;
	struct inspect_request request = { 0 };
	struct guard_reader reader;
	struct guard_writer writer;
	const uint8_t *bytes;

	guard_reader_init(&reader, packet, size);
	request.type = guard_read_u32(&reader);
	request.size = guard_read_u32(&reader);
	bytes = request.size <= INSPECT_BYTES_MAX ? guard_read_bytes(&reader, request.size) : NULL;
	if (!bytes || !guard_reader_done(&reader))
		refuse(&claims, "the question is malformed");
	else
		parse(&claims, request.type, bytes, request.size);
	guard_writer_init_fixed(&writer, reply, capacity);
	guard_claims_encode(&writer, &claims);
	return writer.failed ? 0 : writer.size;
}
