/* SPDX-License-Identifier: MIT
 *
 * guardd/floor.h - what a managed machine does at the least, whatever its guardd.conf
 * says later: the settings it was enrolled with, and what headquarters signed over
 * them (docs/distribution.md, "What a managed machine protects").  For enrolment.c
 * alone.
 */
#ifndef GUARDD_FLOOR_H
#define GUARDD_FLOOR_H

#include "config.h"

#define GUARDD_FLOOR_NAMES_MAX 256u

/* Names of settings in guardd.conf that are refused: "a, b". */
struct guardd_floor_names {
	char text[GUARDD_FLOOR_NAMES_MAX];
	unsigned count;
};
void guardd_floor_name(struct guardd_floor_names *names, const char *name);

/* `ret_floor` becomes what STATE_DIR/enrolment has; free it with guardd_config_free.
 * What cannot be read of it is said in `ret_problem`, and is as if it were not there. */
void guardd_floor_read(struct guardd_config *ret_floor, const char *state_dir, char *ret_problem, size_t problem_size);

/* Each setting of `config` that is weaker than the floor's becomes the floor's, and
 * its name is added. */
void guardd_floor_lay(struct guardd_config *config, struct guardd_config *floor, struct guardd_floor_names *names);
#endif
