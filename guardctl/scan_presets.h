/* SPDX-License-Identifier: MIT
 *
 * guardctl/scan_presets.h - the interpreters and readers of
 * policy/presets/common.conf, which is built into guardctl, and which programs
 * of this machine they are.
 */
#ifndef GUARDCTL_SCAN_PRESETS_H
#define GUARDCTL_SCAN_PRESETS_H

#include "scan.h"

/* The text of common.conf, NUL-terminated; made by tools.cmake. */
extern const char scan_presets_source[];

struct scan_presets;
int scan_presets_load(struct scan_presets **ret_presets) GUARD_WARN_UNUSED;
void scan_presets_free(struct scan_presets *presets);

/* 1 when some interpreter takes files with this name for scripts. */
bool scan_presets_suffix(const struct scan_presets *presets, const char *path);

/* Find the interpreters: those that the definitions' paths name on this
 * machine, and programs of the scan with the name of one. */
int scan_presets_find(struct scan_presets *presets, const struct scan *scan) GUARD_WARN_UNUSED;

/* The sections `interpreters` and `readers`. */
void scan_presets_write(FILE *out, const struct scan_presets *presets);

#endif
