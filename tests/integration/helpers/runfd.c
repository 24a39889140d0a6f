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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

extern char **environ;
static char *const arguments[] = { (char *)"payload", NULL };

static int copy_into(int out, const char *file)
{
	char buffer[65536];
	ssize_t count;
	int in = open(file, O_RDONLY | O_CLOEXEC);

	if (in < 0)
		return -1;
	while ((count = read(in, buffer, sizeof(buffer))) > 0)
		if (write(out, buffer, (size_t)count) != count)
			return -1;
	close(in);
	return count < 0 ? -1 : 0;
}

/* A program cannot run while it is open for writing: hand out a second fd. */
static int reopen(int fd)
{
	char path[64];
	int again;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, O_RDONLY); /* inherited on purpose: a script needs it */
	if (again >= 0)
		close(fd);
	return again;
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
		run_fd(open(argv[2], O_RDONLY));
	else if (!strcmp(mode, "path-fd"))
		run_fd(open(argv[2], O_PATH));
	else if (!strcmp(mode, "proc"))
		run_proc(open(argv[2], O_RDONLY));
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
