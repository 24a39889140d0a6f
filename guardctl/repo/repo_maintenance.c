/* SPDX-License-Identifier: MIT
 *
 * repo/repo_maintenance.c - offices/NAME/maintenance/ID.conf: when root of which
 * machines may stop, upgrade or remove guard.  Headquarters signs them with the
 * office's place (docs/distribution.md); what is over is left out.
 */
#include "repo.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"

#define FOLDER_MAX (REPO_NAME_MAX + 32u)
#define ID_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-"

bool repo_grant_id_is_good(const char *id)
{
	return id && id[0] && id[0] != '.' && strlen(id) <= REPO_NAME_MAX && !id[strspn(id, ID_CHARACTERS)];
}

/* ---- reading ---------------------------------------------------------------------- */

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

/* The entry of the place, or NULL with the reason said. */
static json_t *make_entry(int64_t *ret_until, const json_t *conf, const char *path, const char *id)
{
	const json_t *head = json_object_get(conf, "maintenance"), *seconds = json_object_get(head, "seconds");
	const char *host = text_of(head, "host"), *machine = text_of(head, "machine");
	json_t *whom = json_object();
	int64_t from, until;

	if (guard_time_parse(&from, text_of(head, "from")) < 0 || guard_time_parse(&until, text_of(head, "until")) < 0 ||
	    from >= until || !json_is_integer(seconds) || json_integer_value(seconds) < 1 ||
	    json_integer_value(seconds) > GUARD_POLICY_UNLOCK_MAX || (!host[0] && !machine[0]) || !repo_grant_id_is_good(id)) {
		guardctl_error("%s: needs maintenance = { host (or machine); from; until; seconds; }; with times as "
			       "2027-01-31T17:00:00Z and 1 to %u seconds; `guardctl maintenance grant` writes it",
			       path, GUARD_POLICY_UNLOCK_MAX);
		json_decref(whom);
		return NULL;
	}
	if (host[0])
		json_object_set_new(whom, "host", json_string(host));
	if (machine[0])
		json_object_set_new(whom, "id", json_string(machine));
	*ret_until = until;
	return json_pack("{s:s, s:o, s:I, s:I, s:O}", "id", id, "machine", whom, "from", (json_int_t)from, "until",
			 (json_int_t)until, "seconds", seconds);
}

static bool add_entry(json_t *entries, const struct repo *repo, const char *folder, const char *id)
{
	GUARD_AUTO_JSON json_t *conf = NULL;
	char path[FOLDER_MAX + REPO_NAME_MAX + 16];
	int64_t until = 0;
	json_t *entry;

	snprintf(path, sizeof(path), "%s/%.64s.conf", folder, id);
	if (!repo_conf_read(&conf, repo->folder, path))
		return false;
	entry = make_entry(&until, conf, path, id);
	if (!entry)
		return false;
	if (until <= repo->now) {
		json_decref(entry);
		return true;
	}
	return json_array_append_new(entries, entry) == 0;
}

bool repo_maintenance_read(json_t **ret_entries, const struct repo *repo, const char *office)
{
	struct repo_names names = { 0 };
	json_t *entries = json_array();
	char folder[FOLDER_MAX];
	bool good;

	snprintf(folder, sizeof(folder), "offices/%.64s/maintenance", office);
	good = entries && repo_names_read(&names, repo->folder, folder, ".conf");
	if (!good)
		guardctl_error("%s cannot be read: %s", folder, strerror(errno));
	for (size_t i = 0; good && i < names.count; i++)
		good = add_entry(entries, repo, folder, names.items[i]);
	repo_names_free(&names);
	if (good)
		*ret_entries = entries;
	else
		json_decref(entries);
	return good;
}
