/* SPDX-License-Identifier: MIT
 *
 * gate/mountinfo.h - /proc/PID/mountinfo (proc(5)) and what a filesystem type
 * means to the gate.  Pure.
 */
#ifndef GUARDD_GATE_MOUNTINFO_H
#define GUARDD_GATE_MOUNTINFO_H

#include <stdbool.h>
#include <stdint.h>

#include <guard/error.h>

#define GATE_TYPE_MAX 64u

struct gate_mount {
	uint64_t device;
	uint64_t id;
	char type[GATE_TYPE_MAX];
	char source[256];     /* cut when longer */
	bool by_root;         /* FUSE: its server is root's (user_id=0) */
	char point[4096];     /* unescaped */
};
int gate_mount_parse(struct gate_mount *ret_mount, const char *line) GUARD_WARN_UNUSED;

struct gate_type {
	bool pseudo;      /* the kernel's own: holds no program */
	bool cacheable;   /* local: ctime, leases and permission events tell of every change */
	bool slow;        /* answered by a server or another program */
	uint8_t medium;   /* enum guard_medium; FIXED: ask the block device */
};
struct gate_type gate_type_of(const char *type);

#endif
