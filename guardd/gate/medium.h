/* SPDX-License-Identifier: MIT
 *
 * gate/medium.h - is a block device fixed or can it be carried away?
 */
#ifndef GUARDD_GATE_MEDIUM_H
#define GUARDD_GATE_MEDIUM_H

#include <stdbool.h>
#include <stdint.h>

/* enum guard_medium of a block device number, by /sys; FIXED when /sys does not
 * know. */
uint8_t gate_medium_of_device(uint64_t device);

/* false: a stick or drive that can show other bytes than it did, or an image in
 * a file that a user may write.  What is known of files there does not last. */
bool gate_device_is_steady(uint64_t device);

/* The same of a filesystem without a device number of its own (btrfs, bcachefs,
 * zfs), by the source of its mount: one or several block devices, with colons
 * between.  false when that cannot be told. */
bool gate_source_is_steady(const char *source);

#endif
