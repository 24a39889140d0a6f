/* SPDX-License-Identifier: MIT
 *
 * gate/access.h - from the facts of one access to the kind to decide on, and
 * the pure parsers of the /proc texts that these facts come from.
 */
#ifndef GUARDD_GATE_ACCESS_H
#define GUARDD_GATE_ACCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <guard/identity.h>
#include <guard/policy.h>
#include <guard/verdict.h>

/* Where the blocked call was made from. */
enum gate_ip { GATE_IP_UNKNOWN, GATE_IP_LOADER, GATE_IP_OUTSIDE };

struct gate_access {
	bool exec;
	uint8_t format;        /* enum guard_format */
	uint8_t ip;            /* enum gate_ip */
	uint32_t scripts;      /* of the acting interpreter, 0 none */
	bool reader;           /* the acting program may read unlisted code as data */
	bool sealed;           /* only root can change the content */
	bool named;            /* the interpreter was told to run this file */
	bool suffix;           /* it has a suffix of the interpreter's */
	bool data;             /* protected text that is data to the interpreter */
	bool here_document;    /* text that the interpreter has just written itself */
	bool module_name;      /* NAME.ko, NAME.ko.xz, ... */
};
struct gate_use {
	bool ask;              /* false: allow, for `reason` */
	uint8_t kind;          /* enum guard_kind to decide on */
	uint8_t reason;        /* enum guard_reason */
};
struct gate_use gate_access_classify(const struct gate_access *access);

bool gate_name_is_module(const char *path);
bool gate_name_is_loader(const char *path);
const char *gate_base_name(const char *path);

/* ---- the blocked system call (/proc/TID/syscall) ------------------------------- */

enum gate_call_kind { GATE_CALL_UNKNOWN, GATE_CALL_OPEN, GATE_CALL_EXEC };
struct gate_call {
	uint8_t kind;            /* enum gate_call_kind */
	bool has_flags;          /* of open(2), which nobody can change any more */
	uint64_t flags;
	uint64_t name;           /* address of the path asked for, 0 unknown */
	uint64_t words;          /* of an exec: address of its argument vector */
	int32_t folder;          /* of an exec: where a relative path begins, AT_FDCWD */
	bool narrow;             /* of an exec: its vector has addresses of 32 bits */
	uint64_t ip;             /* 0 unknown */
};
/* Errors: GUARD_E_BUSY (the caller is not asleep yet), GUARD_E_SYNTAX. */
int gate_call_parse(struct gate_call *ret_call, const char *text, size_t size) GUARD_WARN_UNUSED;
/* syscalls_*.c: what the architecture's numbers mean. */
void gate_call_interpret(struct gate_call *call, int64_t number, const uint64_t arguments[6]);

/* The content cannot be read through this open, or is gone by it. */
bool gate_call_only_writes(const struct gate_call *call);
bool gate_call_may_write(const struct gate_call *call); /* for certain; unknown flags: false */

/* ---- other /proc texts ------------------------------------------------------------- */

struct gate_status {
	int32_t tgid, ppid;
	uint32_t uid, gid_count;
	uint32_t gids[GUARD_GROUPS_MAX]; /* the primary one first */
};
int gate_status_parse(struct gate_status *ret_status, const char *text, size_t size) GUARD_WARN_UNUSED;
/* AT_BASE in /proc/PID/auxv: where the kernel put the program's loader; 0 when
 * it has none. */
int gate_auxv_parse_base(uint64_t *ret_base, const void *auxv, size_t size) GUARD_WARN_UNUSED;

/* One line of /proc/PID/maps. */
struct gate_mapping {
	uint64_t start, end, inode;
	uint32_t major, minor;
	bool executable;
	const char *path;        /* in the line, "" for anonymous memory */
};
int gate_mapping_parse(struct gate_mapping *ret_mapping, const char *line) GUARD_WARN_UNUSED;

#endif
