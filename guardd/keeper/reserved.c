/* SPDX-License-Identifier: MIT
 *
 * keeper/reserved.c - the kernel finds the event of an answer by its fd number,
 * over the whole group.  So while the gate before ours still has events, no
 * event of ours may get one of their numbers: each is occupied here.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/fanotify.h>
#include <sys/resource.h>
#include <unistd.h>

#include "internal.h"

#define NUMBERS_MOST 1048576u

void keeper_reserved_hold(struct keeper *keeper)
{
	struct keeper_reserved *reserved = &keeper->reserved;

	reserved->held_count = 0;
	for (uint32_t i = 0; i < reserved->number_count; i++) {
		int number = reserved->numbers[i];

		/* A number that we use already cannot become an event's either; one
		 * above our limit neither. */
		if (fcntl(number, F_GETFD) >= 0 || errno != EBADF)
			continue;
		if (dup3(keeper->null, number, O_CLOEXEC) == number)
			reserved->held[reserved->held_count++] = number;
	}
}

static void deny(const struct keeper *keeper, int number)
{
	const struct fanotify_response response = { .fd = number, .response = FAN_DENY };

	/* Nearly all are answered already, which the kernel reports as ENOENT. */
	(void)!write(keeper->handles.fanotify, &response, sizeof(response));
}

void keeper_reserved_release(struct keeper *keeper)
{
	struct keeper_reserved *reserved = &keeper->reserved;

	for (uint32_t i = 0; i < reserved->number_count; i++)
		deny(keeper, reserved->numbers[i]);
	for (uint32_t i = 0; i < reserved->held_count; i++)
		close(reserved->held[i]);
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
