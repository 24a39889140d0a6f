/* SPDX-License-Identifier: MIT
 *
 * guardd/problem.c - formats the sentences of guardd/problem.h.  It prints
 * nothing: who knows what a sentence means to the user says it.
 */
#include <stdarg.h>
#include <stdio.h>

#include "problem.h"

int guardd_problem(int error, char *ret_problem, size_t size, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(ret_problem, size, format, arguments);
	va_end(arguments);
	return error;
}
