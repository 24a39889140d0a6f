/* SPDX-License-Identifier: MIT
 *
 * gate/filesystems.h - the table of protected filesystems by device number.
 */
#ifndef GUARDD_GATE_FILESYSTEMS_H
#define GUARDD_GATE_FILESYSTEMS_H

#include "gate/gate.h"
#include "gate/mountinfo.h"

#define GATE_FILESYSTEMS_MAX 8192u /* slots of the table, a power of two */

struct gate_filesystems;
int gate_filesystems_new(struct gate_filesystems **ret_table) GUARD_WARN_UNUSED;
bool gate_filesystems_get(const struct gate_filesystems *table, struct gate_filesystem *ret_filesystem,
			  uint64_t device);
void gate_filesystems_put(struct gate_filesystems *table, const struct gate_filesystem *filesystem);

struct gate_filesystem gate_filesystem_make(const struct gate_mount *mount);

/* On the table in force: */
void gate_filesystems_learn(struct gate *gate, const struct gate_filesystem *filesystem);
/* Put `table`, which is owned from here on, in force; `gone` is called for each
 * filesystem that it does not know any more. */
void gate_filesystems_replace(struct gate *gate, struct gate_filesystems *table,
			      void (*gone)(struct gate *gate, const struct gate_filesystem *filesystem));

#endif
