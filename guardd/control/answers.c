/* SPDX-License-Identifier: MIT
 *
 * control/answers.c - what control knows by itself: the status, from memory
 * shared with the keeper and the gate, and what the policy says about a file.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "control/control.h"
#include "permits.h"

#define BACKEND_FANOTIFY 1
#define BACKEND_BPF 2
#define EXPLANATION_MAX 32768u

/* ---- status ------------------------------------------------------------------------- */

static void copy(char *ret_text, size_t capacity, const char *text)
{
	snprintf(ret_text, capacity, "%s", text);
}

static void add_policy(struct guard_status *status, const struct guard_policy *policy)
{
	struct guard_policy_info info;

	if (!policy)
		return;
	guard_policy_info(policy, &info);
	status->enforcing = status->enforcing && info.mode == GUARD_MODE_ENFORCE;
	copy(status->policy_id, sizeof(status->policy_id), info.id);
	status->policy_version = info.version;
	status->policy_expires = info.expires;
	status->digests = info.digest_count;
	status->rules = info.rule_count;
	copy(status->help_phone, sizeof(status->help_phone), info.help_phone);
	copy(status->help_text, sizeof(status->help_text), info.help_text);
}

static void add_shared(struct guard_status *status, const struct guardd_shared *shared)
{
	const struct guardd_counters *counters = &shared->counters;

	status->enforcing = atomic_load(&shared->ready) != 0;
	status->backend = atomic_load(&shared->layer_on) ? BACKEND_BPF : BACKEND_FANOTIFY;
	copy(status->layer, sizeof(status->layer), shared->layer_why);
	copy(status->catalogs, sizeof(status->catalogs), shared->catalogs);
	copy(status->packages, sizeof(status->packages), shared->packages);
	status->started = atomic_load(&shared->started);
	status->events = atomic_load(&counters->events);
	status->allowed = atomic_load(&counters->allowed);
	status->denied = atomic_load(&counters->denied);
	status->would_deny = atomic_load(&counters->would_deny);
	status->cached = atomic_load(&counters->cached);
	status->hashed = atomic_load(&counters->hashed);
	status->hashed_bytes = atomic_load(&counters->hashed_bytes);
	status->queue = atomic_load(&counters->queue);
	status->overload = atomic_load(&counters->overload);
	status->timeouts = atomic_load(&counters->timeouts);
	status->records_lost = atomic_load(&counters->records_lost);
	status->filesystems = atomic_load(&counters->filesystems);
	status->keeper_pid = atomic_load(&shared->keeper_pid);
	status->gate_pid = atomic_load(&shared->gate_pid);
	status->record_pid = atomic_load(&shared->record_pid);
	status->control_pid = atomic_load(&shared->control_pid);
	status->gate_restarts = atomic_load(&shared->gate_restarts);
}

/* A machine that could not ask a moment ago is no problem yet; one that is well may
 * still have something to say (its clock was put back). */
static bool has_trouble(const struct guard_distribution *distribution)
{
	const char *word = distribution->word;

	return word[0] && strcmp(word, "waiting") != 0 && (strcmp(word, "ok") != 0 || distribution->text[0]);
}

static const char *pick_problem(const struct control *control, const struct guard_status *status)
{
	if (control->problem[0])
		return control->problem;
	if (!control->policy)
		return "there is no policy that could be read: everything that is not the system's own start "
		       "is refused";
	if (!atomic_load(&control->shared->ready))
		return "the gate is not ready: it is starting, or it cannot";
	if (control->record < 0)
		return "the record process is not running: nothing is written to the ledger";
	if (control->news.problem[0])
		return control->news.problem;
	if (status->policy_expires <= (int64_t)time(NULL))
		return "the policy has expired: its exceptions no longer hold; install a newer one";
	if (has_trouble(&control->distribution))
		return control->distribution.text;
	return control->config->overruled;
}

static void add_distribution(struct guard_status *status, const struct control *control)
{
	if (!control->config->managed)
		return;
	copy(status->repository, sizeof(status->repository), control->config->repository_url);
	copy(status->office, sizeof(status->office), control->config->office);
	status->distribution = control->distribution;
}

static void add_maintenance(struct guard_status *status, const struct control *control)
{
	uint32_t left = guardd_maintenance_left(control->shared);

	status->self_protection = control->config->self_protection;
	status->maintenance_until = left ? (int64_t)time(NULL) + left : 0;
}

void control_answer_status(struct control *control, struct control_client *client, int64_t now_ns)
{
	struct guard_status status = {.backend = BACKEND_FANOTIFY};

	add_shared(&status, control->shared);
	status.records_lost += control->news.lost;
	if (control->policy)
		add_policy(&status, control->policy);
	else
		status.enforcing = 0;
	add_distribution(&status, control);
	add_maintenance(&status, control);
	copy(status.state_dir, sizeof(status.state_dir), control->config->state_dir);
	copy(status.catalogs_dir, sizeof(status.catalogs_dir), control->config->catalogs);
	copy(status.problem, sizeof(status.problem), pick_problem(control, &status));
	control_start(client, GUARD_WIRE_STATUS_DATA);
	if (guard_status_encode(&client->out, &status) < 0)
		control_result(client, GUARD_E_INTERNAL, guard_error_text(GUARD_E_INTERNAL), now_ns);
	else
		control_send(client, now_ns);
}

/* ---- explain -------------------------------------------------------------------------- */

struct inquiry {
	struct guard_subject subject;
	struct guard_object object;
	struct guard_verdict verdict;
};

static void decide(struct inquiry *ret_inquiry, const struct control *control,
		   const struct control_client *client, const struct guard_question *question)
{
	*ret_inquiry = (struct inquiry){
	    .subject =
		{
		    .uid = client->peer.uid,
		    .gid_count = client->peer.gid_count,
		    .gids = client->peer.gids,
		    .program = question->program[0] ? question->program : NULL,
		},
	    .object =
		{
		    .identity = &question->identity,
		    .path = question->path[0] ? question->path : NULL,
		    .claimed_path = question->path[0] ? question->path : NULL,
		    .path_protected = question->path_protected,
		    .medium = question->medium,
		},
	};
	guard_policy_decide(control->policy, &ret_inquiry->verdict, &ret_inquiry->subject,
			    &ret_inquiry->object, (int64_t)time(NULL));
}

/* The explanation in words; at most what a packet takes. */
static char *write_explanation(const struct control *control, const struct inquiry *inquiry)
{
	GUARD_AUTO_FREE char *text = calloc(1, EXPLANATION_MAX);
	FILE *out = text ? fmemopen(text, EXPLANATION_MAX - 1, "w") : NULL;
	int r;

	if (!out)
		return NULL;
	r = guard_policy_explain(control->policy, out, &inquiry->verdict, &inquiry->subject,
				 &inquiry->object);
	fclose(out);
	return r < 0 ? NULL : guard_steal_pointer(&text);
}

void control_answer_explain(struct control *control, struct control_client *client,
			    const struct guard_question *question, int64_t now_ns)
{
	GUARD_AUTO_FREE char *explanation = NULL;
	struct inquiry inquiry;

	if (!control->policy) {
		control_result(client, GUARD_E_NOT_FOUND,
			       "The daemon has no policy to explain: `guardctl status` says why.", now_ns);
		return;
	}
	decide(&inquiry, control, client, question);
	explanation = write_explanation(control, &inquiry);
	if (!explanation) {
		control_result(client, GUARD_E_NOMEM, guard_error_text(GUARD_E_NOMEM), now_ns);
		return;
	}
	control_start(client, GUARD_WIRE_EXPLAINED);
	guard_write_u8(&client->out, inquiry.verdict.action);
	guard_write_u8(&client->out, inquiry.verdict.mode);
	guard_write_u8(&client->out, inquiry.verdict.reason);
	guard_write_u32(&client->out, inquiry.verdict.rule);
	guard_write_string(&client->out, explanation);
	control_send(client, now_ns);
}
