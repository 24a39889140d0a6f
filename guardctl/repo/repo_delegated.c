/* SPDX-License-Identifier: MIT
 *
 * repo/repo_delegated.c - what headquarters' signed roles (targets, and its bins) say
 * now: whom they delegate to, and which offices they place.  Changes nothing.
 */
#include "repo.h"

#include <string.h>

/* Is what is signed of the role signed as this delegation to it asks? */
static bool fits(const struct repo *repo, const char *role, const json_t *keys, const json_t *entry)
{
	GUARD_AUTO_JSON json_t *document = repo_signed(repo, role), *objects = json_array();
	size_t i;
	json_t *id;

	json_array_foreach(json_object_get(entry, "keyids"), i, id)
		json_array_append(objects, json_object_get(keys, json_string_value(id)));
	return document && (json_int_t)publish_signature_count(document, objects) >=
				   json_integer_value(json_object_get(entry, "threshold"));
}

static const json_t *delegations_of(const json_t *document)
{
	return json_object_get(json_object_get(document, "signed"), "delegations");
}

/* The document delegates to the role, by keys that signed what is signed of it. */
static bool delegates(const struct repo *repo, const json_t *document, const char *role)
{
	const json_t *delegations = delegations_of(document);
	size_t i;
	json_t *entry;

	json_array_foreach(json_object_get(delegations, "roles"), i, entry) {
		if (strcmp(json_string_value(json_object_get(entry, "name")), role) == 0)
			return fits(repo, role, json_object_get(delegations, "keys"), entry);
	}
	return false;
}

/* targets itself and the bins that it delegates to, until `take` says true. */
static bool each_document(const struct repo *repo, bool (*take)(void *context, const json_t *document), void *context)
{
	GUARD_AUTO_JSON json_t *targets = repo_signed(repo, "targets");
	size_t i;
	json_t *entry;

	if (!targets)
		return false;
	if (take(context, targets))
		return true;
	json_array_foreach(json_object_get(delegations_of(targets), "roles"), i, entry) {
		const char *name = json_string_value(json_object_get(entry, "name"));
		GUARD_AUTO_JSON json_t *bin = strncmp(name, "bin-", 4) == 0 ? repo_signed(repo, name) : NULL;

		if (bin && take(context, bin))
			return true;
	}
	return false;
}

struct wanted {
	const struct repo *repo;
	const char *role;
};

static bool take_delegation(void *context, const json_t *document)
{
	const struct wanted *wanted = context;

	return delegates(wanted->repo, document, wanted->role);
}

bool repo_is_delegated(const struct repo *repo, const char *role)
{
	struct wanted wanted = { .repo = repo, .role = role };

	return each_document(repo, take_delegation, &wanted);
}

static bool take_places(void *context, const json_t *document)
{
	static const char folder[] = "place/", suffix[] = ".json";
	json_t *names = context, *target;
	const char *path;

	json_object_foreach(json_object_get(json_object_get(document, "signed"), "targets"), path, target) {
		size_t length = strlen(path);

		if (strncmp(path, folder, sizeof(folder) - 1) == 0 && length > sizeof(folder) + sizeof(suffix) - 2)
			json_array_append_new(names, json_stringn(&path[sizeof(folder) - 1],
								  length - (sizeof(folder) - 1) - (sizeof(suffix) - 1)));
	}
	return false;
}

json_t *repo_placed(const struct repo *repo)
{
	json_t *names = json_array();

	each_document(repo, take_places, names);
	return names;
}
