/* SPDX-License-Identifier: MIT
 *
 * keeper/managed.c - a machine whose policy comes from a repository: starts sync
 * and trust as a pair, takes policy sets from trust, tells control what trust
 * says.  Believes of trust that it verified, nothing else: the loader checks a
 * set like a file.
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
#include "permits.h"
#include "problem.h"
#include "trust/trust.h"
#include "unlock/handover.h"

#define FIRST_POLICY_MS 120000 /* for a newly enrolled machine's first policy */
#define RESTART_MS 1000	       /* doubled with each death in a minute */
#define RESTART_MAX_MS 60000
#define MINUTE_MS 60000
#define END_MS 2000

/* ---- the pair -------------------------------------------------------------------- */

static int make_blocking(const int32_t pair[2])
{
	for (int i = 0; i < 2; i++) {
		int flags = fcntl(pair[i], F_GETFL);

		if (flags < 0 || fcntl(pair[i], F_SETFL, flags & ~O_NONBLOCK) < 0)
			return -GUARD_E_IO;
	}
	return 0;
}

/* Each end of a socket is in one process only, so that the other hears its end. */
static int start_pair(struct keeper *keeper)
{
	int32_t keeper_side[2] = {-1, -1}, bytes[2] = {-1, -1};
	int r = keeper_pair(keeper_side, 0);

	if (r == 0)
		r = keeper_pair(bytes, 0);
	if (r == 0)
		r = make_blocking(bytes);
	if (r == 0)
		r = keeper_spawn_sync(keeper, bytes[1]);
	if (r == 0)
		r = keeper_spawn_trust(keeper, keeper_side[1], bytes[0]);
	keeper_close(&keeper->trust_socket);
	keeper->trust_socket = keeper_side[0];
	keeper_close(&keeper_side[1]);
	keeper_close(&bytes[0]);
	keeper_close(&bytes[1]);
	return r;
}

int keeper_managed_start(struct keeper *keeper)
{
	if (!keeper->config->managed || keeper->trust.pidfd >= 0)
		return 0;
	if (!keeper->distribution.word[0])
		snprintf(keeper->distribution.word, sizeof(keeper->distribution.word), "waiting");
	keeper_managed_tell(keeper);
	return start_pair(keeper);
}

void keeper_managed_end(struct keeper *keeper)
{
	keeper_close(&keeper->trust_socket);
	keeper_process_end(&keeper->trust, SIGTERM, END_MS);
	keeper_process_end(&keeper->sync, SIGTERM, END_MS);
}

static bool has_ended(const struct keeper_process *process)
{
	struct pollfd ended = {process->pidfd, POLLIN, 0};

	return process->pidfd >= 0 && poll(&ended, 1, 0) == 1;
}

static int64_t count_death(struct keeper_process *process)
{
	int64_t now = keeper_now_ms(), pause = RESTART_MS;

	if (now - process->minute_ms > MINUTE_MS) {
		process->minute_ms = now;
		process->deaths = 0;
	}
	for (uint32_t i = 0; i < process->deaths && pause < RESTART_MAX_MS; i++)
		pause *= 2;
	process->deaths++;
	return now + (pause < RESTART_MAX_MS ? pause : RESTART_MAX_MS);
}

/* What one of the two had in hand the other cannot go on with. */
static void bury_pair(struct keeper *keeper)
{
	struct keeper_process *const dead = has_ended(&keeper->trust) ? &keeper->trust : &keeper->sync;
	char how[64];

	keeper_process_bury(dead, how, sizeof(how));
	keeper_note(keeper, GUARD_DAEMON_HELPER_RESTARTED, "The %s process %s; sync and trust are started again.",
		    dead == &keeper->trust ? "trust" : "sync", how);
	keeper_managed_end(keeper);
	keeper->set_unanswered = false;
	keeper->trust.due_ms = count_death(&keeper->trust);
}

void keeper_managed_supervise(struct keeper *keeper)
{
	struct keeper_process *trust = &keeper->trust;

	if (!keeper->config->managed)
		return;
	if (has_ended(trust) || has_ended(&keeper->sync))
		bury_pair(keeper);
	if (trust->pidfd < 0 && trust->due_ms != 0 && trust->due_ms <= keeper_now_ms()) {
		keeper_managed_end(keeper); /* after a keeper's death one of the two may be left */
		if (start_pair(keeper) < 0)
			trust->due_ms = count_death(trust);
	}
}

/* ---- messages ---------------------------------------------------------------------- */

static void send_to_trust(const struct keeper *keeper, const struct guardd_trust_message *message)
{
	/* A trust process that does not read is about to be found dead. */
	if (keeper->trust_socket >= 0)
		(void)!guardd_fdpass_send(keeper->trust_socket, message, sizeof(*message), NULL, 0);
}

static void answer(const struct keeper *keeper, int error, const char *sentence)
{
	struct guardd_trust_message message = {.type = GUARDD_TRUST_RESULT, .error = error};

	snprintf(message.text, sizeof(message.text), "%s", sentence);
	send_to_trust(keeper, &message);
}

void keeper_managed_answer(struct keeper *keeper, int error, const char *sentence)
{
	if (keeper->set_unanswered)
		answer(keeper, error, sentence);
	keeper->set_unanswered = false;
}

void keeper_managed_check(struct keeper *keeper)
{
	const struct guardd_trust_message message = {.type = GUARDD_TRUST_CHECK};

	send_to_trust(keeper, &message);
}

void keeper_managed_tell(struct keeper *keeper)
{
	struct guardd_command command = {.type = GUARDD_COMMAND_DISTRIBUTION, .fd = -1};

	memcpy(command.text, &keeper->distribution, sizeof(keeper->distribution));
	if (keeper->control_socket[0] >= 0 &&
	    keeper_command_send(keeper->control_socket[0], &command, -1) < 0)
		keeper_say("the control process does not take messages");
}

static void take_state(struct keeper *keeper, const struct guard_distribution *state)
{
	keeper->distribution = *state;
	keeper->distribution.word[sizeof(state->word) - 1] = '\0';
	keeper->distribution.text[sizeof(state->text) - 1] = '\0';
	keeper->distribution.profile[sizeof(state->profile) - 1] = '\0';
	keeper->distribution.id[sizeof(state->id) - 1] = '\0';
	keeper_managed_tell(keeper);
}

static void take_note(struct keeper *keeper, const struct guardd_trust_message *message)
{
	if (message->what == GUARD_DAEMON_UPDATE_TAKEN || message->what == GUARD_DAEMON_UPDATE_REFUSED ||
	    message->what == GUARD_DAEMON_UPDATE_STALE)
		keeper_note(keeper, (enum guard_daemon_event)message->what, "%s", message->text);
}

/* 1 a message, 0 none there, negative: trust has ended. */
static int receive(struct guardd_trust_message *ret_message, int *ret_fd, const struct keeper *keeper)
{
	size_t size, count = 1;
	int fd = -1;
	int r = guardd_fdpass_receive(&size, ret_message, sizeof(*ret_message), &fd, &count, keeper->trust_socket);

	if (r == -GUARD_E_BUSY)
		return 0;
	if (r == 0 && size != sizeof(*ret_message))
		r = -GUARD_E_FORMAT;
	if (r < 0) {
		if (fd >= 0)
			close(fd);
		return r;
	}
	ret_message->text[sizeof(ret_message->text) - 1] = '\0';
	*ret_fd = fd;
	return 1;
}

static void take_set(struct keeper *keeper, int32_t set)
{
	if (set < 0) {
		answer(keeper, -GUARD_E_FORMAT, "the set did not come with its message");
	} else if (keeper_policy_take(keeper, set) < 0) {
		close(set);
		answer(keeper, -GUARD_E_BUSY, "another policy is just being read");
	}
}

void keeper_managed_readable(struct keeper *keeper)
{
	static struct guardd_trust_message message;
	bool renewed;
	int fd = -1, r;

	while ((r = receive(&message, &fd, keeper)) > 0) {
		if (message.type == GUARDD_TRUST_SET) {
			take_set(keeper, fd);
			return; /* what follows comes after its answer */
		}
		if (message.type == GUARDD_TRUST_UNLOCK && fd >= 0 &&
		    unlock_handover_deliver(keeper->unlock_requests[0], fd) < 0)
			keeper_say("the unlock process does not take what the help desk sent");
		renewed = message.type == GUARDD_TRUST_VERIFIERS && fd >= 0 && keeper_verifiers_take(keeper, fd);
		if (fd >= 0)
			close(fd);
		if (renewed)
			return; /* the program could not be started anew: as after a release */
		if (message.type == GUARDD_TRUST_STATE)
			take_state(keeper, &message.state);
		if (message.type == GUARDD_TRUST_PERMITS && message.permits.count <= GUARD_PERMITS_MAX)
			guardd_permits_write(keeper->shared, &message.permits);
		if (message.type == GUARDD_TRUST_NOTE)
			take_note(keeper, &message);
		if (message.type == GUARDD_TRUST_SETTINGS && keeper_settings_take(keeper, &message.settings))
			return; /* likewise */
		if (message.type == GUARDD_TRUST_RELEASED) {
			keeper_release(keeper, message.text);
			return; /* another program, or another trust process */
		}
	}
	if (r < 0)
		keeper_close(&keeper->trust_socket); /* about to be found dead */
}

/* ---- the first policy ------------------------------------------------------------------ */

/* 1 a policy is there, 0 not yet. */
static int take_first(struct keeper *keeper, char *ret_problem, size_t size)
{
	struct guardd_trust_message message;
	int fd = -1, r;

	if (keeper->trust_socket < 0 || receive(&message, &fd, keeper) <= 0)
		return 0;
	if (message.type == GUARDD_TRUST_NOTE)
		take_note(keeper, &message);
	if (message.type == GUARDD_TRUST_STATE && message.state.text[0]) {
		take_state(keeper, &message.state);
		return guardd_problem(0, ret_problem, size, "%s: %s", keeper->distribution.word, keeper->distribution.text);
	}
	if (message.type != GUARDD_TRUST_SET || fd < 0) {
		if (fd >= 0)
			close(fd);
		return 0;
	}
	keeper->set = fd;
	keeper->set_unanswered = true;
	r = keeper_policy_read_first(keeper, false, ret_problem, size);
	keeper_close(&keeper->set);
	if (r < 0)
		keeper_managed_answer(keeper, r, ret_problem);
	return r == 0;
}

int keeper_managed_first(struct keeper *keeper, char *ret_problem, size_t size)
{
	const int64_t end = keeper_now_ms() + FIRST_POLICY_MS;
	char last[500] = "it did not answer";
	int r = keeper_managed_start(keeper);

	keeper_say("no policy has been received yet: asking %s", keeper->config->repository_url);
	while (r == 0 && keeper_now_ms() < end) {
		struct pollfd ready = {keeper->trust_socket, POLLIN, 0};

		(void)!poll(&ready, 1, 200);
		keeper_managed_supervise(keeper);
		r = take_first(keeper, last, sizeof(last));
	}
	if (r > 0)
		return 0;
	keeper_managed_end(keeper);
	return guardd_problem(-GUARD_E_NOT_FOUND, ret_problem, size,
			      "no policy has been received from %.200s: %.250s", keeper->config->repository_url, last);
}
