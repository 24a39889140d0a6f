/* SPDX-License-Identifier: MIT
 *
 * keeper/image.h - one policy image in the loader: sealed, whole, of a version that may
 * follow, and one that the machine can live with.
 */
#ifndef GUARDD_KEEPER_IMAGE_H
#define GUARDD_KEEPER_IMAGE_H

#include <stdbool.h>

#include "keeper/loader.h"

/* What is read, and where its sentence goes.  All of these write the reply. */
struct keeper_loading {
	const struct guardd_config *config;
	const char *name; /* of the file, for sentences */
	struct keeper_loader_reply *reply;
};
#define KEEPER_PROBLEM(loading) (loading)->reply->text, sizeof((loading)->reply->text)

/* keeper_image_load: a sealed copy of `file` that has passed every check. */
int keeper_image_load(int *ret_image, int file, int state_dir, const struct keeper_loading *loading);
/* keeper_image_take: what trust handed over, sealed already: itself, checked. */
int keeper_image_take(int *ret_image, int set, int state_dir, const struct keeper_loading *loading);
/* keeper_image_failed: the machine went back from this very policy: it is not tried again. */
int keeper_image_failed(int *image, const struct keeper_loading *loading);
/* keeper_image_check_back: what it is; for a machine that cannot start otherwise (`start`),
 * whether it can with this. */
int keeper_image_check_back(int set, const struct keeper_loading *loading, bool start);

#endif
