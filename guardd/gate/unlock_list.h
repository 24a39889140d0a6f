/* SPDX-License-Identifier: MIT
 *
 * gate/unlock_list.h - the unlocks that are open, between unlocks.c, which asks
 * what they cover, and unlock_list.c, which takes new lists and knows the ends.
 */
#ifndef GUARDD_GATE_UNLOCK_LIST_H
#define GUARDD_GATE_UNLOCK_LIST_H

#include "gate/unlock_install.h"

struct gate_window {
	uint64_t opened_ms, until_ms;
};
struct gate_unlocks {
	pthread_mutex_t lock;
	_Atomic unsigned count; /* of grants */
	_Atomic bool installing; /* one of them is for an installer */
	struct guardd_grant grants[GUARDD_GRANTS_MAX];
	struct gate_window windows[GATE_WINDOWS_MAX]; /* that are over; the oldest is overwritten */
	unsigned next_window;
	struct gate_installs *installs;
	uint64_t began_ms; /* this gate, by the boot clock */
	bool heard;	   /* a list since then */
	pthread_cond_t hears;
};

uint64_t gate_boot_ms(void); /* CLOCK_BOOTTIME */
#endif
