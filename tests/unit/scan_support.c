/* SPDX-License-Identifier: MIT
 *
 * unit/scan_support.c - what guardctl's main.c gives its verbs, quiet.
 */
#include "guardctl.h"

void guardctl_error(const char *format, ...)
{
	(void)format;
}
