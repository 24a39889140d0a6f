/* SPDX-License-Identifier: MIT
 *
 * keeper/image.c - from a file to a sealed copy in memory that has passed every check:
 * format, version, and that the machine can live with it.
 */
#include "keeper/image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <guard/policy.h>

#include "base/cleanup.h"
#include "keeper/preflight.h"
#include "keeper/remember.h"
#include "policy/keys.h"
#include "problem.h"

/* Before any of it is copied: a mistaken name can lead to anything. */
static int check_size(int file, const struct keeper_loading *loading)
{
	struct stat status;

	if (fstat(file, &status) == 0 && (uint64_t)status.st_size <= GUARD_POLICY_IMAGE_MAX)
		return 0;
	return guardd_problem(-GUARD_E_LIMIT, KEEPER_PROBLEM(loading),
			      "%s: larger than %llu bytes: this is not a policy image", loading->name,
			      (unsigned long long)GUARD_POLICY_IMAGE_MAX);
}

/* The file may change or be truncated while it is read: what counts is the copy. */
static int copy_sealed(int *ret_image, int file, const struct keeper_loading *loading)
{
	GUARD_AUTO_CLOSE int image = memfd_create("guard-policy", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	GUARD_AUTO_FREE char *block = malloc(1u << 20);
	uint64_t total = 0;

	if (image < 0 || !block)
		return guardd_problem(-GUARD_E_NOMEM, KEEPER_PROBLEM(loading), "%s: no memory to read it into",
				      loading->name);
	for (;;) {
		ssize_t n = read(file, block, 1u << 20);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return guardd_problem(-GUARD_E_IO, KEEPER_PROBLEM(loading), "%s: cannot be read: %s",
					      loading->name, strerror(errno));
		if (n == 0)
			break;
		total += (uint64_t)n;
		if (total > GUARD_POLICY_IMAGE_MAX)
			return guardd_problem(-GUARD_E_CHANGED, KEEPER_PROBLEM(loading),
					      "%s: grows while it is read", loading->name);
		if (write(image, block, (size_t)n) != n)
			return guardd_problem(-GUARD_E_NOMEM, KEEPER_PROBLEM(loading),
					      "%s: no memory to read it into", loading->name);
	}
	if (fcntl(image, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
		return guardd_problem(-GUARD_E_IO, KEEPER_PROBLEM(loading), "%s: the copy cannot be sealed: %s",
				      loading->name, strerror(errno));
	*ret_image = guard_steal_fd(&image);
	return 0;
}

/* What is wrong with an image, and what to do. */
static const char *sentence_of(int error)
{
	switch (error) {
	case -GUARD_E_VERSION:
		return "was made for a newer guard: update guard, or build it with this machine's guardctl";
	case -GUARD_E_FORMAT:
		return "is not a whole policy image: build it again with guardctl policy build and copy it whole";
	case -GUARD_E_CHECKSUM:
		return "does not match its checksum, it was damaged or changed: build it again with guardctl "
		       "policy build and copy it whole";
	case -GUARD_E_NOMEM:
		return "does not fit into the memory of this machine";
	default:
		return "cannot be used: build it again with guardctl policy build";
	}
}

static int check_version(const struct guard_policy_info *info, int state_dir, const struct keeper_loading *loading)
{
	uint64_t remembered = keeper_remembered_version(state_dir);

	if (info->version >= remembered)
		return 0;
	return guardd_problem(
	    -GUARD_E_ROLLBACK, KEEPER_PROBLEM(loading),
	    "%s: policy %.100s is version %llu, but this machine has accepted version %llu: raise "
	    "policy.version above that and build it again",
	    loading->name, info->id, (unsigned long long)info->version, (unsigned long long)remembered);
}

/* Could this machine go on?  What only a signer allows the gate looks at. */
static int check_lockout(const struct guard_policy *policy, const struct keeper_loading *loading)
{
	int r = keeper_preflight(policy, loading->name, NULL, KEEPER_PROBLEM(loading));

	if (r != -GUARD_E_DENIED || !guard_policy_providers(policy))
		return r;
	loading->reply->by_signer = 1;
	loading->reply->text[0] = '\0';
	return 0;
}

int keeper_image_failed(int *image, const struct keeper_loading *loading)
{
	const struct keeper_standing *standing = &loading->reply->standing;

	if (!standing->failed)
		return 0;
	*image = -1;
	return guardd_problem(-GUARD_E_DENIED, KEEPER_PROBLEM(loading), "%s: the machine went back from it (%.280s): publish a newer one",
			      loading->name, standing->why);
}

/* Opens it, and says what it is. */
static int open_image(struct guard_policy **ret_policy, struct guard_policy_info *ret_info, int image,
		      const struct keeper_loading *loading)
{
	const struct guard_machine machine = {.office = loading->config->office,
					      .host = loading->config->host};
	int r = guard_policy_open(ret_policy, image, &machine);

	if (r < 0)
		return guardd_problem(r, KEEPER_PROBLEM(loading), "%s %s (%s)", loading->name, sentence_of(r),
				      guard_error_name(r));
	guard_policy_info(*ret_policy, ret_info);
	loading->reply->version = ret_info->version;
	loading->reply->mode = ret_info->mode;
	loading->reply->passed_over = ret_info->passed_over;
	snprintf(loading->reply->id, sizeof(loading->reply->id), "%s", ret_info->id);
	return 0;
}

static int check_image(int image, int state_dir, const struct keeper_loading *loading)
{
	struct guard_policy *policy = NULL;
	struct guard_policy_info info;
	int r = open_image(&policy, &info, image, loading);

	if (r < 0)
		return r;
	/* A managed machine's trust process has the versions of every part; what the
	 * machine went back to is older, and that is remembered. */
	keeper_back_standing(&loading->reply->standing, state_dir, image);
	r = loading->config->managed || loading->config->released || loading->reply->standing.is_back ?
		    0 :
		    check_version(&info, state_dir, loading);
	if (r == 0 && loading->config->protect_all && info.mode == GUARD_MODE_ENFORCE)
		r = check_lockout(policy, loading);
	guard_policy_free(policy);
	return r;
}

int keeper_image_load(int *ret_image, int file, int state_dir, const struct keeper_loading *loading)
{
	GUARD_AUTO_CLOSE int image = -1;
	int r = check_size(file, loading);

	if (r == 0)
		r = copy_sealed(&image, file, loading);
	if (r == 0)
		r = check_image(image, state_dir, loading);
	if (r == 0)
		*ret_image = guard_steal_fd(&image);
	return r;
}

/* What trust handed over must be what was checked: nobody may change it after. */
static int check_sealed(int set, const struct keeper_loading *loading)
{
	const int needed = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
	int seals = fcntl(set, F_GET_SEALS);

	if (seals >= 0 && (seals & needed) == needed)
		return 0;
	return guardd_problem(-GUARD_E_UNSAFE, KEEPER_PROBLEM(loading), "%s is not sealed", loading->name);
}

int keeper_image_take(int *ret_image, int set, int state_dir, const struct keeper_loading *loading)
{
	int r = check_size(set, loading);

	if (r == 0)
		r = check_sealed(set, loading);
	if (r == 0)
		r = check_image(set, state_dir, loading);
	if (r == 0)
		*ret_image = set;
	if (r == 0)
		r = keeper_image_failed(ret_image, loading);
	return r;
}

int keeper_image_check_back(int set, const struct keeper_loading *loading, bool start)
{
	struct guard_policy *policy = NULL;
	struct guard_policy_info info;
	int r = open_image(&policy, &info, set, loading);

	if (r == 0 && start && loading->config->protect_all && info.mode == GUARD_MODE_ENFORCE)
		r = check_lockout(policy, loading);
	guard_policy_free(policy);
	return r;
}
