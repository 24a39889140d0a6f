/* SPDX-License-Identifier: MIT
 *
 * identity/version.c - [epoch:]upstream[-revision], compared part by part; in a
 * part, stretches of other characters and of digits take turns.  `~` sorts
 * before everything, also before the end.
 */
#include "identity/version.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct part {
	const char *text;
	size_t size;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The byte at `at`; NUL behind the end. */
static char byte_at(const struct part *part, size_t at)
{
	return at < part->size ? part->text[at] : '\0';
}

static int weight(char c)
{
	if (c == '~')
		return -1;
	if (c == '\0' || is_digit(c))
		return 0;
	return is_letter(c) ? c : (unsigned char)c + 256;
}

/* Numbers of any length: without zeros in front the longer one is larger. */
static int compare_numbers(const struct part *a, size_t *i, const struct part *b, size_t *j)
{
	int first = 0;

	while (byte_at(a, *i) == '0')
		(*i)++;
	while (byte_at(b, *j) == '0')
		(*j)++;
	while (is_digit(byte_at(a, *i)) && is_digit(byte_at(b, *j))) {
		if (first == 0)
			first = byte_at(a, *i) - byte_at(b, *j);
		(*i)++;
		(*j)++;
	}
	if (is_digit(byte_at(a, *i)))
		return 1;
	return is_digit(byte_at(b, *j)) ? -1 : first;
}

static int compare_parts(const struct part *a, const struct part *b)
{
	size_t i = 0, j = 0;

	while (i < a->size || j < b->size) {
		int order;

		while ((i < a->size && !is_digit(byte_at(a, i))) || (j < b->size && !is_digit(byte_at(b, j)))) {
			order = weight(byte_at(a, i)) - weight(byte_at(b, j));
			if (order != 0)
				return order;
			i += i < a->size;
			j += j < b->size;
		}
		order = compare_numbers(a, &i, b, &j);
		if (order != 0)
			return order;
	}
	return 0;
}

struct version {
	struct part epoch, upstream, revision;
};

static struct version split(const char *text)
{
	const char *colon = strchr(text, ':'), *rest = colon ? &colon[1] : text, *dash = strrchr(rest, '-');
	size_t size = strlen(rest), upstream = dash ? (size_t)(dash - rest) : size;

	return (struct version){
		.epoch = { text, colon ? (size_t)(colon - text) : 0 },
		.upstream = { rest, upstream },
		.revision = { dash ? &dash[1] : "", dash ? size - upstream - 1 : 0 },
	};
}

int guard_version_compare(const char *a, const char *b)
{
	struct version left = split(a), right = split(b);
	int order = compare_parts(&left.epoch, &right.epoch);

	if (order == 0)
		order = compare_parts(&left.upstream, &right.upstream);
	return order != 0 ? order : compare_parts(&left.revision, &right.revision);
}

int guard_version_is_valid(const char *text)
{
	struct version version = split(text);

	if (strchr(text, ':') && version.epoch.size == 0)
		return 0;
	for (size_t i = 0; i < version.epoch.size; i++)
		if (!is_digit(version.epoch.text[i]))
			return 0;
	if (version.upstream.size == 0 || !is_digit(version.upstream.text[0]))
		return 0;
	for (const char *at = version.upstream.text; *at; at++)
		if (!is_digit(*at) && !is_letter(*at) && !strchr(".+-~:", *at))
			return 0;
	return 1;
}
