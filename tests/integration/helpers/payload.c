/* SPDX-License-Identifier: MIT
 *
 * helpers/payload.c - a program that leaves its mark and ends.  The listed copy
 * is the positive control; with one byte appended it is the unlisted one.
 */
#include "mark.h"

int main(void)
{
	return mark_leave() == 0 ? 0 : 3;
}
