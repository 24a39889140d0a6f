/* SPDX-License-Identifier: MIT
 *
 * keeper/keeper.h - the keeper: starts, supervises, reloads, upgrades and stops
 * the daemon's processes, and holds the kernel handles meanwhile.
 */
#ifndef GUARDD_KEEPER_KEEPER_H
#define GUARDD_KEEPER_KEEPER_H

#include <stdbool.h>

#include "config.h"

struct guardd_keeper_options {
	const char *config_path; /* absolute: an upgrade reads it again */
	bool foreground;	 /* print `ready` instead of telling the service manager */
};

/* Run the daemon until it is told to stop.  Returns the program's exit code. */
int guardd_keeper_run(struct guardd_config *config, const struct guardd_keeper_options *options);

/* Say whether this configuration and its policy would start, changing nothing.
 * Returns the program's exit code. */
int guardd_keeper_check(struct guardd_config *config);

#endif
