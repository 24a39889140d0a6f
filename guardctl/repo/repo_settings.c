/* SPDX-License-Identifier: MIT
 *
 * repo/repo_settings.c - `settings` of a profile and of an entry of machines: what
 * machines protect at the least (docs/distribution.md).  Says what is wrong with place
 * and reason; signs nothing.
 */
#include "repo.h"

#include <string.h>

#define FILESYSTEMS_MAX 16u /* the machine's own limits: guardd/settings.h */
#define PATH_MAX_LENGTH 255u

static bool is_path(const json_t *value)
{
	const char *path = json_string_value(value);
	size_t length = path ? strlen(path) : 0;

	if (length == 0 || length > PATH_MAX_LENGTH || path[0] != '/' || strpbrk(path, "\"\\\n\r\t"))
		return false;
	for (const char *at = strstr(path, "/.."); at; at = strstr(&at[1], "/.."))
		if (at[3] == '/' || at[3] == '\0')
			return false;
	return true;
}

static bool is_protect(const json_t *value)
{
	if (json_is_string(value))
		return strcmp(json_string_value(value), "all") == 0;
	if (!json_is_array(value) || json_array_size(value) == 0 || json_array_size(value) > FILESYSTEMS_MAX)
		return false;
	for (size_t i = 0; i < json_array_size(value); i++)
		if (!is_path(json_array_get(value, i)))
			return false;
	return true;
}

static bool is_backend(const json_t *value)
{
	const char *word = json_string_value(value);

	return word && (strcmp(word, "auto") == 0 || strcmp(word, "fanotify") == 0);
}

static bool is_memory(const json_t *value)
{
	const char *word = json_string_value(value);

	return word && (strcmp(word, "off") == 0 || strcmp(word, "log") == 0 || strcmp(word, "deny") == 0);
}

static bool is_truth(const json_t *value)
{
	return json_is_boolean(value);
}

static const struct {
	const char *name;
	bool (*is_good)(const json_t *value);
	const char *must;
} known[] = {
	{ "protect", is_protect, N_("must be \"all\" or a list of mount points like [ \"/home\", \"/srv\" ]") },
	{ "backend", is_backend,
	  N_("must be \"auto\" or \"fanotify\"; with \"bpf\" a machine whose kernel cannot would not start guardd at all") },
	{ "self_protection", is_truth, N_("must be true or false") },
	{ "memory", is_memory, N_("must be \"off\", \"log\" or \"deny\"") },
};
#define KNOWN_COUNT (sizeof(known) / sizeof(known[0]))

static bool check_one(const char *name, const json_t *value, const char *where)
{
	for (size_t i = 0; i < KNOWN_COUNT; i++) {
		if (strcmp(known[i].name, name) != 0)
			continue;
		if (!known[i].is_good(value))
			guardctl_error("%s: settings.%s %s", where, name, _(known[i].must));
		return known[i].is_good(value);
	}
	guardctl_error("%s: there is no settings.%.64s; there are protect, backend, self_protection and memory", where, name);
	return false;
}

bool repo_settings_check(const json_t *settings, const char *where)
{
	const char *name;
	json_t *value;

	if (!settings)
		return true;
	if (!json_is_object(settings)) {
		guardctl_error("%s: settings must be a group: settings = { protect = \"all\"; };", where);
		return false;
	}
	json_object_foreach((json_t *)settings, name, value) {
		if (!check_one(name, value, where))
			return false;
	}
	return true;
}

json_t *repo_settings_of(const struct repo *repo, const json_t *machine)
{
	const char *profile = json_string_value(json_object_get(machine, "profile"));
	json_t *settings = json_object();

	for (size_t i = 0; profile && i < repo->profile_count; i++)
		if (strcmp(repo->profiles[i].name, profile) == 0 && repo->profiles[i].settings)
			json_object_update(settings, (json_t *)repo->profiles[i].settings);
	if (json_object_get(machine, "settings"))
		json_object_update(settings, json_object_get(machine, "settings"));
	if (json_object_size(settings) > 0)
		return settings;
	json_decref(settings);
	return NULL;
}
