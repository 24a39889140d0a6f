/* SPDX-License-Identifier: MIT
 *
 * repo/repo_publish.c - the coordinator of `repo publish` and `repo refresh`:
 * sources to images, images to signed roles, roles to files, the timestamp
 * last.  Whatever fails before that leaves readers with what they had.
 */
#include "repo_publish.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

void publication_clear(struct publication *publication)
{
	for (size_t i = 0; i < REPO_PROFILES_MAX; i++)
		repo_image_clear(&publication->images[i]);
	json_decref(publication->roles);
	json_decref(publication->targets);
}

static bool is_root_current(const struct repo *repo)
{
	GUARD_AUTO_JSON json_t *root = repo_signed(repo, "root"), *wanted = publish_envelope(repo_root_body(repo));

	if (!root) {
		guardctl_error("there is no root yet: `guardctl repo init` with the root keys comes first");
		return false;
	}
	if (publish_same(root, wanted))
		return true;
	guardctl_error("repo.conf names other keys than the root: `guardctl repo rotate` with the root keys comes first");
	return false;
}

/* ---- images and roles ------------------------------------------------------------------- */

/* What machines would make of the image of a profile. */
static bool look_at(struct publication *publication, const struct repo *repo, const struct repo_profile *profile,
		    const struct repo_image *image)
{
	struct guard_policy *policy = repo_image_open(image, NULL), *old = repo_published_policy(repo, profile->name);
	bool good = policy && (!old || repo->allow_lockout || repo_policy_leaves_machines(repo, old, policy, profile->name));

	if (policy)
		repo_limits_narrow(&publication->limits, policy);
	else
		guardctl_error("the compiled policy cannot be looked at: %s", strerror(errno));
	guard_policy_free(policy);
	guard_policy_free(old);
	return good;
}

static bool make_images(struct publication *publication, const struct repo *repo, const struct repo_options *options)
{
	GUARD_AUTO_JSON json_t *current = repo_signed(repo, "targets");

	for (size_t i = 0; i < repo->profile_count; i++) {
		struct repo_image *image = &publication->images[i];

		if (!repo_profile_image(image, repo, &repo->profiles[i], options->allow_lockout) ||
		    !publication_check_version(current, &repo->profiles[i], image))
			return false;
		if (!look_at(publication, repo, &repo->profiles[i], image))
			return false;
	}
	return true;
}

/* What waits for somebody else's signature was said, and waits: nobody waits for it. */
static bool make_list(struct publication *publication, struct repo *repo, const struct repo_office *office, bool broad)
{
	enum repo_result result = repo_office_update(repo, office, broad, &publication->limits);

	publication->changed += result == REPO_SIGNED;
	return result <= REPO_PENDING;
}

static bool make_offices(struct publication *publication, struct repo *repo)
{
	enum repo_result result = repo_deny_update(repo);
	bool good = result < REPO_PENDING;

	repo->publishing = true;
	publication->changed += result == REPO_SIGNED;
	for (size_t i = 0; good && i < repo->office_count; i++) {
		const struct repo_office *office = &repo->offices[i];

		good = make_list(publication, repo, office, false) &&
		       (!office->broad.threshold || make_list(publication, repo, office, true));
	}
	return good;
}

/* One role that headquarters signs with its targets keys. */
static bool make_role(struct publication *publication, struct repo *repo, const char *name, json_t *body)
{
	json_t *document = NULL;
	enum repo_result result = repo_role_update(&document, repo, name, &repo->tops[REPO_TARGETS],
						   repo->lives[REPO_TARGETS], body);

	publication->changed += result == REPO_SIGNED;
	if (!document)
		return false;
	json_object_set_new(publication->roles, name, document);
	return true;
}

static bool make_bins(struct publication *publication, struct repo *repo, unsigned bits)
{
	for (unsigned bin = 0; bits && bin < 1u << bits; bin++) {
		char name[REPO_ROLE_MAX];
		json_t *body = publish_body("targets", 1, 0);

		json_object_set_new(body, "targets", publication_places(publication, repo, bits, bin));
		json_object_set_new(body, "delegations", repo_delegations(repo, bits, bin));
		publication_bin_name(name, bits, bin);
		if (!make_role(publication, repo, name, body))
			return false;
	}
	return true;
}

static bool make_targets(struct publication *publication, struct repo *repo)
{
	unsigned bits = repo_bin_bits(repo->office_count);
	json_t *body = publish_body("targets", 1, 0), *targets = publication_policies(publication, repo);

	if (bits == 0) {
		GUARD_AUTO_JSON json_t *places = publication_places(publication, repo, 0, 0);

		json_object_update(targets, places);
	}
	json_object_set_new(body, "targets", targets);
	json_object_set_new(body, "delegations", publication_delegations(repo, bits));
	return make_bins(publication, repo, bits) && make_role(publication, repo, "targets", body);
}

/* The documents of offices and of the denials, as they are signed. */
static void take_signed(struct publication *publication, const struct repo *repo, const char *name)
{
	json_t *document = repo_signed(repo, name);

	if (document)
		json_object_set_new(publication->roles, name, document);
}

static void take_offices(struct publication *publication, const struct repo *repo)
{
	take_signed(publication, repo, "deny");
	for (size_t i = 0; i < repo->office_count; i++) {
		char name[REPO_ROLE_MAX];

		take_signed(publication, repo, repo->offices[i].name);
		snprintf(name, sizeof(name), "%s.broad", repo->offices[i].name);
		if (repo->offices[i].broad.threshold)
			take_signed(publication, repo, name);
	}
}

/* ---- snapshot and timestamp ------------------------------------------------------------------ */

static json_t *snapshot_body(const struct publication *publication, const struct repo *repo)
{
	GUARD_AUTO_JSON json_t *earlier = repo_signed(repo, "snapshot");
	const json_t *listed = json_object_get(json_object_get(earlier, "signed"), "meta");
	json_t *body = publish_body("snapshot", 1, 0), *meta = listed ? json_deep_copy(listed) : json_object(), *document;
	const char *name;

	/* What was listed once stays listed (section 5.5.5). */
	json_object_foreach(publication->roles, name, document) {
		char file[REPO_ROLE_MAX + 8];

		snprintf(file, sizeof(file), "%s.json", name);
		json_object_set_new(meta, file, json_pack("{s:I}", "version", (json_int_t)publish_version(document)));
	}
	json_object_set_new(body, "meta", meta);
	return body;
}

static json_t *timestamp_of(const struct repo *repo, const json_t *snapshot)
{
	GUARD_AUTO_FREE uint8_t *bytes = NULL;
	GUARD_AUTO_JSON json_t *earlier = repo_signed(repo, "timestamp"), *file = NULL;
	json_t *body, *document;
	size_t size = 0;

	if (publish_bytes(&bytes, &size, snapshot) < 0)
		return NULL;
	file = publish_target(bytes, size);
	json_object_set_new(file, "version", json_integer((json_int_t)publish_version(snapshot)));
	body = publish_body("timestamp", publish_version(earlier) + 1, repo->now + repo->lives[REPO_TIMESTAMP]);
	json_object_set_new(body, "meta", json_pack("{s:O}", "snapshot.json", file));
	document = publish_envelope(body);
	if (repo_sign_all(document, repo, &repo->tops[REPO_TIMESTAMP]) < 0 ||
	    publish_signature_count(document, repo->tops[REPO_TIMESTAMP].objects) < repo->tops[REPO_TIMESTAMP].threshold) {
		guardctl_error("the timestamp lacks signatures: give the timestamp keys with --key, or as `signers` in repo.conf");
		json_decref(document);
		return NULL;
	}
	return document;
}

static bool write_snapshot(json_t **ret_snapshot, const struct publication *publication, struct repo *repo)
{
	GUARD_AUTO_JSON json_t *snapshot = NULL;
	enum repo_result result = repo_role_update(&snapshot, repo, "snapshot", &repo->tops[REPO_SNAPSHOT],
						   repo->lives[REPO_SNAPSHOT], snapshot_body(publication, repo));

	if (!snapshot || result >= REPO_PENDING || !publication_write_role(repo, "snapshot", snapshot))
		return false;
	*ret_snapshot = guard_steal_pointer(&snapshot);
	return true;
}

/* All is on the disk and a machine would take it: then, and only then. */
static bool switch_over(const struct repo *repo, const json_t *snapshot)
{
	GUARD_AUTO_JSON json_t *timestamp = timestamp_of(repo, snapshot);
	GUARD_AUTO_FREE uint8_t *bytes = NULL;
	size_t size = 0;

	if (timestamp && syncfs(repo->published) < 0) {
		guardctl_error("%s: %s; readers keep what they had", repo->directory, strerror(errno));
		return false;
	}
	if (!timestamp || !repo_check(repo, timestamp, false) ||
	    !repo_keep(repo, "timestamp", timestamp) || publish_bytes(&bytes, &size, timestamp) < 0)
		return false;
	if (publish_file_write(repo->published, "metadata/timestamp.json", bytes, size) == 0)
		return true;
	guardctl_error("%s/%s: %s; readers keep what they had", repo->directory, "metadata/timestamp.json", strerror(errno));
	return false;
}

static bool put_in_place(const struct publication *publication, struct repo *repo)
{
	GUARD_AUTO_JSON json_t *snapshot = NULL;

	return publication_write_roots(repo) && publication_write_targets(publication, repo) && publication_write_roles(publication, repo) &&
	       write_snapshot(&snapshot, publication, repo) && switch_over(repo, snapshot);
}

static bool publish(struct publication *publication, struct repo *repo, const struct repo_options *options)
{
	if (!options->dry_run && !repo_take_published(repo, true))
		return false;
	if (!make_images(publication, repo, options) || !make_offices(publication, repo))
		return false;
	if (options->dry_run)
		return publication_tell(publication, repo, options);
	publication_tell_gone(repo, NULL);
	if (!make_targets(publication, repo))
		return false;
	take_offices(publication, repo);
	if (!put_in_place(publication, repo))
		return false;
	repo_forget_replaced(repo);
	publication_tell_ends(repo);
	printf(_("Published in %s: %zu profile%s, %zu office%s, %zu role%s signed anew\n"), repo->directory,
	       repo->profile_count, repo->profile_count == 1 ? "" : "s", repo->office_count,
	       repo->office_count == 1 ? "" : "s", publication->changed, publication->changed == 1 ? "" : "s");
	return true;
}

int repo_publish(const struct repo_options *options)
{
	struct publication publication = { .roles = json_object(), .targets = json_object(), .limits = REPO_LIMITS_WIDEST };
	struct repo repo;
	bool good = repo_open(&repo, options, NULL) && repo_load_signers(&repo, options) &&
		    (options->dry_run || repo_lock(&repo)) && is_root_current(&repo) && publish(&publication, &repo, options);

	publication_clear(&publication);
	repo_close(&repo);
	return good ? GUARDCTL_DONE : GUARDCTL_REFUSED;
}

int repo_publish_one(struct repo *repo, const char *role)
{
	struct publication publication = { .roles = json_object(), .targets = json_object() };
	bool good = false;

	take_signed(&publication, repo, role);
	if (!repo_can_sign(repo, &repo->tops[REPO_TIMESTAMP]) || !repo_can_sign(repo, &repo->tops[REPO_SNAPSHOT]) ||
	    !repo_is_delegated(repo, role)) {
		puts(_("Signed. Next, at headquarters: guardctl repo publish"));
		good = true;
	} else if (repo_take_published(repo, true) && put_in_place(&publication, repo)) {
		puts(_("Signed and published: machines have it at their next check"));
		good = true;
	}
	publication_clear(&publication);
	return good ? GUARDCTL_DONE : GUARDCTL_REFUSED;
}

int repo_refresh(const struct repo_options *options)
{
	struct publication publication = { .roles = json_object(), .targets = json_object(), .limits = REPO_LIMITS_WIDEST };
	GUARD_AUTO_JSON json_t *snapshot = NULL;
	struct repo repo;
	bool good = repo_open(&repo, options, NULL) && repo_load_signers(&repo, options) && repo_lock(&repo) &&
		    repo_take_published(&repo, false) && write_snapshot(&snapshot, &publication, &repo) &&
		    switch_over(&repo, snapshot);

	if (good) {
		repo_forget_replaced(&repo);
		publication_tell_ends(&repo);
		puts(_("Refreshed: machines see that nothing is withheld from them"));
	}
	publication_clear(&publication);
	repo_close(&repo);
	return good ? GUARDCTL_DONE : GUARDCTL_REFUSED;
}
