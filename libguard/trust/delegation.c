/* SPDX-License-Identifier: MIT
 *
 * trust/delegation.c - what a targets role delegates, and for which paths.
 * A delegation without a path says nothing and covers nothing.
 */
#include "trust/metadata.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define BIN_BITS_MAX 32 /* 2^32 hash bins */

static int fail(const struct guard_trust_document *targets, struct guard_trust_report *report,
		const char *what)
{
	return guard_trust_fail(report, -GUARD_E_FORMAT, "%s.json: %s", targets->name, what);
}

static bool is_strings(const json_t *array)
{
	size_t i;
	json_t *item;

	if (!json_is_array(array))
		return false;
	json_array_foreach((json_t *)array, i, item) {
		if (!json_is_string(item))
			return false;
	}
	return true;
}

static bool is_role_name(const char *name)
{
	char encoded[GUARD_TRUST_NAME_MAX + 1];

	return name && name[0] && !guard_trust_is_top_level(name) &&
	       guard_trust_encode_name(encoded, sizeof(encoded), name) == 0;
}

static int read_role(struct guard_trust_role *ret_role, const json_t *json, const json_t *keys)
{
	const json_t *terminating = json_object_get(json, "terminating");
	struct guard_trust_role role;
	int r = guard_trust_role_read(&role, json, keys);

	if (r < 0)
		return r;
	role.name = json_string_value(json_object_get(json, "name"));
	role.terminating = json_is_true(terminating);
	role.paths = json_object_get(json, "paths");
	role.prefixes = json_object_get(json, "path_hash_prefixes");
	if (!is_role_name(role.name) || (terminating && !json_is_boolean(terminating)) ||
	    (role.paths && role.prefixes) || (role.paths && !is_strings(role.paths)) ||
	    (role.prefixes && !is_strings(role.prefixes)))
		return -GUARD_E_FORMAT;
	*ret_role = role;
	return 0;
}

static int check_roles(const struct guard_trust_document *targets, const json_t *roles, const json_t *keys,
		       struct guard_trust_report *report)
{
	GUARD_AUTO_JSON json_t *seen = json_object();
	size_t i;
	json_t *json;

	if (!seen)
		return -GUARD_E_NOMEM;
	json_array_foreach((json_t *)roles, i, json) {
		struct guard_trust_role role;
		int r = read_role(&role, json, keys);

		if (r == -GUARD_E_NOMEM)
			return r;
		if (r < 0)
			return guard_trust_fail(
				report, r,
				"%s.json: delegation %zu has a bad name, keyids, threshold or paths",
				targets->name, i + 1);
		if (json_object_get(seen, role.name))
			return guard_trust_fail(report, -GUARD_E_FORMAT,
						"%s.json: delegation %zu repeats the name of another",
						targets->name, i + 1);
		if (json_object_set_new(seen, role.name, json_true()) < 0)
			return -GUARD_E_NOMEM;
	}
	return 0;
}

/* Hash bins told in one line (TAP 15): PREFIX-00 to PREFIX-ff and the like. */
static int check_bins(const struct guard_trust_document *targets, const json_t *bins, const json_t *keys,
		      struct guard_trust_report *report)
{
	static const char longest[] = "ffffffff";
	const json_t *bits = json_object_get(bins, "bit_length");
	const char *prefix = json_string_value(json_object_get(bins, "name_prefix"));
	char name[GUARD_TRUST_NAME_MAX + 1];
	struct guard_trust_role role;
	int r = guard_trust_role_read(&role, bins, keys);

	if (r < 0 && r != -GUARD_E_FORMAT)
		return r;
	if (r < 0 || !prefix || !json_is_integer(bits) || json_integer_value(bits) < 1 ||
	    json_integer_value(bits) > BIN_BITS_MAX ||
	    guard_trust_bin_name(name, prefix, BIN_BITS_MAX, longest) < 0)
		return fail(targets, report,
			    "\"succinct_roles\" has a bad bit_length, name_prefix, keyids or threshold");
	return 0;
}

int guard_trust_delegations_check(const struct guard_trust_document *document, const json_t *delegations,
				  struct guard_trust_report *report)
{
	const json_t *keys = json_object_get(delegations, "keys"),
		     *roles = json_object_get(delegations, "roles");
	const json_t *bins = json_object_get(delegations, "succinct_roles");

	if ((roles != NULL) == (bins != NULL))
		return fail(document, report, "\"delegations\" needs either \"roles\" or \"succinct_roles\"");
	if (bins)
		return check_bins(document, bins, keys, report);
	if (!json_is_array(roles))
		return fail(document, report, "\"roles\" of \"delegations\" is not an array");
	return check_roles(document, roles, keys, report);
}

static bool covers(const struct guard_trust_role *role, const char *path, const char *path_hash)
{
	size_t i;
	json_t *item;

	json_array_foreach((json_t *)role->paths, i, item) {
		if (guard_trust_pattern_match(json_string_value(item), path))
			return true;
	}
	json_array_foreach((json_t *)role->prefixes, i, item) {
		if (strncmp(path_hash, json_string_value(item), json_string_length(item)) == 0)
			return true;
	}
	return false;
}

int guard_trust_bin_name(char ret_name[GUARD_TRUST_NAME_MAX + 1], const char *prefix, unsigned bit_length,
			 const char *path_hash)
{
	uint8_t bytes[4];
	uint32_t bin = 0;
	int digits = (int)(bit_length + 3) / 4;
	char name[GUARD_TRUST_NAME_MAX + 1], encoded[GUARD_TRUST_NAME_MAX + 1];
	int length;

	if (guard_trust_hex_decode(bytes, sizeof(bytes), path_hash, 2 * sizeof(bytes)) < 0)
		return -GUARD_E_FORMAT;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bin = bin << 8 | bytes[i];
	bin >>= BIN_BITS_MAX - bit_length;
	length = snprintf(name, sizeof(name), "%s-%0*" PRIx32, prefix, digits, bin);
	if (length < 0 || (size_t)length >= sizeof(name) ||
	    guard_trust_encode_name(encoded, sizeof(encoded), name) < 0)
		return -GUARD_E_LIMIT;
	memcpy(ret_name, name, (size_t)length + 1);
	return 0;
}

static int visit_bin(const json_t *bins, const json_t *keys, const char *path_hash,
		     guard_trust_delegation_visit visit, void *context)
{
	char name[GUARD_TRUST_NAME_MAX + 1];
	struct guard_trust_role role;
	int r = guard_trust_role_read(&role, bins, keys);

	if (r == 0)
		r = guard_trust_bin_name(name, json_string_value(json_object_get(bins, "name_prefix")),
					 (unsigned)json_integer_value(json_object_get(bins, "bit_length")),
					 path_hash);
	if (r < 0)
		return r;
	role.name = name;
	return visit(context, &role);
}

int guard_trust_delegations_for(const struct guard_trust_document *document, const char *path,
				const char *path_hash, guard_trust_delegation_visit visit, void *context)
{
	const json_t *delegations = json_object_get(document->body, "delegations");
	const json_t *keys = json_object_get(delegations, "keys");
	const json_t *bins = json_object_get(delegations, "succinct_roles");
	size_t i;
	json_t *json;

	if (bins)
		return visit_bin(bins, keys, path_hash, visit, context);
	json_array_foreach(json_object_get(delegations, "roles"), i, json) {
		struct guard_trust_role role;
		int r = read_role(&role, json, keys);

		if (r < 0)
			return r;
		if (!covers(&role, path, path_hash))
			continue;
		r = visit(context, &role);
		if (r < 0)
			return r;
		if (role.terminating)
			break;
	}
	return 0;
}
