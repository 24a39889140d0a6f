/* SPDX-License-Identifier: MIT
 *
 * repo/repo_lockout.c - would a policy or a denial take from machines what they
 * start and are repaired with?  Goes by the names that the lists themselves have,
 * so that it needs none of these machines.  Decides nothing else.
 */
#include "repo.h"

#include <fnmatch.h>
#include <string.h>

#include "i18n.h"
#include "policy/compile/describe.h"
#include "policy/policy.h"

/* Programs, then libraries, without which a machine does not start, nobody can log
 * in, nothing can be installed, or guard itself does not run. */
static const char *const essential_programs[] = {
	"*/systemd/systemd", "*/systemd/systemd-udevd", "*/systemd/systemd-journald", "*/sbin/init", "*/bin/dash",
	"*/bin/bash", "*/bin/sh", "*/bin/login", "*/sbin/agetty", "*/bin/mount", "*/bin/kmod", "*/bin/dpkg",
	"*/bin/dpkg-deb", "*/bin/apt", "*/bin/apt-get", "*/bin/rpm", "*/bin/dnf", "*/sbin/guardd", "*/bin/guardctl",
};
static const char *const essential_libraries[] = {
	"*/libc.so.6", "*/ld-linux-*.so.*", "*/libguard.so.*", "*/libcrypto.so.*", "*/libconfig.so.*",
	"*/libjansson.so.*", "*/libsqlite3.so.*", "*/libcurl*.so.*", "*/libssl.so.*", "*/libm.so.6",
	"*/libsystemd*.so*", "*/libpam.so.*",
};

static bool matches(const char *name, const char *const *patterns, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (fnmatch(patterns[i], name, 0) == 0)
			return true;
	return false;
}

/* The kind that an essential file is of; false for all others. */
static bool is_essential(enum guard_kind *ret_kind, const char *name)
{
	if (matches(name, essential_programs, sizeof(essential_programs) / sizeof(essential_programs[0])))
		*ret_kind = GUARD_KIND_EXECUTABLE;
	else if (matches(name, essential_libraries, sizeof(essential_libraries) / sizeof(essential_libraries[0])))
		*ret_kind = GUARD_KIND_LIBRARY;
	else
		return false;
	return true;
}

static struct guard_verdict decide(const struct guard_policy *policy, const struct guard_listed *listed,
				   enum guard_kind kind, int64_t now)
{
	const uint32_t root = 0;
	const struct guard_subject subject = { .uid = 0, .gid_count = 1, .gids = &root };
	const struct guard_identity identity = { .kind = (uint8_t)kind, .digest = listed->digest };
	const struct guard_object object = { .identity = &identity, .path = listed->name, .claimed_path = listed->name,
					     .path_protected = 1, .medium = GUARD_MEDIUM_FIXED };
	struct guard_verdict verdict;

	guard_policy_decide(policy, &verdict, &subject, &object, now);
	return verdict;
}

/* What a policy lists, in the order of the digests; NULL when it lists nothing. */
static struct guard_listed *listed_of(size_t *ret_count, const struct guard_policy *policy)
{
	size_t count = guard_policy_listed_count(policy);
	struct guard_listed *listed = count ? calloc(count, sizeof(*listed)) : NULL;

	*ret_count = listed ? count : 0;
	if (listed)
		guard_policy_listed(listed, policy);
	return listed;
}

bool repo_denials_leave_machines(const struct repo *repo, const struct guard_policy *denials,
				 const struct guard_policy *policy, const char *profile)
{
	size_t count;
	struct guard_listed *listed = listed_of(&count, policy);
	bool good = true;

	for (size_t i = 0; good && i < count; i++) {
		enum guard_kind kind;

		if (!is_essential(&kind, listed[i].name) || decide(policy, &listed[i], kind, repo->now).action != GUARD_ALLOW)
			continue;
		good = decide(denials, &listed[i], kind, repo->now).reason != GUARD_REASON_RULE_DENY;
		if (!good)
			guardctl_error("this denial would lock machines up: it denies %s, which machines of profile %s start or "
				       "are repaired with; nothing was published.  First publish a policy with its "
				       "replacement; when no machine has it any more, deny it with --allow-lock-out",
				       listed[i].name, profile);
	}
	free(listed);
	return good;
}

/* Some content of that name is allowed by the policy. */
static bool has_replacement(const struct repo *repo, const struct guard_policy *policy, const char *name,
			    enum guard_kind kind)
{
	size_t count;
	struct guard_listed *listed = listed_of(&count, policy);
	bool found = false;

	for (size_t i = 0; !found && i < count; i++)
		found = strcmp(listed[i].name, name) == 0 &&
			decide(policy, &listed[i], kind, repo->now).action == GUARD_ALLOW;
	free(listed);
	return found;
}

static bool enforces(const struct guard_policy *policy)
{
	struct guard_policy_info info;

	guard_policy_info(policy, &info);
	return info.mode == GUARD_MODE_ENFORCE && info.default_action == GUARD_DENY;
}

bool repo_policy_leaves_machines(const struct repo *repo, const struct guard_policy *old,
				 const struct guard_policy *new, const char *profile)
{
	size_t count;
	struct guard_listed *listed;
	bool good = true;

	/* What a signer vouches for cannot be looked up here. */
	if (!enforces(new) || new->signer_count)
		return true;
	listed = listed_of(&count, old);
	for (size_t i = 0; good && i < count; i++) {
		enum guard_kind kind;

		if (!is_essential(&kind, listed[i].name) ||
		    decide(old, &listed[i], kind, repo->now).action != GUARD_ALLOW ||
		    decide(new, &listed[i], kind, repo->now).action == GUARD_ALLOW)
			continue;
		good = has_replacement(repo, new, listed[i].name, kind);
		if (!good)
			guardctl_error("the new policy of profile %s would lock machines up: it no longer allows %s, which they "
				       "start or are repaired with, and lists nothing in its place; nothing was published.  Put "
				       "it back, or use --allow-lock-out where no machine needs it",
				       profile, listed[i].name);
	}
	free(listed);
	return good;
}
