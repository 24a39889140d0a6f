/* SPDX-License-Identifier: MIT
 *
 * gate/policies.c - the policy in force and how another takes its place: whole
 * or not at all.  Deciding threads announce what they use in a hazard slot;
 * the old policy is freed when none does.
 */
#include "gate/gate.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "gate/catalogs.h"
#include "gate/interpreters.h"
#include "gate/needed.h"
#include "gate/words.h"

#define ACCOUNTS_MAX (4u << 20) /* bytes of /etc/passwd and /etc/group */

const struct gate_policy *gate_policy_hold(struct gate *gate)
{
	struct gate_policies *policies = &gate->policies;
	struct gate_policy *seen;

	do {
		seen = atomic_load(&policies->current);
		atomic_store(&policies->hazards[gate_thread_index()], seen);
	} while (atomic_load(&policies->current) != seen);
	return seen;
}

void gate_policy_release(struct gate *gate)
{
	atomic_store_explicit(&gate->policies.hazards[gate_thread_index()], NULL, memory_order_release);
}

int64_t gate_policy_now(const struct gate_policy *policy)
{
	const int64_t clock = gate_realtime_ns() / 1000000000;
	const int64_t least = policy->info.made + gate_boottime_s() - policy->loaded_s;

	return policy->info.made > 0 && clock < least ? least : clock;
}

uint64_t gate_policy_generation(struct gate *gate)
{
	return atomic_load(&gate->shared->policy_generation);
}

static void wait_unused(struct gate_policies *policies, const struct gate_policy *policy)
{
	for (unsigned i = 0; i < GATE_THREADS_MAX; i++)
		while (atomic_load(&policies->hazards[i]) == policy)
			sched_yield(); /* holders never block */
}

/* NULL when it cannot be read: rules by name then match nobody. */
static char *read_text(const char *path)
{
	GUARD_AUTO_CLOSE int fd = open(path, GATE_OPEN);
	GUARD_AUTO_FREE char *text = NULL;
	size_t size = 0;

	if (fd < 0 || !(text = malloc(ACCOUNTS_MAX + 1)))
		return NULL;
	while (size < ACCOUNTS_MAX) {
		ssize_t got = read(fd, &text[size], ACCOUNTS_MAX - size);
		if (got <= 0)
			break;
		size += (size_t)got;
	}
	text[size] = '\0';
	return guard_steal_pointer(&text);
}

/* When this set was loaded first: a gate that was killed does not begin to count
 * from nothing. */
static int64_t loaded_since(struct guardd_shared *shared, int64_t made)
{
	if (atomic_load(&shared->set_made) != made) {
		atomic_store(&shared->set_loaded_s, gate_boottime_s());
		atomic_store(&shared->set_made, made);
	}
	return atomic_load(&shared->set_loaded_s);
}

static int open_policy(struct gate_policy **ret_policy, struct gate *gate, int fd)
{
	GUARD_AUTO_FREE char *passwd = read_text("/etc/passwd");
	GUARD_AUTO_FREE char *group = read_text("/etc/group");
	GUARD_AUTO_FREE struct gate_policy *next = calloc(1, sizeof(*next));
	struct guard_machine machine = { .office = gate->config->office,
					 .host = gate->config->host,
					 .passwd = passwd,
					 .group = group };
	int r;

	if (!next)
		return -GUARD_E_NOMEM;
	r = guard_policy_open(&next->policy, fd, &machine);
	if (r < 0)
		return r;
	r = gate_keys_new(&next->keys, next->policy);
	if (r == 0)
		r = gate_interpreters_learn(&next->interpreters, next->policy);
	if (r == 0)
		r = gate_catalogs_load(&next->catalogs, gate, next->policy, next->keys);
	if (r < 0) {
		gate_interpreters_free(next->interpreters);
		gate_keys_free(next->keys);
		guard_policy_free(next->policy);
		return r;
	}
	guard_policy_info(next->policy, &next->info);
	next->loaded_s = loaded_since(gate->shared, next->info.made);
	next->judges_words = gate_words_matter(next->policy);
	*ret_policy = guard_steal_pointer(&next);
	return 0;
}

void gate_policy_replace(struct gate *gate, struct gate_policy *next)
{
	struct gate_policies *policies = &gate->policies;
	struct gate_policy *old;

	next->generation = gate_policy_generation(gate) + 1;
	gate_layer_choose(gate, next);
	/* At the start that waits until events are answered. */
	if (atomic_load(&gate->layer_enforces))
		gate_layer_fill(gate, next);
	old = atomic_exchange(&policies->current, next);
	atomic_store(&gate->shared->policy_generation, next->generation);
	if (old)
		wait_unused(policies, old);
	/* Whoever decided by the old policy has decided, and takes back a mark that it
	 * sets from now on, since the generation has changed.  First the marks: what the
	 * kernel no longer knows a verdict of must be asked for. */
	gate_kernel_cache_flush(gate);
	gate_layer_begin(gate);
}

static void free_unused(struct gate_policy *policy)
{
	guard_policy_free(policy->policy);
	gate_keys_free(policy->keys);
	gate_catalogs_free(policy->catalogs);
	gate_interpreters_free(policy->interpreters);
	free(policy);
}

/* With the table that is in force.  On failure it is gone. */
static int try_out(struct gate *gate, struct gate_policy *next, char *ret_problem, size_t problem_size)
{
	const struct gate_policy *old = atomic_load(&gate->policies.current);
	int r;

	next->attributions = old ? old->attributions : NULL;
	r = gate_preflight(gate, next, ret_problem, problem_size);
	if (r < 0)
		free_unused(next);
	return r;
}

int gate_policy_load(struct gate *gate, int fd, bool is_new, char *ret_problem, size_t problem_size)
{
	struct gate_policies *policies = &gate->policies;
	struct gate_policy *next, *old;
	int r = open_policy(&next, gate, fd);

	if (r < 0) {
		snprintf(ret_problem, problem_size,
			 "the policy image was refused (%s); the policy in force stays", guard_error_text(r));
		return r;
	}
	if (is_new)
		r = try_out(gate, next, ret_problem, problem_size);
	if (r < 0)
		return r;
	pthread_mutex_lock(&policies->swap);
	old = atomic_load(&policies->current);
	if (old)
		next->attributions = old->attributions;
	gate_policy_replace(gate, next);
	gate_needed_begin(gate);
	gate_catalogs_tell(gate, next->catalogs);
	gate_attributions_tell(gate, next);
	pthread_mutex_unlock(&policies->swap);
	if (old)
		free_unused(old); /* its table lives on in the next */
	return 0;
}
