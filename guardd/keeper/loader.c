/* SPDX-License-Identifier: MIT
 *
 * keeper/loader.c - which policy is read: the file, what trust handed over, what was
 * remembered or proven.  Changes nothing but what remember.h says, and that only when
 * told.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <guard/policy.h>

#include "base/cleanup.h"
#include "guardd.h"
#include "keeper/back.h"
#include "keeper/fdpass.h"
#include "keeper/image.h"
#include "keeper/loader.h"
#include "keeper/remember.h"
#include "problem.h"
#include "trusted.h"

/* The file was refused when the daemon starts: enforcement must not end with
 * it, so the last policy that was accepted stands in, if there is one. */
static int load_last(int *ret_image, struct keeper_loader_reply *reply, const struct guardd_config *config,
		     int state_dir)
{
	struct keeper_loader_reply last = {0};
	const struct keeper_loading loading = {config, "the last accepted policy", &last};
	GUARD_AUTO_CLOSE int file = -1;
	int r = keeper_remembered_image(&file, state_dir);

	if (r == 0)
		r = keeper_image_load(ret_image, file, state_dir, &loading);
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
	const struct keeper_loading loading = {arguments->config, arguments->config->policy_file, reply};
	GUARD_AUTO_CLOSE int file = -1;
	int r = guardd_trusted_open(&file, arguments->config->policy_file, "the policy", KEEPER_PROBLEM(&loading));

	if (r == 0)
		r = keeper_image_load(ret_image, file, arguments->state_dir, &loading);
	if (r == 0)
		r = keeper_image_failed(ret_image, &loading);
	/* What failed here must not leave the machine without a policy, whoever starts it. */
	if (r < 0 && (arguments->fall_back || (arguments->first && reply->standing.failed)) && load_last(ret_image, reply, arguments->config, arguments->state_dir) == 0)
		r = 0;
	return r;
}

static int load_set(int *ret_image, const struct keeper_loader_arguments *arguments,
		    struct keeper_loader_reply *reply)
{
	const struct keeper_loading loading = {arguments->config, "the repository's policy", reply};

	return keeper_image_take(ret_image, arguments->set, arguments->state_dir, &loading);
}

/* What was in force when the machine went off. */
static int load_remembered(int *ret_image, const struct keeper_loader_arguments *arguments,
			   struct keeper_loader_reply *reply)
{
	const struct keeper_loading loading = {arguments->config, "the last accepted policy", reply};
	GUARD_AUTO_CLOSE int file = -1;
	int r = keeper_remembered_image(&file, arguments->state_dir);

	if (r < 0)
		return guardd_problem(-GUARD_E_NOT_FOUND, KEEPER_PROBLEM(&loading),
				      "no policy has been received from the repository yet");
	return keeper_image_load(ret_image, file, arguments->state_dir, &loading);
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

/* What was proven, with what the policy in force denies. */
static int make_back(int *ret_image, const struct keeper_loader_arguments *arguments, struct keeper_loader_reply *reply)
{
	const struct keeper_loading loading = {arguments->config, "the last good policy", reply};
	const bool start = is_start_task(arguments->task);
	const bool boot = arguments->task == KEEPER_LOADER_BACK_BOOT || arguments->task == KEEPER_LOADER_BACK_START_BOOT;
	char why[300] = "";
	GUARD_AUTO_CLOSE int set = -1;
	int r = keeper_back_make(&set, why, sizeof(why), arguments->state_dir, arguments->in_force, boot,
				 start ? NULL : arguments->needed, arguments->config);

	if (r == 0 && start)
		snprintf(why, sizeof(why), "the daemon could not start: %.260s", arguments->why);
	if (r == 0)
		r = keeper_image_check_back(set, &loading, start);
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
