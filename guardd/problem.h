/* SPDX-License-Identifier: MIT
 *
 * guardd/problem.h - one sentence for a person about what went wrong.
 */
#ifndef GUARDD_PROBLEM_H
#define GUARDD_PROBLEM_H

#include <stddef.h>

/* Format the sentence into `ret_problem` (cut when it is too long) and return
 * `error`, so that a caller can write `return guardd_problem(...)`. */
int guardd_problem(int error, char *ret_problem, size_t size, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
