/* SPDX-License-Identifier: MIT
 *
 * keeper/policy.c - a new policy, whole or not at all: loader reads and checks,
 * gate applies, loader remembers, control is told.  One reload at a time.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"
#include "keeper/fdpass.h"
#include "keeper/loader.h"
#include "problem.h"

static void answer_control(struct keeper *keeper, int error, const char *sentence)
{
	struct guardd_command result = {.type = GUARDD_COMMAND_RESULT, .fd = -1, .error = error};

	snprintf(result.text, sizeof(result.text), "%s", sentence);
	for (; keeper->load_answers > 0; keeper->load_answers--) {
		if (keeper->control_socket[0] < 0 ||
		    keeper_command_send(keeper->control_socket[0], &result, -1) < 0)
			keeper_say("the control process does not take the answer to a reload");
	}
}

static uint32_t steal_count(uint32_t *count)
{
	uint32_t value = *count;

	*count = 0;
	return value;
}

static void end_load(struct keeper *keeper)
{
	keeper_close(&keeper->loader_socket);
	keeper_close(&keeper->loaded_image);
	keeper_close(&keeper->set);
	keeper_process_end(&keeper->loader, SIGKILL, 1000);
	if (keeper->shared)
		atomic_store(&keeper->shared->loader_pid, 0);
	keeper->load = KEEPER_LOAD_IDLE;
	keeper->load_deadline_ms = 0;
	keeper_tell(keeper, "READY=1");
	keeper_tell_status(keeper);
	if (keeper->load_again) {
		keeper->load_again = false;
		keeper_policy_reload(keeper, steal_count(&keeper->load_answers_next));
	}
}

void keeper_policy_failed(struct keeper *keeper, int error, const char *sentence)
{
	/* Of an update trust says what came of it; of going back nothing is to be said when
	 * it would not help. */
	if (keeper->going_back && error != -GUARD_E_NOT_FOUND) {
		keeper->trial.on = false; /* it proves nothing either */
		keeper_say("going back to the last good policy: %s", sentence[0] ? sentence : guard_error_text(error));
	}
	if (keeper->set < 0 && !keeper->going_back) {
		keeper_note(keeper, GUARD_DAEMON_POLICY_REFUSED, "The new policy was refused: %s", sentence);
		snprintf(keeper->problem, sizeof(keeper->problem), "%s", sentence);
		keeper_problem_changed(keeper);
	}
	keeper->going_back = false;
	keeper_managed_answer(keeper, error, sentence);
	answer_control(keeper, error, sentence);
	end_load(keeper);
}

/* The gate has it: it becomes the image that every later gate starts with. */
static void in_force(struct keeper *keeper)
{
	dup3(keeper->loaded_image, keeper->handles.policy, O_CLOEXEC);
	keeper->policy = keeper->loaded;
	keeper->standing = keeper->loaded_standing;
}

static void tell_control_image(struct keeper *keeper)
{
	const struct guardd_command command = {.type = GUARDD_COMMAND_POLICY, .fd = -1};

	if (keeper->control_socket[0] >= 0 &&
	    keeper_command_send(keeper->control_socket[0], &command, keeper->handles.policy) < 0)
		keeper_say("the control process does not take the new policy");
}

static void loaded(struct keeper *keeper)
{
	char sentence[300];

	snprintf(sentence, sizeof(sentence), "policy %s version %llu (%s) is in force", keeper->policy.id,
		 (unsigned long long)keeper->policy.version,
		 keeper->policy.mode == GUARD_MODE_ENFORCE ? "enforce" : "audit");
	keeper_note(keeper, GUARD_DAEMON_POLICY_LOADED, "%s", sentence);
	if (keeper->loaded.passed_over)
		keeper_note(keeper, GUARD_DAEMON_UPDATE_REFUSED,
			    "%u rules of offices' exceptions go beyond what headquarters allows (exception-bounds): "
			    "they are passed over, the others hold",
			    keeper->loaded.passed_over);
	keeper_managed_answer(keeper, 0, sentence);
	answer_control(keeper, 0, sentence);
}

static void begin_load(struct keeper *keeper)
{
	keeper->load = KEEPER_LOAD_READING;
	keeper->load_deadline_ms = keeper_now_ms() + KEEPER_LOAD_MS;
	if (keeper_spawn_loader(keeper, false) < 0)
		keeper_policy_failed(keeper, -GUARD_E_IO, "the process that reads it could not be started");
}

int keeper_policy_take(struct keeper *keeper, int set)
{
	if (keeper->load != KEEPER_LOAD_IDLE)
		return -GUARD_E_BUSY;
	keeper->set = set;
	keeper->set_unanswered = true;
	begin_load(keeper);
	return 0;
}

/* On a managed machine there is no file: the repository is asked. */
static void check_repository(struct keeper *keeper, uint32_t answers)
{
	const struct guardd_config *config = keeper->config;
	char sentence[500];

	keeper_managed_check(keeper);
	snprintf(sentence, sizeof(sentence), "%.380s%sits repository is asked now, guardctl status says what comes of it",
		 config->overruled[0] ? config->overruled : "this machine is managed by headquarters",
		 config->overruled[0] ? "; " : ": ");
	keeper->load_answers += answers;
	answer_control(keeper, config->overruled[0] ? -GUARD_E_DENIED : 0, sentence);
}

/* Begin to read the file again. */
void keeper_policy_reload(struct keeper *keeper, uint32_t answers)
{
	if (keeper->config->managed) {
		check_repository(keeper, answers);
		return;
	}
	if (keeper->config->released) {
		keeper->load_answers += answers;
		answer_control(keeper, -GUARD_E_DENIED, keeper->config->overruled);
		return;
	}
	if (keeper->load != KEEPER_LOAD_IDLE) {
		keeper->load_again = true;
		keeper->load_answers_next += answers;
		return;
	}
	keeper->load_answers = answers;
	begin_load(keeper);
}

void keeper_policy_resume(struct keeper *keeper)
{
	keeper->going_back = false; /* the refusals are still there: it is judged anew */
	keeper->trial.judged = 0;
	if (keeper->load == KEEPER_LOAD_IDLE)
		return;
	keeper->load_again = true;
	end_load(keeper);
}

static void take_reply(struct keeper *keeper, const struct keeper_loader_reply *reply)
{
	keeper->loaded.version = reply->version;
	keeper->loaded.mode = reply->mode;
	keeper->loaded.passed_over = reply->passed_over;
	memcpy(keeper->loaded.id, reply->id, sizeof(keeper->loaded.id));
	keeper->loaded_standing = reply->standing;
	snprintf(keeper->back_why, sizeof(keeper->back_why), "%.299s", reply->text);
}

/* The loader's next message; 1 there is one, 0 not yet, else it is broken. */
static int receive_reply(struct keeper *keeper, struct keeper_loader_reply *ret_reply, int32_t *ret_image)
{
	size_t size, count = 1;
	int image = -1;
	int r = guardd_fdpass_receive(&size, ret_reply, sizeof(*ret_reply), &image, &count,
				      keeper->loader_socket);

	if (r == -GUARD_E_BUSY)
		return 0;
	if (r < 0 || size != sizeof(*ret_reply)) {
		if (image >= 0)
			close(image);
		return -GUARD_E_FORMAT;
	}
	ret_reply->text[sizeof(ret_reply->text) - 1] = '\0';
	ret_reply->id[sizeof(ret_reply->id) - 1] = '\0';
	*ret_image = image;
	return 1;
}

static void apply(struct keeper *keeper)
{
	struct guardd_command command = {
	    .type = GUARDD_COMMAND_POLICY, .fd = keeper->loaded_image, .error = GUARDD_POLICY_NEW};

	keeper->load = KEEPER_LOAD_APPLYING;
	keeper->load_deadline_ms = keeper_now_ms() + KEEPER_APPLY_MS;
	if (!keeper->gate_ready || keeper_command_send(keeper->command[0], &command, -1) < 0)
		keeper_policy_failed(keeper, -GUARD_E_BUSY,
				     "the gate is just being started again: try once more");
}

void keeper_policy_loader_readable(struct keeper *keeper)
{
	struct keeper_loader_reply reply;
	int32_t image = -1;
	int r = receive_reply(keeper, &reply, &image);

	if (r == 0)
		return;
	if (keeper->load == KEEPER_LOAD_REMEMBERING) {
		if (r < 0 || reply.error < 0)
			snprintf(keeper->problem, sizeof(keeper->problem), "%s",
				 r < 0 ? "the policy in force could not be remembered" : reply.text);
		else
			keeper->problem[0] = '\0';
		keeper_problem_changed(keeper);
		end_load(keeper);
		return;
	}
	if (keeper->load == KEEPER_LOAD_PROVING) {
		keeper_close(&image);
		keeper_trial_proven(keeper, r < 0 ? r : reply.error, r < 0 ? "the process that keeps it ended" : reply.text);
		end_load(keeper);
		return;
	}
	if (r < 0 || reply.error < 0 || image < 0) {
		keeper_policy_failed(keeper, r < 0 ? r : reply.error,
				     r < 0 ? "the process that read it ended" : reply.text);
		return;
	}
	take_reply(keeper, &reply);
	keeper->loaded_image = image;
	apply(keeper);
}

static void take_result(struct keeper *keeper, const struct guardd_command *result)
{
	const char byte = KEEPER_LOADER_REMEMBER;

	if (result->error != 0) {
		keeper_policy_failed(keeper, result->error < 0 ? result->error : -result->error,
				     result->text);
		return;
	}
	in_force(keeper);
	tell_control_image(keeper);
	keeper_unlock_renew(keeper);
	if (keeper->going_back) {
		keeper_trial_went_back(keeper);
	} else {
		loaded(keeper);
		keeper_trial_begin(keeper, false);
	}
	keeper->load = KEEPER_LOAD_REMEMBERING;
	keeper->load_deadline_ms = keeper_now_ms() + KEEPER_LOAD_MS;
	if (write(keeper->loader_socket, &byte, 1) != 1)
		keeper_policy_loader_readable(keeper);
}

/* The gate's results come in the order of what it was sent. */
void keeper_policy_gate_result(struct keeper *keeper, const struct guardd_command *result)
{
	if (keeper->flush_sent) {
		keeper->flush_sent = false;
		return;
	}
	if (keeper->load != KEEPER_LOAD_APPLYING)
		return;
	take_result(keeper, result);
	if (keeper->flush_due)
		keeper_policy_flush(keeper);
}

void keeper_policy_flush(struct keeper *keeper)
{
	const struct guardd_command command = {.type = GUARDD_COMMAND_POLICY, .fd = keeper->handles.policy};

	keeper->flush_due = keeper->load == KEEPER_LOAD_APPLYING;
	if (!keeper->flush_due)
		keeper->flush_sent = keeper_command_send(keeper->command[0], &command, -1) == 0;
}

/* The loader that was just started (`started`: or was not): what it read is in handles.policy. */
static int take_first(struct keeper *keeper, int started, char *ret_problem, size_t size)
{
	const char *name = keeper->config->policy_file[0] ? keeper->config->policy_file : "the policy";
	struct pollfd ready = {keeper->loader_socket, POLLIN, 0};
	struct keeper_loader_reply reply = {0};
	int32_t image = -1;
	int r;

	if (started < 0)
		return guardd_problem(started, ret_problem, size,
				      "%s: the process that reads it cannot be started: %s", name, strerror(errno));
	while ((r = poll(&ready, 1, KEEPER_LOAD_MS)) < 0 && errno == EINTR)
		;
	r = r <= 0 ? -GUARD_E_TIMEOUT : receive_reply(keeper, &reply, &image);
	if (r <= 0)
		return guardd_problem(-GUARD_E_TIMEOUT, ret_problem, size, "%s: could not be read and checked", name);
	if (reply.error < 0 || image < 0)
		return guardd_problem(reply.error, ret_problem, size, "%s", reply.text);
	take_reply(keeper, &reply);
	keeper->policy = keeper->loaded;
	keeper->standing = keeper->loaded_standing;
	keeper_close(&keeper->handles.policy);
	keeper->handles.policy = image;
	if (reply.fallback)
		snprintf(keeper->problem, sizeof(keeper->problem),
			 "The last accepted policy stays in force: %.450s", reply.text);
	return 0;
}

int keeper_policy_read_first(struct keeper *keeper, bool fall_back, char *ret_problem, size_t size)
{
	return take_first(keeper, keeper_spawn_loader(keeper, fall_back), ret_problem, size);
}

int keeper_policy_back_first(struct keeper *keeper)
{
	const enum keeper_loader_task task =
	    keeper_trial_is_boot(keeper) ? KEEPER_LOADER_BACK_START_BOOT : KEEPER_LOADER_BACK_START;
	char problem[500];
	int r;

	if (!keeper_trial_may_start_back(keeper))
		return -GUARD_E_NOT_FOUND;
	/* The first loader still waits for the gate. */
	keeper_close(&keeper->loader_socket);
	keeper_process_end(&keeper->loader, SIGKILL, 1000);
	r = take_first(keeper, keeper_spawn_loader_for(keeper, task), problem, sizeof(problem));
	if (r < 0 && r != -GUARD_E_NOT_FOUND)
		keeper_say("going back to the last good policy: %s", problem);
	keeper->going_back = r == 0;
	return r;
}

/* At the start: wait for the loader; the image becomes handles.policy. */
int keeper_policy_first(struct keeper *keeper, char *ret_problem, size_t size)
{
	/* A machine that boots must not lose its protection with a spoiled file; who
	 * starts the daemon by hand is there to read the sentence. */
	int r = keeper_policy_read_first(keeper, !keeper->options.foreground, ret_problem, size);

	if (r < 0 && keeper->config->managed)
		r = keeper_managed_first(keeper, ret_problem, size);
	return r;
}

/* The first gate has it in force. */
void keeper_policy_confirm_first(struct keeper *keeper)
{
	const char byte = KEEPER_LOADER_REMEMBER;

	const bool back = keeper->going_back;

	loaded(keeper);
	if (back)
		keeper_trial_went_back(keeper);
	else
		keeper_trial_begin(keeper, keeper_trial_is_boot(keeper));
	keeper->load = KEEPER_LOAD_REMEMBERING;
	keeper->load_deadline_ms = keeper_now_ms() + KEEPER_LOAD_MS;
	if (keeper->problem[0] && !back) {
		keeper_note(keeper, GUARD_DAEMON_POLICY_REFUSED, "%s", keeper->problem);
		end_load(keeper); /* nothing new to remember */
		return;
	}
	if (write(keeper->loader_socket, &byte, 1) != 1)
		keeper_policy_loader_readable(keeper);
}
