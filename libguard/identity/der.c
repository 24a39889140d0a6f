/* SPDX-License-Identifier: MIT
 *
 * identity/der.c - see der.h.
 */
#include "identity/der.h"

/* Length octets: definite, the shortest form, at most 65535. */
static size_t read_length(struct guard_reader *reader)
{
	uint8_t first = guard_read_u8(reader);
	size_t length = first;

	if (first == 0x81)
		length = guard_read_u8(reader);
	else if (first == 0x82)
		length = (size_t)guard_read_u8(reader) << 8, length |= guard_read_u8(reader);
	else if (first >= 0x80)
		reader->failed = true;
	if ((first == 0x81 && length < 0x80) || (first == 0x82 && length < 0x100))
		reader->failed = true;
	return length;
}

bool guard_der_element(struct guard_reader *ret_content, struct guard_reader *reader, uint8_t tag)
{
	const uint8_t *content;
	size_t length;

	if (guard_read_u8(reader) != tag)
		reader->failed = true;
	length = read_length(reader);
	content = reader->failed ? NULL : guard_read_bytes(reader, length);
	if (!content)
		return false;
	guard_reader_init(ret_content, content, length);
	return true;
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
