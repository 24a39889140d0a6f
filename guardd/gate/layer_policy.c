/* SPDX-License-Identifier: MIT
 *
 * gate/layer_policy.c - puts a policy's contents into the kernel layer and its
 * generation in force.  The one before stays whole until the next is complete:
 * then one store changes from the one to the other.  A gate that dies in between
 * leaves what nobody believes: the next gate takes a generation of its own.
 */
#include "gate/gate.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "gate/contain.h"
#include "policy/policy.h"

/* All that decides about a content by itself. */
static int identify_contents(struct guard_digest *ret_digest, struct gate *gate, const struct gate_policy *policy)
{
	struct {
		uint32_t abi;
		struct guard_digest images;
		uint8_t attributions[sizeof(policy->attributions->header->sha256)];
		char office[sizeof(gate->config->office)], host[sizeof(gate->config->host)];
	} from;
	int r;

	memset(&from, 0, sizeof(from));
	from.abi = GUARD_BPF_ABI;
	r = guard_policy_checksum(&from.images, policy->policy);
	if (r < 0)
		return r;
	if (policy->attributions)
		memcpy(from.attributions, policy->attributions->header->sha256, sizeof(from.attributions));
	snprintf(from.office, sizeof(from.office), "%s", gate->config->office);
	snprintf(from.host, sizeof(from.host), "%s", gate->config->host);
	return guard_digest_bytes(ret_digest, &from, sizeof(from));
}

/* Another daemon may have been another version: only a gate of our own keeper's
 * left what can be gone on with. */
static bool is_there(struct gate *gate, const struct guard_bpf_config *config, const struct guard_digest *contents)
{
	return (gate->arguments->restarted == GUARDD_RESTARTED_KILLED ||
		gate->arguments->restarted == GUARDD_RESTARTED_CRASH) &&
	       config->generation && memcmp(config->contents, contents->bytes, sizeof(config->contents)) == 0;
}

/* Of marks on programs: who makes memory executable, who is contained. */
static uint32_t next_round(const struct guard_bpf_config *config)
{
	return (config->exemptions + 1) & 0xffffffu;
}

void gate_layer_choose(struct gate *gate, struct gate_policy *policy)
{
	struct guard_bpf_config config;

	policy->layer_generation = 0;
	policy->layer_filled = false;
	memset(&policy->layer_contents, 0, sizeof(policy->layer_contents));
	if (!gate->layer->on || guardd_bpf_config_get(gate->layer, &config) < 0)
		config.exemptions = 0;
	gate_contain_prepare(gate, policy, next_round(&config));
	if (!gate->layer->on || guardd_bpf_config_get(gate->layer, &config) < 0 ||
	    identify_contents(&policy->layer_contents, gate, policy) < 0)
		return;
	/* Also where nothing is to be put in: what was put in half is void then. */
	config.next = guardd_bpf_next_generation(config.next);
	policy->layer_filled = is_there(gate, &config, &policy->layer_contents);
	policy->layer_generation = policy->layer_filled ? config.generation : config.next;
	if (guardd_bpf_config_set(gate->layer, &config) < 0)
		gate_problem(gate, "the kernel layer does not take a generation: it goes on by the policy before");
}

/* A content alone, under no name. */
static uint32_t kinds_of_digest(const struct gate_policy *policy, const struct guard_digest *digest)
{
	const struct guard_identity identity = { .digest = *digest };
	const struct guard_object object = { .identity = &identity };

	return gate_layer_kinds(policy, &object);
}

/* What packages vouch for; how many had no room. */
static uint64_t put_attributed(struct gate *gate, const struct gate_policy *policy, uint32_t now)
{
	const struct guard_attribution *table = policy->attributions;
	const struct guardd_bpf_generations generations = { now, policy->layer_generation };
	uint64_t left_out = 0;

	for (uint32_t i = 0; table && i < table->header->digest_count; i++) {
		uint32_t kinds = kinds_of_digest(policy, &table->digests[i]);

		if (kinds && guardd_bpf_digest_put(gate->layer, &table->digests[i], &generations, kinds) < 0)
			left_out++;
	}
	return left_out;
}

static uint64_t put_listed(struct gate *gate, const struct gate_policy *policy, uint32_t now)
{
	const struct guardd_bpf_generations generations = { now, policy->layer_generation };
	uint64_t left_out = 0;

	for (uint64_t i = 0; i < policy->info.digest_count; i++) {
		const struct guard_digest *digest = guard_policy_digest_at(policy->policy, i);
		uint32_t kinds = kinds_of_digest(policy, digest);

		if (policy->info.default_action == GUARD_ALLOW)
			kinds |= GUARD_BPF_LISTED; /* also what is denied must be known */
		if (kinds && guardd_bpf_digest_put(gate->layer, digest, &generations, kinds) < 0)
			left_out++;
	}
	return left_out;
}

void gate_layer_fill(struct gate *gate, struct gate_policy *policy)
{
	struct guard_bpf_config config;
	uint64_t left_out;

	if (!policy->layer_generation || policy->layer_filled || guardd_bpf_config_get(gate->layer, &config) < 0)
		return;
	left_out = put_listed(gate, policy, config.generation) + put_attributed(gate, policy, config.generation);
	policy->layer_filled = true;
	if (!left_out)
		return;
	memset(&policy->layer_contents, 0, sizeof(policy->layer_contents)); /* the next gate tries again */
	gate_problem(gate,
		     "the kernel layer has no room for %llu of the policy's programs: where the gate is not "
		     "asked they are refused",
		     (unsigned long long)left_out);
}

/* Anew with each policy: an upgraded program is another file, and needed one. */
static void mark_exempt(struct gate *gate, uint32_t round)
{
	const struct guardd_config *config = gate->config;

	for (size_t i = 0; i < config->exempt_count; i++) {
		GUARD_AUTO_CLOSE int fd = open(config->exempt[i], GATE_OPEN);

		if (fd >= 0 && guardd_bpf_exempt(gate->layer, fd, round) < 0)
			gate_problem(gate, "%.300s cannot be let make memory executable", config->exempt[i]);
	}
}

static uint32_t flags_of(const struct gate *gate, const struct gate_policy *policy)
{
	uint32_t flags = 0;

	if (gate->config->protect_all)
		flags |= GUARD_BPF_ALL_FILESYSTEMS;
	if (gate->config->self_protection)
		flags |= GUARD_BPF_SELF;
	if (gate->config->debugging)
		flags |= GUARD_BPF_DEBUGGING;
	if (gate->config->memory == GUARDD_MEMORY_LOG)
		flags |= GUARD_BPF_MEMORY_LOG;
	if (gate->config->memory == GUARDD_MEMORY_DENY)
		flags |= GUARD_BPF_MEMORY_DENY;
	if (policy->info.default_action == GUARD_ALLOW)
		flags |= GUARD_BPF_DEFAULT_ALLOW;
	if (policy->contains)
		flags |= GUARD_BPF_CONTAINS;
	if (policy->judges_words)
		flags |= GUARD_BPF_JUDGES_WORDS;
	return flags;
}

static void put_in_force(struct gate *gate, const struct gate_policy *policy)
{
	struct guard_bpf_config config;
	bool changes;

	if (!policy->layer_generation || guardd_bpf_config_get(gate->layer, &config) < 0) {
		gate_problem(gate, "the kernel layer does not answer: it goes on by the policy before");
		return;
	}
	changes = config.generation != policy->layer_generation;
	config.generation = policy->layer_generation;
	config.state = policy->info.mode == GUARD_MODE_ENFORCE ? GUARD_BPF_ENFORCE : GUARD_BPF_AUDIT;
	config.flags = flags_of(gate, policy);
	config.exemptions = next_round(&config);
	mark_exempt(gate, config.exemptions);
	memcpy(config.contents, policy->layer_contents.bytes, sizeof(config.contents));
	if (guardd_bpf_config_set(gate->layer, &config) < 0)
		gate_problem(gate, "the kernel layer does not take the policy: it goes on by the one before");
	else if (changes)
		guardd_bpf_digests_prune(gate->layer, config.generation);
	gate_contain_begin(gate, policy);
}

/* Who changes the policy calls these, one thread at a time: it stays while they
 * work. */
void gate_layer_begin(struct gate *gate)
{
	if (gate->layer->on && atomic_load(&gate->layer_enforces))
		put_in_force(gate, atomic_load(&gate->policies.current));
}

void gate_layer_ready(struct gate *gate)
{
	if (gate->layer->on)
		gate_layer_fill(gate, atomic_load(&gate->policies.current));
}

void gate_layer_enforce(struct gate *gate)
{
	if (!gate->layer->on)
		return;
	gate_layer_ready(gate);
	put_in_force(gate, atomic_load(&gate->policies.current));
	atomic_store(&gate->layer_enforces, true);
}
