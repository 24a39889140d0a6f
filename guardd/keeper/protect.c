/* SPDX-License-Identifier: MIT
 *
 * keeper/protect.c - with self_protection, who may end or replace the daemon by a
 * signal: nobody but in a maintenance, and the service manager's last act.  Where the
 * kernel layer is on no such signal arrives here; where it is not, SIGKILL still ends
 * everything, and this is only the word of a daemon that was asked politely.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "internal.h"
#include "permits.h"

static void read_name(char *ret_name, size_t capacity, uint32_t pid)
{
	GUARD_AUTO_CLOSE int fd = -1;
	char path[32];
	ssize_t length;

	ret_name[0] = '\0';
	snprintf(path, sizeof(path), "/proc/%u/comm", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	length = fd < 0 ? 0 : read(fd, ret_name, capacity - 1);
	ret_name[length > 0 ? length : 0] = '\0';
	ret_name[strcspn(ret_name, "\n")] = '\0';
}

bool keeper_refuses(struct keeper *keeper, const struct signalfd_siginfo *signal)
{
	char name[32];

	if (!keeper->config->self_protection || guardd_maintenance_left(keeper->shared))
		return false;
	read_name(name, sizeof(name), signal->ssi_pid);
	if (signal->ssi_pid == 1 && strcmp(name, "systemd-shutdow") == 0)
		return false;
	keeper_note(keeper, GUARD_DAEMON_TAMPERED,
		    "%s (pid %u, uid %u) was refused to stop or replace guardd by signal %u: self_protection is on; "
		    "`guardctl maintenance` says how to ask for a maintenance.",
		    name[0] ? name : "a process", signal->ssi_pid, signal->ssi_uid, signal->ssi_signo);
	return true;
}
