/* SPDX-License-Identifier: MIT
 *
 * guardnotify/ends.c - which unlocks are open, and when their user is told that one is
 * about to end or has ended.  Pure: the time is handed in (CLOCK_BOOTTIME, as the
 * daemon counts), milliseconds.
 */
#include <string.h>

#include "notify.h"

static struct notify_end *find(struct notify_ends *ends, uint32_t id)
{
	for (unsigned i = 0; i < ends->count; i++)
		if (ends->all[i].id == id)
			return &ends->all[i];
	return NULL;
}

/* Two minutes before, of a short one when half of it is over. */
static int64_t warning_of(int64_t now_ms, int64_t until_ms)
{
	const int64_t half = (until_ms - now_ms) / 2;

	return until_ms - (half < NOTIFY_END_MS ? half : NOTIFY_END_MS);
}

void notify_ends_open(struct notify_ends *ends, const struct guard_told *told, int64_t now_ms)
{
	const int64_t until_ms = now_ms + (int64_t)told->seconds * 1000;
	struct notify_end *end = find(ends, told->id);

	if (told->id == 0 || end || ends->count == NOTIFY_ENDS_MAX)
		return;
	end = &ends->all[ends->count++];
	*end = (struct notify_end){ .id = told->id, .scope = told->scope, .until_ms = until_ms,
				    .warn_ms = warning_of(now_ms, until_ms) };
	memcpy(end->path, told->path, sizeof(end->path));
}

bool notify_ends_due(struct notify_end *ret_end, struct notify_ends *ends, int64_t now_ms)
{
	for (unsigned i = 0; i < ends->count; i++) {
		struct notify_end *end = &ends->all[i];

		if (end->warned || now_ms < end->warn_ms)
			continue;
		end->warned = true;
		*ret_end = *end;
		return end->until_ms > now_ms; /* one that is over is told of as such */
	}
	return false;
}

bool notify_ends_close(struct notify_end *ret_end, struct notify_ends *ends, uint32_t id)
{
	struct notify_end *end = find(ends, id);

	if (!end)
		return false;
	*ret_end = *end;
	*end = ends->all[--ends->count];
	return true;
}

int notify_ends_wait(const struct notify_ends *ends, int64_t now_ms)
{
	int64_t first = INT64_MAX;

	for (unsigned i = 0; i < ends->count; i++)
		if (!ends->all[i].warned && ends->all[i].warn_ms < first)
			first = ends->all[i].warn_ms;
	if (first == INT64_MAX)
		return -1;
	if (first <= now_ms)
		return 0;
	return first - now_ms < NOTIFY_WAIT_MAX_MS ? (int)(first - now_ms) : NOTIFY_WAIT_MAX_MS;
}
