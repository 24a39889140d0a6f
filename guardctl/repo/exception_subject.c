/* SPDX-License-Identifier: MIT
 *
 * repo/exception_subject.c - what is to be excepted or denied: a file's content,
 * a digest, a line of the ledger, an unlock, a signer or a path.
 */
#include "exception.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "query.h"

static int from_file(struct exception_subject *subject, const char *path)
{
	GUARD_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct guard_digest digest;
	uint64_t size;

	if (fd < 0 || guard_digest_fd(&digest, &size, fd, NULL, NULL) < 0) {
		guardctl_error("%s cannot be read: %s", path, strerror(errno));
		return GUARDCTL_REFUSED;
	}
	guard_digest_format(subject->sha256, &digest);
	snprintf(subject->name, sizeof(subject->name), "%.511s", path);
	return GUARDCTL_DONE;
}

static int from_digest(struct exception_subject *subject, const char *hex)
{
	struct guard_digest digest;

	if (guard_digest_parse(&digest, hex, strlen(hex)) < 0) {
		guardctl_error("--sha256 is 64 hex digits, as sha256sum prints them");
		return GUARDCTL_USAGE;
	}
	guard_digest_format(subject->sha256, &digest);
	return GUARDCTL_DONE;
}

struct wanted {
	struct exception_subject *subject;
	uint64_t id;
	bool found;
};

static int take_event(void *context, const struct guard_event *event)
{
	struct wanted *wanted = context;

	if (event->id != wanted->id || !event->has_digest)
		return 0;
	guard_digest_format(wanted->subject->sha256, &event->digest);
	snprintf(wanted->subject->name, sizeof(wanted->subject->name), "%.511s", event->path);
	wanted->found = true;
	return 0;
}

/* One line of `guardctl --json events`. */
static void take_line(struct wanted *wanted, const char *line)
{
	GUARD_AUTO_JSON json_t *json = json_loads(line, 0, NULL);
	const char *sha256 = json_string_value(json_object_get(json, "sha256")),
		   *path = json_string_value(json_object_get(json, "path"));

	if (!sha256 || strlen(sha256) != 64 ||
	    (uint64_t)json_integer_value(json_object_get(json, "id")) != wanted->id)
		return;
	if (from_digest(wanted->subject, sha256) != GUARDCTL_DONE)
		return;
	snprintf(wanted->subject->name, sizeof(wanted->subject->name), "%.511s", path ? path : "");
	wanted->found = true;
}

static int from_export(struct wanted *wanted, const char *path)
{
	GUARD_AUTO_FCLOSE FILE *file = fopen(path, "re");
	GUARD_AUTO_FREE char *line = NULL;
	size_t capacity = 0;

	if (!file) {
		guardctl_error("%s: %s", path, strerror(errno));
		return GUARDCTL_REFUSED;
	}
	while (!wanted->found && getline(&line, &capacity, file) > 0)
		take_line(wanted, line);
	return GUARDCTL_DONE;
}

static int from_ledger(struct exception_subject *subject, const struct repo_options *options,
		       const struct guardctl_options *global)
{
	struct wanted wanted = { .subject = subject };
	const char *text = options->ledger_id;
	int code;

	if (guard_text_parse_u64(&wanted.id, text, strlen(text), UINT64_MAX) < 0 || !wanted.id) {
		guardctl_error("--from-ledger is the number that `guardctl events` shows in front of a line");
		return GUARDCTL_USAGE;
	}
	if (options->ledger) {
		code = from_export(&wanted, options->ledger);
	} else {
		const struct guard_event_filter filter = { .after_id = wanted.id - 1, .limit = 1000000 };

		code = guardctl_query_events(global, &filter, take_event, &wanted);
	}
	if (code == GUARDCTL_DONE && !wanted.found) {
		guardctl_error("the ledger has no event %s about a file's content", text);
		return GUARDCTL_REFUSED;
	}
	return code;
}

int exception_subject_read(struct exception_subject *ret_subject, const struct repo_options *options,
			   const struct guardctl_options *global)
{
	int given = (options->file != NULL) + (options->sha256 != NULL) + (options->ledger_id != NULL) +
		    (options->unlock_id != NULL) + (options->signer != NULL) + (options->path != NULL);

	*ret_subject = (struct exception_subject){ .signer = options->signer, .path = options->path };
	if (given != 1) {
		guardctl_error("say what it is about by one of --file, --sha256, --from-ledger, --from-unlock, "
			       "--signer, --path");
		return GUARDCTL_USAGE;
	}
	if (options->file)
		return from_file(ret_subject, options->file);
	if (options->sha256)
		return from_digest(ret_subject, options->sha256);
	if (options->ledger_id)
		return from_ledger(ret_subject, options, global);
	return options->unlock_id ? exception_from_unlock(ret_subject, options, global) : GUARDCTL_DONE;
}

void exception_subject_free(struct exception_subject *subject)
{
	free(subject->more);
	subject->more = NULL;
	subject->more_count = 0;
}

static bool relative(int64_t *ret_seconds, const char *text)
{
	size_t digits = strspn(text, "0123456789");
	uint64_t count;

	if (!digits || strlen(text) != digits + 1 || !strchr("dhm", text[digits]) ||
	    guard_text_parse_u64(&count, text, digits, 100000) < 0)
		return false;
	*ret_seconds = (int64_t)count * (text[digits] == 'd' ? REPO_DAY : text[digits] == 'h' ? 3600 : 60);
	return true;
}

bool exception_time(int64_t *ret_seconds, const char *text, int64_t now)
{
	char whole[64];
	int64_t seconds;

	if (relative(&seconds, text)) {
		*ret_seconds = now + seconds;
		return true;
	}
	snprintf(whole, sizeof(whole), "%.40sT00:00:00Z", text);
	if (guard_time_parse(&seconds, text) < 0 && guard_time_parse(&seconds, whole) < 0)
		return false;
	*ret_seconds = seconds;
	return seconds > now;
}
