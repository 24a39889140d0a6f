/* SPDX-License-Identifier: MIT
 *
 * repo/repo_replaced.c - published files that nothing speaks of any more: they
 * stay for 30 days, for readers who are in between, then they go.  When a file was
 * first found replaced stands in signed/replaced.json, since its own time says
 * only when it was made.  Never touches what it does not know.
 */
#include "repo.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

#define KEEP_REPLACED (30 * (int64_t)REPO_DAY)
#define RECORD "signed/replaced.json"

struct replacing {
	const struct repo *repo;
	json_t *needed;         /* path -> true */
	const json_t *earlier;  /* path -> seconds */
	json_t *replaced;       /* the same, as it is to be */
	size_t removed;
};

static bool is_leftover(const char *path)
{
	const char *name = &strrchr(path, '/')[1];

	return strncmp(name, ".publish-", 9) == 0 && guard_text_ends_with(name, ".tmp");
}

/* "17.osaka.json" or "HASH.NAME": all that a publication ever puts there. */
static bool is_ours(const char *path)
{
	const char *name = &strrchr(path, '/')[1];
	size_t digits = strspn(name, "0123456789"), hex = strspn(name, "0123456789abcdef");

	if (strncmp(path, "metadata/", 9) == 0)
		return digits > 0 && name[digits] == '.' && strcmp(&name[digits], ".root.json") != 0 &&
		       strcmp(&name[digits], ".root.json.gz") != 0;
	return hex == 64 && name[hex] == '.';
}

/* FILE.gz is needed as long as FILE. */
static bool is_needed(const struct replacing *replacing, const char *path)
{
	char plain[REPO_PATH_MAX];

	snprintf(plain, sizeof(plain), "%s", path);
	if (guard_text_ends_with(plain, ".gz"))
		plain[strlen(plain) - 3] = '\0';
	return json_object_get(replacing->needed, plain) || json_object_get(replacing->needed, path);
}

static void forget(struct replacing *replacing, const char *path)
{
	if (unlinkat(replacing->repo->published, path, 0) == 0)
		replacing->removed++;
	else
		guardctl_error("%s/%s is replaced and could not be removed: %s", replacing->repo->directory, path,
			       strerror(errno));
}

static bool look(void *context, const char *path, const struct stat *status)
{
	struct replacing *replacing = context;
	const json_t *since = json_object_get(replacing->earlier, path);
	int64_t now = replacing->repo->now;

	if (!S_ISREG(status->st_mode) || strlen(path) >= REPO_PATH_MAX)
		return true;
	if (is_leftover(path))
		forget(replacing, path); /* of a run that was cut off: the folder is locked, so nobody is at it */
	else if (!is_ours(path) || is_needed(replacing, path))
		return true;
	else if (since && json_integer_value(since) <= now - KEEP_REPLACED)
		forget(replacing, path);
	else
		json_object_set_new(replacing->replaced, path, json_integer(since ? json_integer_value(since) : now));
	return true;
}

static void save(const struct replacing *replacing)
{
	GUARD_AUTO_FREE uint8_t *bytes = NULL;
	size_t size = 0;

	if (json_equal(replacing->earlier, replacing->replaced))
		return;
	if (publish_bytes(&bytes, &size, replacing->replaced) < 0 ||
	    publish_file_write(replacing->repo->folder, RECORD, bytes, size) < 0)
		guardctl_error(RECORD " was not written (%s): replaced files stay longer", strerror(errno));
}

void repo_forget_replaced(const struct repo *repo)
{
	GUARD_AUTO_JSON json_t *earlier = NULL;
	struct replacing replacing = { .repo = repo };
	int r = publish_json_read(&earlier, repo->folder, RECORD);

	if (r < 0 || !json_is_object(earlier)) {
		json_decref(earlier);
		earlier = json_object(); /* lost: the 30 days begin anew */
	}
	replacing.earlier = earlier;
	replacing.needed = repo_needed(repo);
	replacing.replaced = json_object();
	if (repo_walk(repo, look, &replacing))
		save(&replacing);
	if (replacing.removed)
		printf(_("%zu file%s that nothing speaks of any more removed\n"), replacing.removed,
		       replacing.removed == 1 ? "" : "s");
	json_decref(replacing.needed);
	json_decref(replacing.replaced);
}
