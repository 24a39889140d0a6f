/* SPDX-License-Identifier: MIT
 *
 * identity/openpgp_armor.c - takes the armour off a key file: base64 between two
 * lines (RFC 9580, 6.2).  Headers and the checksum, which protects nothing, are
 * passed over.
 */
#include "identity/openpgp.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

#define BEGIN "-----BEGIN PGP PUBLIC KEY BLOCK-----"
#define END "-----END PGP PUBLIC KEY BLOCK-----"

/* Bits that come six at a time. */
struct bits {
	struct guard_writer *out;
	uint32_t pending;
	unsigned count;
	bool ended; /* a `=` came */
};

static int value_of(char c)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(alphabet, c) : NULL;

	return at ? (int)(at - alphabet) : -1;
}

static int take_line(struct bits *bits, const char *line, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		int value = value_of(line[i]);

		if (line[i] == '=') {
			bits->ended = true;
			continue;
		}
		if (value < 0 || bits->ended)
			return -GUARD_E_FORMAT;
		bits->pending = bits->pending << 6 | (uint32_t)value;
		bits->count += 6;
		if (bits->count >= 8) {
			bits->count -= 8;
			guard_write_u8(bits->out, (uint8_t)(bits->pending >> bits->count));
		}
	}
	return 0;
}

struct lines {
	const char *text;
	size_t size, at;
};

/* The next line without its end; false when there is none. */
static bool next_line(struct lines *lines, const char **ret_line, size_t *ret_length)
{
	const char *start = &lines->text[lines->at], *end;
	size_t length;

	if (lines->at >= lines->size)
		return false;
	end = memchr(start, '\n', lines->size - lines->at);
	length = end ? (size_t)(end - start) : lines->size - lines->at;
	lines->at += length + 1;
	while (length > 0 && (start[length - 1] == '\r' || start[length - 1] == ' ' || start[length - 1] == '\t'))
		length--;
	*ret_line = start;
	*ret_length = length;
	return true;
}

static bool line_is(const char *line, size_t length, const char *word)
{
	return length == strlen(word) && memcmp(line, word, length) == 0;
}

/* One block behind its first line. */
static int take_block(struct guard_writer *out, struct lines *lines)
{
	struct bits bits = { .out = out };
	const char *line;
	bool in_headers = true;
	size_t length;
	int r = 0;

	while (r == 0 && next_line(lines, &line, &length)) {
		if (line_is(line, length, END))
			return 0;
		if (in_headers && (length == 0 || memchr(line, ':', length))) {
			in_headers = length > 0;
			continue;
		}
		in_headers = false;
		if (length > 0 && line[0] != '=') /* else its checksum */
			r = take_line(&bits, line, length);
	}
	return -GUARD_E_FORMAT;
}

static int take_armour(struct guard_writer *out, const void *file, size_t size)
{
	struct lines lines = { file, size, 0 };
	const char *line;
	size_t length;
	int r = 0;

	while (r == 0 && next_line(&lines, &line, &length))
		if (line_is(line, length, BEGIN))
			r = take_block(out, &lines);
	return r;
}

int guard_openpgp_binary(uint8_t **ret_bytes, size_t *ret_size, const void *file, size_t size)
{
	const uint8_t *bytes = file;
	struct guard_writer out;
	int r = 0;

	if (size > GUARD_OPENPGP_FILE_MAX)
		return -GUARD_E_LIMIT;
	guard_writer_init(&out);
	if (size > 0 && bytes[0] & 0x80)
		guard_write_bytes(&out, file, size);
	else
		r = take_armour(&out, file, size);
	if (r == 0 && out.failed)
		r = -GUARD_E_NOMEM;
	if (r == 0 && out.size == 0)
		r = -GUARD_E_FORMAT;
	if (r < 0) {
		guard_writer_free(&out);
		return r;
	}
	*ret_bytes = out.bytes;
	*ret_size = out.size;
	return 0;
}
