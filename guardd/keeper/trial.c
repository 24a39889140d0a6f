/* SPDX-License-Identifier: MIT
 *
 * keeper/trial.c - a policy that has not proven itself on this machine is on trial
 * (docs/last-good.md): for so long the keeper looks whether what the machine needs was
 * refused.  If it was, a loader makes what to go back to; if not, the policy becomes the
 * last good one.  Decides when; what is good and what is allowed the loader finds out.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"
#include "keeper/loader.h"

#define LOOK_MS 1000
#define BOOT_MS 600000 /* a daemon that starts so soon starts with the machine */

static int64_t boot_clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool keeper_trial_is_boot(const struct keeper *keeper)
{
	return keeper->takeover < 0 && keeper->old_keeper_pid == 0 && boot_clock_ms() < BOOT_MS;
}

static bool is_on_trial(const struct keeper *keeper, bool boot)
{
	const struct keeper_standing *standing = &keeper->standing;

	return keeper->config->trial_seconds > 0 && !standing->is_back && (boot ? !standing->booted : !standing->ran);
}

/* Who starts the daemon by hand is there to read why it does not; a successor leaves the
 * machine to the daemon that runs. */
bool keeper_trial_may_start_back(const struct keeper *keeper)
{
	const struct keeper_standing *standing = &keeper->standing;
	const bool boot = keeper_trial_is_boot(keeper);

	return keeper->gate_refused && !keeper->options.foreground && keeper->takeover < 0 && is_on_trial(keeper, boot) &&
	       (boot ? standing->may_go_back_boot : standing->may_go_back_run);
}

void keeper_trial_begin(struct keeper *keeper, bool boot)
{
	const struct keeper_standing *standing = &keeper->standing;
	struct keeper_trial *trial = &keeper->trial;

	*trial = (struct keeper_trial){.boot = boot};
	keeper->back_text[0] = '\0';
	if (standing->is_back)
		snprintf(keeper->back_text, sizeof(keeper->back_text),
			 "the machine went back to the last good policy, %.100s version %llu: under the newer one %.280s",
			 keeper->policy.id, (unsigned long long)keeper->policy.version, standing->why);
	trial->on = is_on_trial(keeper, boot);
	if (trial->on)
		trial->end_ms = boot_clock_ms() + (int64_t)keeper->config->trial_seconds * 1000;
}

int64_t keeper_trial_due(const struct keeper *keeper)
{
	return keeper->trial.on ? LOOK_MS : -1;
}

static bool may_go_back(const struct keeper *keeper)
{
	return keeper->trial.boot ? keeper->standing.may_go_back_boot : keeper->standing.may_go_back_run;
}

/* A managed machine has reached its repository under this policy, or nothing better
 * could ever arrive. */
static bool reaches_repository(const struct keeper *keeper)
{
	return !keeper->config->managed || strcmp(keeper->distribution.word, "ok") == 0;
}

static void spawn(struct keeper *keeper, enum keeper_loader_task task, enum keeper_load load)
{
	keeper->load = load;
	keeper->load_deadline_ms = keeper_now_ms() + KEEPER_LOAD_MS;
	if (keeper_spawn_loader_for(keeper, task) < 0) {
		keeper->load = KEEPER_LOAD_IDLE;
		keeper->load_deadline_ms = 0;
		keeper_say("a policy on trial could not be looked at: %s", strerror(errno));
	}
}

void keeper_trial_look(struct keeper *keeper)
{
	struct keeper_trial *trial = &keeper->trial;
	uint32_t refused = atomic_load(&keeper->shared->needed.count);

	if (!trial->on || keeper->load != KEEPER_LOAD_IDLE || !keeper->gate_ready)
		return;
	if (refused > trial->judged && may_go_back(keeper)) {
		trial->judged = refused;
		spawn(keeper, trial->boot ? KEEPER_LOADER_BACK_BOOT : KEEPER_LOADER_BACK, KEEPER_LOAD_READING);
		keeper->going_back = keeper->load == KEEPER_LOAD_READING;
		return;
	}
	trial->judged = refused;
	if (boot_clock_ms() >= trial->end_ms && reaches_repository(keeper))
		spawn(keeper, trial->boot ? KEEPER_LOADER_PROVE_BOOT : KEEPER_LOADER_PROVE, KEEPER_LOAD_PROVING);
}

void keeper_trial_proven(struct keeper *keeper, int error, const char *text)
{
	keeper->trial.on = false;
	if (error < 0)
		keeper_say("%s", text);
	else
		keeper_note(keeper, GUARD_DAEMON_POLICY_PROVEN,
			    "policy %s version %llu has proven itself here (%s): it is the last good one now", keeper->policy.id,
			    (unsigned long long)keeper->policy.version,
			    keeper->trial.boot ? "the machine came up with it" : "it ran without harm");
}

/* What was made to go back to is in force. */
void keeper_trial_went_back(struct keeper *keeper)
{
	char sentence[500];

	snprintf(sentence, sizeof(sentence),
		 "the machine went back to the last good policy, %.100s version %llu: under the newer one %.280s",
		 keeper->policy.id, (unsigned long long)keeper->policy.version, keeper->back_why);
	keeper->going_back = false;
	keeper->trial = (struct keeper_trial){.on = false};
	snprintf(keeper->back_text, sizeof(keeper->back_text), "%s", sentence);
	keeper_note(keeper, GUARD_DAEMON_POLICY_BACK, "%s", sentence);
	/* trust learns that what it remembers is not in force, and headquarters by it. */
	if (keeper->config->managed) {
		keeper_managed_end(keeper);
		keeper->trust.due_ms = keeper_now_ms();
	}
}
