/* SPDX-License-Identifier: MIT
 *
 * base/time.c - RFC 3339 times.  Pure; no locale, no time zone database.
 */
#include "base/text.h"

#include <string.h>
#include <time.h>

/* `count` digits at `*at`; -1 when they are not there. */
static int digits(const char *text, size_t *at, size_t count)
{
	int value = 0;

	for (size_t i = 0; i < count; i++) {
		char c = text[*at + i];

		if (c < '0' || c > '9')
			return -1;
		value = value * 10 + (c - '0');
	}
	*at += count;
	return value;
}

static bool is_byte(const char *text, size_t *at, const char *any_of)
{
	if (!text[*at] || !strchr(any_of, text[*at]))
		return false;
	*at += 1;
	return true;
}

/* "Z" or "+hh:mm": seconds east of Greenwich. */
static int zone_offset(int64_t *ret_seconds, const char *text, size_t *at)
{
	bool west = text[*at] == '-';
	int hours, minutes;

	if (is_byte(text, at, "Zz")) {
		*ret_seconds = 0;
		return 0;
	}
	if (!is_byte(text, at, "+-"))
		return -GUARD_E_SYNTAX;
	hours = digits(text, at, 2);
	if (hours < 0 || hours > 23 || !is_byte(text, at, ":"))
		return -GUARD_E_SYNTAX;
	minutes = digits(text, at, 2);
	if (minutes < 0 || minutes > 59)
		return -GUARD_E_SYNTAX;
	*ret_seconds = (west ? -1 : 1) * (hours * 3600 + minutes * 60);
	return 0;
}

int guard_time_parse(int64_t *ret_seconds, const char *text)
{
	static const char separators[6][3] = { "-", "-", "Tt", ":", ":", "" };
	static const size_t widths[6] = { 4, 2, 2, 2, 2, 2 };
	int fields[6];
	struct tm tm = { 0 }, back;
	size_t at = 0;
	int64_t offset;
	time_t seconds;

	for (size_t i = 0; i < 6; i++) {
		fields[i] = digits(text, &at, widths[i]);
		if (fields[i] < 0 || (i < 5 && !is_byte(text, &at, separators[i])))
			return -GUARD_E_SYNTAX;
	}
	if (zone_offset(&offset, text, &at) < 0 || text[at] != '\0' || fields[0] < 1970)
		return -GUARD_E_SYNTAX;
	tm.tm_year = fields[0] - 1900;
	tm.tm_mon = fields[1] - 1;
	tm.tm_mday = fields[2];
	tm.tm_hour = fields[3];
	tm.tm_min = fields[4];
	tm.tm_sec = fields[5];
	back = tm;
	seconds = timegm(&back);
	/* timegm normalises 31 April or 24:00; such a time was never written. */
	if (back.tm_mon != tm.tm_mon || back.tm_mday != tm.tm_mday || back.tm_hour != tm.tm_hour ||
	    back.tm_min != tm.tm_min || back.tm_sec != tm.tm_sec)
		return -GUARD_E_SYNTAX;
	*ret_seconds = (int64_t)seconds - offset;
	return 0;
}

void guard_time_format(char ret_text[GUARD_TIME_TEXT_SIZE], int64_t seconds)
{
	time_t value = (time_t)seconds;
	struct tm tm;

	if (seconds == INT64_MAX)
		snprintf(ret_text, GUARD_TIME_TEXT_SIZE, "never");
	else if (seconds == INT64_MIN)
		snprintf(ret_text, GUARD_TIME_TEXT_SIZE, "always");
	else if (!gmtime_r(&value, &tm) || !strftime(ret_text, GUARD_TIME_TEXT_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm))
		snprintf(ret_text, GUARD_TIME_TEXT_SIZE, "%lld", (long long)seconds);
}
