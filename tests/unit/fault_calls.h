/* SPDX-License-Identifier: MIT
 *
 * unit/fault_calls.h - the calls that touch the disk, wrapped at link time
 * (-Wl,--wrap: guard_fault_test() in fault_calls.cmake), so that a test can let each
 * one fail.  What is tested has no hook.
 */
#ifndef GUARD_TESTS_FAULT_CALLS_H
#define GUARD_TESTS_FAULT_CALLS_H

#include <stdbool.h>
#include <sys/types.h>

/* The test's own: shall this call fail, with errno as it is afterwards?
 *   o  openat         w  write      s  fsync      u  unlinkat   f  fstat
 *   O  openat,        r  renameat   S  syncfs     m  mkdirat    p  pread
 *      O_CREAT        t  ftruncate  l  flock      c  fchmod     P  pwrite
 *                                                 d  fchdir
 * `name`: the file's new name where the call has one, else "". */
bool fault_strikes(char call, const char *name);

/* A write that fails stores half of its bytes first. */
extern bool fault_partial;

/* pread(2) that is not asked about. */
ssize_t __real_pread64(int fd, void *bytes, size_t size, off_t offset);

#endif
