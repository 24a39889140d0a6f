/* SPDX-License-Identifier: MIT
 *
 * policy/set_open.c - take the header and the part table of a policy set apart
 * and check them.  Knows nothing of what the images say.
 */
#include "policy/policy.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "policy/set_sum.h"

static bool is_zero(const void *bytes, size_t size)
{
	const uint8_t *byte = bytes;

	for (size_t i = 0; i < size; i++)
		if (byte[i] != 0)
			return false;
	return true;
}

static int check_header(const struct guard_set_header *header, uint64_t size)
{
	if (header->version > GUARD_SET_VERSION)
		return -GUARD_E_VERSION;
	if (header->version == 0 || header->size != size || header->part_count == 0 ||
	    !is_zero(header->zero, sizeof(header->zero)))
		return -GUARD_E_FORMAT;
	return header->part_count > GUARD_SET_PARTS_MAX ? -GUARD_E_LIMIT : 0;
}

static bool has_sane_office(const struct guard_set_part *part)
{
	size_t length = strnlen(part->office, sizeof(part->office));

	if (length == sizeof(part->office) ||
	    !is_zero(&part->office[length], sizeof(part->office) - length))
		return false;
	return (part->kind == GUARD_SET_EXCEPTION) == (length > 0);
}

/* Images lie one behind the other, as the writer puts them. */
static bool is_sane(const struct guard_set_part *part, bool first, uint64_t from, uint64_t end)
{
	if (part->kind >= GUARD_SET_KIND_MAX_ || (part->kind == GUARD_SET_POLICY) != first)
		return false;
	if (part->offset % GUARD_SET_ALIGN != 0 || part->offset < from || part->offset > end ||
	    part->size > end - part->offset)
		return false;
	return part->broad <= 1 && part->above <= 1 && has_sane_office(part) &&
	       is_zero(part->zero0, sizeof(part->zero0)) && is_zero(part->zero1, sizeof(part->zero1));
}

static int check_parts(const struct guard_set_header *header, const struct guard_set_part *parts)
{
	uint64_t from = GUARD_SET_HEADER_SIZE + header->part_count * sizeof(*parts);
	uint8_t sum[GUARD_DIGEST_SIZE];
	int r = guard_set_sum(sum, header, parts);

	if (r < 0)
		return r;
	if (memcmp(sum, header->sha256, sizeof(sum)) != 0)
		return -GUARD_E_CHECKSUM;
	if (header->made < 0 || header->made > INT64_MAX / 2)
		return -GUARD_E_FORMAT;
	for (uint32_t i = 0; i < header->part_count; i++) {
		if (!is_sane(&parts[i], i == 0, from, header->size))
			return -GUARD_E_FORMAT;
		from = parts[i].offset + parts[i].size;
	}
	return 0;
}

int guard_set_parts(struct guard_set_header *ret_header, struct guard_set_part **ret_parts, int fd)
{
	GUARD_AUTO_FREE struct guard_set_part *parts = NULL;
	struct guard_set_header header;
	uint64_t size;
	int r = guard_image_file_size(&size, fd);

	if (r == 0)
		r = guard_read_whole(&header, sizeof(header), fd, 0);
	if (r < 0)
		return r;
	if (memcmp(header.magic, GUARD_SET_MAGIC, sizeof(header.magic)) != 0)
		return -GUARD_E_NOT_FOUND;
	r = check_header(&header, size);
	if (r < 0)
		return r;
	parts = calloc(header.part_count, sizeof(*parts));
	if (!parts)
		return -GUARD_E_NOMEM;
	r = guard_read_whole(parts, header.part_count * sizeof(*parts), fd, sizeof(header));
	if (r == -GUARD_E_CHANGED)
		r = -GUARD_E_FORMAT; /* shorter than it says */
	if (r == 0)
		r = check_parts(&header, parts);
	if (r < 0)
		return r;
	*ret_header = header;
	*ret_parts = guard_steal_pointer(&parts);
	return 0;
}
