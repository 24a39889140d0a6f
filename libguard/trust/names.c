/* SPDX-License-Identifier: MIT
 *
 * trust/names.c - names of roles and targets made fit for file names and URLs.
 * A role may be called "../x"; its file never is.
 */
#include "trust/metadata.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool is_alphanumeric(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_unreserved(char c)
{
	return is_alphanumeric(c) || (c && strchr("_.-~", c));
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static void write_escape(struct guard_writer *writer, char c)
{
	char escape[4];

	snprintf(escape, sizeof(escape), "%%%02X", (unsigned)(unsigned char)c);
	guard_write_bytes(writer, escape, 3);
}

int guard_trust_encode_name(char *ret_text, size_t capacity, const char *name)
{
	struct guard_writer writer;

	guard_writer_init_fixed(&writer, ret_text, capacity);
	for (size_t i = 0; name[i]; i++) {
		if (is_unreserved(name[i]))
			guard_write_bytes(&writer, &name[i], 1);
		else
			write_escape(&writer, name[i]);
	}
	guard_write_u8(&writer, 0);
	return writer.failed ? -GUARD_E_LIMIT : 0;
}

int guard_trust_role_file(char ret_name[GUARD_TRUST_FILE_NAME_SIZE], const char *role, uint64_t version)
{
	char encoded[GUARD_TRUST_NAME_MAX + 1];
	int r = guard_trust_encode_name(encoded, sizeof(encoded), role);

	if (r < 0)
		return r;
	if (version > 0)
		snprintf(ret_name, GUARD_TRUST_FILE_NAME_SIZE, "%" PRIu64 ".%s.json", version, encoded);
	else
		snprintf(ret_name, GUARD_TRUST_FILE_NAME_SIZE, "%s.json", encoded);
	return 0;
}

/* What may stand in the path of a URL (RFC 3986 pchar and `/`). */
static bool is_path_character(char c)
{
	return is_unreserved(c) || (c && strchr("/!$&'()*+,;=:@", c));
}

static bool is_escape(const char *text)
{
	return text[0] == '%' && is_hex(text[1]) && is_hex(text[2]);
}

static void write_path(struct guard_writer *writer, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (is_path_character(text[i]) || is_escape(&text[i]))
			guard_write_bytes(writer, &text[i], 1);
		else
			write_escape(writer, text[i]);
	}
}

int guard_trust_target_url(struct guard_writer *writer, const char *path, const char *prefix)
{
	const char *slash = strrchr(path, '/');
	const char *last = slash ? &slash[1] : path;

	write_path(writer, path, strlen(path) - strlen(last));
	if (prefix) {
		guard_write_bytes(writer, prefix, strlen(prefix));
		guard_write_bytes(writer, ".", 1);
	}
	write_path(writer, last, strlen(last));
	guard_write_u8(writer, 0);
	return writer->failed ? -GUARD_E_NOMEM : 0;
}
