/* SPDX-License-Identifier: MIT
 *
 * unlock/store.c - the state file: written beside and renamed, synced, so that
 * after a power cut it is the old one or the new one.  The format is
 * docs/phone-unlock.md, "What the daemon keeps".
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "unlock/process.h"
#include "wire/body.h"

#define MAGIC "GUARDUNM"
#define MAGIC_SIZE 8u
#define FORMAT 2u
#define FORMAT_WITHOUT_USED 1u
#define NAME "state"
#define NAME_NEW "state.new"

/* ---- writing ------------------------------------------------------------------- */

static void write_entry(struct guard_writer *writer, const struct unlock_entry *entry)
{
	guard_write_u32(writer, entry->id);
	guard_write_u32(writer, entry->uid);
	guard_write_u8(writer, entry->scope);
	guard_write_bytes(writer, entry->number.digits, sizeof(entry->number.digits));
	guard_write_bytes(writer, entry->digest.bytes, sizeof(entry->digest.bytes));
	guard_write_u64(writer, entry->opened_ms);
	guard_write_u64(writer, entry->until_ms);
	guard_body_put_text(writer, entry->user, sizeof(entry->user));
	guard_body_put_text(writer, entry->path, sizeof(entry->path));
	guard_body_put_text(writer, entry->reason, sizeof(entry->reason));
}

static void write_used(struct guard_writer *writer, const struct unlock_process *process)
{
	guard_write_i64(writer, process->permits_from);
	guard_write_u8(writer, (uint8_t)process->used_count);
	for (unsigned i = 0; i < process->used_count; i++) {
		guard_write_bytes(writer, process->used[i].id.bytes, sizeof(process->used[i].id.bytes));
		guard_write_i64(writer, process->used[i].until);
	}
}

static int write_all(struct guard_writer *writer, const struct unlock_process *process)
{
	GUARD_AUTO_FREE void *state = NULL;
	struct guard_digest checksum;
	size_t size;
	int r = guard_unlock_state_save(&state, &size, process->state);

	if (r < 0)
		return r;
	guard_write_bytes(writer, MAGIC, MAGIC_SIZE);
	guard_write_u32(writer, FORMAT);
	guard_write_u64(writer, process->serial);
	guard_write_u32(writer, process->next_id);
	guard_write_u32(writer, process->restored_epoch);
	guard_write_bytes(writer, process->boot_id, sizeof(process->boot_id));
	guard_write_blob(writer, state, size);
	guard_write_u8(writer, (uint8_t)process->count);
	for (unsigned i = 0; i < process->count; i++)
		write_entry(writer, &process->entries[i]);
	write_used(writer, process);
	if (writer->failed)
		return -GUARD_E_NOMEM;
	r = guard_digest_bytes(&checksum, writer->bytes, writer->size);
	guard_write_bytes(writer, checksum.bytes, sizeof(checksum.bytes));
	return r < 0 ? r : writer->failed ? -GUARD_E_NOMEM : 0;
}

static int put_in_place(int directory, const struct guard_writer *writer)
{
	GUARD_AUTO_CLOSE int fd =
	    openat(directory, NAME_NEW, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	size_t done = 0;

	if (fd < 0)
		return -GUARD_E_IO;
	while (done < writer->size) {
		ssize_t n = write(fd, &writer->bytes[done], writer->size - done);

		if (n < 0 && errno != EINTR)
			return -GUARD_E_IO;
		done += n > 0 ? (size_t)n : 0;
	}
	if (fsync(fd) < 0 || renameat(directory, NAME_NEW, directory, NAME) < 0 || fsync(directory) < 0)
		return -GUARD_E_IO;
	return 0;
}

static uint64_t state_serial(struct unlock_process *process)
{
	struct guard_unlock_state_info info;
	struct guard_unlock_clock clock;

	unlock_now(&clock, process);
	guard_unlock_state_info(&info, process->state, process->set, &clock);
	return info.serial;
}

int unlock_store_save(struct unlock_process *process)
{
	struct guard_writer writer;
	uint64_t saved;
	int r;

	if (process->unreadable)
		return -GUARD_E_FORMAT;
	saved = state_serial(process);
	process->serial++; /* also when it fails: a number is never used twice */
	guard_writer_init(&writer);
	r = write_all(&writer, process);
	if (r == 0)
		r = put_in_place(process->directory, &writer);
	guard_writer_free(&writer);
	if (r == 0)
		process->saved = saved;
	return r;
}

int unlock_store_keep(struct unlock_process *process, bool always)
{
	return always || state_serial(process) != process->saved ? unlock_store_save(process) : 0;
}

/* ---- reading ------------------------------------------------------------------- */

static void copy_bytes(void *ret_bytes, struct guard_reader *reader, size_t size)
{
	const uint8_t *bytes = guard_read_bytes(reader, size);

	if (bytes)
		memcpy(ret_bytes, bytes, size);
}

static bool entry_is_sane(const struct unlock_entry *entry)
{
	for (size_t i = 0; i < sizeof(entry->number.digits); i++)
		if (entry->number.digits[i] > 9)
			return false;
	return entry->scope >= GUARD_UNLOCK_SHORT && entry->scope < GUARD_UNLOCK_SCOPE_MAX_ && entry->user[0] &&
	       (entry->id == 0) == (entry->until_ms == 0);
}

static void read_entry(struct unlock_entry *ret_entry, struct guard_reader *reader)
{
	struct unlock_entry entry = {0};

	entry.id = guard_read_u32(reader);
	entry.uid = guard_read_u32(reader);
	entry.scope = guard_read_u8(reader);
	copy_bytes(entry.number.digits, reader, sizeof(entry.number.digits));
	copy_bytes(entry.digest.bytes, reader, sizeof(entry.digest.bytes));
	entry.opened_ms = guard_read_u64(reader);
	entry.until_ms = guard_read_u64(reader);
	guard_body_take_text(entry.user, sizeof(entry.user), reader);
	guard_body_take_text(entry.path, sizeof(entry.path), reader);
	guard_body_take_text(entry.reason, sizeof(entry.reason), reader);
	if (!entry_is_sane(&entry))
		reader->failed = true;
	*ret_entry = entry;
}

/* The bytes without their checksum. */
static int check_sum(size_t *ret_size, const uint8_t *bytes, size_t size)
{
	struct guard_digest made, stored;

	if (size < sizeof(stored.bytes))
		return -GUARD_E_FORMAT;
	memcpy(stored.bytes, &bytes[size - sizeof(stored.bytes)], sizeof(stored.bytes));
	*ret_size = size - sizeof(stored.bytes);
	if (guard_digest_bytes(&made, bytes, *ret_size) < 0)
		return -GUARD_E_NOMEM;
	return guard_digest_compare(&made, &stored) == 0 ? 0 : -GUARD_E_CHECKSUM;
}

static void read_used(struct unlock_process *process, struct guard_reader *reader)
{
	unsigned count;

	process->permits_from = guard_read_i64(reader);
	count = guard_read_u8(reader);
	if (count > UNLOCK_USED_MAX) {
		reader->failed = true;
		return;
	}
	for (unsigned i = 0; i < count; i++) {
		copy_bytes(process->used[i].id.bytes, reader, sizeof(process->used[i].id.bytes));
		process->used[i].until = guard_read_i64(reader);
	}
	process->used_count = count;
}

static int read_all(struct unlock_process *process, uint8_t ret_boot_id[16], struct guard_reader *reader)
{
	uint8_t magic[MAGIC_SIZE] = {0};
	const uint8_t *state;
	size_t size = 0;
	uint32_t format;
	unsigned count;
	int r;

	copy_bytes(magic, reader, sizeof(magic));
	if (memcmp(magic, MAGIC, sizeof(magic)) != 0)
		return -GUARD_E_FORMAT;
	format = guard_read_u32(reader);
	if (format != FORMAT && format != FORMAT_WITHOUT_USED)
		return -GUARD_E_VERSION;
	process->serial = guard_read_u64(reader);
	process->next_id = guard_read_u32(reader);
	process->restored_epoch = guard_read_u32(reader);
	copy_bytes(ret_boot_id, reader, 16);
	state = guard_read_blob(reader, &size, GUARD_UNLOCK_STATE_SIZE_MAX);
	r = state ? guard_unlock_state_load(&process->state, state, size) : -GUARD_E_FORMAT;
	if (r < 0)
		return r;
	count = guard_read_u8(reader);
	if (count > UNLOCK_ENTRIES_MAX)
		return -GUARD_E_FORMAT;
	for (unsigned i = 0; i < count; i++)
		read_entry(&process->entries[i], reader);
	process->count = count;
	if (format == FORMAT)
		read_used(process, reader);
	return guard_reader_done(reader) && process->next_id ? 0 : -GUARD_E_FORMAT;
}

static int begin_new(struct unlock_process *process)
{
	process->next_id = 1;
	return guard_unlock_state_new(&process->state);
}

static int load_bytes(struct unlock_process *process, const uint8_t *bytes, size_t size)
{
	struct guard_reader reader;
	uint8_t boot_id[16] = {0};
	int r = check_sum(&size, bytes, size);

	if (r < 0)
		return r;
	guard_reader_init(&reader, bytes, size);
	r = read_all(process, boot_id, &reader);
	if (r == 0 && memcmp(boot_id, process->boot_id, sizeof(boot_id)) != 0)
		unlock_entries_of_old_boot(process);
	return r;
}

int unlock_store_load(struct unlock_process *process)
{
	GUARD_AUTO_CLOSE int fd = openat(process->directory, NAME, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	GUARD_AUTO_FREE uint8_t *bytes = malloc(UNLOCK_FILE_MAX);
	ssize_t size;

	if (!bytes)
		return -GUARD_E_NOMEM;
	if (fd < 0)
		return errno == ENOENT ? begin_new(process) : -GUARD_E_IO;
	size = pread(fd, bytes, UNLOCK_FILE_MAX, 0);
	if (size < 0 || (size_t)size == UNLOCK_FILE_MAX)
		return size < 0 ? -GUARD_E_IO : -GUARD_E_LIMIT;
	return load_bytes(process, bytes, (size_t)size);
}
