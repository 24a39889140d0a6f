/* SPDX-License-Identifier: MIT
 *
 * unlock/input.c - digits out of what a person typed or pasted: UTF-8, ASCII and
 * full-width digits, and what input methods and phones put between them.
 * Judges nothing but characters.
 */
#include "unlock/unlock.h"

struct range {
	uint32_t first, last;
};

/* Spaces, dashes, dots, commas, slashes and what is typed in their place. */
static const struct range separators[] = {
	{ 0x09, 0x0d },	    { 0x20, 0x20 },	{ 0x2c, 0x2f }, /* , - . / */
	{ 0x5f, 0x5f },	    { 0xa0, 0xa0 },	{ 0xad, 0xad }, /* _, no-break space, soft hyphen */
	{ 0xb7, 0xb7 },	    { 0x2000, 0x200f }, /* middle dot; spaces, zero width, direction marks */
	{ 0x2010, 0x2015 }, { 0x2022, 0x2022 }, /* dashes, bullet */
	{ 0x2027, 0x202f }, { 0x2043, 0x2043 }, /* hyphenation point .. narrow space; hyphen bullet */
	{ 0x205f, 0x2060 }, { 0x2066, 0x2069 }, { 0x2212, 0x2212 }, /* spaces, isolates, minus */
	{ 0x2500, 0x2501 }, /* lines that stand for dashes */
	{ 0x3000, 0x3002 }, { 0x301c, 0x301c }, /* ideographic space, comma, full stop, wave dash */
	{ 0x30fb, 0x30fc }, { 0xfe58, 0xfe58 }, /* katakana middle dot, long vowel mark; small dash */
	{ 0xfe63, 0xfe63 }, { 0xfeff, 0xfeff }, { 0xff0c, 0xff0f }, /* small hyphen, BOM, full-width , - . / */
	{ 0xff3f, 0xff3f }, { 0xff5e, 0xff5e }, { 0xff61, 0xff61 }, /* full-width _ and ~, half-width stop */
	{ 0xff64, 0xff65 }, { 0xff70, 0xff70 }, /* half-width comma, middle dot, long vowel mark */
};

static bool is_separator(uint32_t character)
{
	for (size_t i = 0; i < sizeof(separators) / sizeof(separators[0]); i++)
		if (character >= separators[i].first && character <= separators[i].last)
			return true;
	return false;
}

#define NO_CHARACTER UINT32_MAX

/* One character of UTF-8 (RFC 3629) up to U+FFFF, which is all that is taken. */
static uint32_t read_character(struct guard_reader *reader)
{
	uint8_t lead = guard_read_u8(reader);
	unsigned more = lead < 0x80 ? 0 : lead >= 0xc2 && lead < 0xe0 ? 1 : (lead & 0xf0) == 0xe0 ? 2 : 3;
	uint32_t value = more == 0 ? lead : more == 1 ? lead & 0x1fu : lead & 0x0fu;

	if (more == 3)
		return NO_CHARACTER;
	for (unsigned i = 0; i < more; i++) {
		uint8_t byte = guard_read_u8(reader);

		if (reader->failed || (byte & 0xc0) != 0x80)
			return NO_CHARACTER;
		value = value << 6 | (byte & 0x3fu);
	}
	return more == 2 && value < 0x800 ? NO_CHARACTER : value;
}

static int digit_of(uint32_t character)
{
	if (character >= '0' && character <= '9')
		return (int)(character - '0');
	if (character >= 0xff10 && character <= 0xff19)
		return (int)(character - 0xff10);
	return -1;
}

void guard_unlock_typed(struct unlock_typed *ret_typed, const char *text, size_t length)
{
	struct unlock_typed typed = { .stranger = SIZE_MAX };
	struct guard_reader reader;

	guard_reader_init(&reader, text, length);
	while (guard_reader_left(&reader) > 0) {
		uint32_t character = read_character(&reader);
		int digit = digit_of(character);

		if (digit < 0 && (character == NO_CHARACTER || !is_separator(character))) {
			typed.stranger = typed.count;
			break;
		}
		if (digit < 0)
			continue;
		if (typed.count < UNLOCK_TYPED_MAX)
			typed.digits[typed.count] = (uint8_t)digit;
		typed.count++;
	}
	*ret_typed = typed;
}
