/* SPDX-License-Identifier: MIT
 *
 * helpers/rewrite.c - make a quiet payload loud, in place and of the same size:
 *   rewrite write FILE COMMAND...  by write(2), closed before the command
 *   rewrite map FILE COMMAND...    by a shared mapping, closed before the command
 *   rewrite hold FILE COMMAND...   by a shared mapping that stays while it runs
 * What it becomes is listed nowhere.  COMMAND follows at once.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define QUIET "GUARD-SWITCH:N:0"
#define LOUD "GUARD-SWITCH:Y:1"

static int run_meanwhile(char **command)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		execv(command[0], command);
		perror("rewrite");
		_exit(1);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return perror("rewrite: fork"), 1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(int argc, char **argv)
{
	struct stat info;
	char *map, *at;
	int fd;

	if (argc < 4 || (strcmp(argv[1], "write") && strcmp(argv[1], "map") && strcmp(argv[1], "hold")))
		return fprintf(stderr, "usage: rewrite write|map|hold FILE COMMAND...\n"), 2;
	fd = open(argv[2], O_RDWR);
	if (fd < 0 || fstat(fd, &info) < 0)
		return perror("rewrite: open"), 1;
	map = mmap(NULL, (size_t)info.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return perror("rewrite: mmap"), 1;
	at = memmem(map, (size_t)info.st_size, QUIET, strlen(QUIET));
	if (!at)
		return fprintf(stderr, "rewrite: no quiet payload\n"), 2;
	if (!strcmp(argv[1], "write")) {
		if (pwrite(fd, LOUD, strlen(LOUD), at - map) != (ssize_t)strlen(LOUD))
			return perror("rewrite: write"), 1;
	} else {
		memcpy(at, LOUD, strlen(LOUD));
	}
	if (!strcmp(argv[1], "hold"))
		return run_meanwhile(&argv[3]);
	munmap(map, (size_t)info.st_size);
	close(fd);
	execv(argv[3], &argv[3]);
	return perror("rewrite"), 1;
}
