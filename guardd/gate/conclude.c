/* SPDX-License-Identifier: MIT
 *
 * gate/conclude.c - the end of an event: decide, remember, answer, record.
 * What the policy says and what is done about it are kept apart.
 */
#include "gate/gate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>

#include "gate/contain.h"
#include "gate/patience.h"
#include "gate/needed.h"
#include "gate/unlocks.h"
#include "gate/words.h"

#define RENEWALS 3 /* of the signers, when one policy follows another */

struct outcome {
	struct guard_verdict verdict;
	uint64_t version;
	uint64_t generation; /* of the policy that decided */
	uint32_t interpreter; /* whose command line is to be looked at, or GUARD_NO_INTERPRETER */
	uint32_t seconds[GUARD_POLICY_UNLOCK_SCOPES]; /* of the unlocks that it offers */
	char rule_text[256];
	bool holds_words; /* the kernel layer is to compare that command line */
	bool allows_all; /* what no rule lists */
	bool recorded; /* an allow that is recorded whatever the configuration says */
};

void gate_facts_free(struct gate_event *event)
{
	struct gate_facts *facts = event->facts;

	if (!facts)
		return;
	gate_program_put(facts->program);
	free(facts->path.claimed);
	free(facts);
	event->facts = NULL;
}

static void end_event(struct gate *gate, struct gate_event *event)
{
	gate_facts_free(event);
	gate_event_end(gate, event);
}

void gate_pass(struct gate *gate, struct gate_event *event)
{
	gate_event_answer(gate, event, true);
	end_event(gate, event);
}

void gate_rule_text(char *ret_text, size_t capacity, const struct guard_policy *policy, uint32_t rule)
{
	struct guard_rule_info info;

	ret_text[0] = '\0';
	if (rule != GUARD_NO_RULE && guard_policy_rule_info(policy, rule, &info) == 0)
		snprintf(ret_text, capacity, "%s/%s at %s", info.source, info.group, info.location);
}

/* What the policy does not list an unlock may allow; what a rule denies it may not. */
static void lay_unlock_over(struct gate *gate, struct outcome *outcome, const struct gate_event *event,
			    const struct guard_digest *digest)
{
	const struct gate_facts *facts = event->facts;
	const struct gate_wanted wanted = { .subject = facts->no_subject ? NULL : &facts->subject,
					    .digest = digest,
					    .key = &event->file.key,
					    .kind = facts->kind };
	uint32_t id;

	if (outcome->verdict.action == GUARD_ALLOW || outcome->verdict.reason == GUARD_REASON_RULE_DENY)
		return;
	id = gate_unlock_covers(gate, &wanted, outcome->seconds);
	if (!id)
		return;
	outcome->verdict.action = GUARD_ALLOW;
	outcome->verdict.reason = GUARD_REASON_UNLOCK;
	outcome->verdict.rule = id;
	snprintf(outcome->rule_text, sizeof(outcome->rule_text), "unlock %u", id);
}

/* Nobody can say what a file holds that a process serves: neither a rule nor an unlock
 * makes it what was identified. */
static void distrust_server(struct gate *gate, struct outcome *outcome, const struct gate_filesystem *filesystem)
{
	if (outcome->verdict.action == GUARD_DENY || outcome->allows_all ||
	    gate_filesystem_is_believed(gate, filesystem))
		return;
	outcome->verdict.action = GUARD_DENY;
	outcome->verdict.reason = GUARD_REASON_SERVED;
	outcome->verdict.rule = GUARD_NO_RULE;
	outcome->rule_text[0] = '\0';
}

/* It is started: by the kernel, or by a dynamic loader that was called by hand. */
static bool needs_words(const struct gate_facts *facts)
{
	return facts->kind == GUARD_KIND_EXECUTABLE ||
	       (facts->kind == GUARD_KIND_LIBRARY && facts->program && facts->program->loader);
}

static void decide(struct gate *gate, struct outcome *outcome, const struct gate_event *event,
		   const struct gate_identity *identity)
{
	const struct gate_facts *facts = event->facts;
	struct guard_identity asked = identity->identity;
	struct gate_filesystem filesystem;
	const struct gate_policy *policy;
	struct guard_subject subject = { .uid = facts->subject.uid,
					 .gid_count = facts->subject.gid_count,
					 .gids = facts->subject.gids };
	struct guard_object object = { .identity = &asked,
				       .claimed_path = facts->path.claimed,
				       .path_protected = facts->path.protected };

	gate_filesystem_of(gate, &filesystem, event->file.key.device, event->fd);
	object.medium = filesystem.medium;
	if (facts->path.verified)
		object.path = facts->path.claimed;
	if (facts->program && facts->program->verified)
		subject.program = facts->program->path;
	if (facts->no_subject)
		subject.uid = UINT32_MAX;
	asked.kind = facts->kind;
	policy = gate_policy_hold(gate);
	guard_attribution_add(policy->attributions, &asked);
	guard_policy_decide(policy->policy, &outcome->verdict, &subject, &object, gate_policy_now(policy));
	outcome->version = policy->info.version;
	outcome->generation = policy->generation;
	gate_rule_text(outcome->rule_text, sizeof(outcome->rule_text), policy->policy, outcome->verdict.rule);
	outcome->interpreter = needs_words(facts) ? gate_words_wanted(policy, &object) : GUARD_NO_INTERPRETER;
	outcome->holds_words = gate_words_held(policy, outcome->interpreter);
	outcome->allows_all = policy->info.default_action == GUARD_ALLOW;
	memcpy(outcome->seconds, policy->info.unlock_seconds, sizeof(outcome->seconds));
	gate_policy_release(gate);
	lay_unlock_over(gate, outcome, event, &asked.digest);
	distrust_server(gate, outcome, &filesystem);
}

/* The open beneath an exec comes without a word about it.  How the caller asked
 * is looked at only where it would change the answer. */
static void try_as_exec(struct gate *gate, struct outcome *outcome, struct gate_event *event,
			const struct gate_identity *identity)
{
	struct gate_facts *facts = event->facts;
	struct outcome other = { .recorded = false };
	struct gate_call call;

	if (facts->kind != GUARD_KIND_LIBRARY || !facts->call_unknown || facts->exec)
		return;
	facts->kind = GUARD_KIND_EXECUTABLE;
	decide(gate, &other, event, identity);
	if (other.verdict.action == GUARD_ALLOW && other.generation == identity->generation && gate_call_wait(&call, event->tid) == 0 &&
	    call.kind == GATE_CALL_EXEC) {
		facts->exec = true;
		*outcome = other;
	} else {
		facts->kind = GUARD_KIND_LIBRARY;
	}
}

static void overrule(struct outcome *outcome, enum guard_reason reason)
{
	outcome->verdict.action = GUARD_DENY;
	outcome->verdict.reason = (uint8_t)reason;
}

/* The file is allowed, how it is used is not, or is recorded.  An unlock of the file
 * is one of its use. */
static void object_to_use(struct gate *gate, struct outcome *outcome, struct gate_event *event,
			  const struct gate_identity *identity, enum guard_reason reason, bool deny)
{
	outcome->verdict.reason = (uint8_t)reason;
	outcome->verdict.rule = GUARD_NO_RULE;
	outcome->rule_text[0] = '\0';
	outcome->recorded = true;
	if (!deny)
		return;
	outcome->verdict.action = GUARD_DENY;
	lay_unlock_over(gate, outcome, event, &identity->identity.digest);
}

/* May the program that starts it do so? */
static void look_at_containment(struct gate *gate, struct outcome *outcome, struct gate_event *event,
				const struct gate_identity *identity)
{
	struct gate_contained contained;

	if (outcome->verdict.action == GUARD_DENY || outcome->verdict.reason == GUARD_REASON_UNLOCK)
		return;
	gate_contain_judge(gate, &contained, event);
	if (!contained.found)
		return;
	memcpy(event->facts->said, contained.said, sizeof(event->facts->said));
	object_to_use(gate, outcome, event, identity, GUARD_REASON_CONTAINED, contained.deny);
}

/* The interpreter may run; may it run what it is told to?  Under an unlock of its
 * own it may.  false: names lead where this worker must not wait, the event is
 * looked at anew by one that may. */
static bool look_at_words(struct gate *gate, struct outcome *outcome, struct gate_event *event,
			  const struct gate_identity *identity)
{
	struct gate_words words;

	/* What an unlock opened is looked at for the kernel layer alone. */
	if (outcome->verdict.action == GUARD_DENY || outcome->interpreter == GUARD_NO_INTERPRETER)
		return true;
	gate_patience_begin(event->patient || event->group == GUARDD_GROUP_SLOW);
	gate_words_judge(gate, &words, event, outcome->interpreter, outcome->generation);
	if (gate_patience_ran_out()) {
		event->patient = true;
		if (gate_triage_again(gate, event))
			return false;
		overrule(outcome, GUARD_REASON_OVERLOAD);
	} else if (words.action != GUARD_INLINE_ALLOW && outcome->verdict.reason != GUARD_REASON_UNLOCK) {
		memcpy(event->facts->said, words.said, sizeof(event->facts->said));
		object_to_use(gate, outcome, event, identity, (enum guard_reason)words.reason,
			      words.action == GUARD_INLINE_DENY);
	}
	return true;
}

/* Into this inode, or into another of its set: then a second look finds the
 * lease granted and nobody writing. */
static bool writer_came(struct gate *gate, const struct gate_event *event)
{
	return event->lease == GATE_LEASE_HELD &&
	       gate_cache_sequence(gate->cache, &event->file.key) != event->sequence;
}

/* Root's, and at rest: nobody is busy installing it. */
static bool is_at_rest(const struct gate_file *file)
{
	return gate_file_is_sealed(file) && file->key.ctime_ns <= gate_realtime_ns() - GATE_FRESH_NS;
}

/* The content was right; will it stay so while it is used?  First into the
 * table, then the look at the sequence: a writer raises it before he looks into
 * the table, so one of the two sees the other.  false: the event is looked at
 * anew. */
static bool check_stays(struct gate *gate, struct gate_event *event, const struct gate_identity *identity,
			struct outcome *outcome)
{
	const struct guardd_inode inode = { event->file.key.device, event->file.key.inode,
					    event->file.key.born_ns };

	if (identity->writer || event->lease == GATE_LEASE_REFUSED)
		overrule(outcome, GUARD_REASON_WRITER_OPEN);
	else if (!is_at_rest(&event->file) && guardd_in_use_enter(gate->in_use, &inode, event->tid, gate_now_ns()) < 0)
		overrule(outcome, GUARD_REASON_OVERLOAD);
	else if (writer_came(gate, event) && gate_triage_again(gate, event))
		return false;
	else if (writer_came(gate, event))
		overrule(outcome, GUARD_REASON_WRITER_OPEN);
	return true;
}

static void remember(struct gate *gate, struct gate_event *event, const struct gate_identity *identity)
{
	struct gate_cached cached = { .format = event->facts->format,
				      .has_digest = true,
				      .carried = identity->carried,
				      .signatures = identity->signatures,
				      .looked_for = identity->looked_for,
				      .digest = identity->identity.digest };
	struct gate_filesystem filesystem;

	gate_filesystem_of(gate, &filesystem, event->file.key.device, event->fd);
	if (identity->cold && filesystem.cacheable && gate_lease_intact(event))
		gate_cache_put(gate->cache, &event->file.key, &cached, event->sequence, gate_realtime_ns());
}

static bool answer(struct gate *gate, struct gate_event *event, const struct guard_verdict *verdict)
{
	bool refuse = verdict->action == GUARD_DENY && verdict->mode == GUARD_MODE_ENFORCE;

	if (verdict->action == GUARD_DENY && !refuse)
		atomic_fetch_add_explicit(&gate->shared->counters.would_deny, 1, memory_order_relaxed);
	gate_event_answer(gate, event, !refuse);
	return refuse;
}

static enum guard_reason reason_of(int error)
{
	switch (error) {
	case -GUARD_E_TIMEOUT:
		return GUARD_REASON_TIMEOUT;
	case -GUARD_E_LIMIT:
		return GUARD_REASON_TOO_LARGE;
	case -GUARD_E_CHANGED:
		return GUARD_REASON_CHANGED;
	case -GUARD_E_NOMEM:
		return GUARD_REASON_OVERLOAD;
	default:
		return GUARD_REASON_UNREADABLE;
	}
}

/* A policy that came meanwhile wants the signers verified by its own keys. */
static const struct gate_identity *decide_current(struct gate *gate, struct outcome *outcome,
						  struct gate_identity *renewed, const struct gate_event *event,
						  const struct gate_identity *identity)
{
	decide(gate, outcome, event, identity);
	for (int i = 0; i < RENEWALS && outcome->generation != identity->generation; i++) {
		*renewed = *identity;
		gate_signers_find(gate, renewed, event->fd);
		identity = renewed;
		decide(gate, outcome, event, identity);
	}
	if (outcome->generation != identity->generation)
		overrule(outcome, GUARD_REASON_OVERLOAD);
	return identity;
}

static void refuse_unread(struct gate *gate, struct gate_event *event, enum guard_reason reason)
{
	if (gate_only_reads(gate, event))
		gate_pass(gate, event);
	else
		gate_refuse(gate, event, reason);
}

void gate_conclude(struct gate *gate, struct gate_event *event, const struct gate_identity *identity)
{
	struct gate_identity renewed;
	struct outcome outcome = { .recorded = false };
	bool denied;

	if (identity->error) {
		refuse_unread(gate, event, reason_of(identity->error));
		return;
	}
	identity = decide_current(gate, &outcome, &renewed, event, identity);
	if (outcome.verdict.action == GUARD_DENY)
		try_as_exec(gate, &outcome, event, identity);
	if (!look_at_words(gate, &outcome, event, identity))
		return;
	look_at_containment(gate, &outcome, event, identity);
	remember(gate, event, identity);
	if (outcome.verdict.action == GUARD_ALLOW && !check_stays(gate, event, identity, &outcome))
		return;
	if (outcome.verdict.action == GUARD_DENY && gate_only_reads(gate, event)) {
		gate_pass(gate, event);
		return;
	}
	if (outcome.verdict.action == GUARD_ALLOW) {
		(void)gate_kernel_cache(gate, event, identity, event->facts->format);
		gate_contain_tell(gate, event, outcome.holds_words);
	}
	/* What is recorded here in audit mode need not be recorded by the kernel as well. */
	if (outcome.verdict.action == GUARD_ALLOW || outcome.verdict.mode == GUARD_MODE_AUDIT) {
		gate_layer_grant(gate, event, 1u << (event->facts->kind - GUARD_KIND_EXECUTABLE));
		gate_ticket_give(gate, event);
	}
	/* Before the caller goes on, and perhaps ends. */
	if (outcome.verdict.action == GUARD_ALLOW && outcome.verdict.reason != GUARD_REASON_UNLOCK &&
	    (event->mask & FAN_OPEN_EXEC_PERM))
		gate_unlock_listed(gate, event, &identity->identity);
	denied = answer(gate, event, &outcome.verdict);
	if (denied && outcome.verdict.reason == GUARD_REASON_DEFAULT)
		gate_needed_refused(gate, event, identity);
	if (outcome.verdict.action == GUARD_DENY || outcome.verdict.reason == GUARD_REASON_UNLOCK || outcome.recorded ||
	    (identity->cold && gate->config->ledger_allowed))
		gate_note_verdict(gate, event, &outcome.verdict, identity, outcome.rule_text, outcome.version,
				  denied);
	end_event(gate, event);
}

static struct guard_verdict own_verdict(struct gate *gate, enum guard_reason reason, uint64_t *ret_version)
{
	const struct gate_policy *policy = gate_policy_hold(gate);
	struct guard_verdict verdict = { .action = GUARD_DENY,
					 .mode = policy ? policy->info.mode : GUARD_MODE_ENFORCE,
					 .reason = (uint8_t)reason,
					 .rule = GUARD_NO_RULE,
					 .valid_until = INT64_MAX };

	*ret_version = policy ? policy->info.version : 0; /* none yet, right after a restart */
	gate_policy_release(gate);
	if (reason == GUARD_REASON_TIMEOUT && gate->config->deadline_allow)
		verdict.action = GUARD_ALLOW;
	return verdict;
}

void gate_refuse(struct gate *gate, struct gate_event *event, enum guard_reason reason)
{
	uint64_t version;
	struct guard_verdict verdict = own_verdict(gate, reason, &version);
	bool late = atomic_load(&event->answered);
	bool denied;

	if (verdict.action == GUARD_ALLOW)
		gate_layer_grant(gate, event, GUARD_BPF_KINDS);
	denied = answer(gate, event, &verdict);

	if (!late)
		gate_note_verdict(gate, event, &verdict, NULL, "", version, denied);
	end_event(gate, event);
}

void gate_refuse_unslotted(struct gate *gate, uint32_t group, int32_t fd, int32_t tid, enum guard_reason reason)
{
	uint64_t version;
	struct guard_verdict verdict = own_verdict(gate, reason, &version);
	struct gate_event event = { .fd = fd, .tid = tid };
	bool refuse = verdict.action == GUARD_DENY && verdict.mode == GUARD_MODE_ENFORCE;

	gate_note_verdict(gate, &event, &verdict, NULL, "", version, refuse);
	gate_respond(gate, group, fd, !refuse);
}
