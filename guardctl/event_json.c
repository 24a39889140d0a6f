/* SPDX-License-Identifier: MIT
 *
 * guardctl/event_json.c - an event as one JSON object.  Paths are bytes: what
 * is not UTF-8 is shown with U+FFFD and given exactly in KEY_hex.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "guardctl.h"
#include "output.h"
#include "record/sentence.h"

#define REPLACEMENT "\xef\xbf\xbd"

/* One whole, valid UTF-8 sequence at the start of `bytes`, or one bad byte: its
 * length, negative when it is bad.  jansson is the judge. */
static int sequence_length(const char *bytes)
{
	for (int length = 1; length <= 4 && bytes[length - 1]; length++) {
		json_t *one = json_stringn(bytes, (size_t)length);
		if (!one)
			continue;
		json_decref(one);
		return length;
	}
	return -1;
}

json_t *guardctl_json_text(const char *bytes)
{
	GUARD_AUTO_FREE char *text = NULL;
	json_t *whole = json_string(bytes);
	size_t length = 0;

	if (whole)
		return whole;
	text = malloc(strlen(bytes) * strlen(REPLACEMENT) + 1);
	if (!text)
		return NULL;
	for (size_t i = 0; bytes[i];) {
		int count = sequence_length(&bytes[i]);
		const char *from = count < 0 ? REPLACEMENT : &bytes[i];
		size_t size = count < 0 ? strlen(REPLACEMENT) : (size_t)count;
		memcpy(&text[length], from, size);
		length += size;
		i += count < 0 ? 1 : (size_t)count;
	}
	return json_stringn(text, length);
}

void guardctl_json_set_bytes(json_t *object, const char *key, const char *bytes)
{
	GUARD_AUTO_FREE char *hex = NULL;
	json_t *whole = json_string(bytes);
	char name[64];

	if (whole) {
		json_object_set_new(object, key, whole);
		return;
	}
	json_object_set_new(object, key, guardctl_json_text(bytes));
	hex = calloc(2, strlen(bytes) + 1);
	for (size_t i = 0; hex && bytes[i]; i++)
		snprintf(&hex[2 * i], 3, "%02x", (unsigned char)bytes[i]);
	snprintf(name, sizeof(name), "%s_hex", key);
	json_object_set_new(object, name, hex ? json_string(hex) : json_null());
}

json_t *guardctl_json_time(int64_t seconds)
{
	char text[GUARD_TIME_TEXT_SIZE];

	if (seconds == INT64_MAX || seconds == INT64_MIN)
		return json_null();
	guard_time_format(text, seconds);
	return json_string(text);
}

/* "2027-03-31T12:00:00.000000001Z" */
static json_t *time_with_ns(int64_t time_ns)
{
	char seconds[GUARD_TIME_TEXT_SIZE], text[64];

	guard_time_format(seconds, time_ns / 1000000000);
	snprintf(text, sizeof(text), "%.*s.%09dZ", (int)strcspn(seconds, "Z"), seconds,
		 (int)(time_ns % 1000000000));
	return json_string(text);
}

static json_t *word_or_null(const char *word)
{
	return word && *word ? json_string(word) : json_null();
}

static json_t *digest_or_null(const struct guard_event *event)
{
	char hex[GUARD_DIGEST_HEX_SIZE];

	if (!event->has_digest)
		return json_null();
	guard_digest_format(hex, &event->digest);
	return json_string(hex);
}

static void set_verdict(json_t *object, const struct guard_event *event, bool access)
{
	json_object_set_new(object, "action",
			    access ? json_string(guard_action_name(event->action)) : json_null());
	json_object_set_new(object, "denied", json_boolean(event->denied));
	json_object_set_new(object, "mode", access ? json_string(guard_mode_name(event->mode)) : json_null());
	json_object_set_new(object, "reason",
			    access ? json_string(guard_reason_name(event->reason)) : json_null());
	json_object_set_new(object, "kind", access ? json_string(guard_kind_name(event->kind)) : json_null());
	json_object_set_new(object, "medium", access ? json_string(guard_medium_name(event->medium)) : json_null());
}

static void set_who(json_t *object, const struct guard_event *event)
{
	char user[GUARDCTL_USER_SIZE];

	guardctl_user_name(user, event->uid);
	json_object_set_new(object, "pid", json_integer(event->pid));
	json_object_set_new(object, "ppid", json_integer(event->ppid));
	json_object_set_new(object, "uid", json_integer(event->uid));
	json_object_set_new(object, "user", guardctl_json_text(user));
	json_object_set_new(object, "loginuid",
			    event->loginuid == UINT32_MAX ? json_null() : json_integer(event->loginuid));
}

/* The unlock that it belongs to. */
static json_t *unlock_or_null(const struct guard_event *event)
{
	bool belongs = event->source == GUARD_EVENT_DAEMON
			       ? (event->what >= GUARD_DAEMON_UNLOCK_REQUESTED && event->what <= GUARD_DAEMON_UNLOCK_WROTE) ||
					 event->what == GUARD_DAEMON_UNLOCK_RAN
			       : event->reason == GUARD_REASON_UNLOCK;

	return belongs && event->rule != GUARD_NO_RULE && event->rule ? json_integer(event->rule) : json_null();
}

json_t *guardctl_event_json(const struct guard_event *event)
{
	bool access = event->source != GUARD_EVENT_DAEMON;
	json_t *object = json_object();

	if (!object)
		return NULL;
	json_object_set_new(object, "id", json_integer((json_int_t)event->id));
	json_object_set_new(object, "time", time_with_ns(event->time_ns));
	json_object_set_new(object, "source", json_string(sentence_source(event)));
	json_object_set_new(object, "what", word_or_null(sentence_what(event)));
	set_verdict(object, event, access);
	guardctl_json_set_bytes(object, "path", event->path);
	guardctl_json_set_bytes(object, "program", event->program);
	json_object_set_new(object, "sha256", digest_or_null(event));
	json_object_set_new(object, "size", json_integer((json_int_t)event->size));
	set_who(object, event);
	json_object_set_new(object, "rule",
			    *event->rule_text ? guardctl_json_text(event->rule_text) : json_null());
	json_object_set_new(object, "unlock", unlock_or_null(event));
	json_object_set_new(object, "policy_version", json_integer((json_int_t)event->policy_version));
	json_object_set_new(object, "count", json_integer((json_int_t)event->count));
	json_object_set_new(object, "text", guardctl_json_text(event->text));
	return object;
}

int guardctl_print_json(json_t *value)
{
	int r = value ? json_dumpf(value, stdout, JSON_COMPACT | JSON_ENCODE_ANY) : -1;

	json_decref(value);
	if (r < 0) {
		guardctl_error("memory is exhausted");
		return GUARDCTL_REFUSED;
	}
	putchar('\n');
	return GUARDCTL_DONE;
}
