/* SPDX-License-Identifier: MIT
 *
 * policy/set_write.c - put images together into a policy set.  Believes the
 * caller about what each may do; looks into none of them.
 */
#include "policy/set.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "policy/policy.h"
#include "policy/set_sum.h"

#define COPY_BLOCK 65536u

int guard_set_sum(uint8_t ret_sum[GUARD_DIGEST_SIZE], const struct guard_set_header *header,
		  const struct guard_set_part *parts)
{
	const size_t table = header->part_count * sizeof(*parts);
	GUARD_AUTO_FREE uint8_t *bytes = malloc(sizeof(*header) + table);
	struct guard_set_header plain = *header;
	struct guard_digest digest;
	int r;

	if (!bytes)
		return -GUARD_E_NOMEM;
	memset(plain.sha256, 0, sizeof(plain.sha256));
	memcpy(bytes, &plain, sizeof(plain));
	memcpy(&bytes[sizeof(plain)], parts, table);
	r = guard_digest_bytes(&digest, bytes, sizeof(plain) + table);
	if (r == 0)
		memcpy(ret_sum, digest.bytes, GUARD_DIGEST_SIZE);
	return r;
}

static uint64_t align(uint64_t offset)
{
	return (offset + GUARD_SET_ALIGN - 1) / GUARD_SET_ALIGN * GUARD_SET_ALIGN;
}

static int write_all(int fd, const void *bytes, size_t size, uint64_t offset)
{
	const uint8_t *from = bytes;

	for (size_t done = 0; done < size;) {
		ssize_t count = pwrite(fd, &from[done], size - done, (off_t)(offset + done));

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return -GUARD_E_IO;
		done += (size_t)count;
	}
	return 0;
}

static int copy_image(int to, const struct guard_set_part *part, int from)
{
	uint8_t block[COPY_BLOCK];

	for (uint64_t done = 0; done < part->size;) {
		size_t count = part->size - done < sizeof(block) ? (size_t)(part->size - done) : sizeof(block);
		int r = guard_read_whole(block, count, from, done);

		if (r == 0)
			r = write_all(to, block, count, part->offset + done);
		if (r < 0)
			return r;
		done += count;
	}
	return 0;
}

static int fill_part(struct guard_set_part *ret_part, const struct guard_set_source *source, bool first,
		     uint64_t offset)
{
	struct guard_set_part part = {.kind = source->kind, .offset = offset};
	const size_t length = source->office ? strlen(source->office) : 0;
	int r = guard_image_file_size(&part.size, source->fd);

	if (r < 0)
		return r;
	if ((source->kind == GUARD_SET_POLICY) != first)
		return -GUARD_E_USAGE;
	if (source->kind == GUARD_SET_EXCEPTION) {
		if (length == 0 || length >= sizeof(part.office))
			return -GUARD_E_USAGE;
		memcpy(part.office, source->office, length);
		part.broad = source->broad;
		part.above = source->above;
	}
	*ret_part = part;
	return 0;
}

int guard_set_write(int fd, const struct guard_set_facts *facts, const struct guard_set_source *sources,
		    size_t count)
{
	struct guard_set_header header = {.version = GUARD_SET_VERSION,
					  .part_count = (uint32_t)count,
					  .snapshot = facts->snapshot,
					  .made = facts->made,
					  .fresh_until = facts->fresh_until};
	GUARD_AUTO_FREE struct guard_set_part *parts = NULL;
	uint64_t end = sizeof(header) + count * sizeof(*parts);
	int r = 0;

	if (count == 0 || count > GUARD_SET_PARTS_MAX)
		return -GUARD_E_USAGE;
	parts = calloc(count, sizeof(*parts));
	if (!parts)
		return -GUARD_E_NOMEM;
	for (size_t i = 0; i < count && r == 0; i++) {
		r = fill_part(&parts[i], &sources[i], i == 0, align(end));
		end = parts[i].offset + parts[i].size;
		if (r == 0 && end > GUARD_POLICY_IMAGE_MAX)
			r = -GUARD_E_LIMIT;
		if (r == 0)
			r = copy_image(fd, &parts[i], sources[i].fd);
	}
	memcpy(header.magic, GUARD_SET_MAGIC, sizeof(header.magic));
	header.size = end;
	if (r == 0)
		r = guard_set_sum(header.sha256, &header, parts);
	if (r == 0)
		r = write_all(fd, &header, sizeof(header), 0);
	if (r == 0)
		r = write_all(fd, parts, count * sizeof(*parts), sizeof(header));
	return r;
}
