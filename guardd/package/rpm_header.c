/* SPDX-License-Identifier: MIT
 *
 * package/rpm_header.c - a header of an .rpm: an index of tags, types, offsets and
 * counts over a store of bytes.  Pure; knows nothing of signatures.
 */
#include <stdio.h>
#include <string.h>

#include "package/rpm.h"

#define ENTRY 16u
enum { TYPE_INT16 = 3, TYPE_INT32 = 4, TYPE_STRING = 6, TYPE_BINARY = 7, TYPE_STRINGS = 8 };
enum { TAG_NAME = 1000, TAG_VERSION = 1001, TAG_RELEASE = 1002, TAG_EPOCH = 1003, TAG_ARCHITECTURE = 1022 };

static uint32_t read_number(struct guard_reader *reader, unsigned size)
{
	const uint8_t *bytes = guard_read_bytes(reader, size);
	uint32_t value = 0;

	for (unsigned i = 0; bytes && i < size; i++)
		value = value << 8 | bytes[i];
	return value;
}

int package_rpm_header_open(struct package_rpm_header *ret_header, struct guard_reader *reader)
{
	static const uint8_t magic[8] = { 0x8e, 0xad, 0xe8, 0x01 };
	struct package_rpm_header header = { 0 };
	const uint8_t *found = guard_read_bytes(reader, sizeof(magic));

	header.count = read_number(reader, 4);
	header.store_size = read_number(reader, 4);
	if (!found || reader->failed || memcmp(found, magic, sizeof(magic)) != 0 || header.count == 0)
		return -GUARD_E_FORMAT;
	if (header.count > PACKAGE_RPM_TAGS_MAX || header.store_size > PACKAGE_RPM_HEADER_MAX)
		return -GUARD_E_LIMIT;
	header.index = guard_read_bytes(reader, (size_t)header.count * ENTRY);
	header.store = guard_read_bytes(reader, header.store_size);
	if (reader->failed)
		return -GUARD_E_FORMAT;
	*ret_header = header;
	return 0;
}

/* The first entry with this tag and type; its values begin where `ret_values` stands. */
static bool find(struct package_rpm_values *ret_values, const struct package_rpm_header *header, uint32_t tag,
		 uint32_t type)
{
	struct guard_reader index;

	guard_reader_init(&index, header->index, (size_t)header->count * ENTRY);
	for (uint32_t i = 0; i < header->count; i++) {
		uint32_t found = read_number(&index, 4), found_type = read_number(&index, 4),
			 offset = read_number(&index, 4), count = read_number(&index, 4);

		if (found != tag || found_type != type)
			continue;
		if (offset > header->store_size || count == 0)
			return false;
		guard_reader_init(&ret_values->reader, &header->store[offset], header->store_size - offset);
		ret_values->count = count;
		return true;
	}
	return false;
}

const uint8_t *package_rpm_binary(const struct package_rpm_header *header, uint32_t tag, size_t *ret_size)
{
	struct package_rpm_values values;

	if (!find(&values, header, tag, TYPE_BINARY))
		return NULL;
	*ret_size = values.count;
	return guard_read_bytes(&values.reader, values.count);
}

bool package_rpm_strings(struct package_rpm_values *ret_values, const struct package_rpm_header *header, uint32_t tag)
{
	if (find(ret_values, header, tag, TYPE_STRINGS))
		return true;
	if (!find(ret_values, header, tag, TYPE_STRING))
		return false;
	ret_values->count = 1;
	return true;
}

bool package_rpm_numbers(struct package_rpm_values *ret_values, const struct package_rpm_header *header, uint32_t tag,
			 unsigned size)
{
	return find(ret_values, header, tag, size == 2 ? TYPE_INT16 : TYPE_INT32);
}

const char *package_rpm_next_string(struct package_rpm_values *values)
{
	struct guard_reader *reader = &values->reader;
	const size_t left = guard_reader_left(reader);
	const uint8_t *at = left > 0 ? &reader->bytes[reader->offset] : NULL;
	const uint8_t *end = at ? memchr(at, '\0', left) : NULL;

	if (!end) {
		reader->failed = true;
		return NULL;
	}
	return (const char *)guard_read_bytes(reader, (size_t)(end - at) + 1);
}

uint32_t package_rpm_next_number(struct package_rpm_values *values, unsigned size)
{
	return read_number(&values->reader, size);
}

static const char *string_of(const struct package_rpm_header *header, uint32_t tag)
{
	struct package_rpm_values values;

	return package_rpm_strings(&values, header, tag) ? package_rpm_next_string(&values) : NULL;
}

int package_rpm_name(struct package_rpm *ret_rpm, const struct package_rpm_header *header)
{
	const char *name = string_of(header, TAG_NAME), *version = string_of(header, TAG_VERSION),
		   *release = string_of(header, TAG_RELEASE), *architecture = string_of(header, TAG_ARCHITECTURE);
	struct package_rpm_values epoch;
	char whole[2 * sizeof(ret_rpm->version)];
	int length = 0;

	if (!name || !version || !release || !architecture)
		return -GUARD_E_FORMAT;
	if (package_rpm_numbers(&epoch, header, TAG_EPOCH, 4))
		length = snprintf(whole, sizeof(whole), "%u:", package_rpm_next_number(&epoch, 4));
	snprintf(&whole[length], sizeof(whole) - (size_t)length, "%.255s-%.200s", version, release);
	if (!package_word(ret_rpm->name, sizeof(ret_rpm->name), name, strlen(name)) ||
	    !package_word(ret_rpm->version, sizeof(ret_rpm->version), whole, strlen(whole)) ||
	    !package_word(ret_rpm->architecture, sizeof(ret_rpm->architecture), architecture, strlen(architecture)))
		return -GUARD_E_FORMAT;
	return 0;
}
