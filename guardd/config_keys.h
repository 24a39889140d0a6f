/* SPDX-License-Identifier: MIT
 *
 * guardd/config_keys.h - from a parsed guardd.conf to struct guardd_config;
 * for config.c alone.
 */
#ifndef GUARDD_CONFIG_KEYS_H
#define GUARDD_CONFIG_KEYS_H

#include <libconfig.h>

#include "config.h"

int guardd_config_keys(struct guardd_config *config, const config_setting_t *root, const char *path,
		       char *ret_problem, size_t problem_size) GUARD_WARN_UNUSED;

#endif
