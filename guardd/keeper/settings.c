/* SPDX-License-Identifier: MIT
 *
 * keeper/settings.c - what headquarters signed of this machine's settings: written
 * into the enrolment, from where the next start takes it, and that start comes at
 * once and without a gap.  Believes trust that it was signed, and nothing of how it
 * looks.
 */
#include "settings.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

bool keeper_settings_take(struct keeper *keeper, const struct guardd_settings *settings)
{
	static char text[GUARDD_SETTINGS_TEXT_MAX];

	if (guardd_settings_format(text, settings) < 0) {
		keeper_say("what was signed of this machine's settings cannot be written down");
		return false;
	}
	if (keeper_enrolment_has(keeper->state_dir, GUARDD_SETTINGS_FILE, text, strlen(text)))
		return false;
	if (keeper_enrolment_put(keeper->state_dir, GUARDD_SETTINGS_FILE, text, strlen(text)) < 0) {
		keeper_note(keeper, GUARD_DAEMON_UPDATE_REFUSED,
			    "Headquarters changed this machine's settings, but %s/enrolment/" GUARDD_SETTINGS_FILE " cannot be written: %s; they stay "
			    "as they were.",
			    keeper->config->state_dir, strerror(errno));
		return false;
	}
	keeper_note(keeper, GUARD_DAEMON_UPDATE_TAKEN, "Headquarters changed this machine's settings: %s",
		    text[0] ? "guardd starts with them now." : "those of its enrolment hold again.");
	keeper_upgrade(keeper);
	return true;
}
