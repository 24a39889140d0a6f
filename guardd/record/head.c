/* SPDX-License-Identifier: MIT
 *
 * record/head.c - see head.h.  Two slots are written in turn, so that a torn
 * write leaves the one before.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "record/head.h"

#define HEAD_MAGIC "GUARDHED"
#define HEAD_MAGIC_SIZE 8u
#define HEAD_VERSION 1u
#define HEAD_HASHED 96u /* bytes in front of a slot's checksum */

static int decode_slot(struct ledger_head *ret_head, const uint8_t bytes[LEDGER_HEAD_SLOT])
{
	struct ledger_head head = {0};
	struct guard_reader reader;
	struct guard_digest checksum;
	const uint8_t *magic, *ledger_id, *hash, *stored;
	uint32_t version;

	guard_reader_init(&reader, bytes, LEDGER_HEAD_SLOT);
	magic = guard_read_bytes(&reader, HEAD_MAGIC_SIZE);
	version = guard_read_u32(&reader);
	(void)guard_read_u32(&reader);
	head.sequence = guard_read_u64(&reader);
	ledger_id = guard_read_bytes(&reader, GUARD_DIGEST_SIZE);
	head.row = guard_read_u64(&reader);
	hash = guard_read_bytes(&reader, GUARD_DIGEST_SIZE);
	stored = guard_read_bytes(&reader, GUARD_DIGEST_SIZE);
	if (!guard_reader_done(&reader) || memcmp(magic, HEAD_MAGIC, HEAD_MAGIC_SIZE) != 0)
		return -GUARD_E_CHECKSUM;
	if (guard_digest_bytes(&checksum, bytes, HEAD_HASHED) < 0)
		return -GUARD_E_INTERNAL;
	if (memcmp(checksum.bytes, stored, GUARD_DIGEST_SIZE) != 0)
		return -GUARD_E_CHECKSUM;
	if (version != HEAD_VERSION)
		return -GUARD_E_VERSION;
	memcpy(head.ledger_id.bytes, ledger_id, GUARD_DIGEST_SIZE);
	memcpy(head.hash.bytes, hash, GUARD_DIGEST_SIZE);
	*ret_head = head;
	return 0;
}

static int read_slot(struct ledger_head *ret_head, int fd, unsigned slot)
{
	uint8_t bytes[LEDGER_HEAD_SLOT];
	ssize_t count;

	do {
		count = pread(fd, bytes, sizeof(bytes), (off_t)(slot * LEDGER_HEAD_STRIDE));
	} while (count < 0 && errno == EINTR);
	if (count < 0)
		return -GUARD_E_IO;
	if (count != (ssize_t)sizeof(bytes))
		return -GUARD_E_CHECKSUM;
	return decode_slot(ret_head, bytes);
}

int ledger_head_read(struct ledger_head *ret_head, int fd)
{
	struct ledger_head heads[2];
	int results[2] = {read_slot(&heads[0], fd, 0), read_slot(&heads[1], fd, 1)};

	if (results[0] == -GUARD_E_VERSION || results[1] == -GUARD_E_VERSION)
		return -GUARD_E_VERSION;
	if (results[0] < 0 && results[1] < 0)
		return results[0];
	if (results[0] < 0 || (results[1] == 0 && heads[1].sequence > heads[0].sequence))
		*ret_head = heads[1];
	else
		*ret_head = heads[0];
	return 0;
}

static int write_slot(int fd, const struct ledger_head *head)
{
	uint8_t bytes[LEDGER_HEAD_SLOT];
	struct guard_digest checksum;
	struct guard_writer writer;
	off_t offset = (off_t)((head->sequence & 1u) * LEDGER_HEAD_STRIDE);
	ssize_t count;

	guard_writer_init_fixed(&writer, bytes, sizeof(bytes));
	guard_write_bytes(&writer, HEAD_MAGIC, HEAD_MAGIC_SIZE);
	guard_write_u32(&writer, HEAD_VERSION);
	guard_write_u32(&writer, 0);
	guard_write_u64(&writer, head->sequence);
	guard_write_bytes(&writer, head->ledger_id.bytes, GUARD_DIGEST_SIZE);
	guard_write_u64(&writer, head->row);
	guard_write_bytes(&writer, head->hash.bytes, GUARD_DIGEST_SIZE);
	if (writer.failed || guard_digest_bytes(&checksum, bytes, HEAD_HASHED) < 0)
		return -GUARD_E_INTERNAL;
	guard_write_bytes(&writer, checksum.bytes, GUARD_DIGEST_SIZE);
	do {
		count = pwrite(fd, bytes, sizeof(bytes), offset);
	} while (count < 0 && errno == EINTR);
	return count == (ssize_t)sizeof(bytes) ? 0 : -GUARD_E_IO;
}

int ledger_head_write(int fd, struct ledger_head *head)
{
	int r;

	head->sequence++;
	r = write_slot(fd, head);
	if (r < 0)
		return r;
	return fdatasync(fd) < 0 ? -GUARD_E_IO : 0;
}

int ledger_head_create(int fd, struct ledger_head *head)
{
	int r = ledger_head_write(fd, head);

	return r < 0 ? r : ledger_head_write(fd, head);
}
