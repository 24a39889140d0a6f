/* SPDX-License-Identifier: MIT
 *
 * jail/users.c - leaves root where the role does not need it.  The ids were
 * looked up by the keeper before any jail: no name service is asked here.
 */
#include <errno.h>
#include <grp.h>
#include <string.h>
#include <unistd.h>

#include "jail/jail.h"
#include "problem.h"

static int change(uid_t uid, gid_t gid, const struct jail_problem *problem)
{
	if (uid == 0 || gid == 0)
		return guardd_problem(
		    -GUARD_E_UNSAFE, problem->text, problem->size,
		    "the user of this process must not be root: see the users guard-... "
		    "in /etc/passwd");
	if (setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
		return guardd_problem(-GUARD_E_IO, problem->text, problem->size,
				      "user %u cannot be taken: %s", (unsigned)uid, strerror(errno));
	if (setresuid(0, 0, 0) == 0)
		return guardd_problem(-GUARD_E_INTERNAL, problem->text, problem->size,
				      "root could be taken back");
	return 0;
}

int jail_user_become(enum guardd_role role, const struct guardd_config *config,
		     const struct jail_problem *problem)
{
	if (setgroups(0, NULL) < 0)
		return guardd_problem(-GUARD_E_IO, problem->text, problem->size, "groups cannot be left: %s",
				      strerror(errno));
	switch (role) {
	case GUARDD_ROLE_RECORD:
		return change(config->record_uid, config->record_gid, problem);
	case GUARDD_ROLE_CONTROL:
		return change(config->control_uid, config->control_gid, problem);
	case GUARDD_ROLE_UNLOCK:
		return change(config->unlock_uid, config->unlock_gid, problem);
	case GUARDD_ROLE_SYNC:
		return change(config->sync_uid, config->sync_gid, problem);
	case GUARDD_ROLE_TRUST:
		return change(config->trust_uid, config->trust_gid, problem);
	case GUARDD_ROLE_INSPECT:
		return change(config->inspect_uid, config->inspect_gid, problem);
	case GUARDD_ROLE_PACKAGE:
		return change(config->package_uid, config->package_gid, problem);
	default:
		return 0;
	}
}
