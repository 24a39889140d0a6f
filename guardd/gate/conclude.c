/* SPDX-License-Identifier: MIT
 *
 * gate/conclude.c - the end of an event: will what was decided stay true, remember,
 * answer, record.  What the policy says is decide.c's.
 */
#include "gate/gate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>

#include "gate/contain.h"
#include "gate/needed.h"
#include "gate/outcome.h"
#include "gate/unlocks.h"

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
			struct gate_outcome *outcome)
{
	const struct guardd_inode inode = { event->file.key.device, event->file.key.inode,
					    event->file.key.born_ns };

	if (identity->writer || event->lease == GATE_LEASE_REFUSED)
		gate_overrule(outcome, GUARD_REASON_WRITER_OPEN);
	else if (!is_at_rest(&event->file) && guardd_in_use_enter(gate->in_use, &inode, event->tid, gate_now_ns()) < 0)
		gate_overrule(outcome, GUARD_REASON_OVERLOAD);
	else if (writer_came(gate, event) && gate_triage_again(gate, event))
		return false;
	else if (writer_came(gate, event))
		gate_overrule(outcome, GUARD_REASON_WRITER_OPEN);
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
	struct gate_outcome outcome;
	bool denied;

	if (identity->error) {
		refuse_unread(gate, event, reason_of(identity->error));
		return;
	}
	if (!gate_decide(&outcome, &identity, gate, event, identity, &renewed))
		return;
	remember(gate, event, identity);
	if (outcome.verdict.action == GUARD_ALLOW && !check_stays(gate, event, identity, &outcome))
		return;
	if (outcome.verdict.action == GUARD_DENY && gate_only_reads(gate, event)) {
		gate_pass(gate, event);
		return;
	}
	if (outcome.verdict.action == GUARD_ALLOW) {
		if (outcome.interprets && guardd_bpf_interpreter_set(gate->layer, event->fd) < 0)
			gate_problem(gate, "the kernel layer did not take an interpreter for one");
		(void)gate_kernel_cache(gate, event, identity, event->facts->format);
		gate_contain_tell(gate, event, outcome.holds_words);
	}
	/* What is recorded here in audit mode need not be recorded by the kernel as well. */
	if (outcome.verdict.action == GUARD_ALLOW || outcome.verdict.mode == GUARD_MODE_AUDIT) {
		gate_layer_grant(gate, event, 1u << (event->facts->kind - GUARD_KIND_EXECUTABLE) |
						      (outcome.interprets ? GUARD_BPF_INTERPRETER : 0));
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
