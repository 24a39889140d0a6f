/* SPDX-License-Identifier: MIT
 *
 * guardnotify/flood.c - how many denials somebody is told of one by one.  Pure: the
 * time is handed in (CLOCK_MONOTONIC).
 */
#include "notify.h"

/* What has come back since: one in NOTIFY_FLOOD_NS. */
static void refill(struct notify_flood *flood, unsigned burst, int64_t now_ns)
{
	int64_t back = (now_ns - flood->since_ns) / NOTIFY_FLOOD_NS;

	if (back <= 0)
		return;
	flood->used = (uint64_t)back >= flood->used ? 0 : flood->used - (unsigned)back;
	flood->since_ns = flood->used ? flood->since_ns + back * NOTIFY_FLOOD_NS : now_ns;
	if (flood->used > burst)
		flood->used = burst;
}

bool notify_flood_take(struct notify_flood *flood, unsigned burst, int64_t now_ns)
{
	refill(flood, burst, now_ns);
	if (flood->used >= burst) {
		flood->withheld++;
		return false;
	}
	if (flood->used == 0)
		flood->since_ns = now_ns;
	flood->used++;
	return true;
}

int notify_flood_wait(const struct notify_flood *flood, int64_t now_ns)
{
	int64_t left = flood->since_ns + NOTIFY_FLOOD_NS - now_ns;

	if (!flood->withheld)
		return -1;
	return left <= 0 ? 0 : (int)(left / 1000000) + 1;
}

unsigned notify_flood_settle(struct notify_flood *flood, unsigned burst, int64_t now_ns)
{
	unsigned withheld = flood->withheld;

	refill(flood, burst, now_ns);
	if (!withheld || flood->used >= burst)
		return 0;
	flood->used++;
	flood->withheld = 0;
	return withheld;
}
