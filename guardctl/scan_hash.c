/* SPDX-License-Identifier: MIT
 *
 * guardctl/scan_hash.c - look into the files that were found: what they are and
 * their digest, on all cores.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "scan.h"
#include "scan_presets.h"

#define SCAN_ATTEMPTS 3 /* a file that keeps changing is reported */

struct work {
	struct scan *scan;
	const struct scan_presets *presets;
	_Atomic size_t next;
};

struct counting {
	_Atomic uint64_t *total;
	uint64_t counted;
};

static int count_bytes(void *context, uint64_t bytes_done)
{
	struct counting *counting = context;

	atomic_fetch_add_explicit(counting->total, bytes_done - counting->counted, memory_order_relaxed);
	counting->counted = bytes_done;
	return 0;
}

/* No link on the way: a directory that was swapped for one is not followed.
 * O_NONBLOCK: a FIFO that was swapped in does not hold us. */
static int open_file(const char *path)
{
	struct open_how how = { .flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY,
				.resolve = RESOLVE_NO_SYMLINKS };

	return (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size && a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
	       a->st_ctim.tv_nsec == b->st_ctim.tv_nsec && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* 0, or a negative code with errno where the system said why. */
static int read_once(struct scan_file *file, const struct scan_presets *presets, bool all, struct counting *counting)
{
	unsigned char head[GUARD_SNIFF_SIZE];
	struct stat before, after;
	GUARD_AUTO_CLOSE int fd = open_file(file->path);

	if (fd < 0 || fstat(fd, &before) < 0)
		return -GUARD_E_IO;
	if (!S_ISREG(before.st_mode))
		return -GUARD_E_CHANGED;
	file->mode = before.st_mode;
	ssize_t got = pread(fd, head, sizeof(head), 0);
	if (got < 0)
		return -GUARD_E_IO;

	enum guard_format format = guard_format_sniff(head, (size_t)got);
	file->format = (uint8_t)format;
	if (before.st_size == 0 && got == 0) {
		file->state = SCAN_EMPTY;
		return guard_digest_bytes(&file->digest, "", 0);
	}
	if (!all && !scan_is_wanted(format, before.st_mode, file->path, presets)) {
		file->state = SCAN_DATA;
		return 0;
	}

	struct guard_digest digest;
	uint64_t size = 0;
	posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	int r = guard_digest_fd(&digest, &size, fd, count_bytes, counting);
	if (r < 0)
		return r;
	if (fstat(fd, &after) < 0)
		return -GUARD_E_IO;
	if (!is_same(&before, &after) || size != (uint64_t)before.st_size)
		return -GUARD_E_CHANGED;
	file->has_unpacked = scan_is_packed_module(file->path, &before) && scan_unpacked_digest(&file->unpacked, fd) == 0;
	file->digest = digest;
	file->size = size;
	file->state = SCAN_LISTED;
	return 0;
}

void scan_identify(struct scan_file *file, const struct scan_presets *presets, bool all, _Atomic uint64_t *bytes_done)
{
	int r = -GUARD_E_CHANGED;

	for (int i = 0; i < SCAN_ATTEMPTS && r == -GUARD_E_CHANGED; i++) {
		struct counting counting = { .total = bytes_done };
		errno = 0;
		r = read_once(file, presets, all, &counting);
		/* What was not read counts as done, for the progress bar. */
		if (r == 0 && counting.counted < file->size)
			count_bytes(&counting, file->size);
	}
	if (r == 0)
		return;
	file->state = SCAN_FAILED;
	file->error = r;
	file->system_error = r == -GUARD_E_CHANGED ? 0 : errno;
}

static void *work_on(void *context)
{
	struct work *work = context;
	struct scan *scan = work->scan;

	for (;;) {
		size_t i = atomic_fetch_add_explicit(&work->next, 1, memory_order_relaxed);
		if (i >= scan->file_count)
			return NULL;
		scan_identify(&scan->files[i], work->presets, scan->options->all, &scan->bytes_done);
		atomic_fetch_add_explicit(&scan->files_done, 1, memory_order_relaxed);
	}
}

static int note_failures(struct scan *scan)
{
	for (size_t i = 0; i < scan->file_count; i++) {
		const struct scan_file *file = &scan->files[i];
		if (file->state != SCAN_FAILED)
			continue;
		bool changed = file->error == -GUARD_E_CHANGED || file->system_error == ENOENT;
		int r = scan_add_note(scan, changed ? SCAN_NOTE_CHANGED : SCAN_NOTE_UNREADABLE, file->path,
				      file->system_error);
		if (r < 0)
			return r;
	}
	return 0;
}

int scan_identify_all(struct scan *scan, const struct scan_presets *presets)
{
	struct work work = { .scan = scan, .presets = presets };
	pthread_t threads[SCAN_JOBS_MAX];
	unsigned started = 0;

	/* One less than wanted: this thread works as well. */
	while (started + 1 < scan->options->jobs && started < SCAN_JOBS_MAX) {
		if (pthread_create(&threads[started], NULL, work_on, &work) != 0)
			break;
		started++;
	}
	work_on(&work);
	for (unsigned i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	return note_failures(scan);
}
