/* SPDX-License-Identifier: MIT
 *
 * identity/der.c - see der.h.
 */
#include "identity/der.h"

bool guard_der_header(uint64_t *ret_length, struct guard_reader *reader, uint8_t tag)
{
	const uint8_t found = guard_read_u8(reader), first = guard_read_u8(reader);
	const unsigned octets = first & 0x7f;
	uint64_t length = first;

	if (first > 0x80 && octets <= 4) {
		length = 0;
		for (unsigned i = 0; i < octets; i++)
			length = length << 8 | guard_read_u8(reader);
		/* The shortest form. */
		if (length < 0x80 || (octets > 1 && length < UINT64_C(1) << (8 * (octets - 1))))
			reader->failed = true;
	} else if (first >= 0x80) {
		reader->failed = true;
	}
	if (found != tag)
		reader->failed = true;
	if (reader->failed)
		return false;
	*ret_length = length;
	return true;
}

bool guard_der_element(struct guard_reader *ret_content, struct guard_reader *reader, uint8_t tag)
{
	const uint8_t *content = NULL;
	uint64_t length = 0;

	if (guard_der_header(&length, reader, tag) && length <= 0xffff)
		content = guard_read_bytes(reader, (size_t)length);
	if (!content) {
		reader->failed = true;
		return false;
	}
	guard_reader_init(ret_content, content, (size_t)length);
	return true;
}

bool guard_der_whole(struct guard_reader *ret_element, struct guard_reader *reader, uint8_t tag)
{
	const size_t begin = reader->offset;
	struct guard_reader content;

	if (!guard_der_element(&content, reader, tag))
		return false;
	guard_reader_init(ret_element, &reader->bytes[begin], reader->offset - begin);
	return true;
}

uint8_t guard_der_next(const struct guard_reader *reader)
{
	struct guard_reader ahead = *reader;
	const uint8_t tag = guard_read_u8(&ahead);

	return ahead.failed || (tag & 0x1f) == 0x1f ? 0 : tag;
}

void guard_der_begin(struct guard_writer *writer, uint8_t tag, size_t size)
{
	guard_write_u8(writer, tag);
	if (size > 0xffff)
		writer->failed = true;
	if (size >= 0x100) {
		guard_write_u8(writer, 0x82);
		guard_write_u8(writer, (uint8_t)(size >> 8));
	} else if (size >= 0x80) {
		guard_write_u8(writer, 0x81);
	}
	guard_write_u8(writer, (uint8_t)size);
}
