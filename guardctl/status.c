/* SPDX-License-Identifier: MIT
 *
 * guardctl/status.c - `guardctl status`: is it on, with which policy, and what
 * needs an administrator.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "connection.h"
#include "guardctl.h"
#include "output.h"
#include "query.h"
#include "told_text.h"

#define LABEL_WIDTH 13u /* columns, the space behind it included */

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
	json_object_set_new(object, "id", guardctl_json_text(distribution->id));
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
	json_object_set_new(object, "catalogs", guardctl_json_text(status->catalogs));
	json_object_set_new(object, "packages", guardctl_json_text(status->packages));
	json_object_set_new(object, "policy_id", guardctl_json_text(status->policy_id));
	json_object_set_new(object, "policy_version", json_integer((json_int_t)status->policy_version));
	json_object_set_new(object, "policy_expires", guardctl_json_time(status->policy_expires));
	json_object_set_new(object, "started", guardctl_json_time(status->started));
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		json_object_set_new(object, numbers[i].key, json_integer((json_int_t)numbers[i].value));
	json_object_set_new(object, "repository", json_repository(status));
	json_object_set_new(object, "problem", guardctl_json_text(status->problem));
	json_object_set_new(object, "self_protection", json_boolean(status->self_protection));
	json_object_set_new(object, "maintenance_until",
			    status->maintenance_until ? guardctl_json_time(status->maintenance_until) : json_null());
	json_object_set_new(object, "help_phone", guardctl_json_text(status->help_phone));
	json_object_set_new(object, "help_text", guardctl_json_text(status->help_text));
	return guardctl_print_json(object);
}

/* ---- text --------------------------------------------------------------------------- */

/* "  policy       ": what follows stands in one column, in any language. */
static void put_label(const char *text)
{
	fputs("  ", stdout);
	guardctl_put_padded(stdout, text, LABEL_WIDTH);
}

/* A field of the daemon's, safe for the terminal. */
struct safe {
	char text[1024];
};
static struct safe safe(const char *bytes)
{
	struct safe escaped = { .text = "" };

	guard_text_escape(escaped.text, sizeof(escaped.text), bytes, strlen(bytes));
	return escaped;
}

static void print_headline(const struct guard_status *status)
{
	static const char on[] = "\033[32m", off[] = "\033[33m", end[] = "\033[0m";
	bool colours = guardctl_colours();
	const char *text = _("guard is NOT ready: see the problem below");

	if (status->enforcing)
		text = _("guard is enforcing: what the policy does not list is denied");
	else if (!status->policy_id[0])
		text = _("guard has NO policy");
	else if (!status->problem[0])
		text = _("guard is in audit mode: it records what it would deny, and denies NOTHING");
	printf("%s%s%s\n", colours ? status->enforcing ? on : off : "", text, colours ? end : "");
}

static void print_policy(const struct guard_status *status)
{
	const struct safe id = safe(status->policy_id);
	char expires[GUARDCTL_TIME_SIZE];

	if (!status->policy_id[0])
		return;
	put_label(_("policy"));
	printf(_("%s version %" PRIu64 ", %" PRIu64 " digests, %" PRIu64 " rules"), id.text, status->policy_version,
	       status->digests, status->rules);
	guardctl_local_time(expires, status->policy_expires);
	if (status->policy_expires == INT64_MAX)
		fputs(_(", does not expire"), stdout);
	else if (status->policy_expires <= (int64_t)time(NULL))
		printf(_(", EXPIRED since %s"), expires);
	else
		printf(_(", until %s"), expires);
	putchar('\n');
}

static void moment_text(char ret_text[GUARDCTL_TIME_SIZE], int64_t moment)
{
	if (moment > 0)
		guardctl_local_time(ret_text, moment);
	else
		snprintf(ret_text, GUARDCTL_TIME_SIZE, "%s", _("never"));
}

static void print_repository(const struct guard_status *status)
{
	const struct guard_distribution *distribution = &status->distribution;
	const struct safe url = safe(status->repository), office = safe(status->office),
			  profile = safe(distribution->profile), word = safe(distribution->word), id = safe(distribution->id);
	char good[GUARDCTL_TIME_SIZE], next[GUARDCTL_TIME_SIZE], fresh[GUARDCTL_TIME_SIZE];

	if (!status->repository[0])
		return;
	put_label(_("managed by"));
	printf(_("%s, office %s, profile %s\n"), url.text, office.text,
	       profile.text[0] ? profile.text : _("not known yet"));
	if (id.text[0]) {
		put_label(_("machine id"));
		puts(id.text);
	}
	put_label(_("in force"));
	printf(_("snapshot %" PRIu64 ", exceptions version %" PRIu64 ", denials version %" PRIu64 "\n"),
	       distribution->snapshot, distribution->exceptions, distribution->denials);
	moment_text(good, distribution->last_good);
	moment_text(next, distribution->next_check);
	moment_text(fresh, distribution->fresh_until);
	put_label(_("repository"));
	printf(_("%s, last good check %s, next %s, fresh until %s\n"), guardctl_told(word.text), good, next, fresh);
}

static void print_counters(const struct guard_status *status)
{
	put_label(_("decisions"));
	printf(_("%" PRIu64 " events: %" PRIu64 " allowed, %" PRIu64 " denied, %" PRIu64
		 " that enforcement would deny\n"),
	       status->events, status->allowed, status->denied, status->would_deny);
	put_label(_("work"));
	printf(_("%" PRIu64 " files hashed (%.1f MiB), %" PRIu64 " answers from the cache, %" PRIu64 " waiting now\n"),
	       status->hashed, (double)status->hashed_bytes / (1 << 20), status->cached, status->queue);
	if (status->overload || status->timeouts) {
		put_label(_("refused for"));
		printf(_("overload %" PRIu64 ", time %" PRIu64 "\n"), status->overload, status->timeouts);
	}
	if (status->records_lost) {
		put_label(_("lost"));
		printf(_("%" PRIu64 " records\n"), status->records_lost);
	}
}

static void print_layers(const struct guard_status *status)
{
	const struct safe layer = safe(status->layer);

	put_label(_("backend"));
	printf(_("%s, %" PRIu32 " filesystems protected\n"), backend_word(status), status->filesystems);
	put_label(_("kernel layer"));
	printf(status->backend == 2 ? _("on: %s\n") : _("off: %s\n"), guardctl_told(layer.text));
}

static void print_maintenance(const struct guard_status *status)
{
	char until[GUARDCTL_TIME_SIZE];

	if (!status->maintenance_until)
		return;
	guardctl_local_time(until, status->maintenance_until);
	put_label(_("maintenance"));
	printf(_("OPEN until %s: root may stop, upgrade or remove guard\n"), until);
}

static void print_text(const struct guard_status *status)
{
	const struct safe phone = safe(status->help_phone), text = safe(status->help_text),
			  problem = safe(status->problem);
	char started[GUARDCTL_TIME_SIZE];

	print_headline(status);
	print_policy(status);
	print_repository(status);
	print_layers(status);
	print_maintenance(status);
	if (status->catalogs[0]) {
		put_label(_("catalogs"));
		guardctl_put_escaped(status->catalogs);
		putchar('\n');
	}
	if (status->packages[0]) {
		const struct safe packages = safe(status->packages);

		put_label(_("packages"));
		puts(guardctl_told(packages.text));
	}
	print_counters(status);
	guardctl_local_time(started, status->started);
	put_label(_("running"));
	printf(_("since %s: keeper %" PRIu32 ", gate %" PRIu32 " (restarted %" PRIu32 " times), record %" PRIu32
		 ", control %" PRIu32 "\n"),
	       started, status->keeper_pid, status->gate_pid, status->gate_restarts, status->record_pid,
	       status->control_pid);
	if (phone.text[0] || text.text[0]) {
		put_label(_("help desk"));
		printf("%s%s%s\n", phone.text, phone.text[0] && text.text[0] ? ", " : "", text.text);
	}
	if (problem.text[0]) {
		put_label(_("PROBLEM"));
		printf("%s\n", guardctl_told(problem.text));
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
