/* SPDX-License-Identifier: MIT
 *
 * package/release.c - reads an InRelease that was verified: which Packages files
 * it vouches for, when it was made, until when it holds.  Pure.
 */
#include "package/package.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NAME_END "/Packages"

/* "Sat, 11 Jul 2026 10:16:37 UTC" (RFC 5322 date with a zone of UTC). */
static int parse_date(int64_t *ret_seconds, const char *text, size_t length)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	char line[64], month[4] = "", zone[8] = "";
	struct tm tm = { 0 };
	const char *found;
	time_t seconds;

	if (length == 0 || length >= sizeof(line))
		return -GUARD_E_SYNTAX;
	memcpy(line, text, length);
	line[length] = '\0';
	if (sscanf(line, "%*3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d %7s", &tm.tm_mday, month, &tm.tm_year, &tm.tm_hour,
		   &tm.tm_min, &tm.tm_sec, zone) != 7)
		return -GUARD_E_SYNTAX;
	if (strcmp(zone, "UTC") != 0 && strcmp(zone, "GMT") != 0 && strcmp(zone, "+0000") != 0 && strcmp(zone, "Z") != 0)
		return -GUARD_E_SYNTAX;
	found = strlen(month) == 3 ? strstr(months, month) : NULL;
	if (!found || (found - months) % 3 != 0)
		return -GUARD_E_SYNTAX;
	tm.tm_mon = (int)(found - months) / 3;
	tm.tm_year -= 1900;
	seconds = timegm(&tm);
	if (seconds == (time_t)-1)
		return -GUARD_E_SYNTAX;
	*ret_seconds = (int64_t)seconds;
	return 0;
}

struct reading {
	struct package_release release;
	char parts[4][64]; /* Origin, Label, Suite, Codename */
	size_t capacity;
	bool in_sha256, has_date;
};

static int add_listed(struct reading *reading, const struct guard_digest *digest, uint64_t size)
{
	struct package_release *release = &reading->release;

	if (release->listed_count == PACKAGE_LISTED_MAX)
		return -GUARD_E_LIMIT;
	if (release->listed_count == reading->capacity) {
		size_t capacity = reading->capacity ? 2 * reading->capacity : 64;
		struct package_listed *grown = realloc(release->listed, capacity * sizeof(*grown));

		if (!grown)
			return -GUARD_E_NOMEM;
		release->listed = grown;
		reading->capacity = capacity;
	}
	release->listed[release->listed_count++] = (struct package_listed){ *digest, size };
	return 0;
}

/* " DIGEST SIZE NAME" below SHA256:.  Only plain indexes of packages count. */
static int take_listed(struct reading *reading, const char *line, size_t length)
{
	char text[1024], hex[80], name[768];
	unsigned long long size = 0;
	struct guard_digest digest;
	size_t end;

	if (length >= sizeof(text))
		return 0;
	memcpy(text, line, length);
	text[length] = '\0';
	if (sscanf(text, " %79s %19llu %767s", hex, &size, name) != 3 ||
	    guard_digest_parse(&digest, hex, strlen(hex)) < 0)
		return -GUARD_E_SYNTAX;
	end = strlen(name);
	if (strcmp(name, &NAME_END[1]) != 0 &&
	    (end < strlen(NAME_END) || strcmp(&name[end - strlen(NAME_END)], NAME_END) != 0))
		return 0;
	return add_listed(reading, &digest, size);
}

static int take_field(struct reading *reading, const char *line, size_t length)
{
	static const char *const names[] = { "Origin", "Label", "Suite", "Codename" };
	const char *value;
	size_t size;

	for (size_t i = 0; i < 4; i++) {
		value = package_field(line, length, names[i], &size);
		if (value)
			snprintf(reading->parts[i], sizeof(reading->parts[i]), "%.*s", (int)(size > 63 ? 63 : size), value);
	}
	value = package_field(line, length, "Date", &size);
	if (value) {
		reading->has_date = true;
		return parse_date(&reading->release.date, value, size);
	}
	value = package_field(line, length, "Valid-Until", &size);
	if (value)
		return parse_date(&reading->release.valid_until, value, size);
	value = package_field(line, length, "SHA256", &size);
	reading->in_sha256 = value && size == 0;
	return 0;
}

static int read_lines(struct reading *reading, const char *text, size_t size)
{
	struct package_lines lines = { text, size, 0 };
	const char *line;
	size_t length;
	int r = 0;

	while (r == 0 && package_line(&lines, &line, &length)) {
		if (length > 0 && line[0] != ' ' && line[0] != '\t')
			r = take_field(reading, line, length);
		else if (length > 0 && reading->in_sha256)
			r = take_listed(reading, line, length);
	}
	return r;
}

int package_release_read(struct package_release *ret_release, const char *text, size_t size, char *ret_problem,
			 size_t problem_size)
{
	struct reading reading = { .release = { .valid_until = INT64_MAX } };
	int r = read_lines(&reading, text, size);

	if (r == 0 && !reading.has_date)
		r = -GUARD_E_SYNTAX;
	if (r == 0 && reading.release.listed_count == 0)
		r = -GUARD_E_SYNTAX;
	if (r < 0) {
		snprintf(ret_problem, problem_size,
			 "%s",
			 r == -GUARD_E_SYNTAX ? "a date or a SHA-256 digest in it is missing or malformed" :
						guard_error_text(r));
		package_release_free(&reading.release);
		return r;
	}
	snprintf(reading.release.name, sizeof(reading.release.name), "%s/%s/%s/%s", reading.parts[0], reading.parts[1],
		 reading.parts[2], reading.parts[3]);
	*ret_release = reading.release;
	return 0;
}

void package_release_free(struct package_release *release)
{
	free(release->listed);
	release->listed = NULL;
	release->listed_count = 0;
}
