/* SPDX-License-Identifier: MIT
 *
 * repo/repo_recover.c - a signed/ that is older than what is published: after a
 * restored backup or an old checkout.  Publishing from it would go back, which
 * machines refuse.  `repo recover` takes signed/ from the published folder, as far
 * as a machine would take that.
 */
#include "repo.h"

#include <inttypes.h>
#include <string.h>

static json_t *published_document(const struct repo *repo, const char *name)
{
	GUARD_AUTO_FREE char *path = NULL;
	json_t *document = NULL;

	if (asprintf(&path, "metadata/%s", name) < 0) {
		path = NULL;
		return NULL;
	}
	return publish_json_read(&document, repo->published, path) == 0 ? document : NULL;
}

bool repo_is_newest(const struct repo *repo)
{
	GUARD_AUTO_JSON json_t *there = NULL, *own = repo_signed(repo, "timestamp");
	const struct repo_keys *keys = &repo->tops[REPO_TIMESTAMP];
	int r = publish_json_read(&there, repo->published, "metadata/timestamp.json");

	if (r == -GUARD_E_IO) {
		guardctl_error("%s/metadata/timestamp.json: %s", repo->directory, strerror(errno));
		return false;
	}
	/* One that is damaged or that nobody signed does not count: it is replaced. */
	if (!there || publish_version(there) < publish_version(own) ||
	    publish_signature_count(there, keys->objects) < keys->threshold)
		return true;
	if (publish_version(there) == publish_version(own)) {
		if (publish_same(there, own))
			return true;
		guardctl_error("%s has a timestamp %" PRIu64 " that is not the one of signed/: somebody published from another "
			       "copy of the folder.  Take that copy's changes (git pull), run `guardctl repo recover`, then publish",
			       repo->directory, publish_version(there));
		return false;
	}
	guardctl_error("%s is newer than signed/ (timestamp %" PRIu64 ", signed %" PRIu64 "): this is an old copy of the "
		       "folder, and machines never go back.  Take the newest copy, or run `guardctl repo recover` and "
		       "compare your sources with it",
		       repo->directory, publish_version(there), publish_version(own));
	return false;
}

static bool recover_image(const struct repo *repo, const char *path, const json_t *target)
{
	GUARD_AUTO_FREE uint8_t *bytes = NULL;
	GUARD_AUTO_FREE char *own = NULL;
	char file[REPO_PATH_MAX];
	size_t size = 0;

	if (strncmp(path, "office/", 7) != 0 && strncmp(path, "deny/", 5) != 0)
		return true;
	if (asprintf(&own, "signed/%s", path) < 0)
		own = NULL;
	if (own && repo_target_file(file, path, target) &&
	    publish_file_read(&bytes, &size, repo->published, file, GUARD_POLICY_IMAGE_MAX) == 0 &&
	    publish_file_write(repo->folder, own, bytes, size) == 0)
		return true;
	guardctl_error("signed/%s was not recovered: %s", path, strerror(errno));
	return false;
}

/* A role's document and images, when they are newer than those of signed/, or as new
 * and others. */
static bool recover_role(const struct repo *repo, const char *role, const char *file, size_t *count)
{
	GUARD_AUTO_JSON json_t *there = published_document(repo, file), *own = repo_signed(repo, role);
	const char *path;
	json_t *target;

	/* What lies in signed/ damaged is what this is for. */
	*repo->unreadable = false;
	if (!there || publish_version(there) < publish_version(own) ||
	    (publish_version(there) == publish_version(own) && publish_same(there, own)))
		return true;
	json_object_foreach(json_object_get(json_object_get(there, "signed"), "targets"), path, target) {
		if (!recover_image(repo, path, target))
			return false;
	}
	*count += 1;
	return repo_keep(repo, role, there);
}

static bool recover_roots(const struct repo *repo, size_t *count)
{
	for (uint64_t version = 1;; version++) {
		char file[64], role[64];
		GUARD_AUTO_JSON json_t *there = NULL, *own = NULL;

		snprintf(file, sizeof(file), "%" PRIu64 ".root.json", version);
		snprintf(role, sizeof(role), "root/%" PRIu64 ".root", version);
		there = published_document(repo, file);
		own = repo_signed(repo, role);
		if (!there)
			return true;
		*repo->unreadable = false;
		if (!own && !repo_keep(repo, role, there))
			return false;
		if (!recover_role(repo, "root", file, count))
			return false;
	}
}

static bool recover_listed(const struct repo *repo, const json_t *snapshot, size_t *count)
{
	const char *name;
	json_t *entry;

	json_object_foreach(json_object_get(json_object_get(snapshot, "signed"), "meta"), name, entry) {
		char file[REPO_PATH_MAX], role[REPO_ROLE_MAX + 8];

		snprintf(file, sizeof(file), "%" JSON_INTEGER_FORMAT ".%.100s",
			 json_integer_value(json_object_get(entry, "version")), name);
		snprintf(role, sizeof(role), "%.*s", (int)strcspn(name, "/"), name);
		if (strlen(role) < 6 || strcmp(&role[strlen(role) - 5], ".json") != 0)
			continue;
		role[strlen(role) - 5] = '\0';
		if (!recover_role(repo, role, file, count))
			return false;
	}
	return true;
}

static bool recover(const struct repo *repo, size_t *count)
{
	GUARD_AUTO_JSON json_t *timestamp = published_document(repo, "timestamp.json"), *snapshot = NULL;
	const json_t *meta = json_object_get(json_object_get(timestamp, "signed"), "meta");
	char file[64];

	snprintf(file, sizeof(file), "%" JSON_INTEGER_FORMAT ".snapshot.json",
		 json_integer_value(json_object_get(json_object_get(meta, "snapshot.json"), "version")));
	snapshot = published_document(repo, file);
	/* The timestamp last: until then a repetition begins anew. */
	return snapshot && recover_roots(repo, count) && recover_listed(repo, snapshot, count) &&
	       recover_role(repo, "snapshot", file, count) && recover_role(repo, "timestamp", "timestamp.json", count);
}

/* A folder that nobody refreshed for long is what it was when it was fresh. */
static void look_before_its_end(struct repo *repo)
{
	GUARD_AUTO_JSON json_t *timestamp = published_document(repo, "timestamp.json");

	if (timestamp && publish_expires(timestamp) <= repo->now)
		repo->now = publish_expires(timestamp) - 1;
}

int repo_recover(const struct repo_options *options)
{
	struct repo repo;
	size_t count = 0;
	bool good = repo_open(&repo, options, NULL) && repo_lock(&repo) && repo_open_published(&repo, false);

	if (good)
		look_before_its_end(&repo);
	good = good && repo_check(&repo, NULL, false) && recover(&repo, &count);

	if (good)
		printf(_("%zu document%s of signed/ taken from %s.  Next: see by `guardctl repo publish --dry-run` that your "
		       "sources are not older, too\n"),
		       count, count == 1 ? "" : "s", repo.directory);
	repo_close(&repo);
	return good ? GUARDCTL_DONE : GUARDCTL_REFUSED;
}
