/* SPDX-License-Identifier: MIT
 *
 * package/rpm_split.c - finds the signatures and the header in an .rpm: lead,
 * signature header, padding to eight bytes, header.  Believes none of it: what is
 * found is verified by who asked.  Runs only in a fork that can do nothing else.
 */
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "package/rpm.h"

#define LEAD 96u
enum { TAG_DSA = 267, TAG_RSA = 268 }; /* signatures over the header alone; DSA: also EdDSA */

struct split {
	const uint8_t *bytes;
	size_t size;
	struct package_rpm_header signatures;
	size_t header_at, header_size;
};

static int find_parts(struct split *split)
{
	static const uint8_t magic[4] = { 0xed, 0xab, 0xee, 0xdb };
	struct package_rpm_header header;
	struct guard_reader reader;
	const uint8_t *lead;
	int r;

	guard_reader_init(&reader, split->bytes, split->size);
	lead = guard_read_bytes(&reader, LEAD);
	if (!lead || memcmp(lead, magic, sizeof(magic)) != 0)
		return -GUARD_E_FORMAT;
	r = package_rpm_header_open(&split->signatures, &reader);
	if (r < 0)
		return r;
	if (!guard_read_bytes(&reader, (8 - split->signatures.store_size % 8) % 8))
		return -GUARD_E_FORMAT;
	split->header_at = reader.offset;
	r = package_rpm_header_open(&header, &reader);
	split->header_size = reader.offset - split->header_at;
	return r;
}

static int open_split(struct split *ret_split, int file)
{
	struct split split = { 0 };
	int r = package_map(&split.bytes, &split.size, file);

	if (r < 0)
		return r;
	r = find_parts(&split);
	if (r < 0) {
		package_unmap(split.bytes, split.size);
		return r;
	}
	*ret_split = split;
	return 0;
}

int package_rpm_signature_write(int file, int out)
{
	static const uint32_t tags[] = { TAG_RSA, TAG_DSA };
	struct split split;
	int r = open_split(&split, file);

	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < sizeof(tags) / sizeof(tags[0]); i++) {
		size_t size = 0;
		const uint8_t *packet = package_rpm_binary(&split.signatures, tags[i], &size);

		if (packet)
			r = size <= PACKAGE_RPM_SIGNATURE_MAX ? guard_write_whole(out, packet, size) : -GUARD_E_LIMIT;
	}
	package_unmap(split.bytes, split.size);
	return r;
}

int package_rpm_header_write(int file, int out)
{
	struct split split;
	int r = open_split(&split, file);

	if (r < 0)
		return r;
	r = guard_write_whole(out, &split.bytes[split.header_at], split.header_size);
	package_unmap(split.bytes, split.size);
	return r;
}
