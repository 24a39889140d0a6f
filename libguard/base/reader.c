/* SPDX-License-Identifier: MIT
 *
 * base/reader.c - the bounded reader of base/buffer.h.  Never looks outside
 * its bytes; never allocates; a failure sticks.
 */
#include "base/buffer.h"

#include <string.h>

void guard_reader_init(struct guard_reader *reader, const void *bytes, size_t size)
{
	reader->bytes = bytes;
	reader->size = bytes ? size : 0;
	reader->offset = 0;
	reader->failed = false;
}

size_t guard_reader_left(const struct guard_reader *reader)
{
	return reader->failed ? 0 : reader->size - reader->offset;
}

bool guard_reader_done(const struct guard_reader *reader)
{
	return !reader->failed && reader->offset == reader->size;
}

const uint8_t *guard_read_bytes(struct guard_reader *reader, size_t count)
{
	static const uint8_t nothing[1];
	const uint8_t *start;

	if (reader->failed || count > reader->size - reader->offset) {
		reader->failed = true;
		return NULL;
	}
	if (count == 0)
		return nothing;
	start = &reader->bytes[reader->offset];
	reader->offset += count;
	return start;
}

static uint64_t read_little(struct guard_reader *reader, size_t count)
{
	const uint8_t *bytes = guard_read_bytes(reader, count);
	uint64_t value = 0;

	if (!bytes)
		return 0;
	for (size_t i = 0; i < count; i++)
		value |= (uint64_t)bytes[i] << (8 * i);
	return value;
}

uint8_t guard_read_u8(struct guard_reader *reader)
{
	return (uint8_t)read_little(reader, 1);
}

uint16_t guard_read_u16(struct guard_reader *reader)
{
	return (uint16_t)read_little(reader, 2);
}

uint32_t guard_read_u32(struct guard_reader *reader)
{
	return (uint32_t)read_little(reader, 4);
}

uint64_t guard_read_u64(struct guard_reader *reader)
{
	return read_little(reader, 8);
}

int64_t guard_read_i64(struct guard_reader *reader)
{
	return (int64_t)read_little(reader, 8);
}

const char *guard_read_string(struct guard_reader *reader, size_t max)
{
	size_t length = guard_read_u32(reader);
	const uint8_t *bytes;

	if (reader->failed || length > max) {
		reader->failed = true;
		return NULL;
	}
	bytes = guard_read_bytes(reader, length + 1);
	if (!bytes)
		return NULL;
	if (memchr(bytes, 0, length + 1) != &bytes[length]) {
		reader->failed = true;
		return NULL;
	}
	return (const char *)bytes;
}

const uint8_t *guard_read_blob(struct guard_reader *reader, size_t *ret_size, size_t max)
{
	size_t size = guard_read_u32(reader);
	const uint8_t *bytes;

	if (reader->failed || size > max) {
		reader->failed = true;
		return NULL;
	}
	bytes = guard_read_bytes(reader, size);
	if (bytes)
		*ret_size = size;
	return bytes;
}
