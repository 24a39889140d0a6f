/* SPDX-License-Identifier: MIT
 *
 * guardd/stop.c - the flag of a process that was asked to end.
 */
#include "stop.h"

#include <signal.h>

static volatile sig_atomic_t asked;

static void on_signal(int signal)
{
	(void)signal;
	asked = 1;
}

int guardd_stop_listen(void)
{
	struct sigaction action = {.sa_handler = on_signal}, ignore = {.sa_handler = SIG_IGN};
	sigset_t blocked;

	asked = 0;
	sigemptyset(&action.sa_mask);
	sigemptyset(&ignore.sa_mask);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGINT);
	if (sigprocmask(SIG_SETMASK, &blocked, NULL) < 0 || sigaction(SIGTERM, &action, NULL) < 0 ||
	    sigaction(SIGINT, &action, NULL) < 0 || sigaction(SIGPIPE, &ignore, NULL) < 0 ||
	    sigaction(SIGHUP, &ignore, NULL) < 0)
		return -GUARD_E_IO;
	return 0;
}

void guardd_stop(void)
{
	asked = 1;
}

bool guardd_stop_asked(void)
{
	return asked != 0;
}
