/* SPDX-License-Identifier: MIT
 *
 * unlock/unlock.c - the unlock process: what it needs before its jail, and its
 * loop.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "stop.h"
#include "unlock/process.h"

static int warm_up_cipher(void)
{
	static struct guard_unlock_delivery nothing;
	const struct guard_unlock_base base = {.machine = "warm-up", .epoch = 1};
	GUARD_AUTO_FREE void *bytes = NULL;
	size_t size;
	int r = guard_unlock_delivery_seal(&bytes, &size, &base, &nothing);

	return r < 0 ? r : guard_unlock_delivery_open(&nothing, NULL, &base, bytes, size);
}

/* OpenSSL loads what it needs at the first use: here, where it may open files. */
static int warm_up(void)
{
	const struct guard_unlock_plan plan = {{1, 0, 0, 0}, 12, 1, 1};
	struct guard_unlock_key *key = NULL;
	GUARD_AUTO_FREE void *bytes = NULL;
	size_t size;
	int r = guard_unlock_key_new(&key);

	if (r == 0)
		r = guard_unlock_set_make(&bytes, &size, key, "warm-up", 1, &plan);
	if (r == 0)
		r = warm_up_cipher();
	guard_unlock_key_free(key);
	return r;
}

void unlock_process_free(struct unlock_process *process)
{
	if (!process)
		return;
	if (process->lock > 0)
		close(process->lock);
	guard_unlock_set_free(process->set);
	guard_unlock_state_free(process->state);
	free(process);
}

int unlock_process_prepare(struct unlock_process **ret_process, const struct guardd_unlock_arguments *arguments)
{
	struct unlock_process *process = calloc(1, sizeof(*process));
	GUARD_AUTO_FREE void *bytes = NULL;
	size_t size = 0;
	int r;

	if (!process)
		return -GUARD_E_NOMEM;
	process->config = arguments->config;
	process->control = arguments->control;
	process->record = arguments->record;
	process->gate = arguments->gate;
	process->directory = arguments->state;
	tzset();
	r = unlock_boot_id(process->boot_id);
	if (r == 0)
		r = guardd_stop_listen();
	if (r == 0)
		r = warm_up();
	if (r < 0) {
		unlock_process_free(process);
		return r;
	}
	if (unlock_verifiers_read(&bytes, &size, process) == 0)
		unlock_verifiers_open(process, bytes, size);
	*ret_process = process;
	return 0;
}

/* The daemon before this one may still be leaving. */
static void lock_folder(struct unlock_process *process)
{
	int fd = openat(process->directory, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	while (fd >= 0 && flock(fd, LOCK_EX) < 0 && errno == EINTR && !guardd_stop_asked())
		;
	process->lock = fd < 0 ? 0 : fd; /* held until the end */
}

void unlock_process_begin(struct unlock_process *process)
{
	int r;

	lock_folder(process);
	r = unlock_store_load(process);
	if (r < 0) {
		process->unreadable = true;
		snprintf(process->off, sizeof(process->off),
			 "the unlock state in %.200s/unlock cannot be read (%s): unlock by phone stays off; remove the "
			 "file state there and install verifiers of a higher epoch",
			 process->config->state_dir, guard_error_name(r));
		guard_unlock_state_free(process->state);
		process->state = NULL;
		process->count = 0;
		(void)!guard_unlock_state_new(&process->state);
		return;
	}
	unlock_delivery_load(process);
	if (process->set && !process->off[0])
		unlock_verifiers_adopt(process);
	/* Also what was over while no daemon ran: the gate ends what began under it. */
	unlock_entries_tell_gate(process);
}

static void take_client(struct unlock_process *process)
{
	GUARD_AUTO_CLOSE int client = -1;
	int r = unlock_handover_receive(&client, &process->handed, process->control);

	if (r == -GUARD_E_UNREACHABLE)
		guardd_stop();
	if (r < 0 || !process->state)
		return;
	if (r == UNLOCK_HANDOVER_DELIVERY) {
		unlock_delivery_take(process, client);
		return;
	}
	unlock_ask(process, client, &process->handed);
	(void)!unlock_store_keep(process, false);
}

/* The gate was started again and has no list. */
static void hear_gate(struct unlock_process *process)
{
	char bytes[16];
	ssize_t size = recv(process->gate, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (size > 0)
		process->tell_gate = true;
	else if (size == 0)
		guardd_stop();
}

void unlock_process_run(struct unlock_process *process)
{
	if (unlock_note_look(process) == 0 && process->off[0] && process->set)
		(void)!unlock_note(process, GUARD_DAEMON_UNLOCK_VERIFIERS, NULL, "Unlock by phone is off: %.400s",
				   process->off);
	while (!guardd_stop_asked()) {
		int wait = unlock_entries_expire(process);
		struct timespec timeout = {wait / 1000, wait % 1000 * 1000000l};
		struct pollfd polls[] = {{process->control, POLLIN, 0}, {process->gate, POLLIN, 0}};
		sigset_t none;

		sigemptyset(&none);
		if (ppoll(polls, 2, wait < 0 ? NULL : &timeout, &none) < 0)
			continue;
		if (polls[1].revents)
			hear_gate(process);
		if (polls[0].revents)
			take_client(process);
	}
}
