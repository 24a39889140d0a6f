/* SPDX-License-Identifier: MIT
 *
 * trust/check.c - one check of the repository: ask whether something is new,
 * verify it, take the denials at once and the rest whole or not at all, and say
 * what came of it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "trust/internal.h"

#define NO_ANSWERS_MAX 3u    /* checks without an answer before that is said */
#define REMEMBER_TIME_S 3600
#define CLOCK_SLACK_S 600    /* a clock that is set, not put back */

/* The clock, but never before a moment that is known to have been: metadata that
 * had expired then does not become fresh by putting the clock back. */
int64_t trust_now(const struct trust_process *trust)
{
	const int64_t now = (int64_t)time(NULL);

	return now < trust->memory.time ? trust->memory.time : now;
}

bool trust_clock_was_put_back(const struct trust_process *trust)
{
	return (int64_t)time(NULL) < trust->memory.time - CLOCK_SLACK_S;
}

static bool is_fresh(const struct trust_process *trust)
{
	struct guard_trust_info info;

	guard_trust_info(trust->client, &info);
	return info.timestamp_expires > trust->now && info.snapshot_expires > trust->now &&
	       info.targets_expires > trust->now && info.root_expires > trust->now;
}

static bool is_same(const struct trust_state *a, const struct trust_state *b)
{
	if (a->part_count != b->part_count || strcmp(a->profile, b->profile) != 0)
		return false;
	for (size_t i = 0; i < a->part_count; i++)
		if (strcmp(a->parts[i].path, b->parts[i].path) != 0 || a->parts[i].above != b->parts[i].above ||
		    guard_digest_compare(&a->parts[i].digest, &b->parts[i].digest) != 0)
			return false;
	return true;
}

/* What is in force, with this list of denials instead of the one before. */
static void with_deny(struct trust_state *ret_state, const struct trust_state *before, const struct trust_part *deny)
{
	struct trust_state state = *before;

	if (state.part_count > 0 && state.parts[state.part_count - 1].kind == GUARD_SET_DENY)
		state.part_count--;
	if (deny->path[0])
		state.parts[state.part_count++] = *deny;
	*ret_state = state;
}

/* Denials only take away: they are taken whatever happens to the rest.  That
 * there are none any more is part of the rest. */
static int take_denials(struct trust_part *ret_deny, struct trust_process *trust, struct trust_failure *failure)
{
	static struct trust_state next;
	int r = trust_collect_deny(ret_deny, trust, failure);

	/* Beside what may not be what is in force they wait for the rest. */
	if (r < 0 || !ret_deny->path[0] || trust->memory.state.part_count == 0 || !trust->in_force)
		return r;
	with_deny(&next, &trust->memory.state, ret_deny);
	if (is_same(&next, &trust->memory.state))
		return 0;
	r = trust_deliver(trust, &next, failure);
	if (r == 0)
		trust_note(trust, GUARD_DAEMON_UPDATE_TAKEN,
			   "The list of what is denied at once, version %llu, is in force.",
			   (unsigned long long)ret_deny->version);
	return r;
}

/* Headquarters replaced the keys of timestamp or snapshot: whoever had them may have
 * run versions up, of images too.  They count anew from here, as those of the
 * metadata do (5.3.11 of the specification). */
static void look_at_keys(struct trust_process *trust)
{
	static const struct guard_digest none;
	struct guard_trust_info info;
	struct guard_digest keys;

	guard_trust_info(trust->client, &info);
	memcpy(keys.bytes, info.online_keys, sizeof(keys.bytes));
	if (guard_digest_compare(&keys, &trust->memory.keys) == 0)
		return;
	if (guard_digest_compare(&trust->memory.keys, &none) != 0) {
		trust->memory.level_count = 0;
		trust_note(trust, GUARD_DAEMON_UPDATE_TAKEN,
			   "Headquarters replaced the keys of timestamp or snapshot (root version %llu): versions of "
			   "policies count anew.",
			   (unsigned long long)info.root_version);
	}
	trust->memory.keys = keys;
}

static int take_all(struct trust_process *trust, struct trust_failure *failure)
{
	static struct trust_state next;
	struct trust_part deny;
	struct guard_digest place;
	int r;

	look_at_keys(trust);
	r = take_denials(&deny, trust, failure);

	if (r == 0)
		r = trust_collect(&next, &place, trust, &deny, failure);
	if (r == 1)
		trust_tell_release(trust);
	if (r != 0)
		return r;
	if (!trust->in_force || !is_same(&next, &trust->memory.state)) {
		r = trust_deliver(trust, &next, failure);
		if (r < 0)
			return r;
		trust_note(trust, GUARD_DAEMON_UPDATE_TAKEN,
			   "Snapshot %llu of the repository is in force: policy version %llu, profile %s.",
			   (unsigned long long)next.snapshot, (unsigned long long)next.parts[0].version, next.profile);
	} else {
		trust->memory.state.snapshot = next.snapshot;
		trust->memory.time = trust->now;
		if (trust_memory_save(trust->folder, &trust->memory) < 0)
			return trust_fail(failure, -GUARD_E_IO, "refused-storage", "%s/trust cannot be written: %s",
					  trust->config->state_dir, strerror(errno));
	}
	trust_tell_settings(trust);
	trust_delivery_check(trust);
	trust_parts_prune(trust, &next, &place);
	return 0;
}

/* That this moment has been is remembered now and then, also when nothing new
 * comes for months. */
static int note_time(struct trust_process *trust, struct trust_failure *failure)
{
	if (trust->now < trust->memory.time + REMEMBER_TIME_S)
		return 0;
	trust->memory.time = trust->now;
	if (trust_memory_save(trust->folder, &trust->memory) < 0)
		return trust_fail(failure, -GUARD_E_IO, "refused-storage", "%s/trust cannot be written: %s",
				  trust->config->state_dir, strerror(errno));
	return 0;
}

static int ask(struct trust_process *trust, struct trust_failure *failure)
{
	char agent[SYNC_AGENT_MAX];
	int r;

	trust_agent(trust, agent);
	r = trust_probe(trust, agent);
	if (r < 0)
		return trust_fail(failure, r, trust_word_of(r), "metadata/timestamp.json: %s", trust->fetch_text);
	if (r > 0 && is_fresh(trust))
		return note_time(trust, failure);
	trust->complete = false;
	r = guard_trust_refresh(trust->client, trust->now);
	if (r < 0)
		return trust_fail(failure, r, trust_word_of(r), "%s%s%s", guard_trust_message(trust->client),
				  trust->fetch_text[0] ? "; " : "", trust->fetch_text);
	r = take_all(trust, failure);
	trust->complete = r == 0 && !trust->delivery_due;
	return r < 0 ? r : 0;
}

/* ---- what is said -------------------------------------------------------------------- */

static void fill_versions(struct guard_distribution *state, const struct trust_process *trust)
{
	const struct trust_state *in_force = &trust->memory.state;
	struct guard_trust_info info;

	guard_trust_info(trust->client, &info);
	state->fresh_until = info.timestamp_expires;
	state->snapshot = in_force->snapshot;
	snprintf(state->profile, sizeof(state->profile), "%s", in_force->profile);
	snprintf(state->id, sizeof(state->id), "%s", trust->key_id);
	state->exceptions = state->denials = 0;
	for (size_t i = 0; i < in_force->part_count; i++) {
		const struct trust_part *part = &in_force->parts[i];

		if (part->kind == GUARD_SET_DENY)
			state->denials = part->version;
		if (part->kind == GUARD_SET_EXCEPTION && !part->broad && !part->above)
			state->exceptions = part->version;
	}
}

/* An alert is a row once, when the state begins. */
static void note_change(const struct trust_process *trust, const struct guard_distribution *before,
			const struct trust_failure *failure)
{
	if (strcmp(before->word, trust->said.word) == 0 && strcmp(before->text, trust->said.text) == 0)
		return;
	if (strcmp(trust->said.word, "stale") == 0)
		trust_note(trust, GUARD_DAEMON_UPDATE_STALE,
			   "The repository's freshness has run out; what is in force stays, nothing new is taken: %s",
			   failure->text);
	else if (failure->error == 0 && trust->said.text[0])
		trust_note(trust, GUARD_DAEMON_UPDATE_STALE, "%.250s", trust->said.text);
	else if (failure->error && strcmp(trust->said.word, "unreachable") != 0)
		trust_note(trust, GUARD_DAEMON_UPDATE_REFUSED, "An update was refused (%s): %s", trust->said.word,
			   failure->text);
	else if (failure->error && strcmp(before->word, "unreachable") != 0)
		trust_note(trust, GUARD_DAEMON_UPDATE_REFUSED, "The repository cannot be reached: %s", failure->text);
}

static void say(struct trust_process *trust, const struct trust_failure *failure)
{
	const struct guard_distribution before = trust->said;
	struct guard_distribution *state = &trust->said;
	const bool silent = failure->error && strcmp(failure->word, "unreachable") == 0;

	trust->no_answer = silent ? trust->no_answer + 1 : 0;
	state->last_check = (int64_t)time(NULL);
	if (failure->error == 0) {
		state->last_good = state->last_check;
		snprintf(state->word, sizeof(state->word), "ok");
		state->text[0] = '\0';
		if (trust_clock_was_put_back(trust))
			snprintf(state->text, sizeof(state->text), "the machine's clock was put back: set it right; exceptions that have "
				 "ended stay ended, and nothing becomes fresh again");
	} else if (silent && !is_fresh(trust) && trust->memory.state.part_count > 0) {
		snprintf(state->word, sizeof(state->word), "stale");
		snprintf(state->text, sizeof(state->text), "%.255s", failure->text);
	} else if (!silent || trust->no_answer >= NO_ANSWERS_MAX || !trust->memory.state.part_count) {
		snprintf(state->word, sizeof(state->word), "%s", failure->word);
		snprintf(state->text, sizeof(state->text), "%.255s", failure->text);
	}
	fill_versions(state, trust);
	note_change(trust, &before, failure);
}

void trust_check(struct trust_process *trust)
{
	struct trust_failure failure = {0};

	trust->now = trust_now(trust);
	if (ask(trust, &failure) == 0) {
		trust->failures = 0;
		if (trust->has_permits)
			trust_tell_permits(trust);
		failure.error = 0; /* what was looked for and need not be there */
	} else {
		trust->failures++;
	}
	say(trust, &failure);
}
