/* SPDX-License-Identifier: MIT
 *
 * guardd/settings.h - what headquarters signed of a managed machine's settings
 * (docs/distribution.md, "What a managed machine protects"): from trust, which
 * verified it, to the keeper, which writes it down.  A fixed structure, so that the
 * keeper takes nothing apart.
 */
#ifndef GUARDD_SETTINGS_H
#define GUARDD_SETTINGS_H

#include <stddef.h>
#include <stdint.h>

#include <guard/error.h>

#define GUARDD_SETTINGS_FILE "settings.conf" /* in STATE_DIR/enrolment */
#define GUARDD_SETTINGS_FILESYSTEMS_MAX 16u
#define GUARDD_SETTINGS_PATH_MAX 256u /* with NUL */
#define GUARDD_SETTINGS_TEXT_MAX 8192u

enum guardd_setting {
	GUARDD_SETTING_PROTECT = 1,
	GUARDD_SETTING_BACKEND = 2,
	GUARDD_SETTING_SELF_PROTECTION = 4,
	GUARDD_SETTING_MEMORY = 8,
	GUARDD_SETTING_ALL_ = 15
};

/* What is not given is as the machine's guardd.conf had it at its enrolment. */
struct guardd_settings {
	uint32_t given;	  /* enum guardd_setting */
	uint32_t backend; /* enum guardd_backend, but for "bpf" */
	uint32_t memory;  /* enum guardd_memory */
	uint32_t self_protection;
	uint32_t protect_all;
	uint32_t filesystem_count; /* 0 with protect_all */
	char filesystems[GUARDD_SETTINGS_FILESYSTEMS_MAX][GUARDD_SETTINGS_PATH_MAX];
};

/* Absolute, without "..", and nothing in it that would end a text in quotes. */
int guardd_settings_check_path(const char *path) GUARD_WARN_UNUSED;

/* As a text in the language of guardd.conf; "" when nothing is given.
 * -GUARD_E_FORMAT: a value that there is not. */
int guardd_settings_format(char ret_text[GUARDD_SETTINGS_TEXT_MAX], const struct guardd_settings *settings) GUARD_WARN_UNUSED;
#endif
