/* SPDX-License-Identifier: MIT
 *
 * repo/repo_bounds.c - would machines hold to an office's exceptions, or pass
 * some over?  Asks the reader that machines have (policy/set.h), so that the two
 * never differ.
 */
#include "repo.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy/compile/compile.h"
#include "policy/set.h"

static int memory_file(const void *bytes, size_t size)
{
	GUARD_AUTO_CLOSE int fd = memfd_create("guard-bounds", MFD_CLOEXEC);

	/* The compiler takes no source that others may write. */
	if (fd < 0 || fchmod(fd, 0600) < 0 || write(fd, bytes, size) != (ssize_t)size)
		return -1;
	return guard_steal_fd(&fd);
}

/* A policy that has these limits and nothing else. */
static int limits_policy(const struct guard_exception_limits *limits)
{
	static const char *const kinds[] = { "other", "executable", "library", "script", "module" };
	const struct guard_compile_options options = { .need_policy = true };
	struct guard_compile *compile = NULL;
	char text[512], list[128] = "", name[64];
	const char *path = name;
	GUARD_AUTO_FREE uint8_t *bytes = NULL;
	GUARD_AUTO_CLOSE int source = -1;
	size_t size = 0;
	int fd = -1;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (limits->kinds >> i & 1)
			snprintf(&list[strlen(list)], sizeof(list) - strlen(list), "%s\"%s\"", list[0] ? ", " : "", kinds[i]);
	snprintf(text, sizeof(text),
		 "policy = { id = \"limits\"; version = 1; exceptions = { longest_days = %u; digests = %u; kinds = [ %s ];"
		 " signers = %s; paths = %s; }; };\n",
		 limits->longest / REPO_DAY, limits->digests, list, limits->signers ? "true" : "false",
		 limits->paths ? "true" : "false");
	source = memory_file(text, strlen(text));
	snprintf(name, sizeof(name), "/proc/self/fd/%d", source);
	if (source >= 0 && guard_compile_sources(&compile, &path, 1, &options) == 0 &&
	    guard_compile_image(&bytes, &size, compile) == 0)
		fd = memory_file(bytes, size);
	guard_compile_free(compile);
	return fd;
}

static int open_set(struct guard_policy **ret_policy, int head, int layer, const struct repo_office *office, bool broad,
		    int64_t now)
{
	const struct guard_set_facts facts = { .snapshot = 1, .made = now, .fresh_until = INT64_MAX };
	const struct guard_machine machine = { .office = office->name };
	const struct guard_set_source sources[] = {
		{ .kind = GUARD_SET_POLICY, .fd = head },
		{ .kind = GUARD_SET_EXCEPTION, .fd = layer, .broad = broad, .office = office->name },
	};
	GUARD_AUTO_CLOSE int set = memfd_create("guard-set", MFD_CLOEXEC);
	int r = set < 0 ? -GUARD_E_IO : guard_set_write(set, &facts, sources, 2);

	return r < 0 ? r : guard_policy_open(ret_policy, set, &machine);
}

bool repo_bounds_hold(const struct repo *repo, const struct guard_exception_limits *limits,
		      const struct repo_office *office, bool broad, const struct repo_image *image)
{
	GUARD_AUTO_CLOSE int head = limits_policy(limits), layer = memory_file(image->bytes, image->size);
	struct guard_policy *policy = NULL;
	struct guard_policy_info info = { 0 };
	int r = head < 0 || layer < 0 ? -GUARD_E_IO : open_set(&policy, head, layer, office, broad, repo->now);

	if (r == 0)
		guard_policy_info(policy, &info);
	guard_policy_free(policy);
	if (r < 0)
		guardctl_error("the exceptions of %s cannot be judged: %s", office->name, guardctl_error_text(r));
	else if (info.passed_over)
		guardctl_error("%u rule%s of %s go%s beyond what headquarters lets offices except (at most %u days and %u "
			       "programs a rule; by signer or path only as `broad`, and %s): machines would pass %s over",
			       info.passed_over, info.passed_over == 1 ? "" : "s", office->name,
			       info.passed_over == 1 ? "es" : "", limits->longest / REPO_DAY, limits->digests,
			       limits->signers || limits->paths ? _("where the policy permits it") : _("the policy permits neither"),
			       info.passed_over == 1 ? "it" : "them");
	return r == 0 && !info.passed_over;
}

/* ---- the policies that an office's machines have ------------------------------------------- */

/* FOLDER/NAME.img, as the role that signs it says. */
static struct guard_policy *open_published(const struct repo *repo, const char *role, const char *folder, const char *name_of)
{
	GUARD_AUTO_JSON json_t *targets = repo_signed(repo, role);
	struct repo_image image = { 0 };
	struct guard_policy *policy = NULL;
	const json_t *entry;
	const char *hash;
	char name[512];

	snprintf(name, sizeof(name), "%s/%s.img", folder, name_of);
	entry = json_object_get(json_object_get(json_object_get(targets, "signed"), "targets"), name);
	hash = json_string_value(json_object_get(json_object_get(entry, "hashes"), "sha256"));
	if (!hash)
		return NULL;
	snprintf(name, sizeof(name), "%s/targets/%s/%s.%s.img", repo->directory, folder, hash, name_of);
	if (publish_file_read(&image.bytes, &image.size, repo->folder, name, GUARD_POLICY_IMAGE_MAX) == 0)
		policy = repo_image_open(&image, NULL);
	repo_image_clear(&image);
	return policy;
}

struct guard_policy *repo_published_policy(const struct repo *repo, const char *profile)
{
	return open_published(repo, "targets", "policy", profile);
}

struct guard_policy *repo_published_denials(const struct repo *repo)
{
	return open_published(repo, "deny", "deny", "now");
}

void repo_limits_narrow(struct guard_exception_limits *limits, const struct guard_policy *policy)
{
	struct guard_exception_limits other;

	guard_policy_exception_limits(policy, &other);
	if (other.longest < limits->longest)
		limits->longest = other.longest;
	if (other.digests < limits->digests)
		limits->digests = other.digests;
	limits->kinds &= other.kinds;
	limits->signers = limits->signers && other.signers;
	limits->paths = limits->paths && other.paths;
}
