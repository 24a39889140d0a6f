/* SPDX-License-Identifier: MIT
 *
 * repo/repo_roles.c - what the delegated roles say: an office's exceptions, the
 * denials, places, delegations and their bins.
 */
#include "repo.h"

#include <inttypes.h>
#include <string.h>

#include "policy/image.h"

static json_t *targets_body(void)
{
	json_t *body = publish_body("targets", 1, 0);

	json_object_set_new(body, "targets", json_object());
	return body;
}

/* Body of a role that signs one image at most. */
static json_t *image_body(const struct repo_image *image, const char *target)
{
	json_t *body = targets_body();

	if (image->bytes)
		json_object_set_new(json_object_get(body, "targets"), target,
				    publish_target(image->bytes, image->size));
	return body;
}

static bool keep_image(const struct repo *repo, const struct repo_image *image, const char *target)
{
	char path[256];
	int r;

	if (!image->bytes)
		return true;
	snprintf(path, sizeof(path), "signed/%s", target);
	r = publish_file_write(repo->folder, path, image->bytes, image->size);
	if (r < 0)
		guardctl_error("%s was not written: %s", path, strerror(errno));
	return r == 0;
}

/* An office is delegated to while what it signed holds: by its keys of today, and not
 * run out.  One whose key was replaced, or that signed nothing for a year, has no
 * exceptions until it signs; it holds up nobody else. */
static bool is_signed(const struct repo *repo, const char *role, const struct repo_keys *keys)
{
	GUARD_AUTO_JSON json_t *document = repo_signed(repo, role);

	return document && publish_expires(document) > repo->now &&
	       publish_signature_count(document, keys->objects) >= keys->threshold;
}

/* What is signed is not what stands there, and the key is not at hand. */
static void tell_unsigned(const struct repo *repo, const char *role, const struct repo_keys *keys)
{
	if (keys != &repo->tops[REPO_DENY] && !is_signed(repo, role, keys))
		guardctl_error("%s is not signed by enough of the keys that it has now, or its signatures have run out: what "
			       "it lists holds nowhere until it is signed (guardctl exception sign)", role);
	else if (!repo->dry_run)
		guardctl_error("%s has changed since it was signed, and its key is not at hand: "
			       "what was signed before stays", role);
}

static enum repo_result update_image_role(struct repo *repo, const char *role, const struct repo_keys *keys,
					  int64_t life, const struct repo_image *image, const char *target)
{
	GUARD_AUTO_JSON json_t *document = NULL, *current = repo_signed(repo, role);
	json_t *body = image_body(image, target);

	if (repo->dry_run || !repo_can_sign(repo, keys)) {
		bool differs = repo_role_differs(repo, role, keys, life, body);

		if (differs && current && !repo_can_sign(repo, keys))
			tell_unsigned(repo, role, keys);
		return differs && repo->dry_run ? REPO_SIGNED : REPO_SAME;
	}
	/* The image first: a document never speaks of what is not there. */
	if (!keep_image(repo, image, target)) {
		json_decref(body);
		return REPO_FAILED;
	}
	return repo_role_update(&document, repo, role, keys, life, body);
}

enum repo_result repo_office_update(struct repo *repo, const struct repo_office *office, bool broad,
				    const struct guard_exception_limits *limits)
{
	char folder[REPO_NAME_MAX + 32], target[REPO_NAME_MAX + 64], role[REPO_ROLE_MAX];
	const struct repo_keys *keys = broad ? &office->broad : &office->keys;
	struct repo_image image = { 0 };
	enum repo_result result = REPO_FAILED;

	snprintf(folder, sizeof(folder), "offices/%s%s", office->name, broad ? "/broad" : "");
	snprintf(target, sizeof(target), "office/%s/%sexceptions.img", office->name, broad ? "broad/" : "");
	snprintf(role, sizeof(role), "%s%s", office->name, broad ? ".broad" : "");
	/* Headquarters, without the office's keys, is told and goes on: what an office
	 * has wrong holds up no policy, and what was signed before stays. */
	if (!repo_layer_image(&image, repo, folder, office->name, target) ||
	    (image.bytes && !repo_bounds_hold(repo, limits, office, broad, &image)))
		result = repo->publishing && !*repo->unreadable && repo_signers_of(repo, keys) < keys->threshold ? REPO_SAME :
														   REPO_FAILED;
	else
		result = update_image_role(repo, role, keys, repo->office_life, &image, target);
	repo_image_clear(&image);
	return result;
}

/* By the policies that machines have now. */
static bool leave_machines(const struct repo *repo, const struct guard_policy *denials)
{
	bool good = true;

	for (size_t i = 0; good && !repo->allow_lockout && i < repo->profile_count; i++) {
		struct guard_policy *policy = repo_published_policy(repo, repo->profiles[i].name);

		good = !policy || repo_denials_leave_machines(repo, denials, policy, repo->profiles[i].name);
		guard_policy_free(policy);
	}
	return good;
}

/* Nothing in the denials may allow. */
static bool denies_only(const struct repo *repo, const struct repo_image *image)
{
	struct guard_policy *policy = repo_image_open(image, NULL);
	struct guard_policy_info info;
	struct guard_rule_info rule;
	bool good = true;

	if (!policy) {
		guardctl_error("the compiled denials cannot be looked at: %s", strerror(errno));
		return false;
	}
	guard_policy_info(policy, &info);
	for (uint32_t i = 0; good && i < info.rule_count; i++)
		good = guard_policy_rule_info(policy, i, &rule) == 0 && rule.action == GUARD_DENY;
	if (good && !leave_machines(repo, policy)) {
		guard_policy_free(policy);
		return false;
	}
	guard_policy_free(policy);
	if (!good)
		guardctl_error("deny/: a rule there does not deny; what allows belongs into a policy or an exception");
	return good;
}

enum repo_result repo_deny_update(struct repo *repo)
{
	struct repo_image image = { 0 };
	enum repo_result result = REPO_FAILED;

	if (repo_layer_image(&image, repo, "deny", "deny-now", "deny/now.img") && (!image.bytes || denies_only(repo, &image)))
		result = update_image_role(repo, "deny", &repo->tops[REPO_DENY], repo->lives[REPO_DENY], &image,
					   "deny/now.img");
	repo_image_clear(&image);
	return result;
}

/* ---- places --------------------------------------------------------------------------- */

static json_t *machine_entry(const struct repo *repo, const json_t *conf)
{
	const char *fields[] = { "host", "id", "profile" };
	json_t *entry = json_object(), *groups = json_object_get(conf, "groups"), *settings = repo_settings_of(repo, conf);

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (json_object_get(conf, fields[i]))
			json_object_set(entry, fields[i], json_object_get(conf, fields[i]));
	if (groups)
		json_object_set(entry, "groups", groups);
	else
		json_object_set_new(entry, "groups", json_array());
	if (settings)
		json_object_set_new(entry, "settings", settings);
	return entry;
}

json_t *repo_place(const struct repo *repo, const struct repo_office *office)
{
	json_t *machines = json_array(), *machine, *place;
	size_t i;

	json_array_foreach((json_t *)office->machines, i, machine)
		json_array_append_new(machines, machine_entry(repo, machine));
	place = json_pack("{s:i, s:s, s:o, s:o}", "format", 1, "office", office->name, "within",
			  office->within ? json_deep_copy(office->within) : json_array(), "machines", machines);
	if (place && office->released)
		json_object_set_new(place, "released", json_deep_copy(office->released));
	if (place && json_array_size(office->maintenance))
		json_object_set_new(place, "maintenance", json_deep_copy(office->maintenance));
	return place;
}

/* ---- delegations and bins ------------------------------------------------------------------ */

unsigned repo_bin_bits(size_t offices)
{
	unsigned bits = 0;

	while (bits < 16 && offices > (size_t)REPO_BIN_SIZE << bits)
		bits++;
	return bits;
}

unsigned repo_bin_of(const char *path, unsigned bits)
{
	uint8_t digest[32];

	if (bits == 0 || EVP_Digest(path, strlen(path), digest, NULL, EVP_sha256(), NULL) != 1)
		return 0;
	return ((unsigned)digest[0] << 8 | digest[1]) >> (16 - bits);
}

static bool add_delegation(json_t *keys, json_t *roles, const char *name, const struct repo_keys *role_keys,
			   const char *pattern)
{
	json_t *role = publish_role(keys, role_keys->objects, role_keys->threshold);

	if (!role)
		return false;
	json_object_set_new(role, "name", json_string(name));
	json_object_set_new(role, "terminating", json_true());
	json_object_set_new(role, "paths", json_pack("[s]", pattern));
	return json_array_append_new(roles, role) == 0;
}

static void add_office(json_t *keys, json_t *roles, const struct repo *repo, const struct repo_office *office,
		       bool broad, unsigned bits, unsigned bin)
{
	char role[REPO_ROLE_MAX], pattern[REPO_NAME_MAX + 32], path[REPO_NAME_MAX + 64];

	snprintf(role, sizeof(role), "%s%s", office->name, broad ? ".broad" : "");
	snprintf(pattern, sizeof(pattern), "office/%s/%s*", office->name, broad ? "broad/" : "");
	snprintf(path, sizeof(path), "office/%s/%sexceptions.img", office->name, broad ? "broad/" : "");
	if ((!broad || office->broad.threshold) && repo_bin_of(path, bits) == bin &&
	    is_signed(repo, role, broad ? &office->broad : &office->keys))
		add_delegation(keys, roles, role, broad ? &office->broad : &office->keys, pattern);
}

static json_t *delegations_of(json_t *keys, json_t *roles)
{
	return json_pack("{s:o, s:o}", "keys", keys, "roles", roles);
}

/* Denials do not vanish because nobody signed them anew: then nothing is published. */
static void add_deny(json_t *keys, json_t *roles, const struct repo *repo)
{
	if (faccessat(repo->folder, "signed/deny.json", F_OK, 0) == 0 || errno != ENOENT)
		add_delegation(keys, roles, "deny", &repo->tops[REPO_DENY], "deny/*");
}

json_t *repo_deny_delegation(const struct repo *repo)
{
	json_t *keys = json_object(), *roles = json_array();

	add_deny(keys, roles, repo);
	return delegations_of(keys, roles);
}

json_t *repo_delegations(const struct repo *repo, unsigned bits, unsigned bin)
{
	json_t *keys = json_object(), *roles = json_array();

	if (bits == 0)
		add_deny(keys, roles, repo);
	for (size_t i = 0; i < repo->office_count; i++) {
		/* The broad one first: the other's pattern ends at a slash, but order
		 * is what a reader of metadata goes by. */
		add_office(keys, roles, repo, &repo->offices[i], true, bits, bin);
		add_office(keys, roles, repo, &repo->offices[i], false, bits, bin);
	}
	return delegations_of(keys, roles);
}
