/* SPDX-License-Identifier: MIT
 *
 * gate/scan.c - the bounded cursor.  Every access is checked against the size.
 */
#include "gate/scan.h"

#include <string.h>

bool gate_scan_end(const struct gate_scan *scan)
{
	return scan->offset >= scan->size;
}

char gate_scan_peek(const struct gate_scan *scan)
{
	return gate_scan_end(scan) ? '\0' : scan->text[scan->offset];
}

void gate_scan_skip(struct gate_scan *scan, char byte)
{
	if (gate_scan_end(scan) || scan->text[scan->offset] != byte)
		scan->failed = true;
	else
		scan->offset++;
}

void gate_scan_blanks(struct gate_scan *scan)
{
	while (gate_scan_peek(scan) == ' ' || gate_scan_peek(scan) == '\t')
		scan->offset++;
}

static unsigned digit_of(char byte)
{
	if (byte >= '0' && byte <= '9')
		return (unsigned)(byte - '0');
	if (byte >= 'a' && byte <= 'f')
		return (unsigned)(byte - 'a') + 10;
	return 255;
}

uint64_t gate_scan_number(struct gate_scan *scan, unsigned base)
{
	uint64_t value = 0;
	size_t begin = scan->offset;

	while (digit_of(gate_scan_peek(scan)) < base) {
		if (__builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, digit_of(gate_scan_peek(scan)), &value))
			scan->failed = true;
		scan->offset++;
	}
	if (scan->offset == begin)
		scan->failed = true;
	return value;
}

int64_t gate_scan_signed(struct gate_scan *scan)
{
	bool negative = gate_scan_peek(scan) == '-';
	uint64_t value;

	if (negative)
		scan->offset++;
	value = gate_scan_number(scan, 10);
	if (value > INT64_MAX)
		scan->failed = true;
	return negative ? -(int64_t)(value & INT64_MAX) : (int64_t)(value & INT64_MAX);
}

uint64_t gate_scan_hex(struct gate_scan *scan)
{
	gate_scan_skip(scan, '0');
	gate_scan_skip(scan, 'x');
	return gate_scan_number(scan, 16);
}

void gate_scan_word(struct gate_scan *scan)
{
	while (!gate_scan_end(scan) && !strchr(" \t\n", scan->text[scan->offset]))
		scan->offset++;
}

bool gate_scan_line(struct gate_scan *scan)
{
	while (!gate_scan_end(scan))
		if (scan->text[scan->offset++] == '\n')
			return !gate_scan_end(scan);
	return false;
}

bool gate_scan_key(struct gate_scan *scan, const char *key)
{
	size_t length = strlen(key);

	if (scan->size - scan->offset < length || memcmp(scan->text + scan->offset, key, length) != 0)
		return false;
	scan->offset += length;
	return true;
}
