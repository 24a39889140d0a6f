/* SPDX-License-Identifier: MIT
 *
 * guardctl/scan_progress.c - a progress bar on standard error, in a thread of
 * its own.  Only on a terminal; touches nothing of the scan but its counters.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "i18n.h"
#include "scan.h"

#define BAR_WIDTH 30u
#define LINE_WIDTH 80u
#define REFRESH_NS 100000000L

struct scan_progress {
	const struct scan *scan;
	uint64_t bytes_total;
	struct timespec begun;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	bool stop, shown;
	bool wide; /* the whole line fits into the terminal */
};

static bool is_wide(void)
{
	struct winsize size = { 0 };

	/* A terminal that does not say has the usual 80 columns. */
	return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0 || size.ws_col >= LINE_WIDTH;
}

static double seconds_since(const struct timespec *begun)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - begun->tv_sec) + (double)(now.tv_nsec - begun->tv_nsec) / 1e9;
}

static void draw(const struct scan_progress *progress)
{
	const struct scan *scan = progress->scan;
	uint64_t bytes = atomic_load(&scan->bytes_done), files = atomic_load(&scan->files_done);
	double part = progress->bytes_total ? (double)bytes / (double)progress->bytes_total : 1.0;
	char bar[BAR_WIDTH + 1];

	if (part > 1.0)
		part = 1.0;
	unsigned full = (unsigned)(part * BAR_WIDTH);
	memset(bar, '-', BAR_WIDTH);
	memset(bar, '#', full);
	bar[BAR_WIDTH] = '\0';
	double elapsed = seconds_since(&progress->begun);
	fputs("\r\033[K", stderr);
	if (!progress->wide) {
		fprintf(stderr, "%3.0f%%", part * 100);
		fflush(stderr);
		return;
	}
	fprintf(stderr, _("scan [%s] %3.0f%%  files: %" PRIu64 " of %zu  %.1f MiB/s"), bar, part * 100, files,
		scan->file_count, elapsed > 0 ? (double)bytes / elapsed / 1048576.0 : 0.0);
	fflush(stderr);
}

static void *run(void *context)
{
	struct scan_progress *progress = context;

	pthread_mutex_lock(&progress->mutex);
	while (!progress->stop) {
		draw(progress);
		progress->shown = true;
		struct timespec until;
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += REFRESH_NS;
		until.tv_sec += until.tv_nsec / 1000000000L;
		until.tv_nsec %= 1000000000L;
		pthread_cond_timedwait(&progress->wake, &progress->mutex, &until);
	}
	pthread_mutex_unlock(&progress->mutex);
	return NULL;
}

int scan_progress_start(struct scan_progress **ret_progress, const struct scan *scan, uint64_t bytes_total)
{
	pthread_condattr_t clock;

	if (!isatty(STDERR_FILENO)) {
		*ret_progress = NULL;
		return 0;
	}
	struct scan_progress *progress = calloc(1, sizeof(*progress));
	if (!progress)
		return -GUARD_E_NOMEM;
	progress->scan = scan;
	progress->bytes_total = bytes_total;
	progress->wide = is_wide();
	clock_gettime(CLOCK_MONOTONIC, &progress->begun);
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&progress->wake, &clock);
	pthread_condattr_destroy(&clock);
	pthread_mutex_init(&progress->mutex, NULL);
	if (pthread_create(&progress->thread, NULL, run, progress) != 0) {
		free(progress);
		return -GUARD_E_NOMEM;
	}
	*ret_progress = progress;
	return 0;
}

void scan_progress_stop(struct scan_progress *progress)
{
	if (!progress)
		return;
	pthread_mutex_lock(&progress->mutex);
	progress->stop = true;
	pthread_cond_signal(&progress->wake);
	pthread_mutex_unlock(&progress->mutex);
	pthread_join(progress->thread, NULL);
	if (progress->shown)
		fputs("\r\033[K", stderr);
	pthread_cond_destroy(&progress->wake);
	pthread_mutex_destroy(&progress->mutex);
	free(progress);
}
