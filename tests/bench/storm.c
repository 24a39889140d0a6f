/* SPDX-License-Identifier: MIT
 *
 * bench/storm.c - every core runs a program as fast as it can; meanwhile the
 * latency of an open is sampled, and a program that is not listed is tried.
 * Counts wrong verdicts, judges nothing.
 */
#include "loops.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SAMPLES_MAX 2000000u
#define STORM_MAX 64
#define SAMPLE_PAUSE_NS 200000
#define TRY_PAUSE_NS 20000000

extern char **environ;

struct counts {
	atomic_ulong execs, refused, tries, ran;
};

static void rest(long nanoseconds)
{
	struct timespec pause = { 0, nanoseconds };

	nanosleep(&pause, NULL);
}

/* Did it run?  EPERM is a refusal, all else is no answer to the question. */
static int runs(char **argv)
{
	pid_t pid;
	int status, error = posix_spawn(&pid, argv[0], NULL, NULL, argv, environ);

	if (error == EPERM)
		return 0;
	if (error) {
		errno = error;
		die(argv[0]);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			die("waitpid");
	return 1;
}

static void run_listed(struct counts *counts, char **argv)
{
	for (;;) {
		atomic_fetch_add(&counts->execs, 1);
		if (!runs(argv)) {
			atomic_fetch_add(&counts->refused, 1);
			rest(TRY_PAUSE_NS);
		}
	}
}

static void try_unlisted(struct counts *counts, char *path)
{
	char *argv[] = { path, NULL };

	for (;; rest(TRY_PAUSE_NS)) {
		atomic_fetch_add(&counts->tries, 1);
		atomic_fetch_add(&counts->ran, (unsigned long)runs(argv));
	}
}

static pid_t child(void)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	return pid;
}

static void sample(uint64_t *samples, size_t *count, const char *file)
{
	uint64_t start = now_ns();
	int fd = open(file, O_RDONLY | O_CLOEXEC);

	samples[*count] = now_ns() - start;
	if (fd < 0)
		die(file);
	close(fd);
	++*count;
	rest(SAMPLE_PAUSE_NS);
}

static void print(uint64_t *samples, size_t count, const struct counts *counts)
{
	qsort(samples, count, sizeof(*samples), compare_u64);
	printf("{\"samples\": %zu, \"p50_us\": %.1f, \"p99_us\": %.1f, \"p999_us\": %.1f, \"max_us\": %.1f, "
	       "\"execs\": %lu, \"refused\": %lu, \"tries\": %lu, \"ran\": %lu}\n",
	       count, (double)samples[count / 2] / 1e3, (double)samples[count * 99 / 100] / 1e3,
	       (double)samples[count * 999 / 1000] / 1e3, (double)samples[count - 1] / 1e3,
	       atomic_load(&counts->execs), atomic_load(&counts->refused), atomic_load(&counts->tries),
	       atomic_load(&counts->ran));
}

void storm(unsigned seconds, unsigned processes, const char *file, char *unlisted, char **argv)
{
	pid_t children[STORM_MAX + 1];
	uint64_t *samples = malloc(SAMPLES_MAX * sizeof(*samples));
	struct counts *counts =
		mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	size_t count = 0;

	if (!samples || counts == MAP_FAILED || processes > STORM_MAX)
		die("memory");
	for (unsigned i = 0; i <= processes; i++) {
		children[i] = child();
		if (children[i] == 0 && i == processes)
			try_unlisted(counts, unlisted);
		if (children[i] == 0)
			run_listed(counts, argv);
	}
	for (uint64_t end = now_ns() + (uint64_t)seconds * 1000000000u; now_ns() < end && count < SAMPLES_MAX;)
		sample(samples, &count, file);
	for (unsigned i = 0; i <= processes; i++) {
		int status;

		kill(children[i], SIGKILL);
		if (waitpid(children[i], &status, 0) != children[i] || !WIFSIGNALED(status))
			die("a process of the storm ended by itself");
	}
	print(samples, count, counts);
	munmap(counts, sizeof(*counts));
	free(samples);
}
