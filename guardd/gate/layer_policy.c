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
#include "gate/catalogs.h"
#include "gate/contain.h"
#include "gate/data.h"
#include "policy/policy.h"

/* Only what this gate or one that it follows put in, under the same contents, can be gone
 * on with: a reload that changes nothing leaves the kernel's verdicts as they are. */
static bool is_there(struct gate *gate, const struct guard_bpf_config *config, const struct guard_digest *contents)
{
	static const struct guard_digest not_whole;

	return (gate->arguments->restarted != GUARDD_RESTARTED_NOT || atomic_load(&gate->layer_enforces)) &&
	       config->generation &&
	       guard_digest_compare(contents, &not_whole) != 0 &&
	       memcmp(config->contents, contents->bytes, sizeof(config->contents)) == 0;
}

/* Of marks on programs: who makes memory executable, who is contained. */
static uint32_t next_round(const struct guard_bpf_config *config)
{
	return (config->exemptions + 1) & 0xffffffu;
}

/* Another gate still answers, and it alone may write what holds for all. */
static bool is_waiting(const struct gate *gate)
{
	return gate->arguments->restarted == GUARDD_RESTARTED_TAKEOVER && !atomic_load(&gate->layer_enforces);
}

static void number(struct gate *gate, struct gate_policy *policy, struct guard_bpf_config *config)
{
	policy->layer_adopted = is_there(gate, config, &policy->layer_contents);
	policy->layer_filled = policy->layer_adopted;
	policy->layer_generation = config->generation;
	if (policy->layer_adopted && is_waiting(gate))
		return;
	/* Also where nothing is to be put in: what was put in half is void then. */
	config->next = guardd_bpf_next_generation(config->next);
	if (!policy->layer_adopted)
		policy->layer_generation = config->next;
	if (guardd_bpf_config_set(gate->layer, config) < 0)
		gate_problem(gate, "the kernel layer does not take a generation: it goes on by the policy before");
}

void gate_layer_choose(struct gate *gate, struct gate_policy *policy)
{
	struct guard_bpf_config config;

	policy->layer_generation = 0;
	policy->layer_adopted = policy->layer_filled = false;
	gate_data_prepare(gate, policy);
	if (!gate->layer->on || guardd_bpf_config_get(gate->layer, &config) < 0)
		config.exemptions = 0;
	gate_contain_prepare(gate, policy, next_round(&config));
	if (!gate->layer->on || guardd_bpf_config_get(gate->layer, &config) < 0)
		return;
	if (gate_layer_contents(&policy->layer_contents, gate, policy) < 0)
		memset(&policy->layer_contents, 0, sizeof(policy->layer_contents)); /* the next gate begins anew */
	number(gate, policy, &config);
	policy->layer_seen = config;
}

/* A content alone, under no name: by its digest, its package, signed lists.  Not by a
 * certificate that ends: nobody would look at it again. */
static uint32_t kinds_of_digest(const struct gate_policy *policy, const struct guard_digest *digest)
{
	struct gate_identity identity = { .identity.digest = *digest, .signers_until = INT64_MAX };
	const struct guard_object object = { .identity = &identity.identity };

	gate_catalogs_find(policy->catalogs, policy->policy, &identity);
	return identity.signers_until == INT64_MAX ? gate_layer_kinds(policy, &object) : 0;
}

struct filling {
	struct gate *gate;
	const struct gate_policy *policy;
	struct guardd_bpf_generations generations;
	uint64_t left_out; /* had no room */
};

static void put(struct filling *filling, const struct guard_digest *digest, uint32_t flags)
{
	uint32_t kinds = kinds_of_digest(filling->policy, digest) | flags;

	if (kinds && guardd_bpf_digest_put(filling->gate->layer, digest, &filling->generations, kinds) < 0)
		filling->left_out++;
}

/* What the policy lists, what packages and signed lists vouch for. */
static void put_all(struct filling *filling)
{
	const struct gate_policy *policy = filling->policy;
	const struct guard_attribution *table = policy->attributions;
	/* By default allowed: then also what the policy denies must be known. */
	const uint32_t listed = policy->info.default_action == GUARD_ALLOW ? GUARD_BPF_LISTED : 0;
	const struct guard_digest *digests;
	size_t count;

	for (uint64_t i = 0; i < policy->info.digest_count; i++)
		put(filling, guard_policy_digest_at(policy->policy, i), listed);
	for (uint32_t i = 0; table && i < table->header->digest_count; i++)
		put(filling, &table->digests[i], 0);
	for (size_t list = 0; (digests = gate_catalogs_list(policy->catalogs, list, &count)); list++)
		for (size_t i = 0; i < count; i++)
			put(filling, &digests[i], 0);
}

void gate_layer_fill(struct gate *gate, struct gate_policy *policy)
{
	struct filling filling = { .gate = gate, .policy = policy };
	struct guard_bpf_config config;

	if (!policy->layer_generation || policy->layer_filled || guardd_bpf_config_get(gate->layer, &config) < 0)
		return;
	filling.generations = (struct guardd_bpf_generations){ config.generation, policy->layer_generation };
	put_all(&filling);
	policy->layer_filled = true;
	if (!filling.left_out)
		return;
	memset(&policy->layer_contents, 0, sizeof(policy->layer_contents)); /* the next gate tries again */
	gate_problem(gate,
		     "the kernel layer has no room for %llu of the policy's programs: where the gate is not "
		     "asked they are refused",
		     (unsigned long long)filling.left_out);
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

	/* The marks open files: the values that hold for all are read when that is done. */
	if (guardd_bpf_config_get(gate->layer, &config) == 0)
		mark_exempt(gate, next_round(&config));
	if (!policy->layer_generation || guardd_bpf_config_get(gate->layer, &config) < 0) {
		gate_problem(gate, "the kernel layer does not answer: it goes on by the policy before");
		return;
	}
	changes = config.generation != policy->layer_generation;
	config.generation = policy->layer_generation;
	config.state = policy->info.mode == GUARD_MODE_ENFORCE ? GUARD_BPF_ENFORCE : GUARD_BPF_AUDIT;
	config.flags = flags_of(gate, policy);
	config.exemptions = next_round(&config);
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

/* Has a gate that still answered changed what is in force since we chose? */
static bool is_overtaken(struct gate *gate, const struct gate_policy *policy)
{
	const struct guard_bpf_config *seen = &policy->layer_seen;
	struct guard_bpf_config config;

	return is_waiting(gate) && guardd_bpf_config_get(gate->layer, &config) == 0 &&
	       (config.generation != seen->generation || config.next != seen->next ||
		config.exemptions != seen->exemptions);
}

void gate_layer_ready(struct gate *gate)
{
	struct gate_policy *policy = atomic_load(&gate->policies.current);

	if (!gate->layer->on)
		return;
	if (is_overtaken(gate, policy))
		gate_layer_choose(gate, policy);
	gate_layer_fill(gate, policy);
}

void gate_layer_enforce(struct gate *gate)
{
	if (!gate->layer->on)
		return;
	gate_layer_ready(gate);
	put_in_force(gate, atomic_load(&gate->policies.current));
	atomic_store(&gate->layer_enforces, true);
}
