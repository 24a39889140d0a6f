/* SPDX-License-Identifier: MIT
 *
 * gate/medium.h - is a block device fixed or can it be carried away?
 */
#ifndef GUARDD_GATE_MEDIUM_H
#define GUARDD_GATE_MEDIUM_H

#include <stdint.h>

/* enum guard_medium of a block device number, by /sys; FIXED when /sys does not
 * know. */
uint8_t gate_medium_of_device(uint64_t device);

#endif
