/* SPDX-License-Identifier: MIT
 *
 * bench/loops.c - the loops that the benchmark times: exec, open, append,
 * create, first exec; the storm is storm.c's.  Linked statically, so that it runs
 * in any root.  It measures, it decides nothing; every subcommand prints one
 * line of JSON where it has something to say.
 */
#include "loops.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATH_SIZE 4096

extern char **environ;

void die(const char *what)
{
	fprintf(stderr, "loops: %s: %s\n", what, strerror(errno));
	exit(1);
}

uint64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void spawn_wait(char **argv)
{
	pid_t pid;
	int status, error = posix_spawn(&pid, argv[0], NULL, NULL, argv, environ);
	if (error) {
		errno = error;
		die(argv[0]);
	}
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) == 127)
		die(argv[0]);
}

static void loop_exec(unsigned long count, char **argv)
{
	while (count--)
		spawn_wait(argv);
}

static void loop_parallel(unsigned long processes, unsigned long count, char **argv)
{
	for (unsigned long i = 0; i < processes; i++) {
		pid_t pid = fork();
		if (pid < 0)
			die("fork");
		if (pid == 0) {
			loop_exec(count, argv);
			_exit(0);
		}
	}
	while (wait(NULL) > 0 || errno == EINTR)
		;
}

static void loop_open(unsigned long count, const char *path)
{
	while (count--) {
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			die(path);
		close(fd);
	}
}

static void loop_append(unsigned long count, const char *path)
{
	static const char line[64] = "2026-01-01T00:00:00 one line of a log, as daemons write it ....\n";
	while (count--) {
		int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
		if (fd < 0 || write(fd, line, sizeof(line)) != (ssize_t)sizeof(line))
			die(path);
		close(fd);
	}
	unlink(path);
}

/* create, write, close, open, close, unlink */
static void loop_create(unsigned long count, const char *directory)
{
	char path[PATH_SIZE];
	for (unsigned long i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/file-%lu", directory, i);
		int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
		if (fd < 0 || write(fd, "some bytes of data\n", 19) != 19)
			die(path);
		close(fd);
		loop_open(1, path);
	}
	for (unsigned long i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/file-%lu", directory, i);
		unlink(path);
	}
}

/* Opens file-0 .. file-(count-1) once each: every one a first sight. */
static void loop_cold_open(unsigned long count, const char *directory)
{
	char path[PATH_SIZE];
	uint64_t start = now_ns();
	for (unsigned long i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/file-%lu", directory, i);
		loop_open(1, path);
	}
	printf("{\"us_per_event\": %.3f}\n", (double)(now_ns() - start) / 1e3 / (double)count);
}

int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

/* First and second exec of each copy: their difference is the first sight. */
static void first_exec(int count, char **paths)
{
	uint64_t *first = calloc((size_t)count, sizeof(*first)), *second = calloc((size_t)count, sizeof(*second));
	if (!first || !second)
		die("memory");
	for (int i = 0; i < count; i++) {
		char *argv[] = { paths[i], NULL };
		uint64_t start = now_ns();
		spawn_wait(argv);
		first[i] = now_ns() - start;
		start = now_ns();
		spawn_wait(argv);
		second[i] = now_ns() - start;
	}
	qsort(first, (size_t)count, sizeof(*first), compare_u64);
	qsort(second, (size_t)count, sizeof(*second), compare_u64);
	printf("{\"first_us\": %.1f, \"second_us\": %.1f}\n", (double)first[count / 2] / 1e3,
	       (double)second[count / 2] / 1e3);
	free(first);
	free(second);
}

static unsigned long number(const char *word)
{
	char *end;
	unsigned long value = strtoul(word, &end, 10);
	if (!*word || *end || value == 0) {
		fprintf(stderr, "loops: \"%s\" is not a count\n", word);
		exit(2);
	}
	return value;
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";
	if (!strcmp(verb, "exec") && argc > 3)
		loop_exec(number(argv[2]), argv + 3);
	else if (!strcmp(verb, "parallel") && argc > 4)
		loop_parallel(number(argv[2]), number(argv[3]), argv + 4);
	else if (!strcmp(verb, "open") && argc == 4)
		loop_open(number(argv[2]), argv[3]);
	else if (!strcmp(verb, "append") && argc == 4)
		loop_append(number(argv[2]), argv[3]);
	else if (!strcmp(verb, "create") && argc == 4)
		loop_create(number(argv[2]), argv[3]);
	else if (!strcmp(verb, "cold-open") && argc == 4)
		loop_cold_open(number(argv[2]), argv[3]);
	else if (!strcmp(verb, "first-exec") && argc > 2)
		first_exec(argc - 2, argv + 2);
	else if (!strcmp(verb, "storm") && argc > 6)
		storm((unsigned)number(argv[2]), (unsigned)number(argv[3]), argv[4], argv[5], argv + 6);
	else {
		fprintf(stderr, "usage: loops exec N PROG... | parallel P N PROG... | open N FILE | append N FILE |\n"
				"       create N DIR | cold-open N DIR | first-exec FILE... | storm SECONDS P FILE UNLISTED PROG...\n");
		return 2;
	}
	return 0;
}
