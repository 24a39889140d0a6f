/* SPDX-License-Identifier: MIT
 *
 * helpers/storm.c - many at once:
 *   storm exec PROCESSES ROUNDS PROGRAM   each process starts PROGRAM so often
 *   storm open THREADS FILE               all threads open FILE at the same time
 *   storm fds FILE                        use up this process's descriptors, then open FILE
 * Prints `good N refused N other N`.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

struct counts {
	atomic_ulong good, refused, other, waiting;
};

static struct counts *counts;
static const char *file;

static void note(int error)
{
	if (!error)
		atomic_fetch_add(&counts->good, 1);
	else if (error == EPERM)
		atomic_fetch_add(&counts->refused, 1);
	else
		atomic_fetch_add(&counts->other, 1);
}

static void start_program(char *program)
{
	char *const arguments[] = { program, NULL };
	int error, status = 0;
	pid_t pid;

	error = posix_spawn(&pid, program, NULL, NULL, arguments, environ);
	if (!error && waitpid(pid, &status, 0) == pid && status != 0)
		error = EIO;
	note(error);
}

static int storm_exec(unsigned long processes, unsigned long rounds, char *program)
{
	for (unsigned long i = 0; i < processes; i++) {
		pid_t pid = fork();

		if (pid < 0)
			return perror("fork"), 2;
		if (pid == 0) {
			for (unsigned long round = 0; round < rounds; round++)
				start_program(program);
			_exit(0);
		}
	}
	while (wait(NULL) > 0)
		;
	return 0;
}

static void *open_once(void *argument)
{
	int fd;

	(void)argument;
	atomic_fetch_add(&counts->waiting, 1);
	fd = open(file, O_RDONLY | O_CLOEXEC);
	note(fd < 0 ? errno : 0);
	if (fd >= 0)
		close(fd);
	return NULL;
}

static int storm_open(unsigned long threads)
{
	pthread_t *handles = calloc(threads, sizeof(*handles));
	pthread_attr_t attributes;
	unsigned long started = 0;

	if (!handles || pthread_attr_init(&attributes) || pthread_attr_setstacksize(&attributes, 65536))
		return perror("storm"), 2;
	while (started < threads && pthread_create(&handles[started], &attributes, open_once, NULL) == 0)
		started++;
	while (atomic_load(&counts->waiting) < started)
		usleep(1000);
	printf("waiting %lu\n", started);
	fflush(stdout);
	for (unsigned long i = 0; i < started; i++)
		pthread_join(handles[i], NULL);
	free(handles);
	return started == threads ? 0 : 2;
}

static int storm_fds(void)
{
	int fd;

	while (dup(0) >= 0)
		;
	fd = open(file, O_RDONLY);
	note(fd < 0 ? errno : 0);
	return 0;
}

int main(int argc, char **argv)
{
	struct rlimit limit = { 1048576, 1048576 };
	int r = 2;

	counts = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (counts == MAP_FAILED)
		return 2;
	if (argc == 5 && !strcmp(argv[1], "exec")) {
		r = storm_exec(strtoul(argv[2], NULL, 10), strtoul(argv[3], NULL, 10), argv[4]);
	} else if (argc == 4 && !strcmp(argv[1], "open")) {
		(void)setrlimit(RLIMIT_NOFILE, &limit);
		file = argv[3];
		r = storm_open(strtoul(argv[2], NULL, 10));
	} else if (argc == 3 && !strcmp(argv[1], "fds")) {
		file = argv[2];
		r = storm_fds();
	} else {
		fprintf(stderr, "usage: storm exec PROCESSES ROUNDS PROGRAM | open THREADS FILE | fds FILE\n");
	}
	printf("good %lu refused %lu other %lu\n", counts->good, counts->refused, counts->other);
	return r;
}
