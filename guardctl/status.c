/* SPDX-License-Identifier: MIT
 *
 * guardctl/status.c - `guardctl status`: is it on, with which policy, and what
 * needs an administrator.
 */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "base/text.h"
#include "connection.h"
#include "guardctl.h"
#include "output.h"
#include "query.h"

static const char *mode_word(const struct guard_status *status)
{
	if (!status->policy_id[0])
		return "none";
	return status->enforcing ? "enforce" : "audit";
}

static const char *backend_word(const struct guard_status *status)
{
	return status->backend == 2 ? "bpf" : "fanotify";
}

/* ---- JSON ------------------------------------------------------------------------- */

struct number {
	const char *key;
	uint64_t value;
};

static int print_json(const struct guard_status *status)
{
	const struct number numbers[] = {
	    {"digests", status->digests},
	    {"rules", status->rules},
	    {"events", status->events},
	    {"allowed", status->allowed},
	    {"denied", status->denied},
	    {"would_deny", status->would_deny},
	    {"cached", status->cached},
	    {"hashed", status->hashed},
	    {"hashed_bytes", status->hashed_bytes},
	    {"queue", status->queue},
	    {"overload", status->overload},
	    {"timeouts", status->timeouts},
	    {"records_lost", status->records_lost},
	    {"filesystems", status->filesystems},
	    {"keeper_pid", status->keeper_pid},
	    {"gate_pid", status->gate_pid},
	    {"record_pid", status->record_pid},
	    {"control_pid", status->control_pid},
	    {"gate_restarts", status->gate_restarts},
	};
	json_t *object = json_object();

	json_object_set_new(object, "enforcing", json_boolean(status->enforcing));
	json_object_set_new(object, "mode", json_string(mode_word(status)));
	json_object_set_new(object, "backend", json_string(backend_word(status)));
	json_object_set_new(object, "kernel_layer", guardctl_json_text(status->layer));
	json_object_set_new(object, "policy_id", guardctl_json_text(status->policy_id));
	json_object_set_new(object, "policy_version", json_integer((json_int_t)status->policy_version));
	json_object_set_new(object, "policy_expires", guardctl_json_time(status->policy_expires));
	json_object_set_new(object, "started", guardctl_json_time(status->started));
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		json_object_set_new(object, numbers[i].key, json_integer((json_int_t)numbers[i].value));
	json_object_set_new(object, "problem", guardctl_json_text(status->problem));
	json_object_set_new(object, "help_phone", guardctl_json_text(status->help_phone));
	json_object_set_new(object, "help_text", guardctl_json_text(status->help_text));
	return guardctl_print_json(object);
}

/* ---- text --------------------------------------------------------------------------- */

static void print_headline(const struct guard_status *status)
{
	static const char on[] = "\033[32m", off[] = "\033[33m", end[] = "\033[0m";
	bool colours = guardctl_colours();
	const char *text = "is NOT ready: see the problem below";

	if (status->enforcing)
		text = "is enforcing: what the policy does not list is denied";
	else if (!status->policy_id[0])
		text = "has NO policy";
	else if (!status->problem[0])
		text = "is in audit mode: it records what it would deny, and denies NOTHING";
	printf("%sguard %s%s\n", colours ? status->enforcing ? on : off : "", text, colours ? end : "");
}

static void print_policy(const struct guard_status *status)
{
	char expires[GUARDCTL_TIME_SIZE];

	if (!status->policy_id[0])
		return;
	fputs("  policy       ", stdout);
	guardctl_put_escaped(status->policy_id);
	printf(" version %" PRIu64 ", %" PRIu64 " digests, %" PRIu64 " rules", status->policy_version,
	       status->digests, status->rules);
	if (status->policy_expires == INT64_MAX) {
		puts(", does not expire");
		return;
	}
	guardctl_local_time(expires, status->policy_expires);
	if (status->policy_expires <= (int64_t)time(NULL))
		printf(", EXPIRED since %s\n", expires);
	else
		printf(", until %s\n", expires);
}

static void print_counters(const struct guard_status *status)
{
	printf("  decisions    %" PRIu64 " events: %" PRIu64 " allowed, %" PRIu64 " denied, %" PRIu64
	       " that enforcement would deny\n",
	       status->events, status->allowed, status->denied, status->would_deny);
	printf("  work         %" PRIu64 " files hashed (%.1f MiB), %" PRIu64
	       " answers from the cache, %" PRIu64 " waiting now\n",
	       status->hashed, (double)status->hashed_bytes / (1 << 20), status->cached, status->queue);
	if (status->overload || status->timeouts)
		printf("  refused for  overload %" PRIu64 ", time %" PRIu64 "\n", status->overload,
		       status->timeouts);
	if (status->records_lost)
		printf("  lost         %" PRIu64 " records\n", status->records_lost);
}

static void print_text(const struct guard_status *status)
{
	char started[GUARDCTL_TIME_SIZE];

	print_headline(status);
	print_policy(status);
	printf("  backend      %s, %" PRIu32 " filesystems protected\n", backend_word(status),
	       status->filesystems);
	fputs(status->backend == 2 ? "  kernel layer on: " : "  kernel layer off: ", stdout);
	guardctl_put_escaped(status->layer);
	putchar('\n');
	print_counters(status);
	guardctl_local_time(started, status->started);
	printf("  running      since %s: keeper %" PRIu32 ", gate %" PRIu32 " (restarted %" PRIu32
	       " times), record %" PRIu32 ", control %" PRIu32 "\n",
	       started, status->keeper_pid, status->gate_pid, status->gate_restarts, status->record_pid,
	       status->control_pid);
	if (status->help_phone[0] || status->help_text[0]) {
		fputs("  help desk    ", stdout);
		guardctl_put_escaped(status->help_phone);
		fputs(status->help_phone[0] && status->help_text[0] ? ", " : "", stdout);
		guardctl_put_escaped(status->help_text);
		putchar('\n');
	}
	if (status->problem[0]) {
		fputs("  PROBLEM      ", stdout);
		guardctl_put_escaped(status->problem);
		putchar('\n');
	}
}

static int run(const struct guardctl_options *options, int argc, char **argv)
{
	struct guard_status status;
	int code;

	if (argc > 1) {
		guardctl_error("status: takes no arguments, and \"%s\" is one", argv[1]);
		return GUARDCTL_USAGE;
	}
	code = guardctl_query_status(&status, options);
	if (code)
		return code;
	if (options->json)
		return print_json(&status);
	print_text(&status);
	return GUARDCTL_DONE;
}

const struct guardctl_verb guardctl_status = {
    .name = "status",
    .summary = "is guard on, with which policy, and is anything wrong?",
    .usage = "Usage: guardctl [--json] status\n"
	     "\n"
	     "Says whether guard enforces its policy or only records (audit), which policy is\n"
	     "in force, which filesystems are protected, what was counted since the start, and\n"
	     "what needs an administrator.\n"
	     "\n"
	     "Example: guardctl --json status | jq .problem\n",
    .run = run,
};
