/* SPDX-License-Identifier: MIT
 *
 * repo/repo_publish_files.c - what was signed, put into the published folder.
 * A file that is there with the same bytes is not touched; none but the
 * timestamp is ever replaced by another.
 */
#include "repo_publish.h"

#include <inttypes.h>
#include <string.h>

static bool put(const struct repo *repo, const char *path, const void *bytes, size_t size)
{
	GUARD_AUTO_FREE uint8_t *there = NULL;
	size_t there_size = 0;
	int r;

	if (publish_file_is_there(repo->published, path, size) &&
	    publish_file_read(&there, &there_size, repo->published, path, size) == 0 && there_size == size &&
	    memcmp(there, bytes, size) == 0 && publish_file_has_packed(repo->published, path, size))
		return true;
	r = publish_file_put_packed(repo->published, path, bytes, size);
	if (r < 0)
		guardctl_error("%s/%s: %s; readers keep what they had", repo->directory, path,
			       r == -GUARD_E_IO ? strerror(errno) : guardctl_error_text(r));
	return r == 0;
}

bool publication_write_role(const struct repo *repo, const char *name, const json_t *document)
{
	GUARD_AUTO_FREE uint8_t *bytes = NULL;
	char path[REPO_ROLE_MAX + 64];
	size_t size = 0;

	if (publish_bytes(&bytes, &size, document) < 0)
		return false;
	snprintf(path, sizeof(path), "metadata/%" PRIu64 ".%s.json", publish_version(document), name);
	return put(repo, path, bytes, size);
}

bool publication_write_roles(const struct publication *publication, const struct repo *repo)
{
	const char *name;
	json_t *document;

	json_object_foreach(publication->roles, name, document) {
		if (!publication_write_role(repo, name, document))
			return false;
	}
	return true;
}

bool publication_write_roots(const struct repo *repo)
{
	GUARD_AUTO_JSON json_t *newest = repo_signed(repo, "root");
	uint64_t last = publish_version(newest);

	for (uint64_t version = 1; version <= last; version++) {
		char role[64];
		GUARD_AUTO_JSON json_t *root = NULL;

		snprintf(role, sizeof(role), "root/%" PRIu64 ".root", version);
		root = repo_signed(repo, role);
		if (!root) {
			guardctl_error("signed/%s.json is missing: machines follow the roots one by one; restore it", role);
			return false;
		}
		if (!publication_write_role(repo, "root", root))
			return false;
	}
	return true;
}

/* PATH becomes DIR/HASH.NAME. */
static bool put_target(const struct repo *repo, const char *path, const void *bytes, size_t size)
{
	GUARD_AUTO_JSON json_t *target = publish_target(bytes, size);
	char name[REPO_PATH_MAX];

	return repo_target_file(name, path, target) && put(repo, name, bytes, size);
}

/* The image that a role of an office, or the denials, speaks of. */
static bool put_signed_image(const struct repo *repo, const json_t *document)
{
	const json_t *targets = json_object_get(json_object_get(document, "signed"), "targets");
	const char *path;
	json_t *entry;

	json_object_foreach((json_t *)targets, path, entry) {
		GUARD_AUTO_FREE uint8_t *bytes = NULL;
		GUARD_AUTO_FREE char *source = NULL;
		size_t size = 0;

		if (strncmp(path, "office/", 7) != 0 && strncmp(path, "deny/", 5) != 0)
			continue;
		if (asprintf(&source, "signed/%s", path) < 0) {
			source = NULL;
			return false;
		}
		if (publish_file_read(&bytes, &size, repo->folder, source, REPO_JSON_MAX) < 0) {
			guardctl_error("%s is missing, and a signed role speaks of it; sign the exceptions again", source);
			return false;
		}
		if (!put_target(repo, path, bytes, size))
			return false;
	}
	return true;
}

bool publication_write_targets(const struct publication *publication, const struct repo *repo)
{
	const char *path;
	json_t *value;

	for (size_t i = 0; i < repo->profile_count; i++) {
		char name[REPO_NAME_MAX + 16];

		if (!publication->images[i].bytes)
			continue; /* a publication of one role */
		snprintf(name, sizeof(name), "policy/%s.img", repo->profiles[i].name);
		if (!put_target(repo, name, publication->images[i].bytes, publication->images[i].size))
			return false;
	}
	json_object_foreach(publication->targets, path, value) {
		if (!put_target(repo, path, json_string_value(value), json_string_length(value)))
			return false;
	}
	json_object_foreach(publication->roles, path, value) {
		if (!put_signed_image(repo, value))
			return false;
	}
	return true;
}
