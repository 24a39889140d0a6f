/* SPDX-License-Identifier: MIT
 *
 * repo/repo_walk.c - every file of the published folder, and which of them
 * readers need now.  Changes nothing.
 */
#include "repo.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WALK_DEPTH_MAX 8u

static bool walk_folder(const struct repo *repo, const char *folder, unsigned depth, repo_walk_take take, void *context);

static bool walk_one(const struct repo *repo, const char *path, unsigned depth, repo_walk_take take, void *context)
{
	struct stat status;

	if (fstatat(repo->published, path, &status, AT_SYMLINK_NOFOLLOW) < 0) {
		guardctl_error("%s/%s: %s", repo->directory, path, strerror(errno));
		return false;
	}
	if (!take(context, path, &status))
		return false;
	return !S_ISDIR(status.st_mode) || walk_folder(repo, path, depth + 1, take, context);
}

static bool walk_folder(const struct repo *repo, const char *folder, unsigned depth, repo_walk_take take, void *context)
{
	int fd = openat(repo->published, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
	bool good = true;

	if (!directory || depth > WALK_DEPTH_MAX) {
		guardctl_error("%s/%s: %s", repo->directory, folder, directory ? _("folders too deep") : strerror(errno));
		if (directory)
			closedir(directory);
		else if (fd >= 0)
			close(fd);
		return false;
	}
	for (struct dirent *entry; good && (entry = readdir(directory));) {
		GUARD_AUTO_FREE char *path = NULL;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (asprintf(&path, "%s/%s", folder, entry->d_name) < 0) {
			path = NULL;
			good = false;
			continue;
		}
		good = walk_one(repo, path, depth, take, context);
	}
	closedir(directory);
	return good;
}

bool repo_walk(const struct repo *repo, repo_walk_take take, void *context)
{
	return walk_one(repo, "metadata", 0, take, context) && walk_one(repo, "targets", 0, take, context);
}

/* ---- what readers need ------------------------------------------------------------ */

static void need(json_t *needed, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void need(json_t *needed, const char *format, ...)
{
	GUARD_AUTO_FREE char *path = NULL;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vasprintf(&path, format, arguments);
	va_end(arguments);
	if (length < 0)
		path = NULL;
	else
		json_object_set_new(needed, path, json_true());
}

bool repo_target_file(char ret_path[REPO_PATH_MAX], const char *path, const json_t *target)
{
	const char *hash = json_string_value(json_object_get(json_object_get(target, "hashes"), "sha256"));
	const char *slash = strrchr(path, '/');

	if (!hash || !slash || strlen(path) + strlen(hash) + 16 > REPO_PATH_MAX)
		return false;
	snprintf(ret_path, REPO_PATH_MAX, "targets/%.*s/%s.%s", (int)(slash - path), path, hash, &slash[1]);
	return true;
}

/* What the snapshot names of a role; what was signed since waits for its publication. */
static json_t *document_of(const struct repo *repo, const char *role, uint64_t version)
{
	GUARD_AUTO_JSON json_t *document = repo_signed(repo, role);
	char path[REPO_ROLE_MAX + 64];
	json_t *published = NULL;

	if (document && publish_version(document) == version)
		return guard_steal_pointer(&document);
	snprintf(path, sizeof(path), "metadata/%" PRIu64 ".%s.json", version, role);
	return publish_json_read(&published, repo->published, path) == 0 ? published : NULL;
}

static void need_role(json_t *needed, const struct repo *repo, const char *role, uint64_t version)
{
	GUARD_AUTO_JSON json_t *document = document_of(repo, role, version);
	const char *path;
	json_t *target;

	json_object_foreach(json_object_get(json_object_get(document, "signed"), "targets"), path, target) {
		char file[REPO_PATH_MAX];

		if (repo_target_file(file, path, target))
			need(needed, "%s", file);
	}
}

/* What `name` of snapshot's list is called: "osaka.json" is osaka. */
static bool role_of(char ret_role[REPO_ROLE_MAX + 1], const char *file)
{
	size_t length = strlen(file);

	if (length <= 5 || length - 5 > REPO_ROLE_MAX || strcmp(&file[length - 5], ".json") != 0)
		return false;
	snprintf(ret_role, REPO_ROLE_MAX + 1, "%.*s", (int)(length - 5), file);
	return true;
}

json_t *repo_needed(const struct repo *repo)
{
	GUARD_AUTO_JSON json_t *root = repo_signed(repo, "root"), *snapshot = repo_signed(repo, "snapshot");
	json_t *needed = json_object(), *entry;
	const char *file;

	for (uint64_t version = 1; version <= publish_version(root); version++)
		need(needed, "metadata/%" PRIu64 ".root.json", version);
	need(needed, "metadata/timestamp.json");
	need(needed, "metadata/%" PRIu64 ".snapshot.json", publish_version(snapshot));
	json_object_foreach(json_object_get(json_object_get(snapshot, "signed"), "meta"), file, entry) {
		char role[REPO_ROLE_MAX + 1];

		if (!role_of(role, file))
			continue;
		need(needed, "metadata/%" JSON_INTEGER_FORMAT ".%s", json_integer_value(json_object_get(entry, "version")),
		     file);
		need_role(needed, repo, role, (uint64_t)json_integer_value(json_object_get(entry, "version")));
	}
	return needed;
}
