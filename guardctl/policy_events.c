/* SPDX-License-Identifier: MIT
 *
 * guardctl/policy_events.c - reads recorded events, one JSON object per line.
 * A ledger may come from another machine: nothing of it is looked up here but
 * the names of users.
 */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "policy/compile/compile.h"
#include "policy_sample.h"
#include "policy_verbs.h"

static char *text_of(const json_t *event, const char *key)
{
	const char *text = json_string_value(json_object_get(event, key));

	return text && text[0] ? strdup(text) : NULL;
}

static uint64_t number_of(const json_t *event, const char *key, uint64_t otherwise)
{
	const json_t *value = json_object_get(event, key);

	return json_is_integer(value) && json_integer_value(value) >= 0 ? (uint64_t)json_integer_value(value) :
									  otherwise;
}

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A path that is no UTF-8 is given exactly in `path_hex`. */
static char *path_of(const json_t *event)
{
	const char *hex = json_string_value(json_object_get(event, "path_hex"));
	size_t length = hex ? strlen(hex) / 2 : 0;
	char *path;

	if (!length)
		return text_of(event, "path");
	path = calloc(1, length + 1);
	for (size_t i = 0; path && i < length; i++) {
		int high = nibble(hex[2 * i]), low = nibble(hex[2 * i + 1]);

		if (high < 0 || low < 0 || high + low == 0) {
			free(path);
			return NULL;
		}
		path[i] = (char)(high << 4 | low);
	}
	return path;
}

/* Only what a rule or the default decided can a policy change. */
static bool is_decided_by_policy(const json_t *event)
{
	const char *word = json_string_value(json_object_get(event, "reason"));
	enum guard_reason reason;

	if (!word || guard_reason_parse(&reason, word) < 0)
		return true;
	return reason == GUARD_REASON_RULE_ALLOW || reason == GUARD_REASON_RULE_DENY ||
	       reason == GUARD_REASON_BARRED ||
	       reason == GUARD_REASON_EXCEPTION || reason == GUARD_REASON_DEFAULT ||
	       reason == GUARD_REASON_UNLOCK || reason == GUARD_REASON_POLICY_EXPIRED;
}

static uint8_t medium_of(const json_t *event)
{
	const char *word = json_string_value(json_object_get(event, "medium"));

	for (unsigned i = 0; word && i < GUARD_MEDIUM_MAX_; i++)
		if (strcmp(guard_medium_name((enum guard_medium)i), word) == 0)
			return (uint8_t)i;
	return GUARD_MEDIUM_FIXED;
}

static char *user_of(const json_t *event, uint32_t uid)
{
	char *user = text_of(event, "user");
	const struct passwd *entry;

	if (user)
		return user;
	entry = getpwuid(uid);
	if (entry)
		return strdup(entry->pw_name);
	return asprintf(&user, "uid %u", uid) < 0 ? NULL : user;
}

/* What the line says, or a reason why it says nothing. */
static const char *take_event(struct policy_sample *sample, const json_t *event)
{
	const char *hex = json_string_value(json_object_get(event, "sha256"));
	const char *kind = json_string_value(json_object_get(event, "kind"));
	const char *action = json_string_value(json_object_get(event, "action"));
	enum guard_kind parsed;

	if (!hex || guard_digest_parse(&sample->identity.digest, hex, strlen(hex)) < 0)
		return _("`sha256` is no digest");
	if (!kind || guard_kind_parse(&parsed, kind) < 0)
		return _("`kind` is unknown");
	sample->identity.kind = (uint8_t)parsed;
	sample->identity.size = number_of(event, "size", 0);
	if (action && strcmp(action, "allow") != 0 && strcmp(action, "deny") != 0)
		return _("`action` is neither allow nor deny");
	sample->has_before = action != NULL;
	sample->before = action && strcmp(action, "allow") == 0 ? GUARD_ALLOW : GUARD_DENY;
	sample->uid = (uint32_t)number_of(event, "uid", 0);
	sample->count = number_of(event, "count", 1);
	sample->medium = medium_of(event);
	sample->path = path_of(event);
	if (!sample->path)
		return _("`path` is missing or malformed");
	sample->path_protected = !guard_path_is_users(sample->path);
	sample->program = text_of(event, "program");
	sample->user = user_of(event, sample->uid);
	return NULL;
}

static void free_strings(struct policy_sample *sample)
{
	free(sample->path);
	free(sample->program);
	free(sample->user);
	free(sample->old_identity);
}

static bool take_line(struct policy_samples *samples, const char *file, size_t number, const char *line, size_t length)
{
	struct policy_sample sample = { 0 };
	json_error_t error;
	json_t *event = json_loadb(line, length, JSON_REJECT_DUPLICATES, &error);
	const char *problem;

	if (!json_is_object(event)) {
		guardctl_error("%s:%zu: not a JSON object (%s); give the output of `guardctl --json events`", file,
			       number, event ? "another value" : error.text);
		json_decref(event);
		return false;
	}
	/* The daemon about itself, and files that were never identified. */
	if (!json_is_string(json_object_get(event, "sha256")) || !is_decided_by_policy(event)) {
		samples->skipped++;
		json_decref(event);
		return true;
	}
	problem = take_event(&sample, event);
	json_decref(event);
	if (problem)
		guardctl_error("%s:%zu: %s; give the output of `guardctl --json events`", file, number, problem);
	if (!problem && policy_witness_look(samples, &sample, -1) && policy_samples_add(samples, &sample))
		return true;
	free_strings(&sample);
	return false;
}

bool policy_samples_from_ledger(struct policy_samples *samples, const char *path)
{
	GUARD_AUTO_FCLOSE FILE *file = strcmp(path, "-") ? fopen(path, "re") : fdopen(dup(STDIN_FILENO), "r");
	GUARD_AUTO_FREE char *line = NULL;
	size_t capacity = 0, number = 0;
	bool good = true;
	ssize_t length;

	if (!file) {
		guardctl_error("cannot read %s: %s", path, strerror(errno));
		return false;
	}
	while (good && (length = getline(&line, &capacity, file)) > 0) {
		number++;
		if ((size_t)length > POLICY_LINE_MAX) {
			guardctl_error("%s:%zu: longer than %u bytes", path, number, POLICY_LINE_MAX);
			return false;
		}
		if (line[strspn(line, " \t\r\n")] != '\0')
			good = take_line(samples, path, number, line, (size_t)length);
	}
	if (good && ferror(file))
		guardctl_error("cannot read %s: %s", path, strerror(errno));
	return good && !ferror(file);
}
