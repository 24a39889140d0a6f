/* SPDX-License-Identifier: MIT
 *
 * keeper/reserved.c - the kernel finds the event of an answer by its fd number,
 * over the whole group.  So while the gate before ours still has events, no
 * event of ours may get one of their numbers: each is occupied here.
 */
#include <fcntl.h>
#include <sys/fanotify.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

#define NUMBERS_MOST 1048576u
#define HOLD_TRIES 50 /* a number that our gate uses for a moment comes free */
#define HOLD_PAUSE_NS 1000000

/* Occupy one number, if it is free: never by dup2(2), which would take it away
 * from a thread of our gate. */
static bool hold(const struct keeper *keeper, int number)
{
	int fd = fcntl(keeper->null, F_DUPFD_CLOEXEC, number);

	if (fd >= 0 && fd != number)
		close(fd);
	return fd == number;
}

/* Move the numbers that could be occupied to the front of the list. */
static void hold_round(struct keeper *keeper)
{
	struct keeper_reserved *reserved = &keeper->reserved;

	for (uint32_t i = reserved->held_count; i < reserved->number_count; i++) {
		int number = reserved->numbers[i];

		if (!hold(keeper, number))
			continue;
		reserved->numbers[i] = reserved->numbers[reserved->held_count];
		reserved->numbers[reserved->held_count++] = number;
	}
}

/* What stays out are numbers of fds that our gate and we keep for good: no
 * event gets these either. */
void keeper_reserved_hold(struct keeper *keeper)
{
	const struct timespec pause = {.tv_nsec = HOLD_PAUSE_NS};

	keeper->reserved.held_count = 0;
	for (int i = 0; i < HOLD_TRIES; i++) {
		hold_round(keeper);
		if (keeper->reserved.held_count == keeper->reserved.number_count)
			return;
		nanosleep(&pause, NULL);
	}
}

static void deny(const struct keeper *keeper, int number)
{
	const struct fanotify_response response = {.fd = number, .response = FAN_DENY};

	/* Nearly all are answered already, which the kernel reports as ENOENT. */
	for (int group = 0; group < GUARDD_GROUPS; group++)
		(void)!write(keeper->handles.fanotify[group], &response, sizeof(response));
}

/* Only what was held: another number may be an event of our own gate by now. */
void keeper_reserved_release(struct keeper *keeper)
{
	struct keeper_reserved *reserved = &keeper->reserved;

	for (uint32_t i = 0; i < reserved->held_count; i++) {
		deny(keeper, reserved->numbers[i]);
		close(reserved->numbers[i]);
	}
	reserved->number_count = reserved->held_count = 0;
}

/* The gate before ours is gone and said nothing: whatever it had is denied.
 * Only before our own gate reads. */
void keeper_reserved_deny_all(const struct keeper *keeper)
{
	struct rlimit limit;
	unsigned most = NUMBERS_MOST;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < most)
		most = (unsigned)limit.rlim_cur;
	for (unsigned number = 0; number < most; number++)
		deny(keeper, (int)number);
}
