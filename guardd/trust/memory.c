/* SPDX-License-Identifier: MIT
 *
 * trust/memory.c - STATE_DIR/trust/memory: what is in force, and below which
 * version nothing is taken any more.  Written beside and renamed, so that a
 * power cut leaves the old or the new one.  Knows nothing of what parts are.
 *
 * Format: little-endian (base/buffer.h): the 8 bytes GUARDMEM, u32 version 2, the
 * fields below in their order, and at the end the SHA-256 of all before it.
 * Version 1 has neither checksum of a set nor of keys.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "trust/internal.h"

#define MAGIC "GUARDMEM"
#define VERSION 2u
#define VERSION_WITHOUT_SET 1u
#define SIZE_MAX_BYTES 262144u
#define FILE_NAME "memory"
#define NEW_NAME "memory.new"

static void put(struct guard_writer *writer, const struct trust_memory *memory)
{
	const struct trust_state *state = &memory->state;

	guard_write_bytes(writer, MAGIC, 8);
	guard_write_u32(writer, VERSION);
	guard_write_i64(writer, memory->time);
	guard_write_u64(writer, state->snapshot);
	guard_write_string(writer, state->profile);
	guard_write_u32(writer, (uint32_t)state->part_count);
	for (size_t i = 0; i < state->part_count; i++) {
		guard_write_u32(writer, state->parts[i].kind);
		guard_write_string(writer, state->parts[i].path);
		guard_write_string(writer, state->parts[i].office);
		guard_write_u8(writer, state->parts[i].broad);
		guard_write_u8(writer, state->parts[i].above);
		guard_write_u64(writer, state->parts[i].version);
		guard_write_u8(writer, state->parts[i].mode);
		guard_write_bytes(writer, state->parts[i].digest.bytes, GUARD_DIGEST_SIZE);
	}
	guard_write_bytes(writer, memory->set.bytes, GUARD_DIGEST_SIZE);
	guard_write_bytes(writer, memory->keys.bytes, GUARD_DIGEST_SIZE);
	guard_write_u32(writer, (uint32_t)memory->level_count);
	for (size_t i = 0; i < memory->level_count; i++) {
		guard_write_string(writer, memory->levels[i].path);
		guard_write_u64(writer, memory->levels[i].version);
	}
}

static void take_string(char *ret_text, size_t capacity, struct guard_reader *reader)
{
	const char *text = guard_read_string(reader, capacity - 1);

	if (text)
		snprintf(ret_text, capacity, "%s", text);
}

static void take_digest(struct guard_digest *digest, struct guard_reader *reader)
{
	const uint8_t *bytes = guard_read_bytes(reader, GUARD_DIGEST_SIZE);

	if (bytes)
		memcpy(digest->bytes, bytes, GUARD_DIGEST_SIZE);
}

static void take_part(struct trust_part *part, struct guard_reader *reader)
{
	uint32_t kind = guard_read_u32(reader);

	part->kind = (enum guard_set_kind)kind;
	reader->failed = reader->failed || kind >= GUARD_SET_KIND_MAX_;
	take_string(part->path, sizeof(part->path), reader);
	take_string(part->office, sizeof(part->office), reader);
	part->broad = guard_read_u8(reader);
	part->above = guard_read_u8(reader);
	part->version = guard_read_u64(reader);
	part->mode = guard_read_u8(reader);
	take_digest(&part->digest, reader);
}

static size_t take_count(struct guard_reader *reader, size_t max)
{
	uint32_t count = guard_read_u32(reader);

	if (count > max)
		reader->failed = true;
	return reader->failed ? 0 : count;
}

static int take(struct trust_memory *memory, struct guard_reader *reader)
{
	const uint8_t *magic = guard_read_bytes(reader, 8);
	uint32_t version;

	if (!magic || memcmp(magic, MAGIC, 8) != 0)
		return -GUARD_E_FORMAT;
	version = guard_read_u32(reader);
	if (version != VERSION && version != VERSION_WITHOUT_SET)
		return -GUARD_E_VERSION;
	memory->time = guard_read_i64(reader);
	memory->state.snapshot = guard_read_u64(reader);
	take_string(memory->state.profile, sizeof(memory->state.profile), reader);
	memory->state.part_count = take_count(reader, TRUST_PARTS_MAX);
	for (size_t i = 0; i < memory->state.part_count; i++)
		take_part(&memory->state.parts[i], reader);
	if (version != VERSION_WITHOUT_SET) {
		take_digest(&memory->set, reader);
		take_digest(&memory->keys, reader);
	}
	memory->level_count = take_count(reader, TRUST_LEVELS_MAX);
	for (size_t i = 0; i < memory->level_count; i++) {
		take_string(memory->levels[i].path, sizeof(memory->levels[i].path), reader);
		memory->levels[i].version = guard_read_u64(reader);
	}
	return guard_reader_done(reader) ? 0 : -GUARD_E_FORMAT;
}

int trust_memory_load(struct trust_memory *ret_memory, int folder)
{
	GUARD_AUTO_CLOSE int fd = openat(folder, FILE_NAME, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	GUARD_AUTO_FREE uint8_t *bytes = malloc(SIZE_MAX_BYTES);
	GUARD_AUTO_FREE struct trust_memory *memory = calloc(1, sizeof(*memory));
	struct guard_reader reader;
	struct guard_digest sum;
	ssize_t size;
	int r;

	if (!bytes || !memory)
		return -GUARD_E_NOMEM;
	if (fd < 0)
		return errno == ENOENT ? -GUARD_E_NOT_FOUND : -GUARD_E_IO;
	size = pread(fd, bytes, SIZE_MAX_BYTES, 0);
	if (size < 0)
		return -GUARD_E_IO;
	if (size < (ssize_t)GUARD_DIGEST_SIZE)
		return -GUARD_E_FORMAT;
	size -= (ssize_t)GUARD_DIGEST_SIZE;
	r = guard_digest_bytes(&sum, bytes, (size_t)size);
	if (r < 0)
		return r;
	if (memcmp(sum.bytes, &bytes[size], GUARD_DIGEST_SIZE) != 0)
		return -GUARD_E_CHECKSUM;
	guard_reader_init(&reader, bytes, (size_t)size);
	r = take(memory, &reader);
	if (r == 0)
		*ret_memory = *memory;
	return r;
}

static int write_new(int folder, const struct guard_writer *writer)
{
	GUARD_AUTO_CLOSE int fd = -1;

	if (unlinkat(folder, NEW_NAME, 0) < 0 && errno != ENOENT)
		return -GUARD_E_IO;
	fd = openat(folder, NEW_NAME, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, writer->bytes, writer->size) != (ssize_t)writer->size || fsync(fd) < 0)
		return -GUARD_E_IO;
	return 0;
}

int trust_memory_save(int folder, const struct trust_memory *memory)
{
	struct guard_writer writer __attribute__((cleanup(guard_writer_free)));
	struct guard_digest sum;
	int r;

	guard_writer_init(&writer);
	put(&writer, memory);
	if (writer.failed)
		return -GUARD_E_NOMEM;
	r = guard_digest_bytes(&sum, writer.bytes, writer.size);
	if (r < 0)
		return r;
	guard_write_bytes(&writer, sum.bytes, sizeof(sum.bytes));
	if (writer.failed)
		return -GUARD_E_NOMEM;
	r = write_new(folder, &writer);
	if (r == 0 && renameat(folder, NEW_NAME, folder, FILE_NAME) < 0)
		r = -GUARD_E_IO;
	if (r < 0)
		(void)!unlinkat(folder, NEW_NAME, 0);
	return r == 0 && fsync(folder) < 0 ? -GUARD_E_IO : r;
}

uint64_t trust_memory_level(const struct trust_memory *memory, const char *path)
{
	for (size_t i = 0; i < memory->level_count; i++)
		if (strcmp(memory->levels[i].path, path) == 0)
			return memory->levels[i].version;
	return 0;
}

int trust_memory_raise(struct trust_memory *memory, const char *path, uint64_t version)
{
	size_t i = 0;

	while (i < memory->level_count && strcmp(memory->levels[i].path, path) != 0)
		i++;
	if (i == TRUST_LEVELS_MAX)
		return -GUARD_E_LIMIT;
	if (i == memory->level_count) {
		snprintf(memory->levels[i].path, sizeof(memory->levels[i].path), "%s", path);
		memory->levels[i].version = 0; /* of what was forgotten */
		memory->level_count++;
	}
	if (version > memory->levels[i].version)
		memory->levels[i].version = version;
	return 0;
}
