/* SPDX-License-Identifier: MIT
 *
 * trust/pause.c - how long until the next check.  Pure.
 */
#include "trust/internal.h"

#define PAUSE_MAX_S 3600
#define BACK_OFF_MAX 4u /* doublings */

/* One failure may be chance and costs nothing; from the second on the pause doubles. */
int64_t trust_pause_ms(uint32_t interval_s, unsigned failures, uint16_t chance)
{
	const unsigned doublings = failures < BACK_OFF_MAX ? failures : BACK_OFF_MAX;
	int64_t seconds = (int64_t)interval_s;

	if (failures > 1)
		seconds <<= doublings - 1;
	if (seconds > PAUSE_MAX_S)
		seconds = interval_s > PAUSE_MAX_S ? (int64_t)interval_s : PAUSE_MAX_S;
	return seconds * 900 + seconds * 200 * chance / UINT16_MAX;
}
