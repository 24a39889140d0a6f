/* SPDX-License-Identifier: MIT
 *
 * base/writer.c - the bounded writer of base/buffer.h.  Grows on the heap or
 * fills the caller's memory; a failure sticks and nothing more is written.
 */
#include "base/buffer.h"

#include <stdlib.h>
#include <string.h>

#define WRITER_FIRST_CAPACITY 256u

void guard_writer_init(struct guard_writer *writer)
{
	*writer = (struct guard_writer){ 0 };
}

void guard_writer_init_fixed(struct guard_writer *writer, void *bytes, size_t capacity)
{
	*writer = (struct guard_writer){ .bytes = bytes, .capacity = capacity, .fixed = true };
}

void guard_writer_free(struct guard_writer *writer)
{
	if (!writer->fixed)
		free(writer->bytes);
	*writer = (struct guard_writer){ 0 };
}

static bool make_room(struct guard_writer *writer, size_t count)
{
	size_t capacity = writer->capacity ? writer->capacity : WRITER_FIRST_CAPACITY;
	uint8_t *bytes;

	if (writer->failed)
		return false;
	if (count <= writer->capacity - writer->size)
		return true;
	writer->failed = true;
	if (writer->fixed || count > SIZE_MAX / 2 - writer->size)
		return false;
	while (capacity < writer->size + count)
		capacity *= 2;
	bytes = realloc(writer->bytes, capacity);
	if (!bytes)
		return false;
	writer->bytes = bytes;
	writer->capacity = capacity;
	writer->failed = false;
	return true;
}

void guard_write_bytes(struct guard_writer *writer, const void *bytes, size_t count)
{
	if (!make_room(writer, count) || count == 0)
		return;
	memcpy(&writer->bytes[writer->size], bytes, count);
	writer->size += count;
}

static void write_little(struct guard_writer *writer, uint64_t value, size_t count)
{
	uint8_t bytes[8];

	for (size_t i = 0; i < count; i++)
		bytes[i] = (uint8_t)(value >> (8 * i));
	guard_write_bytes(writer, bytes, count);
}

void guard_write_u8(struct guard_writer *writer, uint8_t value)
{
	write_little(writer, value, 1);
}

void guard_write_u16(struct guard_writer *writer, uint16_t value)
{
	write_little(writer, value, 2);
}

void guard_write_u32(struct guard_writer *writer, uint32_t value)
{
	write_little(writer, value, 4);
}

void guard_write_u64(struct guard_writer *writer, uint64_t value)
{
	write_little(writer, value, 8);
}

void guard_write_i64(struct guard_writer *writer, int64_t value)
{
	write_little(writer, (uint64_t)value, 8);
}

void guard_write_blob(struct guard_writer *writer, const void *bytes, size_t count)
{
	if (count > UINT32_MAX) {
		writer->failed = true;
		return;
	}
	guard_write_u32(writer, (uint32_t)count);
	guard_write_bytes(writer, bytes, count);
}

void guard_write_string(struct guard_writer *writer, const char *string)
{
	const char *text = string ? string : "";

	guard_write_blob(writer, text, strlen(text));
	guard_write_u8(writer, 0);
}
