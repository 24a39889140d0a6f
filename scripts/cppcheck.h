/* SPDX-License-Identifier: MIT
 *
 * scripts/cppcheck.h - what cppcheck, which reads no system headers, must know
 * of the C library to understand the sources.
 */
#define STATX_MNT_ID 0x1000
#define LIST_HEAD(name, type) struct name { struct type *lh_first; }
#define STAILQ_HEAD(name, type) struct name { struct type *stqh_first; struct type **stqh_last; }
#define TAILQ_HEAD(name, type) struct name { struct type *tqh_first; struct type **tqh_last; }
