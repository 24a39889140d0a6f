/* SPDX-License-Identifier: MIT
 *
 * repo/exception_unlock.c - an unlock as the subject of an exception: the file
 * that it was for and, of an installer, whatever else ran under it.  From the
 * ledger of this machine's daemon, or from what `guardctl --json unlocks` wrote.
 */
#include "exception.h"

#include <guard/unlock.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "output.h"
#include "query.h"

struct collected {
	struct exception_subject *subject;
	uint64_t id;
	bool found, failed, has_events;
	uint8_t scope;
};

static bool is_known(const struct exception_subject *subject, const char *sha256)
{
	if (strcmp(subject->sha256, sha256) == 0)
		return true;
	for (size_t i = 0; i < subject->more_count; i++)
		if (strcmp(subject->more[i].sha256, sha256) == 0)
			return true;
	return false;
}

static void add(struct collected *collected, const char *sha256, const char *name)
{
	struct exception_subject *subject = collected->subject;
	struct exception_program *grown;

	if (!collected->found || collected->scope != GUARD_UNLOCK_INSTALL || is_known(subject, sha256))
		return;
	if (subject->more_count == EXCEPTION_PROGRAMS_MAX) {
		collected->failed = true;
		return;
	}
	grown = realloc(subject->more, (subject->more_count + 1) * sizeof(*grown));
	if (!grown) {
		collected->failed = true;
		return;
	}
	subject->more = grown;
	snprintf(grown[subject->more_count].sha256, sizeof(grown->sha256), "%.64s", sha256);
	snprintf(grown[subject->more_count].name, sizeof(grown->name), "%.511s", name);
	subject->more_count++;
}

/* The newest of that number counts: another begins anew. */
static void begin(struct collected *collected, uint8_t scope, const char *sha256, const char *name)
{
	struct exception_subject *subject = collected->subject;

	exception_subject_free(subject);
	snprintf(subject->sha256, sizeof(subject->sha256), "%.64s", sha256);
	snprintf(subject->name, sizeof(subject->name), "%.511s", name);
	collected->scope = scope;
	collected->found = true;
}

/* ---- the daemon's ledger --------------------------------------------------------------- */

static int take_event(void *context, const struct guard_event *event)
{
	struct collected *collected = context;
	char hex[GUARD_DIGEST_HEX_SIZE] = "";

	if (event->rule != collected->id)
		return 0;
	if (event->has_digest)
		guard_digest_format(hex, &event->digest);
	if (event->source == GUARD_EVENT_DAEMON && event->what == GUARD_DAEMON_UNLOCK_OPENED)
		begin(collected, (uint8_t)event->device, hex, event->path);
	else if (event->source != GUARD_EVENT_DAEMON && event->reason == GUARD_REASON_UNLOCK && event->has_digest)
		add(collected, hex, event->path);
	return 0;
}

static int from_daemon(struct collected *collected, const struct guardctl_options *global)
{
	const struct guard_event_filter filter = { .limit = UINT32_MAX };

	collected->has_events = true;
	return guardctl_query_events(global, &filter, take_event, collected);
}

/* ---- what another machine wrote ---------------------------------------------------------- */

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static bool is_digest(const char *text)
{
	struct guard_digest digest;

	return guard_digest_parse(&digest, text, strlen(text)) == 0;
}

/* One object of `unlocks`, or all that `unlocks show` prints. */
static int take_object(void *context, const json_t *object)
{
	struct collected *collected = context;
	const json_t *events = json_object_get(object, "events"), *event;
	enum guard_unlock_scope scope;
	size_t i;

	if (!json_object_get(object, "opened") ||
	    (uint64_t)json_integer_value(json_object_get(object, "id")) != collected->id ||
	    guard_unlock_scope_parse(&scope, text_of(object, "scope")) < 0)
		return GUARDCTL_DONE;
	begin(collected, (uint8_t)scope, is_digest(text_of(object, "sha256")) ? text_of(object, "sha256") : "",
	      text_of(object, "path"));
	collected->has_events = events != NULL;
	json_array_foreach(events, i, event) {
		if ((uint64_t)json_integer_value(json_object_get(event, "unlock")) == collected->id &&
		    strcmp(text_of(event, "reason"), "unlock") == 0 && is_digest(text_of(event, "sha256")))
			add(collected, text_of(event, "sha256"), text_of(event, "path"));
	}
	return GUARDCTL_DONE;
}

/* ---- what came of it ----------------------------------------------------------------------- */

static int check(const struct collected *collected, const char *id)
{
	if (!collected->found)
		guardctl_error("there is no unlock %s on record; `guardctl unlocks` lists them", id);
	else if (collected->failed)
		guardctl_error("more than %u programs ran under unlock %s: list what it installed with `guardctl scan` "
			       "and put that into a policy",
			       EXCEPTION_PROGRAMS_MAX, id);
	else if (!GUARD_UNLOCK_HAS_FILE(collected->scope) || !collected->subject->sha256[0])
		guardctl_error("unlock %s was for the whole machine and names no program: take the good ones out of "
			       "`guardctl unlocks show %s` one by one, with --from-ledger",
			       id, id);
	else if (collected->scope == GUARD_UNLOCK_INSTALL && !collected->has_events)
		guardctl_error("unlock %s was for an installer, and the file does not say what ran under it: give one "
			       "that `guardctl --json unlocks show %s` wrote",
			       id, id);
	else
		return GUARDCTL_DONE;
	return GUARDCTL_REFUSED;
}

int exception_from_unlock(struct exception_subject *subject, const struct repo_options *options,
			  const struct guardctl_options *global)
{
	struct collected collected = { .subject = subject };
	const char *text = options->unlock_id;
	int code;

	if (guard_text_parse_u64(&collected.id, text, strlen(text), UINT32_MAX) < 0 || !collected.id) {
		guardctl_error("--from-unlock is the number that `guardctl unlocks` shows in front of an unlock");
		return GUARDCTL_USAGE;
	}
	if (options->ledger)
		code = guardctl_json_lines(options->ledger, "guardctl --json unlocks show ID", take_object, &collected);
	else
		code = from_daemon(&collected, global);
	return code ? code : check(&collected, text);
}
