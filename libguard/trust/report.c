/* SPDX-License-Identifier: MIT
 *
 * trust/report.c - keeps the sentence that says why something was refused.
 */
#include "trust/metadata.h"

#include <stdarg.h>
#include <stdio.h>

int guard_trust_fail(struct guard_trust_report *report, int code, const char *format, ...)
{
	va_list arguments;

	if (!report)
		return code;
	va_start(arguments, format);
	vsnprintf(report->text, sizeof(report->text), format, arguments);
	va_end(arguments);
	return code;
}
