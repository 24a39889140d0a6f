/* SPDX-License-Identifier: MIT
 *
 * keeper/preflight.c - hashes the few programs without which nobody could
 * repair the machine, and asks the new policy about each.  Files that are not
 * there are not needed.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "keeper/preflight.h"
#include "problem.h"

#define NAMED_MAX 4u /* files that the sentence names; it counts the rest */

struct preflight {
	const struct guard_policy *policy;
	const struct keeper_vouching *vouching; /* NULL: by content and path alone */
	unsigned missing;
	char names[300];
};

static const char *const programs[] = {
	"/sbin/init", "/bin/sh", "/bin/bash", "/usr/bin/dpkg", "/usr/bin/apt-get", "/usr/bin/rpm",
	"/usr/bin/dnf", "/usr/bin/guardctl", "/usr/sbin/guardd", "/bin/login", "/usr/sbin/agetty",
};

/* 1 when only root can have put a file at this path (no symbolic links in it). */
static uint8_t is_protected(const char *path)
{
	char partial[PATH_MAX];
	size_t length = strlen(path);
	struct stat status;

	if (length >= sizeof(partial))
		return 0;
	memcpy(partial, path, length + 1);
	for (size_t i = length; i > 0; i--) {
		if (i != length && partial[i] != '/')
			continue;
		partial[i] = '\0';
		if (lstat(partial, &status) < 0 || status.st_uid != 0 || (status.st_mode & 022))
			return 0;
	}
	return 1;
}

static void add_missing(struct preflight *preflight, const char *path)
{
	size_t used = strlen(preflight->names);

	preflight->missing++;
	if (preflight->missing <= NAMED_MAX)
		snprintf(preflight->names + used, sizeof(preflight->names) - used, "%s%s", used ? ", " : "", path);
}

static void check(struct preflight *preflight, const char *path, enum guard_kind kind)
{
	const uint32_t root = 0;
	const struct guard_subject subject = { .uid = 0, .gid_count = 1, .gids = &root };
	struct guard_identity identity = { .kind = (uint8_t)kind };
	struct guard_object object = { .identity = &identity, .medium = GUARD_MEDIUM_FIXED };
	struct guard_verdict verdict;
	GUARD_AUTO_FREE char *resolved = realpath(path, NULL);
	GUARD_AUTO_CLOSE int fd = -1;

	if (!resolved)
		return;
	fd = open(resolved, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT)
		return;
	if (fd < 0 || guard_digest_fd(&identity.digest, &identity.size, fd, NULL, NULL) < 0) {
		add_missing(preflight, resolved);
		return;
	}
	if (preflight->vouching)
		preflight->vouching->add_signers(preflight->vouching->context, &identity, fd);
	object.path = object.claimed_path = resolved;
	object.path_protected = is_protected(resolved);
	guard_policy_decide(preflight->policy, &verdict, &subject, &object, (int64_t)time(NULL));
	if (verdict.action != GUARD_ALLOW)
		add_missing(preflight, resolved);
}

/* What is mapped executable into this process: guardd and its libraries. */
static void check_own(struct preflight *preflight)
{
	GUARD_AUTO_FCLOSE FILE *maps = fopen("/proc/self/maps", "re");
	char line[PATH_MAX + 128], permissions[8], path[PATH_MAX], own[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", own, sizeof(own) - 1);

	own[n < 0 ? 0 : n] = '\0';
	while (maps && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%*s %7s %*s %*s %*s %4095[^\n]", permissions, path) != 2)
			continue;
		if (permissions[2] == 'x' && path[0] == '/')
			check(preflight, path, strcmp(path, own) == 0 ? GUARD_KIND_EXECUTABLE : GUARD_KIND_LIBRARY);
	}
}

int keeper_preflight(const struct guard_policy *policy, const char *policy_name,
		     const struct keeper_vouching *vouching, char *ret_problem, size_t problem_size)
{
	struct preflight preflight = { .policy = policy, .vouching = vouching };

	check_own(&preflight);
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		check(&preflight, programs[i], GUARD_KIND_EXECUTABLE);
	if (preflight.missing == 0)
		return 0;
	return guardd_problem(-GUARD_E_DENIED, ret_problem, problem_size,
			      "%s: would lock this machine out, it does not allow %s%s: add them (guardctl scan "
			      "/usr writes the rules%s), or use mode = \"audit\" first",
			      policy_name, preflight.names, preflight.missing > NAMED_MAX ? " and more" : "",
			      vouching ? "; guardctl packages installed attributes what signed packages brought" : "");
}
