/* SPDX-License-Identifier: MIT
 *
 * guardd/enrolment.c - STATE_DIR/enrolment, which guardctl enroll wrote: once it is
 * there, the policy comes from that repository and from nowhere else, whatever
 * guardd.conf says.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "config_keys.h"
#include "problem.h"

/* Headquarters let the machine go, and nobody has named a policy of its own yet:
 * that must not leave it without one. */
static bool take_released(struct guardd_config *config)
{
	GUARD_AUTO_FREE struct guardd_config *before = calloc(1, sizeof(*before));
	char file[GUARDD_PATH_MAX + 48], problem[500];
	int r;

	if (!before || config->policy_file[0])
		return false;
	snprintf(file, sizeof(file), "%s/" GUARDD_RELEASED_FOLDER "/repository.conf", config->state_dir);
	if (access(file, F_OK) < 0)
		return false;
	r = guardd_config_file(before, file, "the enrolment that has ended", problem, sizeof(problem));
	guardd_config_free(before);
	if (r == 0 && !config->office[0])
		memcpy(config->office, before->repository_office, sizeof(config->office));
	config->released = true;
	snprintf(config->overruled, sizeof(config->overruled),
		 "headquarters released this machine: the policy that was in force stays until policy.file in guardd.conf "
		 "names one, or the machine is enrolled again (guardctl enroll)");
	return true;
}

static int check_alone(struct guardd_config *config, const char *path, char *ret_problem, size_t problem_size)
{
	if (!config->repository_url[0] && take_released(config))
		return 0;
	if (config->repository_url[0])
		return guardd_problem(-GUARD_E_NOT_FOUND, ret_problem, problem_size,
				      "%s: a repository is named, but this machine is not enrolled there: run "
				      "guardctl enroll %.300s --office NAME --ca FILE",
				      path, config->repository_url);
	if (config->policy_file[0] == '\0')
		return guardd_problem(-GUARD_E_SYNTAX, ret_problem, problem_size,
				      "%s: policy.file is missing: add policy = { file = "
				      "\"/etc/guard/policy.image\"; };",
				      path);
	return 0;
}

/* What local settings may still say: how to get there, not what to take. */
static void lay_over(struct guardd_config *config, const struct guardd_config *enrolled)
{
	const char *refused = "";

	if (config->policy_file[0])
		refused = "policy.file";
	else if (config->repository_url[0] && strcmp(config->repository_url, enrolled->repository_url) != 0)
		refused = "another repository";
	else if ((config->repository_office[0] && strcmp(config->repository_office, enrolled->repository_office) != 0) ||
		 (config->office[0] && strcmp(config->office, enrolled->repository_office) != 0))
		refused = "another office";
	if (*refused)
		snprintf(config->overruled, sizeof(config->overruled),
			 "this machine is managed by %.300s: %s in guardd.conf is refused until headquarters releases it",
			 enrolled->repository_url, refused);
	config->managed = true;
	config->policy_file[0] = '\0';
	memcpy(config->repository_url, enrolled->repository_url, sizeof(config->repository_url));
	memcpy(config->repository_office, enrolled->repository_office, sizeof(config->repository_office));
	memcpy(config->office, enrolled->repository_office, sizeof(config->office));
	memcpy(config->profile, enrolled->profile, sizeof(config->profile));
	memcpy(config->repository_ca, enrolled->repository_ca, sizeof(config->repository_ca));
	if (!config->repository_certificate[0]) {
		memcpy(config->repository_certificate, enrolled->repository_certificate,
		       sizeof(config->repository_certificate));
		memcpy(config->repository_key, enrolled->repository_key, sizeof(config->repository_key));
	}
	if (!config->repository_proxy[0])
		memcpy(config->repository_proxy, enrolled->repository_proxy, sizeof(config->repository_proxy));
	config->repository_interval_s = enrolled->repository_interval_s;
}

int guardd_enrolment_read(struct guardd_config *config, const char *path, char *ret_problem, size_t problem_size)
{
	GUARD_AUTO_FREE struct guardd_config *enrolled = calloc(1, sizeof(*enrolled));
	char file[GUARDD_PATH_MAX + 32];
	int r;

	if (!enrolled)
		return guardd_problem(-GUARD_E_NOMEM, ret_problem, problem_size, "%s: out of memory", path);
	snprintf(file, sizeof(file), "%s/enrolment/repository.conf", config->state_dir);
	/* Anything but plain absence is looked at: an enrolment does not go away
	 * because it cannot be read. */
	if (access(file, F_OK) < 0 && errno == ENOENT)
		return check_alone(config, path, ret_problem, problem_size);
	enrolled->repository_interval_s = config->repository_interval_s;
	r = guardd_config_file(enrolled, file, "the enrolment", ret_problem, problem_size);
	guardd_config_free(enrolled);
	if (r < 0)
		return r;
	if (!enrolled->repository_url[0] || !enrolled->repository_office[0] || !enrolled->repository_ca[0])
		return guardd_problem(-GUARD_E_SYNTAX, ret_problem, problem_size,
				      "%s: url, office or ca is missing: run guardctl enroll again", file);
	lay_over(config, enrolled);
	return 0;
}
