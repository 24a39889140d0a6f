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

/* null when the machine is not managed. */
static json_t *json_repository(const struct guard_status *status)
{
	const struct guard_distribution *distribution = &status->distribution;
	const struct number versions[] = {
	    {"snapshot", distribution->snapshot},
	    {"exceptions", distribution->exceptions},
	    {"denials", distribution->denials},
	};
	json_t *object = json_object();

	if (!status->repository[0]) {
		json_decref(object);
		return json_null();
	}
	json_object_set_new(object, "url", guardctl_json_text(status->repository));
	json_object_set_new(object, "office", guardctl_json_text(status->office));
	json_object_set_new(object, "profile", guardctl_json_text(distribution->profile));
	json_object_set_new(object, "state", guardctl_json_text(distribution->word));
	json_object_set_new(object, "text", guardctl_json_text(distribution->text));
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++)
		json_object_set_new(object, versions[i].key, json_integer((json_int_t)versions[i].value));
	json_object_set_new(object, "last_check", guardctl_json_time(distribution->last_check));
	json_object_set_new(object, "last_good", guardctl_json_time(distribution->last_good));
	json_object_set_new(object, "next_check", guardctl_json_time(distribution->next_check));
	json_object_set_new(object, "fresh_until", guardctl_json_time(distribution->fresh_until));
	return object;
}

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
	json_object_set_new(object, "repository", json_repository(status));
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

static void print_moment(const char *before, int64_t moment)
{
	char text[GUARDCTL_TIME_SIZE];

	guardctl_local_time(text, moment);
	printf("%s%s", before, moment > 0 ? text : "never");
}

static void print_repository(const struct guard_status *status)
{
	const struct guard_distribution *distribution = &status->distribution;

	if (!status->repository[0])
		return;
	fputs("  managed by   ", stdout);
	guardctl_put_escaped(status->repository);
	fputs(", office ", stdout);
	guardctl_put_escaped(status->office);
	fputs(", profile ", stdout);
	guardctl_put_escaped(distribution->profile[0] ? distribution->profile : "not known yet");
	printf("\n  in force     snapshot %" PRIu64 ", exceptions version %" PRIu64 ", denials version %" PRIu64 "\n",
	       distribution->snapshot, distribution->exceptions, distribution->denials);
	fputs("  repository   ", stdout);
	guardctl_put_escaped(distribution->word);
	print_moment(", last good check ", distribution->last_good);
	print_moment(", next ", distribution->next_check);
	print_moment(", fresh until ", distribution->fresh_until);
	putchar('\n');
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
	print_repository(status);
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
    .summary = N_("is guard on, with which policy, and is anything wrong?"),
    .usage = N_("Usage: guardctl [--json] status\n"
	     "\n"
	     "Says whether guard enforces its policy or only records (audit), which policy is\n"
	     "in force, which filesystems are protected, what was counted since the start, and\n"
	     "what needs an administrator.\n"
	     "\n"
	     "Example: guardctl --json status | jq .problem\n"),
    .run = run,
};
