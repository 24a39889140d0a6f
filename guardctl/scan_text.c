/* SPDX-License-Identifier: MIT
 *
 * guardctl/scan_text.c - pure: file names as text in a policy source.  Names
 * are bytes that anybody may have chosen; none may end a string, hide a line,
 * or reach a terminal as a control sequence.
 */
#include <string.h>

#include "scan.h"

/* Length of the valid UTF-8 sequence (RFC 3629) at `text`, 0 when it is none. */
static size_t sequence_length(const unsigned char *text, uint32_t *ret_point)
{
	unsigned char first = text[0];
	size_t length = first < 0x80 ? 1 : (first & 0xe0) == 0xc0 ? 2 : (first & 0xf0) == 0xe0 ? 3 :
			(first & 0xf8) == 0xf0			  ? 4 :
								    0;
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	static const unsigned char lead_mask[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };

	if (length == 0)
		return 0;
	uint32_t point = first & lead_mask[length];
	for (size_t i = 1; i < length; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0; /* also stops at the final NUL */
		point = point << 6 | (text[i] & 0x3fu);
	}
	if (point < least[length] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
		return 0;
	*ret_point = point;
	return length;
}

/* Characters that show nothing or turn the reading direction around. */
static bool is_deceptive(uint32_t point)
{
	return point < 0x20 || (point >= 0x7f && point <= 0x9f) || (point >= 0x200b && point <= 0x200f) ||
	       (point >= 0x2028 && point <= 0x202e) || (point >= 0x2060 && point <= 0x206f) || point == 0xfeff ||
	       point == 0xad;
}

void scan_put_string(FILE *out, const char *bytes)
{
	const unsigned char *text = (const unsigned char *)bytes;

	for (size_t i = 0; text[i];) {
		uint32_t point = 0;
		size_t length = sequence_length(&text[i], &point);
		bool plain = length > 0 && !is_deceptive(point);
		if (length == 0)
			length = 1;
		if (point == '"' || point == '\\')
			fputc('\\', out);
		for (size_t end = i + length; i < end; i++) {
			if (plain)
				fputc(text[i], out);
			else
				fprintf(out, "\\x%02x", text[i]);
		}
	}
}

void scan_group_directory(char *ret_directory, size_t size, const char *path)
{
	size_t length = 0, slashes = 0;

	/* Up to the third slash; a shorter path loses its last component. */
	for (size_t i = 0; path[i]; i++) {
		if (path[i] != '/' || i == 0)
			continue;
		length = i;
		if (++slashes == 2)
			break;
	}
	if (length == 0)
		length = 1;
	snprintf(ret_directory, size, "%.*s", (int)length, path);
}

void scan_clean_id(char *id)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

	for (; *id; id++)
		if (!strchr(good, *id))
			*id = '-';
}
