/* SPDX-License-Identifier: MIT
 *
 * gate/unlock_list.c - new lists from the unlock process, the ends of what was in
 * the old one, and which processes began under it; see unlocks.h.
 */
#include "gate/unlock_list.h"

#include <guard/unlock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

#include "gate/maintenance.h"

uint64_t gate_boot_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

/* Waited for with a bound that no change of the wall clock moves. */
static void init_condition(pthread_cond_t *condition)
{
	pthread_condattr_t attributes;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(condition, &attributes);
	pthread_condattr_destroy(&attributes);
}

int gate_unlocks_new(struct gate_unlocks **ret_unlocks)
{
	struct gate_unlocks *unlocks = calloc(1, sizeof(*unlocks));
	int r = unlocks ? gate_installs_new(&unlocks->installs) : -GUARD_E_NOMEM;

	if (r < 0) {
		free(unlocks);
		return r;
	}
	pthread_mutex_init(&unlocks->lock, NULL);
	init_condition(&unlocks->hears);
	unlocks->began_ms = gate_boot_ms();
	*ret_unlocks = unlocks;
	return 0;
}

/* ---- a new list ----------------------------------------------------------------------- */

static bool grant_is_sane(const struct guardd_grant *grant, uint64_t now_ms)
{
	return grant->id != 0 && grant->scope >= GUARD_UNLOCK_SHORT && grant->scope < GUARD_UNLOCK_SCOPE_MAX_ &&
	       grant->opened_ms <= now_ms && grant->until_ms > grant->opened_ms &&
	       grant->until_ms - grant->opened_ms <= (uint64_t)GUARD_POLICY_UNLOCK_MAX * 1000u;
}

static const struct guardd_grant *find(const struct guardd_grant *grants, unsigned count, uint32_t id)
{
	for (unsigned i = 0; i < count; i++)
		if (grants[i].id == id)
			return &grants[i];
	return NULL;
}

static void close_window(struct gate_unlocks *unlocks, const struct guardd_grant *grant, uint64_t now_ms)
{
	if (grant->scope == GUARD_UNLOCK_MAINTENANCE)
		return; /* no verdict leaned on it */
	unlocks->windows[unlocks->next_window++ % GATE_WINDOWS_MAX] = (struct gate_window){ grant->opened_ms, now_ms };
	gate_installs_forget(unlocks->installs, grant->id);
}

/* Those of `before` that are not in the list any more. */
static bool close_missing(struct gate_unlocks *unlocks, const struct guardd_grant *before, unsigned count,
			  uint64_t now_ms)
{
	bool closed = false;

	for (unsigned i = 0; i < count; i++) {
		if (find(unlocks->grants, unlocks->count, before[i].id))
			continue;
		close_window(unlocks, &before[i], now_ms);
		closed = true;
	}
	return closed;
}

/* Those that were over before this gate heard of them, while no daemon ran: what
 * began under them may run still. */
static bool close_unseen(struct gate_unlocks *unlocks, const struct guardd_grants *grants,
			 const struct guardd_grant *before, unsigned count, uint64_t now_ms)
{
	bool closed = false;

	for (unsigned i = 0; i < grants->count; i++) {
		const struct guardd_grant *grant = &grants->all[i];

		if (!grant_is_sane(grant, now_ms) || grant->until_ms > now_ms || find(before, count, grant->id))
			continue;
		close_window(unlocks, grant, now_ms);
		closed = true;
	}
	return closed;
}

static void replace(struct gate *gate, const struct guardd_grants *grants)
{
	struct gate_unlocks *unlocks = gate->unlocks;
	struct guardd_grant before[GUARDD_GRANTS_MAX];
	uint64_t now_ms = gate_boot_ms();
	unsigned count, kept = 0;
	bool closed, began, installing = false, opened;

	pthread_mutex_lock(&unlocks->lock);
	count = unlocks->count;
	memcpy(before, unlocks->grants, sizeof(before));
	for (unsigned i = 0; i < grants->count; i++)
		if (grant_is_sane(&grants->all[i], now_ms) && grants->all[i].until_ms > now_ms)
			unlocks->grants[kept++] = grants->all[i];
	for (unsigned i = 0; i < kept; i++)
		installing |= unlocks->grants[i].scope == GUARD_UNLOCK_INSTALL;
	began = installing && !atomic_exchange(&unlocks->installing, installing);
	atomic_store_explicit(&unlocks->installing, installing, memory_order_release);
	opened = kept > count;
	atomic_store_explicit(&unlocks->count, kept, memory_order_release);
	closed = close_missing(unlocks, before, count, now_ms);
	closed |= close_unseen(unlocks, grants, before, count, now_ms);
	unlocks->heard = true;
	pthread_cond_broadcast(&unlocks->hears);
	pthread_mutex_unlock(&unlocks->lock);
	gate_maintenance_apply(gate);
	if (began || opened)
		gate_kernel_cache_flush(gate); /* what it starts is to be seen, and what is data no longer */
	if (closed)
		gate_sweep_request(gate, 0);
}

void gate_unlocks_hear(struct gate *gate)
{
	struct guardd_grants grants;
	ssize_t size = recv(gate->arguments->unlock, &grants, sizeof(grants), MSG_DONTWAIT | MSG_TRUNC);

	if (size == (ssize_t)sizeof(grants) && grants.count <= GUARDD_GRANTS_MAX)
		replace(gate, &grants);
}

void gate_unlocks_ask(struct gate *gate)
{
	if (gate->arguments->unlock >= 0)
		(void)!send(gate->arguments->unlock, "?", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* ---- ends ------------------------------------------------------------------------------- */

/* Also when the unlock process is not there to say so, an unlock ends. */
static void drop_expired(struct gate *gate)
{
	struct gate_unlocks *unlocks = gate->unlocks;
	struct guardd_grants left = { 0 };

	pthread_mutex_lock(&unlocks->lock);
	left.count = unlocks->count;
	memcpy(left.all, unlocks->grants, sizeof(left.all));
	pthread_mutex_unlock(&unlocks->lock);
	replace(gate, &left);
}

int gate_unlocks_wait(struct gate *gate)
{
	struct gate_unlocks *unlocks = gate->unlocks;
	uint64_t now_ms = gate_boot_ms(), next = UINT64_MAX;

	if (atomic_load_explicit(&unlocks->count, memory_order_acquire) == 0)
		return -1;
	gate_maintenance_apply(gate); /* headquarters may have taken its grant back */
	pthread_mutex_lock(&unlocks->lock);
	for (unsigned i = 0; i < unlocks->count; i++)
		if (unlocks->grants[i].until_ms < next)
			next = unlocks->grants[i].until_ms;
	pthread_mutex_unlock(&unlocks->lock);
	if (next <= now_ms) {
		drop_expired(gate);
		return 0;
	}
	/* poll(2) does not count suspend: look at least each second. */
	return next - now_ms > 1000 ? 1000 : (int)(next - now_ms);
}

/* ---- for the sweep ---------------------------------------------------------------------- */

void gate_unlocks_await(struct gate *gate)
{
	struct gate_unlocks *unlocks = gate->unlocks;
	struct timespec until;

	if (gate->arguments->unlock < 0)
		return;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += GATE_UNLOCKS_WAIT_S;
	pthread_mutex_lock(&unlocks->lock);
	while (!unlocks->heard && pthread_cond_timedwait(&unlocks->hears, &unlocks->lock, &until) == 0)
		;
	pthread_mutex_unlock(&unlocks->lock);
}

/* Whose process it is; no user has the last number. */
static uint32_t owner_of(int32_t pid)
{
	char path[32];
	struct stat status;

	snprintf(path, sizeof(path), "/proc/%d", pid);
	return stat(path, &status) < 0 ? UINT32_MAX : (uint32_t)status.st_uid;
}

bool gate_unlock_spares(struct gate *gate, int32_t pid)
{
	struct gate_unlocks *unlocks = gate->unlocks;
	struct gate_process process;
	bool spared = false;
	uint32_t owner;

	if (!gate_unlocks_follow_writers(gate) || gate_process_read(&process, pid) < 0 ||
	    process.began_ms > unlocks->began_ms)
		return false;
	owner = owner_of(pid);
	pthread_mutex_lock(&unlocks->lock);
	for (unsigned i = 0; i < unlocks->count; i++)
		spared |= unlocks->grants[i].scope == GUARD_UNLOCK_INSTALL && unlocks->grants[i].uid == owner &&
			  process.began_ms + GATE_TICK_MS >= unlocks->grants[i].opened_ms;
	pthread_mutex_unlock(&unlocks->lock);
	return spared;
}

bool gate_unlock_began_under(struct gate *gate, int32_t pid)
{
	struct gate_unlocks *unlocks = gate->unlocks;
	struct gate_process process;
	bool under = false;

	if (unlocks->next_window == 0 || gate_process_read(&process, pid) < 0)
		return false;
	pthread_mutex_lock(&unlocks->lock);
	for (unsigned i = 0; i < GATE_WINDOWS_MAX; i++)
		under |= unlocks->windows[i].until_ms > 0 &&
			 process.began_ms + GATE_TICK_MS >= unlocks->windows[i].opened_ms &&
			 process.began_ms <= unlocks->windows[i].until_ms;
	pthread_mutex_unlock(&unlocks->lock);
	return under;
}
