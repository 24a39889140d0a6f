/* SPDX-License-Identifier: MIT
 *
 * gate/contain.c - the policy's containments, as the gate and the kernel layer see
 * them; see contain.h.  A path counts only while root alone can change what lies
 * there.
 */
#include "gate/contain.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "gate/words.h"
#include "policy/policy.h"

#define NO_SLOT UINT32_MAX

_Static_assert(GUARD_CONTAINMENTS_MAX == GUARD_BPF_CONTAINMENTS_MAX, "each containment has a slot");

/* ---- what the layer is told ----------------------------------------------------------- */

static int put_places(struct gate *gate, const struct gate_policy *policy, uint32_t index,
		      const struct guard_containment_info *info)
{
	int r = 0;

	guardd_bpf_places_clear(gate->layer, policy->contain_slots[index]);
	for (uint32_t i = 0; i < info->place_count && r == 0; i++)
		r = guardd_bpf_place_put(gate->layer, guard_policy_containment_place(policy->policy, index, i),
					 policy->contain_slots[index]);
	return r;
}

/* `guardctl status` and `doctor` say what is not held. */
static void tell_status(struct gate *gate, bool contains)
{
	static const char lacks[] = "; so of contained programs only what they start themselves is held, not what that "
				    "starts in turn, and not where they write";
	struct guardd_shared *shared = gate->shared;
	const int room = (int)(sizeof(shared->layer_why) - sizeof(lacks));

	snprintf(shared->layer_why, sizeof(shared->layer_why), "%.*s%s", room, gate->layer->why, contains ? lacks : "");
}

void gate_contain_prepare(struct gate *gate, struct gate_policy *policy, uint32_t round)
{
	struct guard_containment_info info;

	policy->contain_round = round;
	policy->contains = 0;
	for (uint32_t i = 0; guard_policy_containment_info(policy->policy, i, &info) == 0; i++) {
		policy->contains = i + 1;
		policy->contain_slots[i] = NO_SLOT;
		if (!gate->layer->on)
			continue;
		if (guardd_bpf_containment_begin(gate->layer, info.name, info.deny, &policy->contain_slots[i]) < 0 ||
		    put_places(gate, policy, i, &info) < 0)
			gate_problem(gate, "the kernel layer does not hold all of the containment \"%.80s\"", info.name);
	}
	if (!gate->layer->on)
		tell_status(gate, policy->contains > 0);
}

void gate_contain_begin(struct gate *gate, const struct gate_policy *policy)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < policy->contains; i++)
		if (policy->contain_slots[i] != NO_SLOT)
			kept |= 1u << policy->contain_slots[i];
	guardd_bpf_containments_end(gate->layer, kept);
}

static void describe(struct guard_bpf_startable *ret_startable, const struct gate_policy *policy, const char *path,
		     bool script)
{
	uint32_t program = guard_policy_containment_of(policy->policy, path);
	struct guard_bpf_startable startable = { .round = policy->contain_round };

	for (uint32_t i = 0; i < policy->contains; i++)
		if (policy->contain_slots[i] != NO_SLOT && guard_policy_containment_may_start(policy->policy, i, path))
			startable.starters |= 1u << policy->contain_slots[i];
	if (program != GUARD_NO_CONTAINMENT && !script && policy->contain_slots[program] != NO_SLOT)
		startable.program = policy->contain_slots[program] + 1;
	*ret_startable = startable;
}

void gate_contain_tell(struct gate *gate, const struct gate_event *event, bool judged)
{
	const struct gate_facts *facts = event->facts;
	struct guard_bpf_startable startable = { .round = 0 };
	const struct gate_policy *policy;
	bool matters;

	if (!gate->layer->on || !facts->exec)
		return;
	policy = gate_policy_hold(gate);
	matters = policy->contains > 0 || policy->judges_words;
	if (matters)
		describe(&startable, policy, facts->path.verified && facts->path.protected ? facts->path.claimed : NULL,
			 facts->kind == GUARD_KIND_SCRIPT);
	gate_policy_release(gate);
	startable.flags = judged ? GUARD_BPF_STARTABLE_WORDS : 0;
	if (matters && guardd_bpf_startable_set(gate->layer, event->fd, &startable) < 0)
		gate_problem(gate, "the kernel layer did not take what is to be held of a program");
}

bool gate_contain_wanted(const struct gate *gate, const struct gate_policy *policy, const struct guard_object *object)
{
	struct guard_bpf_startable startable;

	if (!policy->contains)
		return false;
	/* Without the layer nobody else sees who starts it. */
	if (!gate->layer->on)
		return true;
	describe(&startable, policy, object->path, false);
	return startable.program || startable.starters;
}

/* ---- what the gate judges itself -------------------------------------------------------- */

/* Of the acting program, under a policy that is held. */
static uint32_t containment_of(const struct gate_policy *policy, const struct gate_program *program)
{
	return program && program->verified ? guard_policy_containment_of(policy->policy, program->path) :
					      GUARD_NO_CONTAINMENT;
}

static bool is_a_scripts(struct gate *gate, const struct gate_event *event)
{
	struct gate_call call;

	return event->facts->kind == GUARD_KIND_EXECUTABLE && gate_call_wait(&call, event->tid) == 0 &&
	       call.kind == GATE_CALL_EXEC && gate_words_are_a_scripts(gate, event, &call);
}

static void say(struct gate_contained *contained, const struct guard_containment_info *info)
{
	char name[100];

	guard_text_escape(name, sizeof(name), info->name, strlen(info->name));
	snprintf(contained->said, sizeof(contained->said), "not among what the containment \"%s\" may start", name);
}

void gate_contain_judge(struct gate *gate, struct gate_contained *ret_contained, const struct gate_event *event)
{
	const struct gate_facts *facts = event->facts;
	const char *path = facts->path.verified && facts->path.protected ? facts->path.claimed : NULL;
	struct gate_contained contained = { .found = false };
	struct guard_containment_info info;
	const struct gate_policy *policy;
	uint32_t index;

	*ret_contained = contained;
	if (!facts->exec)
		return;
	policy = gate_policy_hold(gate);
	index = policy->contains ? containment_of(policy, facts->program) : GUARD_NO_CONTAINMENT;
	if (index != GUARD_NO_CONTAINMENT && !guard_policy_containment_may_start(policy->policy, index, path) &&
	    guard_policy_containment_info(policy->policy, index, &info) == 0) {
		contained.found = true;
		contained.deny = info.deny != 0;
		say(&contained, &info);
	}
	gate_policy_release(gate);
	/* The interpreter of a script that it may start comes with it. */
	if (contained.found && !is_a_scripts(gate, event))
		*ret_contained = contained;
}

void gate_contain_name(struct gate *gate, char *ret_name, size_t size, uint32_t slot)
{
	const struct gate_policy *policy = gate_policy_hold(gate);
	struct guard_containment_info info;

	ret_name[0] = '\0';
	for (uint32_t i = 0; policy && i < policy->contains; i++)
		if (policy->contain_slots[i] == slot && guard_policy_containment_info(policy->policy, i, &info) == 0)
			guard_text_escape(ret_name, size, info.name, strlen(info.name));
	gate_policy_release(gate);
}
