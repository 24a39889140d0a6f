/* SPDX-License-Identifier: MIT
 *
 * trust/place.c - place/OFFICE.json: who belongs to an office.  The first entry
 * that fits this machine holds.  The text is verified; it is taken apart with
 * care all the same.
 */
#include <jansson.h>
#include <string.h>

#include "policy/glob.h"
#include "trust/internal.h"

static bool is_name(const char *text)
{
	size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return length > 0 && length < TRUST_NAME_MAX && text[length] == '\0' && text[0] >= 'a' && text[0] <= 'z';
}

static int malformed(struct trust_failure *failure, const char *office, const char *what)
{
	return trust_fail(failure, -GUARD_E_SYNTAX, "refused-syntax", "place/%s.json: %s", office, what);
}

static int take_name(char ret_name[TRUST_NAME_MAX], const json_t *value, const char *office, const char *what,
		     struct trust_failure *failure)
{
	const char *text = json_string_value(value);

	if (!text || !is_name(text))
		return malformed(failure, office, what);
	memcpy(ret_name, text, strlen(text) + 1);
	return 0;
}

/* true when what the entry asks for is this machine's. */
bool trust_entry_fits(const json_t *entry, const char *host, const char *key_id)
{
	const json_t *pattern = json_object_get(entry, "host"), *id = json_object_get(entry, "id");

	if (!pattern && !id)
		return false;
	if (pattern && (!json_is_string(pattern) || !guard_glob_match(json_string_value(pattern), host)))
		return false;
	return !id || (json_is_string(id) && strcmp(json_string_value(id), key_id) == 0);
}

static int take_within(struct trust_place *place, const json_t *within, const char *office,
		       struct trust_failure *failure)
{
	int r = 0;

	if (!within)
		return 0;
	if (!json_is_array(within) || json_array_size(within) > TRUST_WITHIN_MAX)
		return malformed(failure, office, "\"within\" is no list of at most 4 names");
	place->within_count = json_array_size(within);
	for (size_t i = 0; i < place->within_count && r == 0; i++)
		r = take_name(place->within[i], json_array_get(within, i), office, "\"within\" has what is no name",
			      failure);
	return r;
}

/* By key alone: a host name is root's to change. */
static bool is_released(const json_t *tree, const char *key_id)
{
	const json_t *released = json_object_get(tree, "released");
	size_t i;
	json_t *id;

	json_array_foreach((json_t *)released, i, id) {
		if (json_is_string(id) && strcmp(json_string_value(id), key_id) == 0)
			return true;
	}
	return false;
}

static int take_place(struct trust_place *place, const json_t *tree, const char *office, const char *host,
		      const char *key_id, struct trust_failure *failure)
{
	const json_t *machines = json_object_get(tree, "machines"), *name = json_object_get(tree, "office"), *entry;
	size_t i = 0;
	int r;

	if (json_integer_value(json_object_get(tree, "format")) != 1)
		return trust_fail(failure, -GUARD_E_VERSION, "refused-version",
				  "place/%s.json: its format is not 1: a newer guard is needed", office);
	if (!json_is_string(name) || strcmp(json_string_value(name), office) != 0 || !json_is_array(machines))
		return malformed(failure, office, "it is not about this office or lists no machines");
	place->released = is_released(tree, key_id);
	if (place->released)
		return 0;
	r = take_within(place, json_object_get(tree, "within"), office, failure);
	if (r < 0)
		return r;
	while (i < json_array_size(machines) && !trust_entry_fits(json_array_get(machines, i), host, key_id))
		i++;
	if (i == json_array_size(machines))
		return trust_fail(failure, -GUARD_E_DENIED, "refused-not-a-member",
				  "this machine (host %.100s, id %s) is not listed in the office %s: ask headquarters "
				  "to list it",
				  host, key_id, office);
	entry = json_array_get(machines, i);
	r = trust_settings_parse(&place->settings, json_object_get(entry, "settings"), office, failure);
	if (r == 0)
		r = take_name(place->profile, json_object_get(entry, "profile"), office, "a machine's profile is no name",
			      failure);
	return r < 0 ? r :
		       trust_permits_parse(place, json_object_get(tree, "maintenance"), office, host, key_id, failure);
}

int trust_place_parse(struct trust_place *ret_place, const char *text, size_t size, const char *office,
		      const char *host, const char *key_id, struct trust_failure *failure)
{
	json_t *tree = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
	struct trust_place place = {.within_count = 0};
	int r;

	if (!tree)
		return malformed(failure, office, "it is no JSON");
	r = take_place(&place, tree, office, host, key_id, failure);
	json_decref(tree);
	if (r == 0)
		*ret_place = place;
	return r;
}
