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
#include "floor.h"
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

/* ---- what local settings may still say ------------------------------------------------- */

/* What is not for this machine to say, in any case. */
static void name_refused(struct guardd_floor_names *names, const struct guardd_config *config,
			 const struct guardd_config *enrolled)
{
	if (config->policy_file[0])
		guardd_floor_name(names, "policy.file");
	if (config->repository_url[0] && strcmp(config->repository_url, enrolled->repository_url) != 0)
		guardd_floor_name(names, "another repository");
	if ((config->repository_office[0] && strcmp(config->repository_office, enrolled->repository_office) != 0) ||
	    (config->office[0] && strcmp(config->office, enrolled->repository_office) != 0))
		guardd_floor_name(names, "another office");
}

/* Who the machine is was settled when it was enrolled. */
static void lay_host(struct guardd_config *config, const struct guardd_config *enrolled, struct guardd_floor_names *names)
{
	if (!enrolled->host[0] || strcmp(config->host, enrolled->host) == 0)
		return;
	memcpy(config->host, enrolled->host, sizeof(config->host));
	guardd_floor_name(names, "machine.host or the machine's new name");
}

/* Verifiers that came by the repository; a setting does not put others in their place. */
static void lay_verifiers(struct guardd_config *config, struct guardd_floor_names *names)
{
	char path[GUARDD_PATH_MAX + 64];

	snprintf(path, sizeof(path), "%s/enrolment/" GUARDD_VERIFIERS_FILE, config->state_dir);
	if ((access(path, F_OK) < 0 && errno == ENOENT) || strlen(path) >= sizeof(config->unlock_verifiers))
		return;
	if (config->unlock_verifiers[0])
		guardd_floor_name(names, "unlock.verifiers");
	memcpy(config->unlock_verifiers, path, strlen(path) + 1);
}

static void lay_repository(struct guardd_config *config, const struct guardd_config *enrolled)
{
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

static void say(struct guardd_config *config, const struct guardd_floor_names *names, const char *problem)
{
	if (names->count > 0)
		snprintf(config->overruled, sizeof(config->overruled),
			 "this machine is managed by %.150s: %s in guardd.conf %s refused until headquarters releases it",
			 config->repository_url, names->text, names->count > 1 ? "are" : "is");
	else if (problem[0])
		snprintf(config->overruled, sizeof(config->overruled), "%.500s", problem);
}

static int lay_over(struct guardd_config *config, const struct guardd_config *enrolled, const char *pinned)
{
	GUARD_AUTO_FREE struct guardd_config *floor = calloc(1, sizeof(*floor));
	struct guardd_floor_names names = {.count = 0};
	char problem[512] = "";
	unsigned before;
	bool moved;

	if (!floor)
		return -GUARD_E_NOMEM;
	name_refused(&names, config, enrolled);
	lay_repository(config, enrolled);
	moved = strcmp(pinned, config->state_dir) != 0;
	memcpy(config->state_dir, pinned, sizeof(config->state_dir));
	lay_verifiers(config, &names);
	before = names.count;
	if (moved)
		guardd_floor_name(&names, "state_dir");
	lay_host(config, enrolled, &names);
	guardd_floor_read(floor, config->state_dir, problem, sizeof(problem));
	guardd_floor_lay(config, floor, &names);
	guardd_config_free(floor);
	config->narrowed = names.count > before || problem[0];
	say(config, &names, problem);
	return 0;
}

/* ---- the enrolment --------------------------------------------------------------------- */

/* Anything but plain absence counts: an enrolment does not go away because it cannot
 * be read. */
static bool is_there(char ret_file[GUARDD_PATH_MAX + 32], const char *state_dir)
{
	snprintf(ret_file, GUARDD_PATH_MAX + 32, "%s/enrolment/repository.conf", state_dir);
	return access(ret_file, F_OK) == 0 || errno != ENOENT;
}

bool guardd_enrolment_pinned(char ret_state_dir[GUARDD_PATH_MAX], const char *path)
{
	GUARD_AUTO_FREE struct guardd_config *pin = calloc(1, sizeof(*pin));
	char file[GUARDD_PATH_MAX + 32], problem[500];

	snprintf(file, sizeof(file), "%.4000s" GUARDD_PIN_SUFFIX, path);
	if (!pin || guardd_config_file(pin, file, "the enrolment", problem, sizeof(problem)) < 0)
		return false;
	guardd_config_free(pin);
	if (!pin->state_dir[0] || !is_there(file, pin->state_dir))
		return false;
	memcpy(ret_state_dir, pin->state_dir, sizeof(pin->state_dir));
	return true;
}

static int read_enrolled(struct guardd_config *enrolled, const char *file, char *ret_problem, size_t problem_size)
{
	int r = guardd_config_file(enrolled, file, "the enrolment", ret_problem, problem_size);

	guardd_config_free(enrolled);
	if (r < 0)
		return r;
	if (!enrolled->repository_url[0] || !enrolled->repository_office[0] || !enrolled->repository_ca[0])
		return guardd_problem(-GUARD_E_SYNTAX, ret_problem, problem_size,
				      "%s: url, office or ca is missing: run guardctl enroll again", file);
	return 0;
}

int guardd_enrolment_read(struct guardd_config *config, const char *path, char *ret_problem, size_t problem_size)
{
	GUARD_AUTO_FREE struct guardd_config *enrolled = calloc(1, sizeof(*enrolled));
	char file[GUARDD_PATH_MAX + 32], pinned[GUARDD_PATH_MAX];
	int r;

	if (!enrolled)
		return guardd_problem(-GUARD_E_NOMEM, ret_problem, problem_size, "%s: out of memory", path);
	if (!guardd_enrolment_pinned(pinned, path))
		memcpy(pinned, config->state_dir, sizeof(pinned));
	if (!is_there(file, pinned))
		return check_alone(config, path, ret_problem, problem_size);
	enrolled->repository_interval_s = config->repository_interval_s;
	r = read_enrolled(enrolled, file, ret_problem, problem_size);
	if (r == 0)
		r = lay_over(config, enrolled, pinned);
	return r == -GUARD_E_NOMEM ? guardd_problem(r, ret_problem, problem_size, "%s: out of memory", path) : r;
}
