/* SPDX-License-Identifier: MIT
 *
 * enroll/enroll_daemon.c - a daemon that runs takes up an enrolment by starting its
 * program anew, without a gap; then the first policy is waited for.
 */
#include "enroll.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "output.h"
#include "query.h"

#define FIRST_POLICY_S 90
#define LOOK_MS 200

static bool is_there(const struct guardctl_options *common)
{
	struct stat status;

	return stat(common->socket, &status) == 0;
}

static int say(const struct guard_status *status)
{
	const struct guard_distribution *distribution = &status->distribution;

	if (strcmp(distribution->word, "ok") == 0) {
		printf(_("Snapshot %llu is in force: policy %s version %llu, profile %s.\n"),
		       (unsigned long long)distribution->snapshot, status->policy_id,
		       (unsigned long long)status->policy_version, distribution->profile);
		return GUARDCTL_DONE;
	}
	guardctl_error("enroll: the machine is enrolled, but has no policy from there yet (%s): %s; it goes on trying, "
		       "guardctl status shows how it goes",
		       distribution->word[0] ? distribution->word : "waiting", distribution->text);
	return GUARDCTL_REFUSED;
}

int enroll_tell_daemon(const struct guardctl_options *common)
{
	const time_t end = time(NULL) + FIRST_POLICY_S;
	struct guard_status status;

	if (!is_there(common) || guardctl_query_status(&status, common) != GUARDCTL_DONE) {
		puts(_("guardd does not run here: it will ask the repository when it is started (systemctl start guardd)."));
		return GUARDCTL_DONE;
	}
	if (status.self_protection && !status.maintenance_until) {
		guardctl_error("enroll: guard protects itself here and does not change over without a maintenance "
			       "(`guardctl maintenance`): the repository is asked from the next start on");
		return GUARDCTL_REFUSED;
	}
	if (kill((pid_t)status.keeper_pid, SIGUSR2) < 0) {
		guardctl_error("enroll: the daemon could not be told: restart it (systemctl restart guardd)");
		return GUARDCTL_REFUSED;
	}
	do {
		poll(NULL, 0, LOOK_MS);
		if (!is_there(common) || guardctl_query_status(&status, common) != GUARDCTL_DONE)
			memset(&status, 0, sizeof(status));
	} while (time(NULL) < end && (!status.repository[0] || !status.distribution.last_check));
	return say(&status);
}
