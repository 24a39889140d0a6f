/* SPDX-License-Identifier: MIT
 *
 * repo/repo_publish_parts.c - the targets and delegations that headquarters'
 * roles speak of.
 */
#include "repo_publish.h"

#include <inttypes.h>
#include <string.h>

static void policy_path(char ret_path[REPO_NAME_MAX + 16], const struct repo_profile *profile)
{
	snprintf(ret_path, REPO_NAME_MAX + 16, "policy/%s.img", profile->name);
}

bool publication_check_version(const json_t *current, const struct repo_profile *profile, const struct repo_image *image)
{
	char path[REPO_NAME_MAX + 16];
	const json_t *entry;
	GUARD_AUTO_JSON json_t *wanted = publish_target(image->bytes, image->size);
	int64_t version;

	policy_path(path, profile);
	entry = json_object_get(json_object_get(json_object_get(current, "signed"), "targets"), path);
	version = json_integer_value(json_object_get(json_object_get(entry, "custom"), "version"));
	if (!entry || json_equal(json_object_get(entry, "hashes"), json_object_get(wanted, "hashes")) ||
	    image->version > (uint64_t)version)
		return true;
	guardctl_error("profile %s has changed, and its version %" PRIu64 " has not: machines never take another policy "
		       "under a version that they had; set version = %" PRId64 "; in its `policy` block",
		       profile->name, image->version, version + 1);
	return false;
}

json_t *publication_policies(const struct publication *publication, const struct repo *repo)
{
	json_t *targets = json_object();

	for (size_t i = 0; i < repo->profile_count; i++) {
		const struct repo_image *image = &publication->images[i];
		json_t *target = publish_target(image->bytes, image->size);
		char path[REPO_NAME_MAX + 16];

		json_object_set_new(target, "custom", json_pack("{s:I}", "version", (json_int_t)image->version));
		policy_path(path, &repo->profiles[i]);
		json_object_set_new(targets, path, target);
	}
	return targets;
}

json_t *publication_places(struct publication *publication, const struct repo *repo, unsigned bits, unsigned bin)
{
	json_t *targets = json_object();

	for (size_t i = 0; i < repo->office_count; i++) {
		GUARD_AUTO_JSON json_t *place = NULL;
		GUARD_AUTO_FREE uint8_t *bytes = NULL;
		char path[REPO_NAME_MAX + 16];
		size_t size = 0;

		snprintf(path, sizeof(path), "place/%s.json", repo->offices[i].name);
		if (repo_bin_of(path, bits) != bin)
			continue;
		place = repo_place(repo, &repo->offices[i]);
		if (!place || publish_bytes(&bytes, &size, place) < 0)
			continue;
		json_object_set_new(targets, path, publish_target(bytes, size));
		json_object_set_new(publication->targets, path, json_stringn((const char *)bytes, size));
	}
	publication_deliveries(publication, targets, repo, bits, bin);
	return targets;
}

/* The last `digits` of a number in hex; bins have 16 bits at most. */
static const char *hex_of(char ret_text[5], unsigned digits, unsigned number)
{
	snprintf(ret_text, 5, "%04x", number & 0xffffu);
	return &ret_text[digits < 4 ? 4 - digits : 0];
}

void publication_bin_name(char ret_name[REPO_ROLE_MAX], unsigned bits, unsigned bin)
{
	char hex[5];

	snprintf(ret_name, REPO_ROLE_MAX, "bin-%s", hex_of(hex, (bits + 3) / 4, bin));
}

/* Bin `bin` of 2^bits as hex prefixes of the path's hash. */
static json_t *bin_prefixes(unsigned bits, unsigned bin)
{
	unsigned digits = (bits + 3) / 4, span = 1u << (4 * digits - bits);
	json_t *prefixes = json_array();

	for (unsigned i = 0; i < span; i++) {
		char hex[5];

		json_array_append_new(prefixes, json_string(hex_of(hex, digits, bin * span + i)));
	}
	return prefixes;
}

static void add_bin(json_t *keys, json_t *roles, const struct repo *repo, unsigned bits, unsigned bin)
{
	const struct repo_keys *own = &repo->tops[REPO_TARGETS];
	json_t *role = publish_role(keys, own->objects, own->threshold);
	char name[REPO_ROLE_MAX];

	publication_bin_name(name, bits, bin);
	json_object_set_new(role, "name", json_string(name));
	json_object_set_new(role, "terminating", json_true());
	json_object_set_new(role, "path_hash_prefixes", bin_prefixes(bits, bin));
	json_array_append_new(roles, role);
}

json_t *publication_delegations(const struct repo *repo, unsigned bits)
{
	json_t *delegations;

	if (bits == 0)
		return repo_delegations(repo, 0, 0);
	delegations = repo_deny_delegation(repo);
	for (unsigned bin = 0; bin < 1u << bits; bin++)
		add_bin(json_object_get(delegations, "keys"), json_object_get(delegations, "roles"), repo, bits, bin);
	return delegations;
}
