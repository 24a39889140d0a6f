/* SPDX-License-Identifier: MIT
 *
 * repo/keys_tell.c - what a document says, for the person who is about to sign it.
 * Everything in it is foreign: it came on a stick.
 */
#include "keys.h"

#include <string.h>

#include "base/text.h"

#define TOLD_MAX 40u /* lines; whoever signs more than that compares hashes */

static void tell_role(const char *name, const json_t *role)
{
	size_t i;
	json_t *id;

	fputs("  ", stdout);
	guard_text_put_escaped(stdout, name);
	printf(_(": %lld of %zu:"), (long long)json_integer_value(json_object_get(role, "threshold")),
	       json_array_size(json_object_get(role, "keyids")));
	json_array_foreach(json_object_get(role, "keyids"), i, id) {
		char start[13];

		snprintf(start, sizeof(start), "%.12s", json_is_string(id) ? json_string_value(id) : "?");
		putchar(' ');
		guard_text_put_escaped(stdout, start);
	}
	putchar('\n');
}

static void tell_root(const json_t *document, const json_t *body)
{
	char fingerprint[PUBLISH_FINGERPRINT_SIZE];
	const char *name;
	json_t *role;

	if (publish_fingerprint(fingerprint, document) == 0)
		printf(_(", fingerprint %s"), fingerprint);
	puts(_("\nWho signs what (beginnings of the keys' ids):"));
	json_object_foreach(json_object_get(body, "roles"), name, role)
		tell_role(name, role);
}

static void tell_targets(const json_t *body)
{
	size_t count = 0, i;
	const char *path;
	json_t *target, *role;

	putchar('\n');
	json_object_foreach(json_object_get(body, "targets"), path, target) {
		const char *hash = json_string_value(json_object_get(json_object_get(target, "hashes"), "sha256"));

		if (count++ >= TOLD_MAX)
			continue;
		fputs("  ", stdout);
		guard_text_put_escaped(stdout, path);
		fputs(_("  SHA-256 "), stdout);
		guard_text_put_escaped(stdout, hash ? hash : "?");
		putchar('\n');
	}
	if (count > TOLD_MAX)
		printf(_("  and %zu more\n"), count - TOLD_MAX);
	json_array_foreach(json_object_get(json_object_get(body, "delegations"), "roles"), i, role) {
		if (i >= TOLD_MAX)
			break;
		fputs(_("  delegation to"), stdout);
		tell_role(json_string_value(json_object_get(role, "name")) ?
				  json_string_value(json_object_get(role, "name")) :
				  "?",
			  role);
	}
}

void keys_tell(const json_t *document)
{
	const json_t *body = json_object_get(document, "signed");
	const char *type = json_string_value(json_object_get(body, "_type"));
	char expires[GUARD_TIME_TEXT_SIZE];

	guard_time_format(expires, publish_expires(document));
	fputs(_("Signing: "), stdout);
	guard_text_put_escaped(stdout, type ? type : "?");
	printf(_(", version %llu, until %s"), (unsigned long long)publish_version(document), expires);
	if (type && strcmp(type, "root") == 0)
		tell_root(document, body);
	else if (type && strcmp(type, "targets") == 0)
		tell_targets(body);
	else
		putchar('\n');
}

static const json_t *root_role(const json_t *document)
{
	const json_t *body = json_object_get(document, "signed");
	const char *type = json_string_value(json_object_get(body, "_type"));

	return type && strcmp(type, "root") == 0 ? json_object_get(json_object_get(body, "roles"), "root") : NULL;
}

void keys_tell_count(const json_t *document, const char *path, const char *id)
{
	const json_t *role = root_role(document);
	size_t count = json_array_size(json_object_get(document, "signatures")), i;
	bool named = !role;
	json_t *other;

	printf(_("%s has %zu signature%s now"), path, count, count == 1 ? "" : "s");
	if (role)
		printf(_("; root needs %lld"),
		       (long long)json_integer_value(json_object_get(role, "threshold")));
	putchar('\n');
	json_array_foreach(json_object_get(role, "keyids"), i, other)
		named = named || (json_is_string(other) && strcmp(json_string_value(other), id) == 0);
	if (!named)
		guardctl_error("this key is none of the new root's: its signature counts only if it is one of the root "
			       "before");
}
