/* SPDX-License-Identifier: MIT
 *
 * repo/repo_images.c - sources become images: headquarters' policy of a profile,
 * and the layers beside it (an office's exceptions, the denials).  The same
 * sources give the same bytes.
 */
#include "repo.h"

#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "policy/compile/compile.h"
#include "policy_verbs.h"

void repo_image_clear(struct repo_image *image)
{
	free(image->bytes);
	*image = (struct repo_image){ 0 };
}

static bool compile(struct repo_image *ret_image, const char *const *paths, size_t count,
		    const struct guard_compile_options *options, const char *what)
{
	struct guard_compile *compiled = NULL;
	struct guard_compile_summary summary;
	int r = guard_compile_sources(&compiled, paths, count, options);

	if (r == 0) {
		if (guard_compile_error_count(compiled))
			policy_print_diagnostics(compiled);
		guard_compile_summary(compiled, &summary);
		ret_image->version = summary.version;
		r = guard_compile_image(&ret_image->bytes, &ret_image->size, compiled);
	}
	if (r < 0)
		guardctl_error("%s was not compiled: %s; nothing was changed", what, guardctl_error_text(r));
	guard_compile_free(compiled);
	return r == 0;
}

bool repo_profile_image(struct repo_image *ret_image, const struct repo *repo, const struct repo_profile *profile,
			bool allow_lockout)
{
	const struct guard_compile_options options = {
		.now = repo->now, .root = profile->reference,
		.need_policy = true, .whole_machine = profile->reference && !allow_lockout,
	};
	size_t count = json_array_size(profile->sources), i;
	const char **paths = calloc(count, sizeof(*paths));
	json_t *source;
	bool good = paths != NULL;

	json_array_foreach((json_t *)profile->sources, i, source) {
		if (good && json_is_string(source))
			paths[i] = json_string_value(source);
		else
			good = false;
	}
	if (!good)
		guardctl_error("repo.conf: the sources of profile %s are not a list of file names", profile->name);
	good = good && compile(ret_image, paths, count, &options, profile->name);
	free(paths);
	return good;
}

struct guard_policy *repo_image_open(const struct repo_image *image, const char *office)
{
	const struct guard_machine machine = { .office = office };
	GUARD_AUTO_CLOSE int fd = memfd_create("guard-image", MFD_CLOEXEC);
	struct guard_policy *policy = NULL;

	if (fd < 0 || !image->bytes)
		return NULL;
	for (size_t done = 0; done < image->size;) {
		ssize_t count = write(fd, &image->bytes[done], image->size - done);

		if (count <= 0)
			return NULL;
		done += (size_t)count;
	}
	return guard_policy_open(&policy, fd, &machine) == 0 ? policy : NULL;
}

/* The version of the image that is signed now, 0 when there is none.  One that is
 * there and cannot be used must not let versions begin anew. */
static bool signed_version(uint64_t *ret_version, const struct repo *repo, const char *path, struct repo_image *ret_image)
{
	struct guard_policy_info info;
	struct guard_policy *policy;
	int r = publish_file_read(&ret_image->bytes, &ret_image->size, repo->folder, path, REPO_JSON_MAX);

	*ret_version = 0;
	if (r == -GUARD_E_NOT_FOUND)
		return true;
	policy = r == 0 ? repo_image_open(ret_image, NULL) : NULL;
	if (!policy) {
		repo_cannot_read(repo, path, r < 0 ? r : -GUARD_E_FORMAT);
		return false;
	}
	guard_policy_info(policy, &info);
	guard_policy_free(policy);
	*ret_version = info.version;
	return true;
}

static bool same_bytes(const struct repo_image *a, const struct repo_image *b)
{
	return a->bytes && b->bytes && a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0;
}

/* offices/NAME has office.conf beside the exceptions. */
static size_t source_paths(char ***ret_paths, const struct repo_names *names, const char *folder)
{
	char **paths = calloc(names->count + 1, sizeof(*paths));
	size_t count = 0;

	for (size_t i = 0; paths && i < names->count; i++) {
		if (strcmp(names->items[i], "office") == 0)
			continue;
		if (asprintf(&paths[count], "%s/%s.conf", folder, names->items[i]) < 0)
			break;
		count++;
	}
	*ret_paths = paths;
	return count;
}

/* Where the denials are held against a machine's own shell, init, guard, ... */
static const char *reference_of(const struct repo *repo)
{
	for (size_t i = 0; i < repo->profile_count; i++)
		if (repo->profiles[i].reference)
			return repo->profiles[i].reference;
	return "/";
}

static bool compile_layer(struct repo_image *ret_image, const struct repo *repo, const char *const *paths, size_t count,
			  const char *id, const char *target)
{
	struct guard_compile_options options = { .now = repo->now, .need_policy = true, .layer_id = id };
	struct repo_image earlier = { 0 };
	uint64_t version;
	char path[256];
	bool good;

	if (strcmp(target, "deny/now.img") == 0 && !repo->allow_lockout)
		options.root = reference_of(repo);
	snprintf(path, sizeof(path), "signed/%s", target);
	good = signed_version(&version, repo, path, &earlier);
	options.layer_version = version ? version : 1;
	good = good && compile(ret_image, paths, count, &options, id);
	if (good && version && !same_bytes(ret_image, &earlier)) {
		repo_image_clear(ret_image);
		options.layer_version = version + 1;
		good = compile(ret_image, paths, count, &options, id);
	}
	repo_image_clear(&earlier);
	return good;
}

bool repo_layer_image(struct repo_image *ret_image, const struct repo *repo, const char *folder, const char *id,
		      const char *target)
{
	struct repo_names names = { 0 };
	struct repo_image image = { 0 };
	char **paths = NULL;
	size_t count;
	char signed_path[256];
	bool good = repo_names_read(&names, repo->folder, folder, ".conf");

	if (!good)
		guardctl_error("%s: %s", folder, strerror(errno));
	snprintf(signed_path, sizeof(signed_path), "signed/%s", target);
	count = source_paths(&paths, &names, folder);
	/* An office without exceptions that never had any needs no image; one that
	 * had some gets an empty one, so that its version goes on. */
	if (good && (count || faccessat(repo->folder, signed_path, F_OK, 0) == 0))
		good = compile_layer(&image, repo, (const char *const *)paths, count, id, target);
	for (size_t i = 0; paths && i < count; i++)
		free(paths[i]);
	free(paths);
	repo_names_free(&names);
	if (good)
		*ret_image = image;
	return good;
}
