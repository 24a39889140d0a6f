/* SPDX-License-Identifier: MIT
 *
 * fuzz/fuzz_ledger.c - a sound ledger with bytes changed, in the database or in
 * the head: the first byte says which, then follow an offset (u16) and a byte
 * each.  What still verifies must hold exactly the rows that were written.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "record/database.h"
#include "record/ledger.h"
#include "record/verify.h"

#define ROWS 12u
#define FILE_MAX 65536u

struct file {
	const char *name;
	uint8_t bytes[FILE_MAX];
	size_t size;
};

static char path[] = "/tmp/guard-fuzz-XXXXXX";
static int folder = -1;
static struct file files[2] = { { .name = LEDGER_DATABASE }, { .name = LEDGER_HEAD } };
static struct ledger_report sound;

static void remove_folder(void)
{
	static const char *const names[] = { LEDGER_DATABASE, LEDGER_DATABASE "-wal", LEDGER_DATABASE "-shm",
					     LEDGER_HEAD, LEDGER_LOCK };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlinkat(folder, names[i], 0);
	rmdir(path);
}

static void write_ledger(void)
{
	const struct ledger_limits limits = { 64u << 20, 0 };
	char problem[LEDGER_PROBLEM_SIZE];
	struct ledger *ledger = NULL;
	struct ledger_row row;

	FUZZ_REQUIRE(ledger_open(&ledger, folder, &limits, 1, NULL, problem) == 0);
	for (unsigned i = 0; i < ROWS; i++) {
		memset(&row, 0, sizeof(row));
		row.event = (struct guard_event){ .source = GUARD_EVENT_ACCESS, .count = 1, .time_ns = i, .uid = i % 3 };
		snprintf(row.event.path, sizeof(row.event.path), "/home/user/program-%u", i);
		FUZZ_REQUIRE(ledger_append(ledger, &row) == 0);
	}
	FUZZ_REQUIRE(ledger_commit(ledger) == 0);
	ledger_free(ledger);
	FUZZ_REQUIRE(ledger_verify(&sound, folder, LEDGER_DATABASE) == 0 && sound.intact);
}

static void prepare(void)
{
	FUZZ_REQUIRE(mkdtemp(path));
	folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	FUZZ_REQUIRE(folder >= 0);
	atexit(remove_folder);
	write_ledger();
	for (size_t i = 0; i < 2; i++) {
		int fd = openat(folder, files[i].name, O_RDONLY | O_CLOEXEC);
		ssize_t size = read(fd, files[i].bytes, FILE_MAX);
		FUZZ_REQUIRE(size > 0 && size < (ssize_t)FILE_MAX);
		files[i].size = (size_t)size;
		close(fd);
	}
}

static void save(const struct file *file, const uint8_t *bytes)
{
	int fd = openat(folder, file->name, O_WRONLY | O_TRUNC | O_CLOEXEC);

	FUZZ_REQUIRE(write(fd, bytes, file->size) == (ssize_t)file->size);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t bytes[FILE_MAX];
	struct ledger_report report = { 0 };
	struct guard_reader reader;
	struct file *file;

	if (folder < 0)
		prepare();
	guard_reader_init(&reader, data, size);
	file = &files[guard_read_u8(&reader) & 1];
	memcpy(bytes, file->bytes, file->size);
	while (guard_reader_left(&reader) >= 3) {
		size_t offset = guard_read_u16(&reader) % file->size;
		bytes[offset] = guard_read_u8(&reader);
	}
	save(file, bytes);
	if (ledger_verify(&report, folder, LEDGER_DATABASE) == 0 && report.intact) {
		FUZZ_REQUIRE(report.rows == sound.rows && report.last == sound.last);
		FUZZ_REQUIRE(guard_digest_compare(&report.hash, &sound.hash) == 0);
	}
	save(file, file->bytes);
	return 0;
}
