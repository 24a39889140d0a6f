/* SPDX-License-Identifier: MIT
 *
 * repo/repo_verify.c - `repo verify`: every file of the published folder looked
 * at for itself, then the whole as a machine would take it.  Changes nothing.
 */
#include "repo_publish.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"

struct verifying {
	const struct repo *repo;
	json_t *keys; /* id -> public key: all that may have signed */
	size_t files, damaged;
};

static void damaged(struct verifying *verifying, const char *path, const char *why)
{
	guardctl_error("%s/%s: %s", verifying->repo->directory, path, why);
	verifying->damaged++;
}

/* ---- keys ----------------------------------------------------------------------- */

static void know(json_t *keys, const json_t *objects)
{
	size_t i;
	json_t *key;

	json_array_foreach((json_t *)objects, i, key) {
		char id[GUARD_TRUST_KEY_ID_SIZE];

		if (guard_trust_key_id(id, key) == 0)
			json_object_set(keys, id, key);
	}
}

static json_t *known_keys(const struct repo *repo)
{
	GUARD_AUTO_JSON json_t *newest = repo_signed(repo, "root");
	json_t *keys = json_object();

	for (size_t i = 0; i < REPO_TOP_MAX_; i++)
		know(keys, repo->tops[i].objects);
	for (size_t i = 0; i < repo->office_count; i++) {
		know(keys, repo->offices[i].keys.objects);
		know(keys, repo->offices[i].broad.objects);
	}
	for (uint64_t version = 1; version <= publish_version(newest); version++) {
		GUARD_AUTO_JSON json_t *root = NULL;
		char role[64];

		snprintf(role, sizeof(role), "root/%" PRIu64 ".root", version);
		root = repo_signed(repo, role);
		json_object_update(keys, json_object_get(json_object_get(root, "signed"), "keys"));
	}
	return keys;
}

/* A signature by a key that is known verifies. */
static bool signatures_hold(const struct verifying *verifying, const json_t *document)
{
	size_t i;
	json_t *signature;

	json_array_foreach(json_object_get(document, "signatures"), i, signature) {
		const char *id = json_string_value(json_object_get(signature, "keyid"));
		json_t *key = id ? json_object_get(verifying->keys, id) : NULL;
		GUARD_AUTO_JSON json_t *one = key ? json_pack("[O]", key) : NULL;

		if (one && publish_signature_count(document, one) != 1)
			return false;
	}
	return true;
}

/* ---- one file -------------------------------------------------------------------- */

static void check_metadata(struct verifying *verifying, const char *path, const char *name)
{
	size_t digits = strspn(name, "0123456789");
	GUARD_AUTO_JSON json_t *document = NULL;
	uint64_t version = 0;

	if (publish_json_read(&document, verifying->repo->published, path) < 0 ||
	    !json_is_object(json_object_get(document, "signed")))
		damaged(verifying, path, _("it is damaged: no signed document"));
	else if (strcmp(name, "timestamp.json") != 0 &&
		 (guard_text_parse_u64(&version, name, digits, INT64_MAX) < 0 || version != publish_version(document)))
		damaged(verifying, path, _("it is damaged: the version in it is not that of its name"));
	else if (!signatures_hold(verifying, document))
		damaged(verifying, path, _("it is damaged: a signature in it does not fit what it says"));
}

static void check_target(struct verifying *verifying, const char *path, const char *name)
{
	GUARD_AUTO_FREE uint8_t *bytes = NULL;
	GUARD_AUTO_JSON json_t *target = NULL;
	const char *hash = NULL;
	size_t size = 0;

	if (publish_file_read(&bytes, &size, verifying->repo->published, path, GUARD_POLICY_IMAGE_MAX) == 0)
		target = publish_target(bytes, size);
	hash = json_string_value(json_object_get(json_object_get(target, "hashes"), "sha256"));
	if (!hash || strncmp(name, hash, 64) != 0 || name[64] != '.')
		damaged(verifying, path, _("it is damaged: its content does not have the SHA-256 of its name"));
}

/* A web server hands out FILE.gz in place of FILE. */
static void check_packed(struct verifying *verifying, const char *path)
{
	GUARD_AUTO_FREE uint8_t *packed = NULL, *plain = NULL, *unpacked = NULL;
	size_t packed_size = 0, plain_size = 0;
	char name[REPO_PATH_MAX];

	snprintf(name, sizeof(name), "%.*s", (int)strlen(path) - 3, path);
	if (publish_file_read(&plain, &plain_size, verifying->repo->published, name, GUARD_POLICY_IMAGE_MAX) < 0)
		return; /* of a run that was cut off; whether FILE is needed is looked at for all */
	if (publish_file_read(&packed, &packed_size, verifying->repo->published, path, GUARD_POLICY_IMAGE_MAX) < 0 ||
	    publish_unpack(&unpacked, plain_size, packed, packed_size) < 0 ||
	    memcmp(unpacked, plain, plain_size) != 0)
		damaged(verifying, path, _("it is damaged: it does not unpack to the file that it stands for; remove it, "
					 "then run `guardctl repo publish`"));
}

static bool look(void *context, const char *path, const struct stat *status)
{
	struct verifying *verifying = context;
	const char *slash = strrchr(path, '/'), *name = slash ? &slash[1] : path;
	mode_t wanted = S_ISDIR(status->st_mode) ? 0555 : 0444;

	if (!S_ISDIR(status->st_mode) && !S_ISREG(status->st_mode))
		damaged(verifying, path, _("it is neither a file nor a folder"));
	else if ((status->st_mode & wanted) != wanted)
		damaged(verifying, path, _("a web server cannot read it; chmod a+rX"));
	if (!S_ISREG(status->st_mode))
		return true;
	verifying->files++;
	if (name[0] == '.')
		return true; /* of a run that was cut off; the next publication removes it */
	if (guard_text_ends_with(name, ".gz"))
		check_packed(verifying, path);
	else if (strncmp(path, "metadata/", 9) == 0)
		check_metadata(verifying, path, name);
	else
		check_target(verifying, path, name);
	return true;
}

/* ---- the whole -------------------------------------------------------------------- */

/* What is signed and was to be published is there. */
static void check_needed(struct verifying *verifying)
{
	GUARD_AUTO_JSON json_t *needed = repo_needed(verifying->repo);
	const char *path;
	json_t *value;

	json_object_foreach(needed, path, value) {
		struct stat status;

		if (fstatat(verifying->repo->published, path, &status, AT_SYMLINK_NOFOLLOW) < 0)
			damaged(verifying, path, _("it is missing; `guardctl repo publish` puts it there again"));
	}
}

int repo_verify(const struct repo_options *options)
{
	struct repo repo;
	struct verifying verifying = { .repo = &repo };
	bool good = repo_open(&repo, options, NULL) && repo_open_published(&repo, false);

	if (good) {
		verifying.keys = known_keys(&repo);
		good = repo_walk(&repo, look, &verifying);
		check_needed(&verifying);
		good = repo_is_newest(&repo) && good;
		repo_tell_freshness(&repo);
		publication_tell_ends(&repo);
		good = repo_check(&repo, NULL, true) && good && !verifying.damaged;
		json_decref(verifying.keys);
	}
	if (good)
		printf(_("%s is whole: %zu files, every profile, office and denial as a machine would take it\n"),
		       repo.directory, verifying.files);
	else if (verifying.damaged)
		guardctl_error("%zu file%s of %s must be looked at", verifying.damaged, verifying.damaged == 1 ? "" : "s",
			       repo.directory);
	repo_close(&repo);
	return good ? GUARDCTL_DONE : GUARDCTL_REFUSED;
}
