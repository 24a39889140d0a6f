/* SPDX-License-Identifier: MIT
 *
 * fuzz/fuzz_wire.c - any bytes as the body of a message; the first says which.
 * What is taken must give the same bytes again: a message has one form.
 */
#include "fuzz.h"

#include <string.h>

#include "wire/wire.h"

static union {
	struct guard_event event;
	struct guard_status status;
	struct guard_event_filter filter;
	struct guard_identity identity;
} value;

static int decode(uint8_t which, struct guard_reader *reader)
{
	switch (which) {
	case 0:
		return guard_event_decode(&value.event, reader);
	case 1:
		return guard_status_decode(&value.status, reader);
	case 2:
		return guard_event_filter_decode(&value.filter, reader);
	default:
		return guard_identity_decode(&value.identity, reader);
	}
}

static int encode(uint8_t which, struct guard_writer *writer)
{
	switch (which) {
	case 0:
		return guard_event_encode(writer, &value.event);
	case 1:
		return guard_status_encode(writer, &value.status);
	case 2:
		return guard_event_filter_encode(writer, &value.filter);
	default:
		return guard_identity_encode(writer, &value.identity);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct guard_reader reader;
	struct guard_writer writer;
	uint16_t type;
	uint32_t sequence;
	uint8_t which;

	if (size < 1)
		return 0;
	guard_reader_init(&reader, data, size);
	if (guard_wire_open(&type, &sequence, &reader) == 0)
		FUZZ_REQUIRE(reader.offset == 8);
	guard_reader_init(&reader, data, size);
	which = guard_read_u8(&reader) & 3;
	if (decode(which, &reader) < 0)
		return 0;
	guard_writer_init(&writer);
	FUZZ_REQUIRE(encode(which, &writer) == 0);
	/* An older daemon's status ends before the newest fields, which are then empty. */
	FUZZ_REQUIRE(writer.size == reader.offset - 1 || (which == 1 && writer.size > reader.offset - 1));
	FUZZ_REQUIRE(memcmp(writer.bytes, &data[1], reader.offset - 1) == 0);
	for (size_t at = reader.offset - 1; at < writer.size; at++)
		FUZZ_REQUIRE(writer.bytes[at] == 0);
	guard_writer_free(&writer);
	return 0;
}
