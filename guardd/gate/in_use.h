/* SPDX-License-Identifier: MIT
 *
 * gate/in_use.h - code that was allowed from files which users may write, and
 * that may still be in use.  An open for writing of such a file is refused while
 * any process has it mapped or open (ARCHITECTURE.md, "Races between check and
 * use").  Files that only root can write never enter.
 *
 * Thread-safe: one lock, held for table work only, never over a scan of /proc.
 */
#ifndef GUARDD_GATE_IN_USE_H
#define GUARDD_GATE_IN_USE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <guard/error.h>

#define GUARDD_IN_USE_MAX 8192u         /* files */
#define GUARDD_IN_USE_GRACE_NS 1000000000 /* an approved caller has it open by then */
#define GUARDD_IN_USE_CALLERS 24u       /* approved callers watched per file */

struct guardd_inode {
	uint64_t device; /* as in stat(2) */
	uint64_t inode;
	int64_t born_ns; /* by statx(2), 0 unknown: tells a file from the next one that gets its inode */
};

struct guardd_in_use;

/* Processes that share their fd table with the gate and so are no users, 0 none;
 * the numbers outlive the table. */
struct guardd_in_use_own {
	const _Atomic uint32_t *keeper, *understudy;
	uint64_t memory_device; /* of the kernel's own tmpfs, which holds memory that has no name; 0 unknown */
};
int guardd_in_use_create(struct guardd_in_use **ret_table, struct guardd_in_use_own own) GUARD_WARN_UNUSED;
void guardd_in_use_free(struct guardd_in_use *table);

/* guardd_in_use_enter: `file` is about to be allowed as code to thread `tid`; to
 * be called while the read lease is held.  When the table is full, files that nobody uses any
 * more are dropped first.  Errors: GUARD_E_LIMIT: all of them are in use, and the
 * caller must deny. */
int guardd_in_use_enter(struct guardd_in_use *table, const struct guardd_inode *file, int32_t tid, int64_t now_ns) GUARD_WARN_UNUSED;

/* guardd_in_use_has: cheap; false for nearly every file. */
bool guardd_in_use_has(struct guardd_in_use *table, const struct guardd_inode *file);

/* guardd_in_use_busy: may a writer be let in?  Scans /proc when the file is in
 * the table; forgets it when nobody uses it. */
bool guardd_in_use_busy(struct guardd_in_use *table, const struct guardd_inode *file, int64_t now_ns);

/* guardd_in_use_left: has this thread come out of the open or exec that it was
 * allowed, so that a scan shows what it has?  May wait some milliseconds. */
bool guardd_in_use_left(int32_t tid);

/* guardd_in_use_scan: which of the files `wanted` (sorted by inode, then device)
 * any process has mapped or open, this one and `own` apart.  False when some
 * process could not be looked into: then nothing may be taken for unused. */
bool guardd_in_use_scan(bool *ret_used, const struct guardd_inode *wanted, size_t count,
			struct guardd_in_use_own own) GUARD_WARN_UNUSED;

#endif
