/* SPDX-License-Identifier: MIT
 *
 * repo/repo_offices.c - offices/NAME/office.conf: who signs for an office, which
 * machines are its own, what it lies within.  Says what is wrong with file and
 * reason; signs nothing.
 */
#include "repo.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static bool knows_profile(const struct repo *repo, const char *name)
{
	for (size_t i = 0; name && i < repo->profile_count; i++)
		if (strcmp(repo->profiles[i].name, name) == 0)
			return true;
	return false;
}

static bool check_machines(const struct repo *repo, const struct repo_office *office, const char *path)
{
	size_t i;
	json_t *machine;

	json_array_foreach((json_t *)office->machines, i, machine) {
		const json_t *host = json_object_get(machine, "host"), *id = json_object_get(machine, "id");
		char where[160];

		if ((!json_is_string(host) && !json_is_string(id)) ||
		    !knows_profile(repo, json_string_value(json_object_get(machine, "profile")))) {
			guardctl_error("%s: machine %zu needs a host or id, and a profile that repo.conf has", path, i + 1);
			return false;
		}
		snprintf(where, sizeof(where), "%.100s: machine %zu", path, i + 1);
		if (!repo_settings_check(json_object_get(machine, "settings"), where))
			return false;
	}
	if (json_is_array(office->machines))
		return true;
	guardctl_error("%s: needs machines = ( { host = \"*\"; profile = \"desktop\"; } ); or machines = ( ); when there are "
		       "machines only in the offices within it",
		       path);
	return false;
}

/* The federation above an office: offices of the same folder. */
static bool check_within(const struct repo *repo, const struct repo_office *office, const char *path)
{
	size_t i;
	json_t *name;

	if (office->within && (!json_is_array(office->within) || json_array_size(office->within) > REPO_WITHIN_MAX)) {
		guardctl_error("%s: `within` is a list of at most %u names, the nearest first", path, REPO_WITHIN_MAX);
		return false;
	}
	json_array_foreach((json_t *)office->within, i, name) {
		const char *text = json_string_value(name);
		char above[REPO_NAME_MAX + 32];

		snprintf(above, sizeof(above), "offices/%.64s/office.conf", repo_name_is_good(text) ? text : "-");
		if (faccessat(repo->folder, above, F_OK, 0) == 0 && strcmp(text, office->name) != 0)
			continue;
		guardctl_error("%s: `within` names \"%s\", which is no other office; `guardctl repo delegate` makes one", path,
			       text ? text : "?");
		return false;
	}
	return true;
}

/* Machines that headquarters lets go, by the keys that `repo seen` shows. */
static bool check_released(const struct repo_office *office, const char *path)
{
	size_t i;
	json_t *id;

	if (office->released && !json_is_array(office->released)) {
		guardctl_error("%s: released is no list: released = [ \"ID\" ];", path);
		return false;
	}
	json_array_foreach((json_t *)office->released, i, id) {
		if (json_string_length(id) == REPO_MACHINE_ID_LENGTH)
			continue;
		guardctl_error("%s: released: entry %zu is no machine's id, which has %u characters (guardctl repo seen --json)",
			       path, i + 1, REPO_MACHINE_ID_LENGTH);
		return false;
	}
	return true;
}

static bool read_office(struct repo *repo, const char *name)
{
	struct repo_office *office = &repo->offices[repo->office_count];
	char path[REPO_NAME_MAX + 32];
	const json_t *conf, *broad;

	*office = (struct repo_office){ 0 };
	snprintf(office->name, sizeof(office->name), "%s", name);
	snprintf(path, sizeof(path), "offices/%s/office.conf", name);
	if (!repo_conf_read(&office->conf, repo->folder, path))
		return false;
	repo->office_count++;
	conf = json_object_get(office->conf, "office");
	office->within = json_object_get(conf, "within");
	office->machines = json_object_get(conf, "machines");
	office->released = json_object_get(conf, "released");
	if (!check_released(office, path))
		return false;
	broad = json_object_get(conf, "broad");
	if (!repo_keys_read(&office->keys, repo, conf, path) || (broad && !repo_keys_read(&office->broad, repo, broad, path)))
		return false;
	if (broad && office->broad.threshold < 2) {
		guardctl_error("%s: `broad` needs a threshold of 2 or more: what is broad takes two people", path);
		return false;
	}
	return check_within(repo, office, path) && check_machines(repo, office, path) &&
	       repo_maintenance_read(&office->maintenance, repo, name);
}

bool repo_offices_read(struct repo *repo, const char *only)
{
	struct repo_names names = { 0 };
	bool good = repo_names_read(&names, repo->folder, "offices", "") && names.count <= REPO_OFFICES_MAX;

	if (!good)
		guardctl_error("offices/ cannot be read, or has more than %u: %s", REPO_OFFICES_MAX, strerror(errno));
	repo->offices = calloc(names.count + 1, sizeof(*repo->offices));
	for (size_t i = 0; good && repo->offices && i < names.count; i++) {
		if (only && strcmp(only, names.items[i]) != 0)
			continue;
		good = repo_name_is_good(names.items[i]);
		if (!good)
			guardctl_error("offices/%s: a name is 1 to %u of a-z, 0-9 and -, beginning with a letter",
				       names.items[i], REPO_NAME_MAX);
		good = good && read_office(repo, names.items[i]);
	}
	repo_names_free(&names);
	if (good && only && repo->office_count == 0) {
		guardctl_error("there is no office \"%s\"; `guardctl repo delegate %s --key FILE.pub` makes one", only, only);
		return false;
	}
	return good && repo->offices;
}
