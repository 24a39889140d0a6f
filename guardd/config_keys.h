/* SPDX-License-Identifier: MIT
 *
 * guardd/config_keys.h - from a parsed guardd.conf to struct guardd_config;
 * for config.c and enrolment.c alone.
 */
#ifndef GUARDD_CONFIG_KEYS_H
#define GUARDD_CONFIG_KEYS_H

#include <libconfig.h>

#include "config.h"

int guardd_config_keys(struct guardd_config *config, const config_setting_t *root, const char *path,
		       char *ret_problem, size_t problem_size) GUARD_WARN_UNUSED;

int guardd_config_check(const struct guardd_config *config, const char *path, char *ret_problem,
			size_t problem_size) GUARD_WARN_UNUSED;

/* config.c: what holds where a file says nothing. */
void guardd_config_defaults(struct guardd_config *config);
/* The settings of one file, `what` in sentences, into `config`. */
int guardd_config_file(struct guardd_config *config, const char *path, const char *what, char *ret_problem,
		       size_t problem_size) GUARD_WARN_UNUSED;

/* enrolment.c: the folder that the enrolment is in, when it is not STATE_DIR of the
 * file `path`; true when there is one. */
bool guardd_enrolment_pinned(char ret_state_dir[GUARDD_PATH_MAX], const char *path);
/* Lay what guardctl enroll wrote over the settings. */
int guardd_enrolment_read(struct guardd_config *config, const char *path, char *ret_problem,
			  size_t problem_size) GUARD_WARN_UNUSED;

#endif
