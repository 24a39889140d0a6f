/* SPDX-License-Identifier: MIT
 *
 * keeper/child.c - from a copy of the keeper to a process that has nothing of
 * the keeper's but what its role needs.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "internal.h"

/* A peer that left and a file that must not grow are errors, not the end; and who wants the
 * policy to be read again (the kernel layer lets that signal pass) asks the keeper. */
static bool is_ignored(int signal_number)
{
	return signal_number == SIGPIPE || signal_number == SIGXFSZ || signal_number == SIGHUP;
}

/* The keeper reads its signals from an fd; a child takes them as usual. */
void keeper_child_begin(const char *name)
{
	sigset_t none;

	for (int signal_number = 1; signal_number < NSIG; signal_number++)
		signal(signal_number, is_ignored(signal_number) ? SIG_IGN : SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_NAME, name);
}

static int compare(const void *a, const void *b)
{
	int left = *(const int *)a, right = *(const int *)b;

	return (left > right) - (left < right);
}

/* Close every fd but standard error and these; standard input and output lead
 * nowhere (`null`).  Only for a child with an fd table of its own. */
void keeper_child_keep_only(int null, const int *fds, size_t count)
{
	int kept[KEEPER_KEEP_MAX];
	unsigned next = 3;

	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	if (count > KEEPER_KEEP_MAX)
		_exit(EXIT_FAILURE);
	for (size_t i = 0; i < count; i++)
		kept[i] = fds[i];
	qsort(kept, count, sizeof(kept[0]), compare);
	for (size_t i = 0; i < count; i++) {
		if (kept[i] < (int)next)
			continue;
		if (kept[i] > (int)next)
			close_range(next, (unsigned)kept[i] - 1, 0);
		next = (unsigned)kept[i] + 1;
	}
	close_range(next, ~0u, 0);
}

/* The jail asks for the same once more: a change of user forgets it. */
void keeper_child_die_with_parent(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(EXIT_SUCCESS);
}
