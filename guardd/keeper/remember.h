/* SPDX-License-Identifier: MIT
 *
 * keeper/remember.h - STATE_DIR/policy-version and STATE_DIR/policy-last: the
 * version below which nothing is accepted any more, and the image itself, which
 * stands in when the policy file is damaged or replaced while nobody looked.
 */
#ifndef GUARDD_KEEPER_REMEMBER_H
#define GUARDD_KEEPER_REMEMBER_H

#include <stddef.h>
#include <stdint.h>

#include <guard/error.h>

#define KEEPER_VERSION_FILE "policy-version"
#define KEEPER_LAST_FILE "policy-last"

/* 0 when nothing is remembered or it cannot be read as a number. */
uint64_t keeper_remembered_version(int state_dir);
/* Both files, each replaced whole or not at all, on disk when it returns. */
int keeper_remember(int state_dir, uint64_t version, const char *id, int image) GUARD_WARN_UNUSED;
int keeper_remembered_image(int *ret_fd, int state_dir) GUARD_WARN_UNUSED;

/* Root's own file of that name, to be read; and one written whole or not at all. */
int keeper_remembered_file(int *ret_fd, int state_dir, const char *name) GUARD_WARN_UNUSED;
int keeper_remember_bytes(int state_dir, const char *name, const void *bytes, size_t size) GUARD_WARN_UNUSED;

/* The table of attributed files (docs/signers-package.md), as bytes. */
#define KEEPER_ATTRIBUTIONS_FILE "attributions"
int keeper_remembered_attributions(int *ret_fd, int state_dir) GUARD_WARN_UNUSED;
int keeper_remember_attributions(int state_dir, int table) GUARD_WARN_UNUSED;

#endif
