/* SPDX-License-Identifier: MIT
 *
 * gate/layer.c - what the gate tells the kernel layer: verdicts on inodes, the
 * contents of the policy, the filesystems.  Everything is said before the
 * caller is let go, because the kernel looks again at the moment of use.
 *
 * A verdict is set only where it holds for everybody; the writer's way to void
 * it is the same as for ignore marks (kernel_cache.c): first it is set, then
 * the lease and the sequence are looked at again.
 */
#include "gate/gate.h"

#include <string.h>

#include "policy/policy.h"

#define GRANT_NS 60000000000ll /* from the answer to the use */

static uint32_t kinds_of(const struct gate_policy *policy, const struct guard_object *object)
{
	uint32_t kinds = 0;

	for (int kind = GUARD_KIND_EXECUTABLE; kind <= GUARD_KIND_MODULE; kind++)
		if (gate_always_allowed(policy, object, (enum guard_kind)kind))
			kinds |= 1u << (kind - GUARD_KIND_EXECUTABLE);
	return kinds;
}

static bool still_true(struct gate *gate, const struct gate_event *event)
{
	return gate_lease_intact(event) &&
	       gate_cache_sequence(gate->cache, &event->file.key) == event->sequence;
}

void gate_layer_remember(struct gate *gate, const struct gate_event *event, const struct gate_identity *identity)
{
	const struct gate_path *path = &event->facts->path;
	struct guard_object object = { .identity = &identity->identity,
				       .path = path->verified ? path->claimed : NULL,
				       .claimed_path = path->claimed,
				       .path_protected = path->protected };
	struct gate_filesystem filesystem;
	const struct gate_policy *policy;
	uint32_t kinds, generation;

	if (!gate->layer->on || event->lease != GATE_LEASE_HELD ||
	    !gate_filesystem_find(gate, &filesystem, event->file.key.device) || !filesystem.cacheable)
		return;
	object.medium = filesystem.medium;
	policy = gate_policy_hold(gate);
	kinds = policy->generation == identity->generation ? kinds_of(policy, &object) : 0;
	generation = policy->layer_generation;
	gate_policy_release(gate);
	/* Without it the kernel finds out by content: slower, not weaker. */
	if (kinds && guardd_bpf_verdict_set(gate->layer, event->fd, generation, kinds) == 0 &&
	    !still_true(gate, event))
		guardd_bpf_verdict_drop(gate->layer, event->fd);
}

static uint32_t process_of(const struct gate_event *event)
{
	struct gate_subject subject;

	if (event->facts && !event->facts->no_subject && event->facts->subject.tgid)
		return (uint32_t)event->facts->subject.tgid;
	return gate_subject_read(&subject, event->tid) == 0 ? (uint32_t)subject.tgid : 0;
}

void gate_layer_grant(struct gate *gate, const struct gate_event *event, uint32_t kinds)
{
	const struct gate_policy *policy;
	uint32_t process, generation;

	if (!gate->layer->on || (guardd_bpf_verdict_has(gate->layer, event->fd, kinds) & kinds))
		return;
	policy = gate_policy_hold(gate);
	generation = policy ? policy->layer_generation : 0;
	gate_policy_release(gate);
	process = process_of(event);
	if (process && guardd_bpf_grant(gate->layer, event->fd, process, generation, kinds, gate_now_ns() + GRANT_NS) < 0)
		gate_problem(gate, "the kernel layer did not take an allow: what it was for may be refused");
}

/* ---- filesystems ------------------------------------------------------------------- */

void gate_layer_filesystem(struct gate *gate, const struct gate_filesystem *filesystem)
{
	uint32_t flags = GUARD_BPF_DEVICE_COVERED | (filesystem->cacheable ? GUARD_BPF_DEVICE_STEADY : 0u);

	if (gate->layer->on && filesystem->marked &&
	    guardd_bpf_device_put(gate->layer, filesystem->device, flags) < 0)
		gate_problem(gate, "the kernel layer holds no more than %u filesystems", GUARD_BPF_DEVICES_MAX);
}

void gate_layer_filesystem_gone(struct gate *gate, uint64_t device)
{
	guardd_bpf_device_remove(gate->layer, device);
}

/* ---- policies ------------------------------------------------------------------------ */

/* A content alone, under no name. */
static uint32_t kinds_of_digest(const struct gate_policy *policy, const struct guard_digest *digest)
{
	const struct guard_identity identity = { .digest = *digest };
	const struct guard_object object = { .identity = &identity };

	return kinds_of(policy, &object);
}

/* The same for what packages vouch for; how many had no room. */
static uint64_t put_attributed(struct gate *gate, const struct gate_policy *policy)
{
	const struct guard_attribution *table = policy->attributions;
	uint64_t left_out = 0;

	for (uint32_t i = 0; table && i < table->header->digest_count; i++) {
		uint32_t kinds = kinds_of_digest(policy, &table->digests[i]);

		if (kinds && guardd_bpf_digest_put(gate->layer, &table->digests[i], policy->layer_generation, kinds) < 0)
			left_out++;
	}
	return left_out;
}

void gate_layer_prepare(struct gate *gate, struct gate_policy *policy)
{
	struct guard_bpf_config config;
	uint64_t left_out = 0;

	policy->layer_generation = 0;
	if (!gate->layer->on || guardd_bpf_config_get(gate->layer, &config) < 0)
		return;
	policy->layer_generation = guardd_bpf_next_generation(config.generation);
	for (uint64_t i = 0; i < policy->info.digest_count; i++) {
		const struct guard_digest *digest = guard_policy_digest_at(policy->policy, i);
		uint32_t kinds = kinds_of_digest(policy, digest);

		if (policy->info.default_action == GUARD_ALLOW)
			kinds |= GUARD_BPF_LISTED; /* also what is denied must be known */
		if (kinds && guardd_bpf_digest_put(gate->layer, digest, policy->layer_generation, kinds) < 0)
			left_out++;
	}
	left_out += put_attributed(gate, policy);
	if (left_out)
		gate_problem(gate,
			     "the kernel layer has no room for %llu of the policy's programs: where the gate is not "
			     "asked they are refused",
			     (unsigned long long)left_out);
}

static void put_in_force(struct gate *gate)
{
	const struct gate_policy *policy;
	struct guard_bpf_config config;
	bool allows_by_default;

	if (guardd_bpf_config_get(gate->layer, &config) < 0) {
		gate_problem(gate, "the kernel layer does not answer: it goes on by the policy before");
		return;
	}
	policy = gate_policy_hold(gate);
	allows_by_default = policy->info.default_action == GUARD_ALLOW;
	config.generation = policy->layer_generation;
	config.state = policy->info.mode == GUARD_MODE_ENFORCE ? GUARD_BPF_ENFORCE : GUARD_BPF_AUDIT;
	memcpy(config.policy, policy->info.image_digest.bytes, sizeof(config.policy));
	gate_policy_release(gate);
	config.flags = 0;
	if (gate->config->protect_all)
		config.flags |= GUARD_BPF_ALL_FILESYSTEMS;
	if (gate->config->self_protection)
		config.flags |= GUARD_BPF_SELF;
	if (gate->config->debugging)
		config.flags |= GUARD_BPF_DEBUGGING;
	if (allows_by_default)
		config.flags |= GUARD_BPF_DEFAULT_ALLOW;
	if (guardd_bpf_config_set(gate->layer, &config) < 0)
		gate_problem(gate, "the kernel layer does not take the policy: it goes on by the one before");
	else
		guardd_bpf_digests_prune(gate->layer, config.generation);
}

void gate_layer_begin(struct gate *gate)
{
	if (gate->layer->on && atomic_load(&gate->layer_enforces))
		put_in_force(gate);
}

void gate_layer_enforce(struct gate *gate)
{
	if (!gate->layer->on)
		return;
	put_in_force(gate);
	atomic_store(&gate->layer_enforces, true);
}
