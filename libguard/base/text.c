/* SPDX-License-Identifier: MIT
 *
 * base/text.c - numbers, escaping and hashing of text.  Pure; no locale.
 */
#include "base/text.h"

#include <string.h>

#define ESCAPE_MAX 4u /* bytes of the longest escape, \377 */

int guard_text_parse_u64(uint64_t *ret_value, const char *text, size_t length, uint64_t max)
{
	uint64_t value = 0;

	if (length == 0)
		return -GUARD_E_SYNTAX;
	for (size_t i = 0; i < length; i++) {
		uint64_t digit = (uint64_t)(text[i] - '0');

		if (text[i] < '0' || text[i] > '9')
			return -GUARD_E_SYNTAX;
		if (value > (max - digit) / 10 || digit > max)
			return -GUARD_E_LIMIT;
		value = value * 10 + digit;
	}
	*ret_value = value;
	return 0;
}

bool guard_text_ends_with(const char *text, const char *suffix)
{
	size_t text_length = strlen(text), suffix_length = strlen(suffix);

	return suffix_length <= text_length && memcmp(&text[text_length - suffix_length], suffix, suffix_length) == 0;
}

uint64_t guard_text_hash(const char *text, size_t length)
{
	uint64_t hash = GUARD_FNV1A_START;

	for (size_t i = 0; i < length; i++)
		hash = guard_fnv1a(hash, (uint8_t)text[i]);
	return hash;
}

/* Length of the well-formed UTF-8 sequence (RFC 3629) at `bytes`, 0 for none. */
static size_t utf8_length(const unsigned char *bytes, size_t left)
{
	unsigned char low = 0x80, high = 0xBF;
	size_t length;

	if (bytes[0] >= 0xC2 && bytes[0] <= 0xDF)
		length = 2;
	else if (bytes[0] >= 0xE0 && bytes[0] <= 0xEF)
		length = 3;
	else if (bytes[0] >= 0xF0 && bytes[0] <= 0xF4)
		length = 4;
	else
		return 0;
	if (left < length)
		return 0;
	if (bytes[0] == 0xE0)
		low = 0xA0;
	else if (bytes[0] == 0xED)
		high = 0x9F;
	else if (bytes[0] == 0xF0)
		low = 0x90;
	else if (bytes[0] == 0xF4)
		high = 0x8F;
	if (bytes[1] < low || bytes[1] > high)
		return 0;
	for (size_t i = 2; i < length; i++)
		if (bytes[i] < 0x80 || bytes[i] > 0xBF)
			return 0;
	return length;
}

/* Characters that are valid UTF-8 but can mislead a reader of a terminal: C1
 * controls, line and paragraph separators, and the directional overrides. */
static bool is_misleading(const unsigned char *bytes, size_t length)
{
	if (length == 2)
		return bytes[0] == 0xC2 && bytes[1] < 0xA0;
	if (length == 3 && bytes[0] == 0xE2 && bytes[1] == 0x80)
		return (bytes[2] >= 0xA8 && bytes[2] <= 0xAE) || (bytes[2] >= 0x8B && bytes[2] <= 0x8F);
	if (length == 3 && bytes[0] == 0xE2 && bytes[1] == 0x81)
		return bytes[2] >= 0xA6 && bytes[2] <= 0xA9;
	return length == 3 && bytes[0] == 0xEF && bytes[1] == 0xBB && bytes[2] == 0xBF;
}

/* One character of `bytes` in its escaped form; returns the bytes eaten. */
static size_t escape_one(char ret_text[ESCAPE_MAX + 1], const unsigned char *bytes, size_t left)
{
	static const char named[] = "\aa\bb\tt\nn\vv\ff\rr\\\\";
	size_t length = utf8_length(bytes, left);

	if (length > 0 && !is_misleading(bytes, length)) {
		memcpy(ret_text, bytes, length);
		ret_text[length] = '\0';
		return length;
	}
	for (size_t i = 0; named[i]; i += 2)
		if ((unsigned char)named[i] == bytes[0]) {
			memcpy(ret_text, (const char[]){ '\\', named[i + 1], '\0' }, 3);
			return 1;
		}
	if (bytes[0] >= 0x20 && bytes[0] < 0x7F)
		memcpy(ret_text, (const char[]){ (char)bytes[0], '\0' }, 2);
	else
		snprintf(ret_text, ESCAPE_MAX + 1, "\\%03o", (unsigned)bytes[0]);
	return 1;
}

void guard_text_escape(char *ret_text, size_t capacity, const char *bytes, size_t length)
{
	static const char cut[] = "...";
	const unsigned char *source = (const unsigned char *)bytes;
	size_t used = 0, safe = 0;

	if (capacity == 0)
		return;
	for (size_t i = 0; i < length;) {
		char one[ESCAPE_MAX + 1];
		size_t eaten = escape_one(one, &source[i], length - i), size = strlen(one);

		if (size >= capacity - used) {
			size_t tail = sizeof(cut) - 1 < capacity - safe ? sizeof(cut) - 1 : capacity - safe - 1;

			memcpy(&ret_text[safe], cut, tail);
			used = safe + tail;
			break;
		}
		memcpy(&ret_text[used], one, size);
		used += size;
		if (used + sizeof(cut) <= capacity)
			safe = used;
		i += eaten;
	}
	ret_text[used] = '\0';
}

void guard_text_put_escaped(FILE *out, const char *bytes)
{
	const unsigned char *source = (const unsigned char *)bytes;
	size_t length = strlen(bytes);

	for (size_t i = 0; i < length;) {
		char one[ESCAPE_MAX + 1];

		i += escape_one(one, &source[i], length - i);
		fputs(one, out);
	}
}
