/* SPDX-License-Identifier: MIT
 *
 * helpers/runfd.c - execute a program that has no usual name:
 *   runfd MODE FILE FOLDER
 * The content of FILE is run from an fd (fexecve), through execveat with a
 * folder's fd, through /proc/self/fd, unlinked, from O_TMPFILE, from a script
 * fd.  Prints what the kernel said; ends with 1 when it was refused.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;
static char *const arguments[] = { (char *)"payload", NULL };

/* By cat, which may read what is not listed. */
static int copy_into(int out, const char *file)
{
	posix_spawn_file_actions_t actions;
	char *const cat[] = { (char *)"/bin/cat", (char *)file, NULL };
	int status = -1;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, out, 1);
	if (posix_spawn(&pid, cat[0], &actions, NULL, cat, environ) == 0)
		waitpid(pid, &status, 0);
	posix_spawn_file_actions_destroy(&actions);
	return status == 0 ? 0 : -1;
}

static int open_again(int fd, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, flags); /* inherited on purpose: a script needs it */
}

/* A program cannot run while it is open for writing, and a nameless file must
 * stay referred to: first a second handle, then the writer goes, then reading. */
static int reopen(int fd)
{
	int handle = open_again(fd, O_PATH);
	int again;

	close(fd);
	again = handle < 0 ? -1 : open_again(handle, O_RDONLY);
	/* Refused for reading: execution is tried by the handle. */
	return again < 0 ? handle : again;
}

static int run_fd(int fd)
{
	return (int)syscall(SYS_execveat, fd, "", arguments, environ, 0x1000 /* AT_EMPTY_PATH */);
}

static int run_proc(int fd)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return execve(path, arguments, environ);
}

static int run_tmpfile(const char *file, const char *folder, int (*run)(int))
{
	int fd = open(folder, O_TMPFILE | O_RDWR, 0755);

	if (fd < 0 || copy_into(fd, file) < 0)
		return -1;
	fd = reopen(fd);
	return fd < 0 ? -1 : run(fd);
}

static int run_unlinked(const char *file, const char *folder, int (*run)(int))
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/runfd.XXXXXX", folder);
	fd = mkstemp(path);
	if (fd < 0 || copy_into(fd, file) < 0 || fchmod(fd, 0755) < 0)
		return -1;
	fd = reopen(fd);
	unlink(path);
	return fd < 0 ? -1 : run(fd);
}

static int run_memfd(const char *file)
{
	int fd = memfd_create("payload", 0);

	if (fd < 0 || copy_into(fd, file) < 0)
		return -1;
	return run_fd(fd);
}

static int run_opened(int fd, int (*run)(int))
{
	return fd < 0 ? -1 : run(fd);
}

/* The descriptor was opened before: no open event comes with the exec. */
static int run_folder(const char *file, const char *folder)
{
	int fd = open(folder, O_PATH | O_DIRECTORY);

	return (int)syscall(SYS_execveat, fd, file, arguments, environ, 0);
}

int main(int argc, char **argv)
{
	const char *mode = argc == 4 ? argv[1] : "";

	if (!strcmp(mode, "fd"))
		run_opened(open(argv[2], O_RDONLY), run_fd);
	else if (!strcmp(mode, "path-fd"))
		run_fd(open(argv[2], O_PATH));
	else if (!strcmp(mode, "proc"))
		run_opened(open(argv[2], O_RDONLY), run_proc);
	else if (!strcmp(mode, "folder"))
		run_folder(argv[2], argv[3]);
	else if (!strcmp(mode, "tmpfile"))
		run_tmpfile(argv[2], argv[3], run_fd);
	else if (!strcmp(mode, "tmpfile-proc"))
		run_tmpfile(argv[2], argv[3], run_proc);
	else if (!strcmp(mode, "unlinked"))
		run_unlinked(argv[2], argv[3], run_fd);
	else if (!strcmp(mode, "unlinked-proc"))
		run_unlinked(argv[2], argv[3], run_proc);
	else if (!strcmp(mode, "memfd"))
		run_memfd(argv[2]);
	else
		return fprintf(stderr, "usage: runfd MODE FILE FOLDER\n"), 2;
	fprintf(stderr, "runfd: %s\n", strerror(errno));
	return 1;
}
