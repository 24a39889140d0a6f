/* SPDX-License-Identifier: MIT
 *
 * wire/body.c - fields that every message body is made of.
 */
#include "wire/body.h"

#include <string.h>

void guard_body_put_text(struct guard_writer *writer, const char *text, size_t capacity)
{
	if (strnlen(text, capacity) == capacity) {
		writer->failed = true;
		return;
	}
	guard_write_string(writer, text);
}

void guard_body_take_text(char *ret_text, size_t capacity, struct guard_reader *reader)
{
	const char *text = guard_read_string(reader, capacity - 1);

	if (text)
		memcpy(ret_text, text, strlen(text) + 1);
}

uint8_t guard_body_take_enum(struct guard_reader *reader, uint8_t end)
{
	uint8_t value = guard_read_u8(reader);

	if (value >= end)
		reader->failed = true;
	return value;
}

int guard_body_end(const struct guard_writer *writer)
{
	return writer->failed || writer->size > GUARD_WIRE_MAX ? -GUARD_E_LIMIT : 0;
}
