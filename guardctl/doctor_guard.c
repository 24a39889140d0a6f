/* SPDX-License-Identifier: MIT
 *
 * guardctl/doctor_guard.c - the daemon and its policy, seen from outside.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <guard/policy.h>

#include "base/cleanup.h"
#include "doctor.h"
#include "output.h"
#include "query.h"

#define FRESH_SOON_S 86400

static bool check_daemon(struct doctor *doctor)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	GUARD_AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return false;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", doctor->options->socket);
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 || errno == EAGAIN) {
		doctor_say(doctor, DOCTOR_OK, "daemon", NULL, "guardd answers at %s", doctor->options->socket);
		return true;
	}
	doctor_say(doctor, DOCTOR_GAP, "daemon", "systemctl enable --now guardd",
		   "guardd does not answer at %s (%s): nothing is enforced", doctor->options->socket, strerror(errno));
	return false;
}

/* What the running daemon says of the layer that root cannot switch off. */
static void check_layer(struct doctor *doctor)
{
	struct guard_status status;

	if (guardctl_query_status(&status, doctor->options) != 0)
		return;
	if (strstr(status.catalogs, " do not count"))
		doctor_say(doctor, DOCTOR_GAP, "catalogs",
			   "look at the files in the folder of catalogs; `guardctl events` names each", "%s",
			   status.catalogs);
	else if (status.catalogs[0])
		doctor_say(doctor, DOCTOR_OK, "catalogs", NULL, "%s", status.catalogs);
	if (status.backend == 2)
		doctor_say(doctor, DOCTOR_OK, "kernel-layer", NULL, "the kernel holds the verdicts: %s", status.layer);
	else
		doctor_say(doctor, DOCTOR_NOTE, "kernel-layer", "see the bpf-lsm line, and backend in guardd.conf",
			   "off, so root can switch guard off by killing it: %s", status.layer);
}

/* Of a managed machine: before freshness runs out, not when it has. */
static void check_repository(struct doctor *doctor, struct doctor_config *config)
{
	struct guard_status status;
	char fresh[GUARDCTL_TIME_SIZE];

	if (guardctl_query_status(&status, doctor->options) != 0 || !status.repository[0])
		return;
	doctor_set_managed(config);
	guardctl_local_time(fresh, status.distribution.fresh_until);
	if (strcmp(status.distribution.word, "ok") != 0)
		doctor_say(doctor, DOCTOR_GAP, "repository", "guardctl status has the reason; then ask headquarters",
			   "%s: %s; what is in force stays, nothing new is taken", status.repository, status.distribution.word);
	else if (status.distribution.fresh_until < time(NULL) + FRESH_SOON_S)
		doctor_say(doctor, DOCTOR_NOTE, "repository", "at headquarters: guardctl repo refresh, best by a timer once a day",
			   "%s: its freshness runs out at %s", status.repository, fresh);
	else
		doctor_say(doctor, DOCTOR_OK, "repository", NULL, "%s: fresh until %s", status.repository, fresh);
}

static void check_content(struct doctor *doctor, const char *path, const struct guard_policy_info *info)
{
	if (info->expires < time(NULL))
		doctor_say(doctor, DOCTOR_GAP, "policy-expiry", "build a new policy and run guardctl reload",
			   "the policy %s has expired: its exceptions lapse", info->id);
	if (info->default_action == GUARD_ALLOW)
		doctor_say(doctor, DOCTOR_GAP, "policy-default", "set default = \"deny\" in its source",
			   "the policy %s allows what it does not list", info->id);
	doctor_say(doctor, info->mode == GUARD_MODE_ENFORCE ? DOCTOR_OK : DOCTOR_GAP, "policy",
		   "set mode = \"enforce\" in its source when the record is quiet, build and reload",
		   "%s: %s version %" PRIu64 ", mode %s, %" PRIu64 " digests, %" PRIu64 " rules", path, info->id,
		   info->version, guard_mode_name((enum guard_mode)info->mode), info->digest_count, info->rule_count);
}

static void check_policy(struct doctor *doctor, const struct doctor_config *config)
{
	const char *path = config->policy_file;
	const char *fix = config->managed ? N_("guardctl status has the reason; then ask headquarters") :
					    N_("guardctl scan / --one-file-system --output machine.conf && "
					       "guardctl policy build machine.conf --output /etc/guard/policy.image");
	GUARD_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct guard_policy *policy = NULL;
	struct guard_policy_info info;

	if (fd < 0 && errno == EACCES) {
		doctor_say(doctor, DOCTOR_NOTE, "policy", "sudo guardctl doctor", "cannot see %s: not root", path);
		return;
	}
	int r = fd < 0 ? -GUARD_E_IO : guard_policy_open(&policy, fd, NULL);
	if (r < 0) {
		doctor_say(doctor, DOCTOR_GAP, "policy", fix, "no policy to enforce: %s: %s", path, fd < 0 ? strerror(errno) : guardctl_error_text(r));
		return;
	}
	guard_policy_info(policy, &info);
	check_content(doctor, path, &info);
	guard_policy_free(policy);
}

void doctor_check_guard(struct doctor *doctor)
{
	struct doctor_config config;

	doctor->section = N_("guard");
	doctor_read_config(&config, doctor->config);
	if (config.readable)
		doctor_say(doctor, DOCTOR_OK, "config", NULL, "%s", doctor->config);
	else
		doctor_say(doctor, DOCTOR_NOTE, "config", NULL, "%s; the defaults are assumed below", config.problem);
	if (check_daemon(doctor)) {
		check_layer(doctor);
		check_repository(doctor, &config);
	}
	check_policy(doctor, &config);
}
