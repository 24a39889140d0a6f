/* SPDX-License-Identifier: MIT
 *
 * base/text.h - small pure helpers for text: numbers, RFC 3339 times, escaping
 * of bytes that come from the system, and the hash of directory prefixes.
 */
#ifndef GUARD_BASE_TEXT_H
#define GUARD_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <guard/error.h>

/* Decimal digits only: no sign, no space, nothing behind; at most `max`.
 * Errors: GUARD_E_SYNTAX, GUARD_E_LIMIT. */
int guard_text_parse_u64(uint64_t *ret_value, const char *text, size_t length, uint64_t max) GUARD_WARN_UNUSED;

/* RFC 3339 date-time with `Z` or a numeric offset, whole seconds, years 1970 to
 * 9999.  Errors: GUARD_E_SYNTAX. */
int guard_time_parse(int64_t *ret_seconds, const char *text) GUARD_WARN_UNUSED;
#define GUARD_TIME_TEXT_SIZE 32u
/* "2027-03-31T00:00:00Z"; "never" for INT64_MAX, "always" for INT64_MIN. */
void guard_time_format(char ret_text[GUARD_TIME_TEXT_SIZE], int64_t seconds);

/* Bytes from the system made fit for a terminal and for one line: valid UTF-8
 * stays, control characters, quotes' escape `\` and invalid bytes become C
 * escapes.  The result is cut (with "...") to fit and always terminated. */
void guard_text_escape(char *ret_text, size_t capacity, const char *bytes, size_t length);

/* The same, to a stream, uncut. */
void guard_text_put_escaped(FILE *out, const char *bytes);

bool guard_text_ends_with(const char *text, const char *suffix);

/* FNV-1a, 64 bit: hash of a directory prefix in a policy image. */
#define GUARD_FNV1A_START UINT64_C(0xcbf29ce484222325)
static inline uint64_t guard_fnv1a(uint64_t hash, uint8_t byte)
{
	return (hash ^ byte) * UINT64_C(0x100000001b3);
}
uint64_t guard_text_hash(const char *text, size_t length);
#endif
