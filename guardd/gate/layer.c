/* SPDX-License-Identifier: MIT
 *
 * gate/layer.c - what the gate tells the kernel layer of single files and of
 * filesystems.  Everything is said before the caller is let go, because the kernel
 * looks again at the moment of use.  Policies as a whole: layer_policy.c.
 *
 * A verdict is set only where it holds for everybody; the writer's way to void
 * it is the same as for ignore marks (kernel_cache.c): first it is set, then
 * the lease and the sequence are looked at again.
 */
#include "gate/beneath.h"
#include "gate/gate.h"
#include "gate/interpreters.h"
#include "gate/words.h"

uint32_t gate_layer_kinds(const struct gate_policy *policy, const struct guard_object *object)
{
	uint32_t kinds = 0;

	for (int kind = GUARD_KIND_EXECUTABLE; kind <= GUARD_KIND_MODULE; kind++)
		if (gate_always_allowed(policy, object, (enum guard_kind)kind))
			kinds |= 1u << (kind - GUARD_KIND_EXECUTABLE);
	/* An interpreter whose command line is judged starts when the gate was asked, and
	 * never by its content alone: not on a filesystem of the caller's own, not by a
	 * loader, not while the gate is dead. */
	if (gate_words_held(policy, gate_words_wanted(policy, object)))
		kinds &= ~(GUARD_BPF_EXECUTABLE | GUARD_BPF_LIBRARY);
	return kinds | (gate_interprets(policy, object) ? GUARD_BPF_INTERPRETER : 0);
}

static bool still_true(struct gate *gate, const struct gate_event *event)
{
	return gate_lease_stands(event) &&
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

	/* A certificate that ends must be looked at again: it gives a grant. */
	if (!gate->layer->on || event->lease != GATE_LEASE_HELD || identity->signers_until != INT64_MAX ||
	    !gate_filesystem_find(gate, &filesystem, event->file.key.device) || !filesystem.cacheable)
		return;
	object.medium = filesystem.medium;
	policy = gate_policy_hold(gate);
	kinds = policy->generation == identity->generation ? gate_layer_kinds(policy, &object) : 0;
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

	if (!gate->layer->on || guardd_bpf_verdict_has(gate->layer, event->fd, kinds & GUARD_BPF_KINDS))
		return;
	policy = gate_policy_hold(gate);
	generation = policy ? policy->layer_generation : 0;
	gate_policy_release(gate);
	process = process_of(event);
	if (process && guardd_bpf_grant(gate->layer, event->fd, process, generation, kinds, gate_now_ns() + (int64_t)GUARD_BPF_GRANT_NS) < 0)
		gate_problem(gate, "the kernel layer did not take an allow: what it was for may be refused");
}

/* Where the default is to allow, the kernel knows no denial but by content. */
static bool denies_by_default(struct gate *gate)
{
	const struct gate_policy *policy = gate_policy_hold(gate);
	bool denies = policy && policy->info.default_action == GUARD_DENY;

	gate_policy_release(gate);
	return denies;
}

bool gate_layer_holds(struct gate *gate, uint64_t device)
{
	return gate->layer->on && atomic_load(&gate->layer_enforces) && denies_by_default(gate) &&
	       (gate->config->protect_all ||
		(guardd_bpf_device_flags(gate->layer, device) & GUARD_BPF_DEVICE_COVERED));
}

/* ---- filesystems ------------------------------------------------------------------- */

void gate_layer_filesystem(struct gate *gate, const struct gate_filesystem *filesystem)
{
	uint32_t flags = GUARD_BPF_DEVICE_COVERED | (filesystem->cacheable ? GUARD_BPF_DEVICE_STEADY : 0u) |
			 (gate_filesystem_is_believed(gate, filesystem) ? GUARD_BPF_DEVICE_TRUSTED : 0u);

	if (gate->layer->on && filesystem->marked &&
	    guardd_bpf_device_put(gate->layer, filesystem->device, flags) < 0)
		gate_problem(gate, "the kernel layer holds no more than %u filesystems", GUARD_BPF_DEVICES_MAX);
}

void gate_layer_filesystem_gone(struct gate *gate, uint64_t device)
{
	guardd_bpf_device_remove(gate->layer, device);
}

void gate_layer_beneath(struct gate *gate, const struct gate_beneath *beneath)
{
	if (gate->layer->on && gate->config->self_protection &&
	    (guardd_bpf_devices_beneath(gate->layer, beneath->devices, beneath->count) < 0 || beneath->full))
		gate_problem(gate, "the kernel layer does not hold all disks beneath the protected filesystems: root can "
				   "write to the others");
}
