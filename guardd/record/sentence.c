/* SPDX-License-Identifier: MIT
 *
 * record/sentence.c - see sentence.h.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "record/sentence.h"

static const struct {
	const char *word, *text;
	bool alarm;
} daemon_events[GUARD_DAEMON_MAX_] = {
    [GUARD_DAEMON_STARTED] = {"started", "guard has started", false},
    [GUARD_DAEMON_STOPPED] = {"stopped", "guard has stopped", true},
    [GUARD_DAEMON_POLICY_LOADED] = {"policy-loaded", "a policy was loaded", false},
    [GUARD_DAEMON_POLICY_REFUSED] = {"policy-refused", "a policy was refused", true},
    [GUARD_DAEMON_GATE_RESTARTED] = {"gate-restarted", "the gate was restarted", true},
    [GUARD_DAEMON_HELPER_RESTARTED] = {"helper-restarted", "a helper process was restarted", true},
    [GUARD_DAEMON_FILESYSTEM_PROTECTED] = {"filesystem-protected", "a filesystem is protected", false},
    [GUARD_DAEMON_FILESYSTEM_UNPROTECTED] = {"filesystem-unprotected", "a filesystem is not protected", true},
    [GUARD_DAEMON_EVENTS_LOST] = {"events-lost", "records were lost", true},
    [GUARD_DAEMON_SWEEP_DONE] = {"sweep-done", "running programs were looked at", false},
    [GUARD_DAEMON_UPGRADED] = {"upgraded", "guard was upgraded", false},
    [GUARD_DAEMON_LEDGER_BEGUN] = {"ledger-begun", "a new ledger begins", false},
    [GUARD_DAEMON_LEDGER_PRUNED] = {"ledger-pruned", "old records were removed", false},
    [GUARD_DAEMON_UNLOCK_REQUESTED] = {"unlock-requested", "an unlock was asked for", false},
    [GUARD_DAEMON_UNLOCK_CANCELLED] = {"unlock-cancelled", "a request was cancelled", false},
    [GUARD_DAEMON_UNLOCK_TRIED] = {"unlock-tried", "an answer code was tried", false},
    [GUARD_DAEMON_UNLOCK_WRONG] = {"unlock-wrong", "an answer code was wrong", true},
    [GUARD_DAEMON_UNLOCK_LOCKED] = {"unlock-locked", "unlock by phone is locked", true},
    [GUARD_DAEMON_UNLOCK_OPENED] = {"unlock-opened", "an unlock was opened", true},
    [GUARD_DAEMON_UNLOCK_ENDED] = {"unlock-ended", "an unlock has ended", false},
    [GUARD_DAEMON_UNLOCK_VERIFIERS] = {"unlock-verifiers", "a verifier set was looked at", false},
    [GUARD_DAEMON_UNLOCK_RESTORED] = {"unlock-restored", "the unlock state was put back", true},
    [GUARD_DAEMON_UNLOCK_WROTE] = {"unlock-wrote", "an installer wrote a file", false},
    [GUARD_DAEMON_UNLOCK_RAN] = {"unlock-ran", "an installer started a listed program", false},
    [GUARD_DAEMON_REPORTED] = {"reported", "a user reports a program", true},
    [GUARD_DAEMON_TAMPERED] = {"tampered", "somebody reached for what is guarded", true},
    [GUARD_DAEMON_UPDATE_TAKEN] = {"update-taken", "an update from the repository is in force", false},
    [GUARD_DAEMON_UPDATE_REFUSED] = {"update-refused", "an update from the repository was refused", true},
    [GUARD_DAEMON_UPDATE_STALE] = {"update-stale", "the repository's freshness has run out", true},
    [GUARD_DAEMON_RELEASED] = {"released", "headquarters released the machine", true},
    [GUARD_DAEMON_POLICY_BACK] = {"policy-back", "the machine went back to the last good policy", true},
    [GUARD_DAEMON_POLICY_PROVEN] = {"policy-proven", "the policy in force has proven itself", false},
    [GUARD_DAEMON_CATALOG_REFUSED] = {"catalog-refused", "a signed list of files was not taken", true},
    [GUARD_DAEMON_MANAGED] = {"managed", "a local setting was refused on a managed machine", true},
};

static bool is_known(const struct guard_event *event)
{
	return event->source == GUARD_EVENT_DAEMON && event->what < GUARD_DAEMON_MAX_ &&
	       daemon_events[event->what].word;
}

const char *sentence_source(const struct guard_event *event)
{
	switch (event->source) {
	case GUARD_EVENT_ACCESS:
		return "access";
	case GUARD_EVENT_SWEEP:
		return "sweep";
	case GUARD_EVENT_DAEMON:
		return "daemon";
	default:
		return "unknown";
	}
}

const char *sentence_what(const struct guard_event *event)
{
	if (event->source != GUARD_EVENT_DAEMON)
		return "";
	return is_known(event) ? daemon_events[event->what].word : "unknown";
}

bool sentence_is_alarm(const struct guard_event *event)
{
	return is_known(event) && daemon_events[event->what].alarm;
}

const char *sentence_verdict(const struct guard_event *event)
{
	if (event->denied)
		return "denied";
	if (event->action == GUARD_DENY)
		return event->mode == GUARD_MODE_AUDIT ? "would deny" : "not allowed";
	return "allowed";
}

static const char *act_word(const struct guard_event *event)
{
	if (event->source == GUARD_EVENT_SWEEP)
		return "already in use by";
	return event->access_exec ? "started by" : "opened by";
}

static void print_access(FILE *out, const struct guard_event *event, const char *user)
{
	fprintf(out, "%s: ", sentence_verdict(event));
	guard_text_put_escaped(out, event->path[0] ? event->path : "(a file without a name)");
	fprintf(out, " (%s", guard_reason_name(event->reason));
	if (event->rule_text[0]) {
		fputs(", rule ", out);
		guard_text_put_escaped(out, event->rule_text);
	}
	fprintf(out, "), %s, %s ", guard_kind_name(event->kind), act_word(event));
	guard_text_put_escaped(out, event->program[0] ? event->program : "an unknown program");
	fprintf(out, " (pid %" PRIu32 "), ", event->pid);
	if (user) {
		fputs("user ", out);
		guard_text_put_escaped(out, user);
	} else {
		fprintf(out, "uid %" PRIu32, event->uid);
	}
	if (event->count > 1)
		fprintf(out, ", %" PRIu64 " times", event->count);
	if (event->text[0]) {
		fputs("; ", out);
		guard_text_put_escaped(out, event->text);
	}
}

const char *sentence_of_daemon(const struct guard_event *event)
{
	return is_known(event) ? daemon_events[event->what].text : "an event of a newer version";
}

static void print_daemon(FILE *out, const struct guard_event *event)
{
	if (event->text[0])
		guard_text_put_escaped(out, event->text);
	else
		fputs(sentence_of_daemon(event), out);
	if (event->path[0]) {
		fputs(": ", out);
		guard_text_put_escaped(out, event->path);
	}
}

void sentence_print(FILE *out, const struct guard_event *event, const char *user)
{
	if (event->source == GUARD_EVENT_DAEMON)
		print_daemon(out, event);
	else
		print_access(out, event, user);
}

void sentence_of_event(char *ret_text, size_t capacity, const struct guard_event *event)
{
	FILE *out = fmemopen(ret_text, capacity, "w");

	ret_text[0] = '\0';
	if (!out)
		return;
	sentence_print(out, event, NULL);
	fclose(out);
	ret_text[capacity - 1] = '\0';
}
