/* SPDX-License-Identifier: MIT
 *
 * keeper/loader.c - from the policy file to a sealed copy in memory that has
 * passed every check: owner, format, version, and that the machine can live
 * with it.  Changes nothing but what remember.h says, and that only when told.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <guard/policy.h>

#include "base/cleanup.h"
#include "guardd.h"
#include "keeper/back.h"
#include "keeper/fdpass.h"
#include "keeper/loader.h"
#include "keeper/preflight.h"
#include "keeper/remember.h"
#include "policy/keys.h"
#include "problem.h"
#include "trusted.h"

struct loading {
	const struct guardd_config *config;
	const char *name; /* of the file, for sentences */
	struct keeper_loader_reply *reply;
};
#define PROBLEM(loading) (loading)->reply->text, sizeof((loading)->reply->text)

/* Before any of it is copied: a mistaken name can lead to anything. */
static int check_size(int file, const struct loading *loading)
{
	struct stat status;

	if (fstat(file, &status) == 0 && (uint64_t)status.st_size <= GUARD_POLICY_IMAGE_MAX)
		return 0;
	return guardd_problem(-GUARD_E_LIMIT, PROBLEM(loading),
			      "%s: larger than %llu bytes: this is not a policy image", loading->name,
			      (unsigned long long)GUARD_POLICY_IMAGE_MAX);
}

/* The file may change or be truncated while it is read: what counts is the copy. */
static int copy_sealed(int *ret_image, int file, const struct loading *loading)
{
	GUARD_AUTO_CLOSE int image = memfd_create("guard-policy", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	GUARD_AUTO_FREE char *block = malloc(1u << 20);
	uint64_t total = 0;

	if (image < 0 || !block)
		return guardd_problem(-GUARD_E_NOMEM, PROBLEM(loading), "%s: no memory to read it into",
				      loading->name);
	for (;;) {
		ssize_t n = read(file, block, 1u << 20);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return guardd_problem(-GUARD_E_IO, PROBLEM(loading), "%s: cannot be read: %s",
					      loading->name, strerror(errno));
		if (n == 0)
			break;
		total += (uint64_t)n;
		if (total > GUARD_POLICY_IMAGE_MAX)
			return guardd_problem(-GUARD_E_CHANGED, PROBLEM(loading),
					      "%s: grows while it is read", loading->name);
		if (write(image, block, (size_t)n) != n)
			return guardd_problem(-GUARD_E_NOMEM, PROBLEM(loading),
					      "%s: no memory to read it into", loading->name);
	}
	if (fcntl(image, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
		return guardd_problem(-GUARD_E_IO, PROBLEM(loading), "%s: the copy cannot be sealed: %s",
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

static int check_version(const struct guard_policy_info *info, int state_dir, const struct loading *loading)
{
	uint64_t remembered = keeper_remembered_version(state_dir);

	if (info->version >= remembered)
		return 0;
	return guardd_problem(
	    -GUARD_E_ROLLBACK, PROBLEM(loading),
	    "%s: policy %.100s is version %llu, but this machine has accepted version %llu: raise "
	    "policy.version above that and build it again",
	    loading->name, info->id, (unsigned long long)info->version, (unsigned long long)remembered);
}

/* Could this machine go on?  What only a signer allows the gate looks at. */
static int check_lockout(const struct guard_policy *policy, const struct loading *loading)
{
	int r = keeper_preflight(policy, loading->name, NULL, PROBLEM(loading));

	if (r != -GUARD_E_DENIED || !guard_policy_providers(policy))
		return r;
	loading->reply->by_signer = 1;
	loading->reply->text[0] = '\0';
	return 0;
}

/* The machine went back from this very policy: it is not tried again. */
static int check_failed(int *image, const struct loading *loading)
{
	const struct keeper_standing *standing = &loading->reply->standing;

	if (!standing->failed)
		return 0;
	*image = -1;
	return guardd_problem(-GUARD_E_DENIED, PROBLEM(loading), "%s: the machine went back from it (%.280s): publish a newer one",
			      loading->name, standing->why);
}

/* Opens it, and says what it is. */
static int open_image(struct guard_policy **ret_policy, struct guard_policy_info *ret_info, int image,
		      const struct loading *loading)
{
	const struct guard_machine machine = {.office = loading->config->office,
					      .host = loading->config->host};
	int r = guard_policy_open(ret_policy, image, &machine);

	if (r < 0)
		return guardd_problem(r, PROBLEM(loading), "%s %s (%s)", loading->name, sentence_of(r),
				      guard_error_name(r));
	guard_policy_info(*ret_policy, ret_info);
	loading->reply->version = ret_info->version;
	loading->reply->mode = ret_info->mode;
	loading->reply->passed_over = ret_info->passed_over;
	snprintf(loading->reply->id, sizeof(loading->reply->id), "%s", ret_info->id);
	return 0;
}

static int check_image(int image, int state_dir, const struct loading *loading)
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

static int load_file(int *ret_image, int file, int state_dir, const struct loading *loading)
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

/* The file was refused when the daemon starts: enforcement must not end with
 * it, so the last policy that was accepted stands in, if there is one. */
static int load_last(int *ret_image, struct keeper_loader_reply *reply, const struct guardd_config *config,
		     int state_dir)
{
	struct keeper_loader_reply last = {0};
	const struct loading loading = {config, "the last accepted policy", &last};
	GUARD_AUTO_CLOSE int file = -1;
	int r = keeper_remembered_image(&file, state_dir);

	if (r == 0)
		r = load_file(ret_image, file, state_dir, &loading);
	if (r < 0)
		return r;
	memcpy(last.text, reply->text, sizeof(last.text));
	last.fallback = 1;
	*reply = last;
	return 0;
}

static int load_policy_file(int *ret_image, const struct keeper_loader_arguments *arguments,
			    struct keeper_loader_reply *reply)
{
	const struct loading loading = {arguments->config, arguments->config->policy_file, reply};
	GUARD_AUTO_CLOSE int file = -1;
	int r = guardd_trusted_open(&file, arguments->config->policy_file, "the policy", PROBLEM(&loading));

	if (r == 0)
		r = load_file(ret_image, file, arguments->state_dir, &loading);
	if (r == 0)
		r = check_failed(ret_image, &loading);
	/* What failed here must not leave the machine without a policy, whoever starts it. */
	if (r < 0 && (arguments->fall_back || (arguments->first && reply->standing.failed)) && load_last(ret_image, reply, arguments->config, arguments->state_dir) == 0)
		r = 0;
	return r;
}

/* What trust handed over must be what was checked: nobody may change it after. */
static int check_sealed(int set, const struct loading *loading)
{
	const int needed = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
	int seals = fcntl(set, F_GET_SEALS);

	if (seals >= 0 && (seals & needed) == needed)
		return 0;
	return guardd_problem(-GUARD_E_UNSAFE, PROBLEM(loading), "%s is not sealed", loading->name);
}

static int load_set(int *ret_image, const struct keeper_loader_arguments *arguments,
		    struct keeper_loader_reply *reply)
{
	const struct loading loading = {arguments->config, "the repository's policy", reply};
	int r = check_size(arguments->set, &loading);

	if (r == 0)
		r = check_sealed(arguments->set, &loading);
	if (r == 0)
		r = check_image(arguments->set, arguments->state_dir, &loading);
	if (r == 0)
		*ret_image = arguments->set;
	if (r == 0)
		r = check_failed(ret_image, &loading);
	return r;
}

/* What was in force when the machine went off. */
static int load_remembered(int *ret_image, const struct keeper_loader_arguments *arguments,
			   struct keeper_loader_reply *reply)
{
	const struct loading loading = {arguments->config, "the last accepted policy", reply};
	GUARD_AUTO_CLOSE int file = -1;
	int r = keeper_remembered_image(&file, arguments->state_dir);

	if (r < 0)
		return guardd_problem(-GUARD_E_NOT_FOUND, PROBLEM(&loading),
				      "no policy has been received from the repository yet");
	return load_file(ret_image, file, arguments->state_dir, &loading);
}

int keeper_loader_read(int *ret_image, struct keeper_loader_reply *ret_reply,
		       const struct keeper_loader_arguments *arguments)
{
	struct keeper_loader_reply reply = {0};
	int r;

	if (arguments->set >= 0)
		r = load_set(ret_image, arguments, &reply);
	else if (arguments->config->managed || arguments->config->released)
		r = load_remembered(ret_image, arguments, &reply);
	else
		r = load_policy_file(ret_image, arguments, &reply);
	reply.error = r;
	*ret_reply = reply;
	return r;
}

static bool is_start_task(enum keeper_loader_task task)
{
	return task == KEEPER_LOADER_BACK_START || task == KEEPER_LOADER_BACK_START_BOOT;
}

static bool is_back_task(enum keeper_loader_task task)
{
	return task == KEEPER_LOADER_BACK || task == KEEPER_LOADER_BACK_BOOT || is_start_task(task);
}

/* What it is; for a machine that cannot start otherwise, whether it can with this. */
static int check_back(int set, const struct loading *loading, bool start)
{
	struct guard_policy *policy = NULL;
	struct guard_policy_info info;
	int r = open_image(&policy, &info, set, loading);

	if (r == 0 && start && loading->config->protect_all && info.mode == GUARD_MODE_ENFORCE)
		r = check_lockout(policy, loading);
	guard_policy_free(policy);
	return r;
}

/* What was proven, with what the policy in force denies. */
static int make_back(int *ret_image, const struct keeper_loader_arguments *arguments, struct keeper_loader_reply *reply)
{
	const struct loading loading = {arguments->config, "the last good policy", reply};
	const bool start = is_start_task(arguments->task);
	const bool boot = arguments->task == KEEPER_LOADER_BACK_BOOT || arguments->task == KEEPER_LOADER_BACK_START_BOOT;
	char why[300] = "";
	GUARD_AUTO_CLOSE int set = -1;
	int r = keeper_back_make(&set, why, sizeof(why), arguments->state_dir, arguments->in_force, boot,
				 start ? NULL : arguments->needed, arguments->config);

	if (r == 0 && start)
		snprintf(why, sizeof(why), "the daemon could not start: %.260s", arguments->why);
	if (r == 0)
		r = check_back(set, &loading, start);
	if (r < 0)
		return r;
	memcpy(reply->text, why, sizeof(why));
	*ret_image = guard_steal_fd(&set);
	return 0;
}

static int do_task(int *ret_image, const struct keeper_loader_arguments *arguments, struct keeper_loader_reply *reply)
{
	int r;

	switch (arguments->task) {
	case KEEPER_LOADER_PROVE:
	case KEEPER_LOADER_PROVE_BOOT:
		r = keeper_back_prove(arguments->state_dir, arguments->in_force, arguments->task == KEEPER_LOADER_PROVE_BOOT);
		if (r < 0)
			snprintf(reply->text, sizeof(reply->text),
				 "the policy in force has proven itself and could not be kept as the last good one: %s",
				 guard_error_text(r));
		return r;
	case KEEPER_LOADER_BACK:
	case KEEPER_LOADER_BACK_BOOT:
	case KEEPER_LOADER_BACK_START:
	case KEEPER_LOADER_BACK_START_BOOT:
		return make_back(ret_image, arguments, reply);
	default:
		return keeper_loader_read(ret_image, reply, arguments);
	}
}

/* No version goes down: a machine that went back takes nothing older for that. */
static int remember(const struct keeper_loader_arguments *arguments, const struct keeper_loader_reply *reply, int image)
{
	uint64_t version = reply->version;
	int r;

	if (reply->fallback)
		return 0;
	if (is_back_task(arguments->task) || reply->standing.is_back) {
		uint64_t remembered = keeper_remembered_version(arguments->state_dir);

		version = remembered > version ? remembered : version;
	}
	/* In this order: what is cut short is tried, and fails, once more. */
	r = keeper_remember(arguments->state_dir, version, reply->id, image);
	if (r == 0 && is_back_task(arguments->task))
		r = keeper_back_remember(arguments->state_dir, arguments->in_force, image, reply->text);
	return r;
}

/* Wait until the keeper says that the gate has it in force; not so when the
 * keeper closes. */
static bool told_to_remember(int socket)
{
	struct pollfd ready = {socket, POLLIN, 0};
	char byte = 0;

	while (poll(&ready, 1, -1) < 0 && errno == EINTR)
		;
	return read(socket, &byte, 1) == 1 && byte == KEEPER_LOADER_REMEMBER;
}

void keeper_loader_main(const struct keeper_loader_arguments *arguments)
{
	const struct guardd_config *config = arguments->config;
	const int socket = arguments->socket;
	struct keeper_loader_reply reply = {0};
	int image = -1, r = guardd_jail_enter(GUARDD_ROLE_LOADER, config, reply.text, sizeof(reply.text));

	if (r == 0)
		r = do_task(&image, arguments, &reply);
	reply.error = r;

	if (guardd_fdpass_send(socket, &reply, sizeof(reply), &image, image < 0 ? 0 : 1) < 0 || image < 0)
		_exit(EXIT_SUCCESS);
	if (!told_to_remember(socket))
		_exit(EXIT_SUCCESS);
	reply.error = remember(arguments, &reply, image);
	if (reply.error < 0)
		snprintf(reply.text, sizeof(reply.text),
			 "policy version %llu is in force but could not be remembered in %.300s: %s",
			 (unsigned long long)reply.version, config->state_dir, strerror(errno));
	if (guardd_fdpass_send(socket, &reply, sizeof(reply), NULL, 0) < 0)
		_exit(EXIT_FAILURE);
	_exit(EXIT_SUCCESS);
}
