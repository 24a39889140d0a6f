/* SPDX-License-Identifier: MIT
 *
 * keeper/spawn_package.c - starts guard-package for a request, the one helper
 * that is a program of its own (docs/signers-package.md), and the child that
 * writes its result down.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "internal.h"
#include "package/message.h"

#define PROGRAM "guard-package"

/* As installed; from a build, beside guardd. */
static void find_program(char *ret_path, size_t size, const struct keeper *keeper)
{
	const char *slash = strrchr(keeper->program, '/');
	int folder = slash ? (int)(slash - keeper->program) : 0;

	if (strncmp(keeper->program, GUARDD_SBINDIR "/", strlen(GUARDD_SBINDIR) + 1) == 0)
		snprintf(ret_path, size, GUARDD_LIBEXECDIR "/" PROGRAM);
	else
		snprintf(ret_path, size, "%.*s/" PROGRAM, folder, keeper->program);
}

static void give(int fd)
{
	if (fd >= 0)
		(void)!fcntl(fd, F_SETFD, 0);
}

static void fail(int client, const char *sentence) __attribute__((noreturn));
static void fail(int client, const char *sentence)
{
	if (package_say(client, PACKAGE_RESULT, -GUARD_E_UNSUPPORTED, 0, "nothing was attributed: %s", sentence) < 0)
		_exit(EXIT_FAILURE);
	_exit(EXIT_SUCCESS);
}

static void become(struct keeper *keeper, const char *path, int client, int own) __attribute__((noreturn));
static void become(struct keeper *keeper, const char *path, int client, int own)
{
	const int policy = keeper->handles.policy, table = keeper->attributions;
	const int keep[] = { client, own, policy, table };
	char numbers[4][12], problem[400];
	char *arguments[] = { (char *)PROGRAM, numbers[0], numbers[1], numbers[2], numbers[3], NULL };
	char *environment[] = { (char *)"LC_ALL=C", NULL };

	keeper_child_keep_only(keeper->null, keep, table < 0 ? 3 : 4);
	for (int i = 0; i < 4; i++) {
		snprintf(numbers[i], sizeof(numbers[i]), "%d", keep[i]);
		give(keep[i]);
	}
	/* One who does not read holds up this process alone. */
	(void)!fcntl(client, F_SETFL, O_RDWR);
	if (guardd_jail_enter(GUARDD_ROLE_PACKAGE, keeper->config, problem, sizeof(problem)) < 0)
		fail(client, problem);
	munmap(keeper->shared, sizeof(*keeper->shared));
	execve(path, arguments, environment);
	snprintf(problem, sizeof(problem), "%.200s cannot be started (%s)%s", path, strerror(errno),
		 errno == EPERM ? ": list it in the policy" : "");
	fail(client, problem);
}

int keeper_spawn_package(struct keeper *keeper, int32_t client)
{
	char path[GUARDD_PATH_MAX + 32];
	int32_t pair[2];
	pid_t parent = getpid(), pid;

	if (keeper_pair(pair, 0) < 0)
		return -GUARD_E_IO;
	find_program(path, sizeof(path), keeper);
	pid = keeper_clone(&keeper->package, 0);
	if (pid == 0) {
		keeper_child_begin(PROGRAM);
		keeper_child_die_with_parent(parent);
		become(keeper, path, client, pair[1]);
	}
	close(pair[1]);
	keeper_close(&keeper->package_socket);
	keeper->package_socket = pair[0];
	return pid > 0 ? 0 : -GUARD_E_IO;
}

int keeper_spawn_attributions_writer(struct keeper *keeper)
{
	pid_t pid = keeper_clone(&keeper->writer, 0);

	if (pid == 0) {
		const int keep[] = { keeper->attributions, keeper->state_dir };

		keeper_child_begin("guardd-writer");
		keeper_child_keep_only(keeper->null, keep, 2);
		keeper_attributions_write(keeper);
	}
	return pid > 0 ? 0 : -GUARD_E_IO;
}
