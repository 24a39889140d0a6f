/* SPDX-License-Identifier: MIT
 *
 * repo/repo_check.c - looks at a published folder as a machine would: with a
 * client of its own that begins at the first root.  What it refuses is not
 * published.
 */
#include "repo.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/text.h"

#define TARGET_MAX ((size_t)GUARD_POLICY_IMAGE_MAX)

struct checking {
	const struct repo *repo;
	uint8_t *timestamp; /* the one to be, or NULL */
	size_t timestamp_size;
};

static int fetch(void *context, const struct guard_trust_request *request, struct guard_trust_sink *sink)
{
	const struct checking *checking = context;
	GUARD_AUTO_FREE uint8_t *bytes = NULL;
	GUARD_AUTO_FREE char *path = NULL;
	size_t size = 0;
	int r;

	if (checking->timestamp && strcmp(request->url, "timestamp.json") == 0)
		return guard_trust_sink_write(sink, checking->timestamp, checking->timestamp_size);
	if (asprintf(&path, "%s/%s", request->kind == GUARD_TRUST_FETCH_METADATA ? "metadata" : "targets",
		     request->url) < 0) {
		path = NULL;
		return -GUARD_E_NOMEM;
	}
	r = publish_file_read(&bytes, &size, checking->repo->published, path, TARGET_MAX);
	return r < 0 ? r : guard_trust_sink_write(sink, bytes, size);
}

static int remove_state(int folder)
{
	struct repo_names names = { 0 };

	if (repo_names_read(&names, folder, ".", ""))
		for (size_t i = 0; i < names.count; i++)
			unlinkat(folder, names.items[i], 0);
	repo_names_free(&names);
	return 0;
}

static bool check_target(struct guard_trust *trust, const char *path, bool required)
{
	GUARD_AUTO_CLOSE int fd = memfd_create("guard-target", MFD_CLOEXEC);
	struct guard_trust_target *target = NULL;
	int r = guard_trust_find(&target, trust, path);

	if (r == -GUARD_E_NOT_FOUND && !required)
		return true;
	if (r == 0)
		r = guard_trust_download(trust, target, fd);
	guard_trust_target_free(target);
	if (r < 0)
		guardctl_error("%s: %s", path, guard_trust_message(trust));
	return r == 0;
}

static bool check_office(struct guard_trust *trust, const struct repo_office *office)
{
	char path[REPO_NAME_MAX + 64];
	bool good;

	snprintf(path, sizeof(path), "place/%s.json", office->name);
	good = check_target(trust, path, true);
	snprintf(path, sizeof(path), "office/%s/exceptions.img", office->name);
	good = good && check_target(trust, path, false);
	snprintf(path, sizeof(path), "office/%s/broad/exceptions.img", office->name);
	return good && check_target(trust, path, false);
}

static bool check_targets(struct guard_trust *trust, const struct repo *repo, bool all)
{
	bool good = check_target(trust, "deny/now.img", false);

	for (size_t i = 0; good && i < repo->profile_count; i++) {
		char path[REPO_NAME_MAX + 16];

		snprintf(path, sizeof(path), "policy/%s.img", repo->profiles[i].name);
		good = check_target(trust, path, true);
	}
	for (size_t i = 0; good && i < repo->office_count; i++)
		if (all || i < 4 || i + 4 >= repo->office_count)
			good = check_office(trust, &repo->offices[i]);
	return good;
}

static void tell_info(const struct guard_trust *trust)
{
	struct guard_trust_info info;
	char root[GUARD_TIME_TEXT_SIZE], targets[GUARD_TIME_TEXT_SIZE], snapshot[GUARD_TIME_TEXT_SIZE],
		timestamp[GUARD_TIME_TEXT_SIZE];

	guard_trust_info(trust, &info);
	guard_time_format(root, info.root_expires);
	guard_time_format(targets, info.targets_expires);
	guard_time_format(snapshot, info.snapshot_expires);
	guard_time_format(timestamp, info.timestamp_expires);
	printf(_("root %" PRIu64 " until %s, targets %" PRIu64 " until %s, snapshot %" PRIu64 " until %s, timestamp %" PRIu64
	       " until %s\n"),
	       info.root_version, root, info.targets_version, targets, info.snapshot_version, snapshot,
	       info.timestamp_version, timestamp);
}

static bool run_client(struct checking *checking, int state, bool tell)
{
	const struct repo *repo = checking->repo;
	GUARD_AUTO_FREE uint8_t *root = NULL;
	struct guard_trust *trust = NULL;
	size_t size = 0;
	bool good = false;
	int r = publish_file_read(&root, &size, repo->published, "metadata/1.root.json", GUARD_TRUST_ROOT_SIZE_MAX);

	if (r == 0)
		r = guard_trust_new(&trust, state, fetch, checking);
	if (r < 0) {
		guardctl_error("%s/metadata/1.root.json: %s", repo->directory, guardctl_error_text(r));
		return false;
	}
	r = guard_trust_init(trust, root, size);
	if (r == 0)
		r = guard_trust_refresh(trust, repo->now);
	if (r < 0)
		guardctl_error("a machine would refuse %s: %s", repo->directory, guard_trust_message(trust));
	else
		good = check_targets(trust, repo, tell);
	if (good && tell)
		tell_info(trust);
	guard_trust_free(trust);
	return good;
}

/* The client synchronises what it stores; what is thrown away at once need not
 * wait for a disk. */
static int make_state(char ret_folder[64])
{
	static const char *const places[] = { "/dev/shm", "/tmp" };

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(ret_folder, 64, "%s/guard-check-XXXXXX", places[i]);
		if (mkdtemp(ret_folder))
			return open(ret_folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	return -1;
}

bool repo_check(const struct repo *repo, const json_t *timestamp, bool tell)
{
	char folder[64];
	struct checking checking = { .repo = repo };
	GUARD_AUTO_CLOSE int state = -1;
	bool good = false;

	if (timestamp && publish_bytes(&checking.timestamp, &checking.timestamp_size, timestamp) < 0)
		return false;
	state = make_state(folder);
	if (state < 0)
		guardctl_error("%s: %s", folder, strerror(errno));
	else
		good = run_client(&checking, state, tell);
	free(checking.timestamp);
	if (state >= 0) {
		remove_state(state);
		rmdir(folder);
	}
	return good;
}
