/* SPDX-License-Identifier: MIT
 *
 * keeper/back.c - see back.h: which policy is which, and what is remembered of that.
 */
#include "keeper/back.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "keeper/remember.h"
#include "policy/image.h"
#include "policy/policy.h"
#include "policy/set.h"

#define MAGIC "GUARDBCK"
#define VERSION 1u
#define FILE_MAX 4096u

/* ---- which policy ------------------------------------------------------------------ */

static int add_image(struct guard_writer *writer, const struct guard_set_part *part, int image)
{
	struct guard_image_header header;
	int r = guard_read_whole(&header, sizeof(header), image, part->offset);

	if (r < 0)
		return r;
	guard_write_u32(writer, part->kind);
	guard_write_u8(writer, part->broad);
	guard_write_u8(writer, part->above);
	guard_write_bytes(writer, part->office, sizeof(part->office));
	guard_write_bytes(writer, header.sha256, sizeof(header.sha256));
	return 0;
}

static int add_all(struct guard_writer *writer, int image)
{
	const struct guard_set_part single = { .kind = GUARD_SET_POLICY };
	GUARD_AUTO_FREE struct guard_set_part *parts = NULL;
	struct guard_set_header header;
	int r = guard_set_parts(&header, &parts, image);

	if (r == -GUARD_E_NOT_FOUND)
		return add_image(writer, &single, image);
	for (uint32_t i = 0; r == 0 && i < header.part_count; i++)
		r = add_image(writer, &parts[i], image);
	return r;
}

int keeper_back_identify(struct guard_digest *ret_identity, int image)
{
	struct guard_writer writer;
	int r;

	guard_writer_init(&writer);
	r = add_all(&writer, image);
	if (r == 0)
		r = writer.failed ? -GUARD_E_NOMEM : guard_digest_bytes(ret_identity, writer.bytes, writer.size);
	guard_writer_free(&writer);
	return r;
}

/* ---- policy-back --------------------------------------------------------------------- */

struct memory {
	struct guard_digest back; /* what the machine went back to, zeros: nothing */
	unsigned count;
	struct guard_digest failed[KEEPER_BACK_MAX]; /* the newest last */
	char why[300];				     /* of the newest */
};

static void take_digest(struct guard_digest *digest, struct guard_reader *reader)
{
	const uint8_t *bytes = guard_read_bytes(reader, sizeof(digest->bytes));

	if (bytes)
		memcpy(digest->bytes, bytes, sizeof(digest->bytes));
}

static int decode(struct memory *ret_memory, const uint8_t *bytes, size_t size)
{
	struct memory memory = { 0 };
	struct guard_reader reader;
	struct guard_digest sum, stored;
	const uint8_t *magic;
	const char *why;

	if (size < sizeof(stored.bytes))
		return -GUARD_E_FORMAT;
	size -= sizeof(stored.bytes);
	memcpy(stored.bytes, &bytes[size], sizeof(stored.bytes));
	if (guard_digest_bytes(&sum, bytes, size) < 0 || guard_digest_compare(&sum, &stored) != 0)
		return -GUARD_E_CHECKSUM;
	guard_reader_init(&reader, bytes, size);
	magic = guard_read_bytes(&reader, sizeof(MAGIC) - 1);
	if (!magic || memcmp(magic, MAGIC, sizeof(MAGIC) - 1) != 0 || guard_read_u32(&reader) != VERSION)
		return -GUARD_E_VERSION;
	take_digest(&memory.back, &reader);
	memory.count = guard_read_u32(&reader);
	for (unsigned i = 0; i < memory.count && i < KEEPER_BACK_MAX; i++)
		take_digest(&memory.failed[i], &reader);
	why = guard_read_string(&reader, sizeof(memory.why) - 1);
	if (!why || memory.count > KEEPER_BACK_MAX || !guard_reader_done(&reader))
		return -GUARD_E_FORMAT;
	snprintf(memory.why, sizeof(memory.why), "%s", why);
	*ret_memory = memory;
	return 0;
}

/* A file that cannot be read is as good as none: then a policy that failed may be
 * tried, and fail, once more. */
static void recall(struct memory *ret_memory, int state_dir)
{
	GUARD_AUTO_CLOSE int fd = -1;
	uint8_t bytes[FILE_MAX];
	ssize_t size = 0;

	*ret_memory = (struct memory){ 0 };
	if (keeper_remembered_file(&fd, state_dir, KEEPER_BACK_FILE) == 0)
		size = pread(fd, bytes, sizeof(bytes), 0);
	if (size > 0 && decode(ret_memory, bytes, (size_t)size) < 0)
		*ret_memory = (struct memory){ 0 };
}

static int store(int state_dir, const struct memory *memory)
{
	struct guard_writer writer;
	struct guard_digest sum;
	int r;

	guard_writer_init(&writer);
	guard_write_bytes(&writer, MAGIC, sizeof(MAGIC) - 1);
	guard_write_u32(&writer, VERSION);
	guard_write_bytes(&writer, memory->back.bytes, sizeof(memory->back.bytes));
	guard_write_u32(&writer, memory->count);
	for (unsigned i = 0; i < memory->count; i++)
		guard_write_bytes(&writer, memory->failed[i].bytes, sizeof(memory->failed[i].bytes));
	guard_write_string(&writer, memory->why);
	r = writer.failed ? -GUARD_E_NOMEM : guard_digest_bytes(&sum, writer.bytes, writer.size);
	if (r == 0) {
		guard_write_bytes(&writer, sum.bytes, sizeof(sum.bytes));
		r = writer.failed ? -GUARD_E_NOMEM :
				    keeper_remember_bytes(state_dir, KEEPER_BACK_FILE, writer.bytes, writer.size);
	}
	guard_writer_free(&writer);
	return r;
}

int keeper_back_remember(int state_dir, int image, int set, const char *why)
{
	struct memory memory;
	struct guard_digest failed;
	int r = keeper_back_identify(&failed, image);

	recall(&memory, state_dir);
	if (r == 0)
		r = keeper_back_identify(&memory.back, set);
	if (r < 0)
		return r;
	if (memory.count == KEEPER_BACK_MAX) {
		memmove(&memory.failed[0], &memory.failed[1], (KEEPER_BACK_MAX - 1) * sizeof(memory.failed[0]));
		memory.count--;
	}
	memory.failed[memory.count++] = failed;
	snprintf(memory.why, sizeof(memory.why), "%s", why);
	return store(state_dir, &memory);
}

/* ---- standing --------------------------------------------------------------------------- */

/* 1 the file of that name holds this policy, 0 another, negative: there is none. */
static int is_in(int state_dir, const char *name, const struct guard_digest *identity)
{
	GUARD_AUTO_CLOSE int fd = -1;
	struct guard_digest other;
	int r = keeper_remembered_file(&fd, state_dir, name);

	if (r == 0)
		r = keeper_back_identify(&other, fd);
	return r < 0 ? r : guard_digest_compare(&other, identity) == 0;
}

void keeper_back_standing(struct keeper_standing *ret_standing, int state_dir, int image)
{
	struct keeper_standing standing = { .failed = false };
	struct guard_digest identity;
	struct memory memory;
	int good, booted;

	recall(&memory, state_dir);
	if (keeper_back_identify(&identity, image) == 0) {
		for (unsigned i = 0; i < memory.count; i++)
			standing.failed |= guard_digest_compare(&memory.failed[i], &identity) == 0;
		standing.is_back = memory.count > 0 && guard_digest_compare(&memory.back, &identity) == 0;
		good = is_in(state_dir, KEEPER_GOOD_FILE, &identity);
		booted = is_in(state_dir, KEEPER_BOOTED_FILE, &identity);
		standing.ran = good == 1;
		standing.booted = booted == 1;
		standing.may_go_back_run = good == 0;
		standing.may_go_back_boot = booted == 0 || good == 0;
	}
	snprintf(standing.why, sizeof(standing.why), "%s", memory.why);
	*ret_standing = standing;
}

/* ---- proven ------------------------------------------------------------------------------- */

/* Another name for what is remembered as in force: nothing is copied. */
static int link_last(int state_dir, const char *name)
{
	char new_name[64];

	snprintf(new_name, sizeof(new_name), "%s.new", name);
	if (unlinkat(state_dir, new_name, 0) < 0 && errno != ENOENT)
		return -GUARD_E_IO;
	if (linkat(state_dir, KEEPER_LAST_FILE, state_dir, new_name, 0) < 0 ||
	    renameat(state_dir, new_name, state_dir, name) < 0)
		return -GUARD_E_IO;
	/* Two names of one file already: rename then leaves both. */
	if (unlinkat(state_dir, new_name, 0) < 0 && errno != ENOENT)
		return -GUARD_E_IO;
	return fsync(state_dir) < 0 ? -GUARD_E_IO : 0;
}

int keeper_back_prove(int state_dir, int image, bool booted)
{
	struct guard_digest identity;
	int r = keeper_back_identify(&identity, image);

	if (r < 0)
		return r;
	r = is_in(state_dir, KEEPER_LAST_FILE, &identity);
	if (r <= 0)
		return r < 0 ? r : -GUARD_E_CHANGED;
	r = link_last(state_dir, KEEPER_GOOD_FILE);
	return r == 0 && booted ? link_last(state_dir, KEEPER_BOOTED_FILE) : r;
}
