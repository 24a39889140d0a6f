/* SPDX-License-Identifier: MIT
 *
 * gate/maintenance.c - see maintenance.h.
 */
#include "gate/maintenance.h"

#include <guard/unlock.h>
#include <string.h>

#include "gate/unlock_list.h"
#include "permits.h"

static const struct guard_permit *find(const struct guard_permits *permits, const struct guard_digest *wanted)
{
	struct guard_digest digest;

	for (uint32_t i = 0; i < permits->count; i++)
		if (guard_digest_bytes(&digest, permits->all[i].id, strnlen(permits->all[i].id, GUARD_PERMIT_ID_MAX)) == 0 &&
		    guard_digest_compare(&digest, wanted) == 0)
			return &permits->all[i];
	return NULL;
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* The grant's own bounds.  A daemon that has just taken over has not heard of them
 * yet: then those hold that held when it was begun. */
static uint64_t end_by_permit(const struct guardd_grant *grant, const struct guard_permits *permits, uint64_t now_ms)
{
	const struct guard_permit *permit;

	if (!permits)
		return UINT64_MAX;
	permit = find(permits, &grant->digest);
	if (!permit || permits->now < permit->from || permits->now >= permit->until)
		return 0;
	return sooner(grant->opened_ms + (uint64_t)permit->seconds * 1000u,
		      now_ms + (uint64_t)(permit->until - permits->now) * 1000u);
}

uint64_t gate_maintenance_end(const struct guardd_grant *grant, const struct guard_policy_info *policy,
			      const struct guard_permits *permits, uint64_t now_ms)
{
	uint32_t longest = grant->by_headquarters ? policy->maintenance_longest :
						    policy->unlock_seconds[GUARD_UNLOCK_MAINTENANCE - 1];
	uint64_t end = sooner(grant->until_ms, grant->opened_ms + (uint64_t)longest * 1000u);

	if (grant->scope != GUARD_UNLOCK_MAINTENANCE || grant->uid != 0)
		return 0;
	if (grant->by_headquarters)
		end = sooner(end, end_by_permit(grant, permits, now_ms));
	return end > now_ms ? end : 0;
}

/* Root's in the kernel too; what root put in place of the daemon's files meanwhile is
 * the daemon's from now on. */
static void tell_layer(struct gate *gate, uint64_t end_ms)
{
	struct guard_bpf_config config;

	if (!gate->layer->on || guardd_bpf_config_get(gate->layer, &config) < 0 ||
	    config.maintenance_ns == end_ms * 1000000u)
		return;
	if (end_ms == 0 && guardd_bpf_own_again(gate->layer, gate->config) < 0)
		gate_problem(gate, "what belongs to guard could not be looked up after a maintenance: restart guardd in "
				   "the next one");
	config.maintenance_ns = end_ms * 1000000u;
	if (guardd_bpf_config_set(gate->layer, &config) < 0)
		gate_problem(gate, "the kernel layer does not take the end of a maintenance");
}

void gate_maintenance_apply(struct gate *gate)
{
	struct gate_unlocks *unlocks = gate->unlocks;
	const struct gate_policy *policy = gate_policy_hold(gate);
	struct guard_policy_info info = { 0 };
	struct guard_permits permits;
	uint64_t end_ms = 0, now_ms = gate_boot_ms();
	bool heard;

	if (policy)
		info = policy->info;
	gate_policy_release(gate);
	if (!policy || !unlocks->heard)
		return;
	heard = guardd_permits_read(&permits, gate->shared);
	pthread_mutex_lock(&unlocks->lock);
	for (unsigned i = 0; i < unlocks->count; i++) {
		uint64_t end = gate_maintenance_end(&unlocks->grants[i], &info, heard ? &permits : NULL, now_ms);

		end_ms = end > end_ms ? end : end_ms;
	}
	pthread_mutex_unlock(&unlocks->lock);
	atomic_store(&gate->shared->maintenance_ms, end_ms);
	tell_layer(gate, end_ms);
}
