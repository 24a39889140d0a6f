/* SPDX-License-Identifier: MIT
 *
 * gate/changes.c - hears of owners, permissions and access lists that change.
 * An ignore mark leans on a file being root's alone, and the kernel keeps it
 * when root gives the file away.  So beside each there is a mark for FAN_ATTRIB
 * in a group of its own, and whatever is heard there takes all of them back:
 * what a record says is not looked at, and what is asked again costs one round
 * trip each.  Never waits for anybody and answers nobody.
 */
#include "gate/gate.h"

#include <errno.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#define RECORDS 65536u /* bytes of one read: what comes together is one change */

static void follow(struct gate *gate, void *context)
{
	static unsigned char records[RECORDS]; /* one thread */
	const struct timespec pause = { .tv_nsec = 10000000 };
	struct pollfd changes = { .fd = gate->arguments->changes, .events = POLLIN };

	(void)context;
	for (;;) {
		if (poll(&changes, 1, -1) < 0)
			continue;
		if (read(changes.fd, records, sizeof(records)) > 0)
			gate_kernel_cache_flush(gate);
		else if (errno != EAGAIN && errno != EINTR)
			nanosleep(&pause, NULL); /* no memory: it is still in the queue */
	}
}

int gate_changes_start(struct gate *gate)
{
	return gate_thread_start(gate, follow, NULL);
}
