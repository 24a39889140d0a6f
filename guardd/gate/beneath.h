/* SPDX-License-Identifier: MIT
 *
 * gate/beneath.h - the block devices whose bytes the protected filesystems are made of:
 * the partition and the disk that it lies on, and what a mapped device or a btrfs
 * filesystem is put together from; and those that memory is swapped to.  Whoever writes
 * there changes files, or what runs, unseen.
 */
#ifndef GUARDD_GATE_BENEATH_H
#define GUARDD_GATE_BENEATH_H

#include <stdbool.h>
#include <stdint.h>

#include "gate/mountinfo.h"

#define GATE_BENEATH_MAX 512u

struct gate_beneath {
	uint32_t count;
	bool full; /* some are left out */
	uint64_t devices[GATE_BENEATH_MAX]; /* as stat(2) gives them */
};

/* A folder of /sys like /sys/dev/block/8:1. */
void gate_beneath_add(struct gate_beneath *set, const char *folder);
/* Asks names of devices alone, never one that a user could have made up. */
void gate_beneath_add_mount(struct gate_beneath *set, const struct gate_mount *mount);
/* `list`: /proc/swaps. */
void gate_beneath_add_swaps(struct gate_beneath *set, const char *list);

#endif
