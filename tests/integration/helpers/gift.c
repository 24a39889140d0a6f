/* SPDX-License-Identifier: MIT
 *
 * helpers/gift.c - the library that uses.c needs; leaves its mark when called.
 */
#include "mark.h"

int gift(void);

int gift(void)
{
	return mark_leave() == 0 ? 0 : 3;
}
