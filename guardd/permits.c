/* SPDX-License-Identifier: MIT
 *
 * permits.c - see permits.h.  A reader that meets a writer tries again: the text is
 * short, and a keeper that died in the middle is followed by one that writes anew.
 */
#include "permits.h"

#include <string.h>
#include <time.h>

#define TRIES_MAX 1000u

static int64_t boot_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void guardd_permits_write(struct guardd_shared *shared, const struct guard_permits *permits)
{
	uint32_t round = atomic_load(&shared->permits_round) | 1u;

	atomic_store(&shared->permits_round, round);
	atomic_thread_fence(memory_order_seq_cst);
	shared->permits = *permits;
	shared->permits_boot_s = boot_ms() / 1000;
	atomic_thread_fence(memory_order_seq_cst);
	atomic_store(&shared->permits_round, round + 1 ? round + 1 : 2);
}

bool guardd_permits_read(struct guard_permits *ret_permits, const struct guardd_shared *shared)
{
	struct guard_permits permits;
	int64_t since, now;
	uint32_t round;

	for (unsigned i = 0; i < TRIES_MAX; i++) {
		round = atomic_load(&shared->permits_round);
		if (round == 0)
			return false;
		if (round & 1)
			continue;
		memcpy(&permits, &shared->permits, sizeof(permits));
		since = shared->permits_boot_s;
		atomic_thread_fence(memory_order_seq_cst);
		if (atomic_load(&shared->permits_round) != round)
			continue;
		now = permits.now + boot_ms() / 1000 - since;
		permits.now = (int64_t)time(NULL) > now ? (int64_t)time(NULL) : now;
		*ret_permits = permits;
		return permits.count <= GUARD_PERMITS_MAX;
	}
	return false;
}

uint32_t guardd_maintenance_left(const struct guardd_shared *shared)
{
	int64_t left = (int64_t)atomic_load(&shared->maintenance_ms) - boot_ms();

	return left > 0 ? (uint32_t)((left + 999) / 1000) : 0;
}
