/* SPDX-License-Identifier: MIT
 *
 * keeper/release.c - the end of a machine's enrolment: the folder that made it a
 * managed one is put aside in one rename, and the program is started anew with
 * what guardd.conf says.  Believes trust, which verified that headquarters wrote
 * this machine's key among those that it releases.  What is in force stays.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"
#include "keeper/remember.h"
#include "settings.h"

#define ENROLMENT "enrolment"
#define RELEASED GUARDD_RELEASED_FOLDER

/* Of the enrolment before this one. */
static void remove_old(int state_dir)
{
	static const char *const files[] = {"root.json", "ca.pem", "certificate.pem", "key.pem", "repository.conf",
					    GUARDD_ENROLLED_FILE, GUARDD_SETTINGS_FILE,
					    GUARDD_VERIFIERS_FILE};
	char path[64];

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), RELEASED "/%s", files[i]);
		(void)!unlinkat(state_dir, path, 0);
	}
	(void)!unlinkat(state_dir, RELEASED, AT_REMOVEDIR);
}

void keeper_release(struct keeper *keeper, const char *sentence)
{
	remove_old(keeper->state_dir);
	if (renameat(keeper->state_dir, ENROLMENT, keeper->state_dir, RELEASED) < 0 || fsync(keeper->state_dir) < 0) {
		keeper_note(keeper, GUARD_DAEMON_UPDATE_REFUSED,
			    "Headquarters released this machine, but %s/" ENROLMENT " cannot be put aside: %s; it stays managed.",
			    keeper->config->state_dir, strerror(errno));
		return;
	}
	/* The version was that of headquarters' policy: a local one counts from its own. */
	(void)!unlinkat(keeper->state_dir, KEEPER_VERSION_FILE, 0);
	keeper_note(keeper, GUARD_DAEMON_RELEASED, "%s", sentence);
	keeper_upgrade(keeper);
}
